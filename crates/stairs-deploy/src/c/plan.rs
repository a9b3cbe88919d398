//! Which nodes are computed together, and which results are stored.
//!
//! A stage is one nest of loops: a head (a layer, a pool, or nothing but reading), the element-wise nodes that follow it number by
//! number, perhaps a max pool whose windows do not overlap, and the element-wise nodes behind that. Between them nothing is stored:
//! an accumulator lives in a register until its thresholds have made a level of it. What a later stage reads, or the caller, is stored.
//!
//! `Fix` and `Steps` of the sample that only convolutions read are not stored either: a convolution gathers its patch from the sample
//! itself, and so from pixels through a table.

use stairs_infer::{Kind, Op, Program, Source};

use super::form::{Form, Planes, Type};
use super::packing::is_ternary;

/// What one nest of loops computes.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    /// The layer or pool whose numbers the rest maps; none if the first element-wise node reads stored numbers.
    pub head: Option<usize>,
    /// Element-wise nodes behind it, in order.
    pub before: Vec<usize>,
    /// A max pool over what comes before.
    pub pool: Option<usize>,
    /// Element-wise nodes behind the pool.
    pub behind: Vec<usize>,
    /// What is copied to the caller if nothing is computed.
    pub copy: Option<Source>,
}

impl Stage {
    /// Its nodes, in order.
    pub(super) fn nodes(&self) -> impl Iterator<Item = usize> + '_ {
        let behind = self.pool.iter().chain(&self.behind);
        self.head.iter().chain(&self.before).chain(behind).copied()
    }
}

/// Stages in order, and how each stored result lies in memory.
pub(super) struct Plan<'p> {
    pub program: &'p Program,
    pub stages: Vec<Stage>,
    /// For every node: how it is stored; `None` if it is not.
    pub forms: Vec<Option<Form>>,
    /// For every node: whether each reader computes it anew from the sample.
    pub anew: Vec<bool>,
    /// For every node: where its numbers are, behind all reshapes.
    bases: Vec<Source>,
    /// For every node: the live nodes, but reshapes, that read it, perhaps through reshapes.
    readers: Vec<Vec<usize>>,
    /// For every node: its stage.
    stage: Vec<Option<usize>>,
}

/// For every node: the node behind all reshapes, or the sample.
fn bases(program: &Program) -> Vec<Source> {
    let mut bases: Vec<Source> = Vec::with_capacity(program.nodes().len());
    for (node, of) in program.nodes().iter().enumerate() {
        bases.push(match (&of.op, of.inputs[0]) {
            (Op::Reshape { .. }, Source::Node(before)) => bases[before],
            (Op::Reshape { .. }, Source::Input) => Source::Input,
            _ => Source::Node(node),
        });
    }
    bases
}

/// For every node: whether the result depends on it.
fn live(program: &Program) -> Vec<bool> {
    let mut live = vec![false; program.nodes().len()];
    let reach = |live: &mut Vec<bool>, source: &Source| {
        if let Source::Node(node) = *source {
            live[node] = true;
        }
    };
    reach(&mut live, &program.output());
    for node in (0..live.len()).rev() {
        if live[node] {
            program.nodes()[node].inputs.iter().for_each(|source| reach(&mut live, source));
        }
    }
    live
}

fn is_elementwise(op: &Op) -> bool {
    matches!(
        op,
        Op::Fix { .. }
            | Op::Steps { .. }
            | Op::Thresholds(_)
            | Op::Rescale { .. }
            | Op::Affine { .. }
            | Op::Scale { .. }
            | Op::Clip { .. }
            | Op::Add
    )
}

