//! From a program to a file.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::container::{self, Tensor, Type};
use super::graph::{Form, Graph, Packed, Step, Table};
use super::pixels::Standardised;
use super::{PROGRAM, VERSION, digits, numbers, tensor_name};
use crate::{Node, Op, Program, Source, Thresholds, Weights};

/// The bytes of a file.
pub(super) fn write(program: &Program) -> Vec<u8> {
    let mut tensors = Vec::new();
    let pixels = program.pixels().map(|pixels| match Standardised::of(&pixels.table) {
        Some(Standardised { unit, parameters }) => {
            tensors.push(numbers::singles("pixels".into(), vec![parameters.len() / 2, 2], &parameters));
            Table::Standardised { unit }
        }
        None => {
            tensors.push(numbers::singles("pixels".into(), vec![pixels.table.len() / 256, 256], &pixels.table));
            Table::Numbers
        }
    });
    let step = |(index, node): (usize, &Node)| Step {
        path: node.path.clone(),
        op: Writer { index, path: &node.path, tensors: &mut tensors }.form(&node.op),
        inputs: node.inputs.iter().copied().map(number).collect(),
    };
    let nodes = program.nodes().iter().enumerate().map(step).collect();
    let (name, input, output) = (program.name().into(), program.input().to_vec(), number(program.output()));
    // Text and numbers: nothing of it can fail.
    let graph = serde_json::to_string(&Graph { name, input, nodes, output, pixels }).unwrap_or_default();
    container::write(&BTreeMap::from([(PROGRAM, graph), (VERSION, Program::FILE_VERSION.to_string())]), tensors)
}

fn number(source: Source) -> usize {
    match source {
        Source::Input => 0,
        Source::Node(node) => node + 1,
    }
}

/// Writes the tensors of one node.
struct Writer<'a> {
    index: usize,
    path: &'a str,
    tensors: &'a mut Vec<Tensor<'static>>,
}

impl Writer<'_> {
    fn name(&self, parameter: &str) -> String {
        tensor_name(self.index, self.path, parameter)
    }

    fn form(mut self, op: &Op) -> Form {
        match op {
            Op::Fix { fraction, low, high } => Form::Fix { fraction: *fraction, low: *low, high: *high },
            Op::Steps { thresholds, levels } => {
                self.singles("thresholds", vec![thresholds.len()], thresholds);
                Form::Steps { levels: levels.clone() }
            }
            Op::Dense { weights } => Form::Dense { weights: self.weights(weights) },
            Op::Conv { window, groups, weights } => {
                Form::Conv { window: *window, groups: *groups, weights: self.weights(weights) }
            }
            Op::Thresholds(thresholds) => self.thresholds(thresholds),
            Op::Rescale { factors, offsets, shift, low, high } => {
                let shape = vec![factors.len(), offsets.len()];
                self.tensors.push(numbers::integers(self.name("factors"), shape, factors.iter().flatten().copied()));
                let shape = vec![offsets.len()];
                self.tensors.push(numbers::integers(self.name("offsets"), shape, offsets.iter().copied()));
                Form::Rescale { shift: *shift, low: *low, high: *high }
            }
            Op::SumPool(window) => Form::SumPool { window: *window },
            Op::MaxPool(window) => Form::MaxPool { window: *window },
            Op::PadChannels { before, behind } => Form::PadChannels { before: *before, behind: *behind },
            Op::Reshape { shape } => Form::Reshape { shape: shape.clone() },
            Op::Affine { factors, offsets } => {
                let shape = vec![factors.len(), offsets.len()];
                self.tensors.push(numbers::doubles(self.name("factors"), shape, factors.iter().flatten().copied()));
                let shape = vec![offsets.len()];
                self.tensors.push(numbers::doubles(self.name("offsets"), shape, offsets.iter().copied()));
                Form::Affine
            }
            Op::FloatDense { weights, bias } => {
                self.singles("weights", vec![bias.len(), weights.len() / bias.len().max(1)], weights);
                self.singles("bias", vec![bias.len()], bias);
                Form::FloatDense
            }
            Op::FloatConv { window, groups, weights, bias } => {
                let [rows, columns] = window.kernel;
                let inputs = weights.len() / (bias.len() * rows * columns).max(1);
                self.singles("weights", vec![bias.len(), inputs, rows, columns], weights);
                self.singles("bias", vec![bias.len()], bias);
                Form::FloatConv { window: *window, groups: *groups }
            }
            Op::Scale { factors, offsets } => {
                self.singles("factors", vec![factors.len()], factors);
                self.singles("offsets", vec![offsets.len()], offsets);
                Form::Scale
            }
            Op::Clip { low, high } => {
                self.singles("bounds", vec![2], &[*low, *high]);
                Form::Clip
            }
            Op::MeanPool { window, counts_padding } => {
                Form::MeanPool { window: *window, counts_padding: *counts_padding }
            }
            Op::AdaptiveMeanPool { size } => Form::AdaptiveMeanPool { size: *size },
            Op::Mean => Form::Mean,
            Op::Add => Form::Add,
        }
    }

    fn singles(&mut self, parameter: &str, shape: Vec<usize>, values: &[f32]) {
        self.tensors.push(numbers::singles(self.name(parameter), shape, values));
    }

    fn weights(&mut self, weights: &Weights) -> Packed {
        let (name, shape) = (self.name("weights"), weights.shape().to_vec());
        let values = digits::values(weights.values());
        let (numbers, written, bytes) = match &values {
            Some(values) => {
                let bytes = digits::pack(weights.values(), values);
                (Type::U8, vec![bytes.len()], bytes)
            }
            None => (Type::I8, shape.clone(), weights.values().iter().map(|w| w.cast_unsigned()).collect()),
        };
        self.tensors.push(Tensor { name, numbers, shape: written, bytes: Cow::Owned(bytes) });
        Packed { shape, values }
    }

    fn thresholds(&mut self, thresholds: &Thresholds) -> Form {
        let Thresholds { values, falling, levels } = thresholds;
        let steps = levels.len() - 1;
        let shape = if values.len() == steps { vec![steps] } else { vec![values.len() / steps.max(1), steps] };
        self.tensors.push(numbers::thresholds(self.name("thresholds"), shape, values));
        if !falling.is_empty() {
            let marks: Vec<i8> = falling.iter().map(|falls| i8::from(*falls)).collect();
            let bytes = digits::pack(&marks, &[0, 1]);
            let shape = vec![bytes.len()];
            self.tensors.push(Tensor {
                name: self.name("falling"),
                numbers: Type::U8,
                shape,
                bytes: Cow::Owned(bytes),
            });
        }
        let falling = (!falling.is_empty()).then_some(falling.len());
        Form::Thresholds { levels: levels.clone(), falling }
    }
}
