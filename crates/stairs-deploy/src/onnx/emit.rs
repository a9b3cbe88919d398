//! From a program to a graph: nodes in their order, and the forms in which integers are held between them.
//!
//! | form | numbers | used by |
//! |---|---|---|
//! | code | bytes q, the integer is step·(q − zero) | quantised products, pools |
//! | single | single precision, where integers stay below 2²⁴ | products whose sums are needed themselves |
//! | double | double precision, always exact | fixed-point maps, affine maps, wide sums |
//!
//! A result is held in the form its operation gives; others are made of it when a reader needs them, once.

use stairs_infer::{Kind, Op, Program, Range, Source};

use super::fit::EXACT;
use super::graph::{Attr, Graph, Type};
use super::stair;
use super::{Exported, IntegerTensor, OnnxError};

/// How integers are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Bytes: the integer is step·(q − zero).
    Code { zero: i32, step: i32 },
    /// Single precision.
    Single,
    /// Double precision.
    Double,
}

/// A tensor that holds a result.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) name: String,
    pub(super) form: Form,
}

/// Which operations express quantisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `QuantizeLinear` and `DequantizeLinear`.
    Qdq,
    /// `Quant`, `BipolarQuant` and `MultiThreshold`.
    Qonnx,
}

/// A graph, and what is known of it.
pub(super) struct Emitter<'a> {
    pub(super) program: &'a Program,
    pub(super) graph: Graph,
    pub(super) dialect: Dialect,
    input: String,
    /// Forms in which the result of each node is there.
    held: Vec<Vec<Held>>,
    readers: Vec<Vec<usize>>,
}

/// The file of a program.
pub(super) fn exported(program: &Program, dialect: Dialect) -> Result<Exported, OnnxError> {
    let mut graph = Graph::new(program.name());
    for (path, shape) in std::iter::once(("input", program.input()))
        .chain(program.nodes().iter().map(|node| (&*node.path, &*node.shape)))
    {
        if shape.contains(&0) {
            return Err(OnnxError::Empty { path: path.to_owned(), shape: shape.to_vec() });
        }
    }
    let input = graph.input("input", program.input());
    let mut readers = vec![Vec::new(); program.nodes().len()];
    let needed = needed(program);
    for (index, node) in program.nodes().iter().enumerate().filter(|(index, _)| needed[*index]) {
        for source in &node.inputs {
            if let Source::Node(before) = *source {
                readers[before].push(index);
            }
        }
    }
    let held = vec![Vec::new(); readers.len()];
    let mut emitter = Emitter { program, graph, dialect, input, held, readers };
    for node in (0..needed.len()).filter(|node| needed[*node]) {
        emitter.node(node)?;
    }
    emitter.finish()
}

/// Which nodes the result depends on.
fn needed(program: &Program) -> Vec<bool> {
    let mut needed = vec![false; program.nodes().len()];
    let mut open = vec![program.output()];
    while let Some(source) = open.pop() {
        if let Source::Node(node) = source
            && !std::mem::replace(&mut needed[node], true)
        {
            open.extend(&program.nodes()[node].inputs);
        }
    }
    needed
}