impl<'p> Plan<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        let count = program.nodes().len();
        let mut plan = Self {
            program,
            stages: Vec::new(),
            forms: vec![None; count],
            anew: vec![false; count],
            bases: bases(program),
            readers: vec![Vec::new(); count],
            stage: vec![None; count],
        };
        let live = live(program);
        let computed = |node: &usize| live[*node] && !matches!(program.nodes()[*node].op, Op::Reshape { .. });
        for reader in (0..count).filter(computed) {
            for source in &program.nodes()[reader].inputs {
                if let Source::Node(node) = plan.base(*source)
                    && plan.readers[node].last() != Some(&reader)
                {
                    plan.readers[node].push(reader);
                }
            }
        }
        let forms: Vec<Form> = (0..count).map(|node| plan.form(node)).collect();
        plan.anew = (0..count).map(|node| plan.is_anew(node, forms[node])).collect();
        (0..count).filter(computed).for_each(|node| plan.place(node));
        match plan.base(program.output()) {
            Source::Node(node) if !plan.anew[node] => {}
            source => plan.stages.push(Stage { copy: Some(source), ..Stage::default() }),
        }
        let stored = |node: usize| {
            let stage = plan.stage[node];
            stage.is_some() && plan.readers[node].iter().any(|reader| plan.stage[*reader] != stage)
        };
        plan.forms = (0..count).map(|node| stored(node).then_some(forms[node])).collect();
        plan
    }

    /// Where the numbers of `source` are: behind all reshapes, which move nothing.
    pub(super) fn base(&self, source: Source) -> Source {
        match source {
            Source::Input => Source::Input,
            Source::Node(node) => self.bases[node],
        }
    }

    /// Whether the caller gets this node.
    pub(super) fn is_output(&self, node: usize) -> bool {
        self.base(self.program.output()) == Source::Node(node)
    }

    /// The last stage that reads a node.
    pub(super) fn last_reader(&self, node: usize) -> Option<usize> {
        self.readers[node].iter().filter_map(|reader| self.stage[*reader]).max()
    }

    fn form(&self, node: usize) -> Form {
        let Kind::Integer(range) = self.program.nodes()[node].kind else { return Form::Array(Type::F32) };
        let readers = &self.readers[node];
        let planes = range.low >= -1 && range.high <= 1;
        if !planes
            || readers.is_empty()
            || !readers.iter().all(|reader| self.reads_planes(*reader) || self.reads_bits(*reader))
        {
            return Form::Array(Type::of(range));
        }
        Form::Planes(match range.low {
            0.. => Planes::Binary,
            _ if self.is_never_zero(node) => Planes::Sign,
            _ => Planes::Ternary,
        })
    }

    fn is_never_zero(&self, node: usize) -> bool {
        let mut node = &self.program.nodes()[node];
        while let (Op::MaxPool(_) | Op::Reshape { .. }, Source::Node(before)) = (&node.op, node.inputs[0]) {
            node = &self.program.nodes()[before];
        }
        match &node.op {
            Op::Steps { levels, .. } => !levels.contains(&0),
            Op::Thresholds(thresholds) => !thresholds.levels.contains(&0),
            _ => false,
        }
    }

    /// Whether a layer multiplies planes word by word: weights of −1, 0 and 1, and in a convolution enough of them, and enough outputs
    /// that share a patch, for its bits to be worth gathering.
    pub(super) fn reads_planes(&self, reader: usize) -> bool {
        let node = &self.program.nodes()[reader];
        match &node.op {
            Op::Dense { weights } => is_ternary(weights) && self.program.at(node.inputs[0]).0.len() == 1,
            Op::Conv { weights, groups, .. } => {
                let worth = weights.fan_in() >= 16 && weights.outputs() / groups >= 4;
                is_ternary(weights) && worth && self.reads_bits(reader)
            }
            _ => false,
        }
    }

    /// Whether an operation reads an image number by number where it is stored, so that it can as well read its bits.
    fn reads_bits(&self, reader: usize) -> bool {
        let node = &self.program.nodes()[reader];
        let windows = matches!(node.op, Op::Conv { .. } | Op::MaxPool(_) | Op::SumPool(_) | Op::PadChannels { .. });
        windows && self.program.at(self.base(node.inputs[0])).0 == self.program.at(node.inputs[0]).0
    }

    fn is_anew(&self, node: usize, form: Form) -> bool {
        let of = &self.program.nodes()[node];
        let maps = matches!(of.op, Op::Fix { .. } | Op::Steps { .. }) && self.base(of.inputs[0]) == Source::Input;
        let gathers = |reader: &usize| matches!(self.program.nodes()[*reader].op, Op::Conv { .. });
        maps && matches!(form, Form::Array(_)) && self.readers[node].iter().all(gathers)
    }

    /// Puts a node into the stage of its input if it can follow there, and else into one of its own.
    fn place(&mut self, node: usize) {
        let of = &self.program.nodes()[node];
        if self.anew[node] {
            return;
        }
        let joins = of.inputs.iter().find_map(|source| match *source {
            Source::Node(before) => self.stage[before].filter(|stage| self.follows(*stage, node)),
            Source::Input => None,
        });
        match (joins, &of.op) {
            (Some(stage), Op::MaxPool(_)) => self.stages[stage].pool = Some(node),
            (Some(stage), _) if self.stages[stage].pool.is_some() => self.stages[stage].behind.push(node),
            (Some(stage), _) => self.stages[stage].before.push(node),
            (None, op) if is_elementwise(op) => self.stages.push(Stage { before: vec![node], ..Stage::default() }),
            (None, _) => self.stages.push(Stage { head: Some(node), ..Stage::default() }),
        }
        self.stage[node] = Some(joins.unwrap_or(self.stages.len() - 1));
    }

    /// Whether a number of a node is in a variable where the next node of a stage would be: behind its pool, if it has one.
    fn at_hand(&self, stage: usize, node: usize) -> bool {
        self.stage[node] == Some(stage) && self.stages[stage].pool.is_none_or(|pool| node >= pool)
    }

    /// Whether a stage can compute `node` too: what it reads is at hand, or stored by an earlier stage.
    fn follows(&self, stage: usize, node: usize) -> bool {
        let of = &self.program.nodes()[node];
        let nest = &self.stages[stage];
        if let Op::MaxPool(window) = &of.op {
            let Source::Node(input) = of.inputs[0] else { return false };
            let dense = nest
                .head
                .is_some_and(|head| matches!(self.program.nodes()[head].op, Op::Dense { .. } | Op::FloatDense { .. }));
            // Every number before the pool is used there, in the one window it is in, and nowhere else.
            let inside = nest.nodes().all(|n| {
                let within = |reader: &usize| self.at_hand(stage, *reader) || n == input && *reader == node;
                !self.is_output(n) && self.readers[n].iter().all(within)
            });
            return window.tiles() && !dense && nest.pool.is_none() && self.at_hand(stage, input) && inside;
        }
        is_elementwise(&of.op)
            && of.inputs.iter().all(|source| match *source {
                Source::Node(before) if self.at_hand(stage, before) => true,
                source => match self.base(source) {
                    Source::Input => true,
                    Source::Node(before) => self.stage[before].is_some_and(|of| of < stage),
                },
            })
            && of.inputs.iter().any(|source| matches!(source, Source::Node(before) if self.at_hand(stage, *before)))
    }
}
