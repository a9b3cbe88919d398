//! A stage as a function of C: its loops, what they load, where they store.

use std::collections::BTreeSet;

use stairs_infer::{Kind, Op, Source};

use super::form::{Form, Type, image};
use super::memory::Memory;
use super::parts::Parts;
use super::plan::{Plan, Stage};
use super::spot::Spot;
use super::text::{Code, operand, plus, times};

/// Writes one stage.
pub(super) struct Writer<'a> {
    pub plan: &'a Plan<'a>,
    pub memory: &'a Memory,
    pub parts: &'a mut Parts,
    /// Whether the sample comes as pixels.
    pub pixels: bool,
    pub code: Code,
    /// Nodes whose numbers are in variables.
    pub known: BTreeSet<usize>,
    /// Stored nodes it touches.
    pub touched: BTreeSet<usize>,
    /// Whether it reads the sample.
    pub reads_sample: bool,
    /// Whether it writes what the caller gets.
    pub writes_output: bool,
}

/// What the function needs from its caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    pub sample: bool,
    pub output: bool,
    pub arena: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, memory: &'a Memory, parts: &'a mut Parts, pixels: bool) -> Self {
        Self {
            plan,
            memory,
            parts,
            pixels,
            code: Code::body(),
            known: BTreeSet::new(),
            touched: BTreeSet::new(),
            reads_sample: false,
            writes_output: false,
        }
    }

    /// The function's text without its head, and what it needs.
    pub(super) fn write(mut self, index: usize) -> (String, Needs) {
        let stage = &self.plan.stages[index];
        self.clear(stage);
        match (stage.copy, stage.head.map(|head| &self.plan.program.nodes()[head].op)) {
            (Some(source), _) => self.copy(source),
            (None, Some(Op::Conv { .. })) => self.convolution(stage),
            (None, Some(Op::Dense { .. } | Op::FloatDense { .. })) => self.dense(stage),
            _ => self.nest(stage),
        }
        let scratch = self.memory.of_stage.get(&index).map(|slot| self.memory.slots[*slot].offset);
        let mut pointers = Code::body();
        for node in &self.touched {
            let form = self.plan.forms[*node].unwrap_or(Form::Array(Type::I32));
            let (of, offset) = (form.pointer(), self.memory.slots[self.memory.of_node[node]].offset);
            pointers.line(format!("{of} *const b{node} = {};", pointer(of, offset)));
        }
        if let Some(offset) = scratch {
            pointers.line(format!("uint32_t *const scratch = {};", pointer("uint32_t", offset)));
        }
        let needs = Needs {
            sample: self.reads_sample,
            output: self.writes_output,
            arena: scratch.is_some() || !self.touched.is_empty(),
        };
        (pointers.text() + &self.code.text(), needs)
    }

    /// Zeros in planes, whose bits are set one by one.
    fn clear(&mut self, stage: &Stage) {
        for node in stage.nodes() {
            if let Some(Form::Planes(planes)) = self.plan.forms[node] {
                self.touched.insert(node);
                let words = planes.words(self.plan.program.nodes()[node].shape.iter().product());
                let k = self.code.each("k", words);
                self.code.line(format!("b{node}[{k}] = 0;"));
                self.code.end(&k);
            }
        }
    }

    fn copy(&mut self, source: Source) {
        let [channels, height, width] = image(self.plan.program.at(source).0);
        let (c, x) = (self.code.each("c", channels), self.code.each("x", height * width));
        let spot = Spot::image(&c, "0", &x, [channels, 1, height * width]);
        let value = self.load(source, &spot);
        self.writes_output = true;
        self.code.line(format!("output[{}] = {value};", spot.at));
        self.code.end(&x);
        self.code.end(&c);
    }

    /// Channels, rows, columns in turn, for everything but convolutions and dense layers of integers.
    fn nest(&mut self, stage: &Stage) {
        let nodes = self.plan.program.nodes();
        let Some(first) = stage.head.or(stage.before.first().copied()) else { return };
        let inner = image(&nodes[first].shape);
        let outer = stage.pool.map_or(inner, |pool| image(&nodes[pool].shape));
        let c = self.code.each("c", outer[0]);
        let (y, x) = (self.code.each("y", outer[1]), self.code.each("x", outer[2]));
        let spot = Spot::image(&c, &y, &x, outer);
        match stage.pool {
            None => self.numbers(stage, &c, &y, &x, inner),
            Some(pool) => {
                self.code.line(self.least(pool));
                let (py, px, row, column) = self.window(pool, &y, &x);
                self.numbers(stage, &c, &row, &column, inner);
                let last = self.last(stage);
                self.code.line(format!("if (v{last} > v{pool}) v{pool} = v{last};"));
                self.code.end(&px);
                self.code.end(&py);
                self.behind(stage, pool, &spot);
            }
        }
        self.store(stage, &spot);
        [x, y, c].iter().for_each(|variable| self.code.end(variable));
    }

    fn numbers(&mut self, stage: &Stage, c: &str, y: &str, x: &str, size: [usize; 3]) {
        if let Some(head) = stage.head {
            self.head(head, c, y, x);
            self.known.insert(head);
        }
        self.elements(&stage.before, &Spot::image(c, y, x, size));
    }

    /// The declaration of a running maximum.
    pub(super) fn least(&self, pool: usize) -> String {
        match self.plan.program.nodes()[pool].kind {
            Kind::Float => format!("float v{pool} = (-1.0f / 0.0f);"),
            Kind::Integer(_) => format!("int32_t v{pool} = (-2147483647 - 1);"),
        }
    }

    /// Opens the loops over the windows of a pool: their variables, and the row and column before it.
    pub(super) fn window(&mut self, pool: usize, y: &str, x: &str) -> (String, String, String, String) {
        let [height, width] = match &self.plan.program.nodes()[pool].op {
            Op::MaxPool(window) => window.kernel,
            _ => [1; 2],
        };
        let (py, px) = (self.code.each("py", height), self.code.each("px", width));
        let (row, column) = (plus(&times(y, height), &py), plus(&times(x, width), &px));
        (py, px, row, column)
    }

    /// The node a pool takes the largest of.
    pub(super) fn last(&self, stage: &Stage) -> usize {
        stage.before.last().copied().or(stage.head).unwrap_or(0)
    }

    /// The nodes behind a pool whose result is in its variable.
    pub(super) fn behind(&mut self, stage: &Stage, pool: usize, spot: &Spot) {
        self.known = BTreeSet::from([pool]);
        self.elements(&stage.behind, spot);
    }

    /// Stores what later stages and the caller read.
    pub(super) fn store(&mut self, stage: &Stage, spot: &Spot) {
        for node in stage.nodes() {
            match self.plan.forms[node] {
                Some(Form::Array(of)) => {
                    self.touched.insert(node);
                    self.code.line(format!("b{node}[{}] = ({})v{node};", spot.at, of.name()));
                }
                Some(Form::Planes(planes)) => {
                    self.touched.insert(node);
                    let numbers: usize = self.plan.program.nodes()[node].shape.iter().product();
                    let at = operand(&spot.bit);
                    let bit = format!("(uint32_t)1 << ({at} & 31)");
                    if planes.has_mask() {
                        self.code.line(format!("if (v{node} != 0) b{node}[{at} >> 5] |= {bit};"));
                    }
                    if planes.has_sign() {
                        let behind = if planes.has_mask() { numbers.div_ceil(32) } else { 0 };
                        let word = plus(&format!("({at} >> 5)"), &behind.to_string());
                        self.code.line(format!("if (v{node} < 0) b{node}[{word}] |= {bit};"));
                    }
                }
                None => {}
            }
            if self.plan.is_output(node) {
                self.writes_output = true;
                self.code.line(format!("output[{}] = v{node};", spot.at));
            }
        }
    }
}

/// A pointer into the arena.
fn pointer(of: &str, offset: usize) -> String {
    let word = plus("arena", &(offset / 4).to_string());
    if of == "uint32_t" { word } else { format!("({of} *)(void *){}", operand(&word)) }
}