impl Emitter<'_> {
    fn node(&mut self, index: usize) -> Result<(), OnnxError> {
        let node = &self.program.nodes()[index];
        if self.waits(index) {
            return Ok(());
        }
        self.graph.enter(&node.path);
        let source = node.inputs[0];
        let held = match (&node.op, self.program.at(source).1) {
            (Op::Dense { .. } | Op::Conv { .. } | Op::SumPool(_), _) => self.sums(index)?,
            (Op::Thresholds(_) | Op::Rescale { .. } | Op::Fix { .. } | Op::Steps { .. }, _) => self.steps(index)?,
            (Op::Affine { factors, offsets }, _) => self.affine(&node.inputs, factors, offsets),
            (Op::MaxPool(window), Kind::Integer(_)) => self.pooled(index, window)?,
            (Op::PadChannels { before, behind }, Kind::Integer(_)) => {
                let held = self.narrow(source);
                let zero = if let Form::Code { zero, .. } = held.form { zero } else { 0 };
                let name = self.graph.pad_channels(&held.name, *before, *behind, held.form.of(), zero.into());
                Held { name, ..held }
            }
            (Op::Reshape { shape }, Kind::Integer(_)) => {
                let held = self.narrow(source);
                let name = self.graph.reshape(&held.name, shape);
                Held { name, ..held }
            }
            (op, _) => {
                let inputs: Vec<String> = node.inputs.iter().map(|source| self.float(*source)).collect();
                let from = self.program.at(source).0;
                // Floats are held as they are, and called singles.
                Held { name: self.graph.float(&node.path, op, &inputs, from, &node.shape)?, form: Form::Single }
            }
        };
        self.held[index].push(held);
        Ok(())
    }

    /// Whether a product is written together with the stair that alone reads it, or a stair behind one with the pool that does.
    fn waits(&self, index: usize) -> bool {
        let node = &self.program.nodes()[index];
        let [reader] = self.readers[index][..] else { return false };
        if self.program.output() == Source::Node(index) {
            return false;
        }
        match &node.op {
            // Of more axes, the channels of its stair are not its outputs.
            Op::Dense { .. } if node.shape.len() > 1 => false,
            Op::Dense { .. } | Op::Conv { .. } => self.stair(reader).is_some(),
            _ => {
                let pooled = matches!(self.program.nodes()[reader].op, Op::MaxPool(_)) && self.dialect == Dialect::Qdq;
                pooled && self.waiting(node.inputs[0]).is_some() && self.stair(index).is_some_and(|stair| stair.rises())
            }
        }
    }

    /// Whether only convolutions with stairs behind them read a result.
    pub(super) fn feeds_products(&self, index: usize) -> bool {
        let fused = |reader: &usize| matches!(self.program.nodes()[*reader].op, Op::Conv { .. }) && self.waits(*reader);
        self.program.output() != Source::Node(index) && self.readers[index].iter().all(fused)
    }

    /// What is written together with its only reader.
    pub(super) fn waiting(&self, source: Source) -> Option<usize> {
        match source {
            Source::Node(node) if self.held[node].is_empty() => Some(node),
            _ => None,
        }
    }

    pub(super) fn range(&self, source: Source) -> Range {
        self.program.at(source).1.range().unwrap_or(Range::new(0, 0))
    }

    /// The tensor of floats.
    pub(super) fn float(&self, source: Source) -> String {
        match source {
            Source::Input => self.input.clone(),
            Source::Node(node) => self.held[node].first().map(|held| held.name.clone()).unwrap_or_default(),
        }
    }

    fn found(&self, source: Source, wanted: impl Fn(Form) -> bool) -> Option<Held> {
        let Source::Node(node) = source else { return None };
        self.held[node].iter().find(|held| wanted(held.form)).cloned()
    }

    fn keep(&mut self, source: Source, name: String, form: Form) -> Held {
        let held = Held { name, form };
        if let Source::Node(node) = source {
            self.held[node].push(held.clone());
        }
        held
    }

    /// Whether single precision holds all integers of a result.
    pub(super) fn is_single(&self, source: Source) -> bool {
        self.range(source).reach() <= EXACT
    }

    /// A result in the form of fewest bytes that is there.
    pub(super) fn narrow(&mut self, source: Source) -> Held {
        let code = self.found(source, |form| matches!(form, Form::Code { .. }));
        code.or_else(|| self.found(source, |form| form == Form::Single)).unwrap_or_else(|| self.double(source))
    }

    /// As bytes, where they fit.
    pub(super) fn code(&mut self, source: Source) -> Option<Held> {
        if self.dialect == Dialect::Qonnx {
            return None;
        }
        if let Some(held) = self.found(source, |form| matches!(form, Form::Code { .. })) {
            return Some(held);
        }
        let zero = stair::zero(self.range(source))?;
        let name = match self.found(source, |form| form == Form::Single) {
            Some(held) => {
                let (one, zero) = (self.graph.scalar(1f32), self.graph.scalar(zero as u8));
                self.graph.node("QuantizeLinear", &[&held.name, &one, &zero], &[])
            }
            None => {
                let double = self.double(source).name;
                let shifted = self.graph.plus(&double, f64::from(zero));
                self.graph.cast(&shifted, Type::U8)
            }
        };
        Some(self.keep(source, name, Form::Code { zero, step: 1 }))
    }

    /// In single precision; only for what it holds.
    pub(super) fn single(&mut self, source: Source) -> Held {
        self.wide(source, Form::Single)
    }

    /// In double precision.
    pub(super) fn double(&mut self, source: Source) -> Held {
        self.wide(source, Form::Double)
    }

    fn wide(&mut self, source: Source, form: Form) -> Held {
        if let Some(held) = self.found(source, |its| its == form) {
            return held;
        }
        let from = self.found(source, |_| true).unwrap_or(Held { name: String::new(), form });
        let mut name = self.graph.cast(&from.name, form.of());
        // Not by a node that dequantises: onnxruntime takes it for leave to quantise what follows.
        if let Form::Code { zero, step } = from.form {
            name = self.graph.linear(&name, form, step.into(), -f64::from(zero) * f64::from(step));
        }
        self.keep(source, name, form)
    }

    fn finish(mut self) -> Result<Exported, OnnxError> {
        let output = self.program.output();
        let (shape, kind) = self.program.at(output);
        let (shape, float) = (shape.to_vec(), kind == Kind::Float);
        let name = match (float, self.dialect) {
            (true, _) => self.float(output),
            (false, Dialect::Qonnx) if self.is_single(output) => self.single(output).name,
            (false, Dialect::Qonnx) => self.double(output).name,
            (false, Dialect::Qdq) => {
                let held = self.narrow(output);
                self.graph.enter("output");
                let name = self.graph.cast(&held.name, Type::I32);
                match held.form {
                    Form::Code { zero, step } => {
                        let (zero, step) = (self.graph.scalar(zero), self.graph.scalar(step));
                        let name = self.graph.node("Sub", &[&name, &zero], &[]);
                        self.graph.node("Mul", &[&name, &step], &[])
                    }
                    Form::Single | Form::Double => name,
                }
            }
        };
        let of = match (float, self.dialect) {
            (false, Dialect::Qdq) => Type::I32,
            (false, Dialect::Qonnx) if !self.is_single(output) => Type::Double,
            _ => Type::Float,
        };
        self.graph.output("output", &name, of, &shape);
        let tensor = |(node, held): (usize, &Vec<Held>)| {
            let Held { name, form } = held.first()?.clone();
            let (zero, step) = if let Form::Code { zero, step } = form { (zero, step) } else { (0, 1) };
            Some(IntegerTensor { node, name, zero, step })
        };
        let integers =
            self.held.iter().enumerate().filter(|(node, _)| self.program.at(Source::Node(*node)).1 != Kind::Float);
        let tensors = integers.filter_map(tensor).collect();
        Ok(Exported { bytes: self.graph.finish(), tensors })
    }
}

