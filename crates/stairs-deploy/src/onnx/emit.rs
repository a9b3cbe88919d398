//! From a program to a graph: nodes in their order, some of them together.

use stairs_infer::{Kind, Op, Program, Source};

use super::form::{Form, Held};
use super::graph::{Graph, Type};
use super::{Exported, IntegerTensor, OnnxError};

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
    pub(super) input: String,
    /// Forms in which the result of each node is there.
    pub(super) held: Vec<Vec<Held>>,
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