impl Form {
    /// Type of its numbers.
    pub(super) fn of(self) -> Type {
        match self {
            Self::Code { .. } => Type::U8,
            Self::Single => Type::Float,
            Self::Double => Type::Double,
        }
    }
}

impl Graph {
    /// factor·x + offset, for all numbers the same.
    pub(super) fn linear(&mut self, name: &str, form: Form, factor: f64, offset: f64) -> String {
        let mut name = name.to_owned();
        for (op, value, nothing) in [("Mul", factor, 1.0), ("Add", offset, 0.0)] {
            if value != nothing {
                let constant = self.number(form, value);
                name = self.node(op, &[&name, &constant], &[]);
            }
        }
        name
    }

    fn plus(&mut self, name: &str, offset: f64) -> String {
        self.linear(name, Form::Double, 1.0, offset)
    }

    /// factor·x + offset for each channel of results of `rank` axes.
    pub(super) fn scaled(&mut self, name: &str, form: Form, rank: usize, factors: &[f64], offsets: &[f64]) -> String {
        let mut name = name.to_owned();
        for (op, what, values, nothing) in [("Mul", "factor", factors, 1.0), ("Add", "offset", offsets, 0.0)] {
            if values.iter().any(|value| *value != nothing) {
                let values = self.channels(what, form, rank, values);
                name = self.node(op, &[&name, &values], &[]);
            }
        }
        name
    }

    /// A constant of this form.
    pub(super) fn number(&mut self, form: Form, value: f64) -> String {
        if form == Form::Double { self.scalar(value) } else { self.scalar(value as f32) }
    }

    /// Constants of this form.
    pub(super) fn numbers(&mut self, what: &str, form: Form, shape: &[usize], values: &[f64]) -> String {
        if form == Form::Double {
            return self.constant(what, shape, values);
        }
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        self.constant(what, shape, &values)
    }

    /// One constant a channel of results of `rank` axes; one for all if they are the same.
    pub(super) fn channels(&mut self, what: &str, form: Form, rank: usize, values: &[f64]) -> String {
        if values.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits())
            && let Some(value) = values.first()
        {
            return self.number(form, *value);
        }
        let shape: Vec<usize> =
            std::iter::once(values.len()).chain(std::iter::repeat_n(1, rank.saturating_sub(1))).collect();
        self.numbers(what, form, &shape, values)
    }

    /// Samples of this shape.
    pub(super) fn reshape(&mut self, name: &str, shape: &[usize]) -> String {
        // 0 keeps the size of the batch.
        let sizes: Vec<i64> = std::iter::once(0).chain(super::graph::sizes(shape)).collect();
        let sizes = self.constant("shape", &[sizes.len()], &sizes);
        self.node("Reshape", &[name, &sizes], &[])
    }

    /// Channels of zeros, which `zero` stands for, around those there are.
    pub(super) fn pad_channels(&mut self, name: &str, before: usize, behind: usize, of: Type, zero: f64) -> String {
        self.pad(name, [[before, behind], [0; 2], [0; 2]], of, zero)
    }

    /// Channels, rows and columns of `value` around an image.
    pub(super) fn pad(&mut self, name: &str, sizes: [[usize; 2]; 3], of: Type, value: f64) -> String {
        let side = |side: usize| std::iter::once(0).chain(sizes.map(|axis| axis[side] as i64));
        let pads: Vec<i64> = side(0).chain(side(1)).collect();
        let pads = self.constant("pads", &[8], &pads);
        let value = match of {
            Type::U8 => self.scalar(value as u8),
            Type::Double => self.scalar(value),
            _ => self.scalar(value as f32),
        };
        self.node("Pad", &[name, &pads, &value], &[Attr::Text("mode", "constant")])
    }
}
