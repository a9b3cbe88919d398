//! The steps of layers with weights.

use alloc::vec;
use alloc::vec::Vec;

use super::Builder;
use super::emit::{is_int, touched};
use crate::engine::depthwise::Depthwise;
use crate::engine::finish::{Finish, Map};
use crate::engine::float::FloatConv;
use crate::engine::level::Level;
use crate::engine::moves::Reorder;
use crate::engine::plain::Plain;
use crate::engine::product::{Format, From, Geometry, Pack, Product, Setting, Weighted};
use crate::engine::step::Step;
use crate::engine::tensor::Tensor;
use crate::{Op, ProgramError, Range, Weights, Window};

/// A convolution or dense layer of integers.
struct Layer<'a> {
    input: usize,
    /// Height and width of input and output; rows of dense layers are an image of one column.
    size: [[usize; 2]; 2],
    channels: usize,
    window: Window,
    groups: usize,
    weights: &'a Weights,
    /// Which sums are possible.
    sums: Range,
    /// Whether rows are outputs of their own, whatever sample they are of.
    rows: bool,
}

impl Builder<'_> {
    /// A layer with weights whose result is stored.
    pub(super) fn weighted(&mut self, index: usize, input: usize) -> Result<usize, ProgramError> {
        let node = &self.program.nodes()[index];
        let dense = matches!(&node.op, Op::Dense { .. } | Op::FloatDense { .. });
        // Dense layers go along the last axis, which is not the one that images are stored along.
        if dense && !(self.tensors[input].is_flat() && Tensor::new(&node.shape, node.kind, 0).is_flat()) {
            let from = self.program.at(node.inputs[0]);
            let flat = |shape: &[usize]| match shape.split_last() {
                Some((last, rest)) => vec![rest.iter().product(), *last],
                None => vec![1],
            };
            let rows = self.reshaped(input, &flat(from.0), from.1)?;
            let result = self.tensor(&flat(&node.shape), node.kind)?;
            self.layer(index, rows, result)?;
            let output = self.tensor(&node.shape, node.kind)?;
            self.push_reading(Step::Reorder(Reorder { input: result, output }), &[result, output]);
            return Ok(output);
        }
        let output = self.tensor(&node.shape, node.kind)?;
        self.layer(index, input, output)?;
        Ok(output)
    }

    fn layer(&mut self, index: usize, input: usize, output: usize) -> Result<(), ProgramError> {
        let node = &self.program.nodes()[index];
        let size = [self.tensors[input].size, self.tensors[output].size];
        match &node.op {
            Op::FloatDense { weights, bias } => {
                let rows = self.tensors[output].len() / bias.len();
                let step = FloatConv::dense([input, output], rows, weights, bias);
                self.push_reading(Step::FloatConv(step), &[input, output]);
                Ok(())
            }
            Op::FloatConv { window, groups, weights, bias } => {
                let step = FloatConv::new([input, output], size, *window, *groups, weights, bias);
                self.push_reading(Step::FloatConv(step), &[input, output]);
                Ok(())
            }
            Op::Dense { weights } | Op::Conv { weights, .. } => {
                let finish = Finish { map: Map::Store, width: weights.outputs(), inputs: vec![None], output };
                self.products(index, input, finish)
            }
            _ => Ok(()),
        }
    }

    /// The products of node `index` and what is made of them.
    pub(super) fn products(&mut self, index: usize, input: usize, finish: Finish) -> Result<(), ProgramError> {
        let node = &self.program.nodes()[index];
        let tensor = &self.tensors[input];
        let sums = node.kind.range().unwrap_or(Range::new(0, 0));
        let layer = match &node.op {
            Op::Conv { window, groups, weights } => Layer {
                input,
                size: [tensor.size, [node.shape[1], node.shape[2]]],
                channels: tensor.channels,
                window: *window,
                groups: *groups,
                weights,
                sums,
                rows: false,
            },
            Op::Dense { weights } => {
                let rows = tensor.len() / weights.fan_in();
                let channels = weights.fan_in();
                let (size, window) = ([[rows, 1]; 2], Window::new([1, 1]));
                Layer { input, size, channels, window, groups: 1, weights, sums, rows: true }
            }
            _ => return Ok(()),
        };
        self.multiplied(&layer, finish)
    }

    fn multiplied(&mut self, layer: &Layer<'_>, finish: Finish) -> Result<(), ProgramError> {
        let Layer { input, size, channels, window, groups, weights, .. } = *layer;
        let touched = touched(&finish, input);
        if self.wanted.level == Level::Scalar {
            let step = Plain { input, size, images: 1, channels, window, groups, weights: weights.clone(), finish };
            self.push_reading(Step::Plain(step), &touched);
            return Ok(());
        }
        let tensor = &self.tensors[input];
        let depthwise = (groups == channels && groups == weights.outputs() && groups > 1).then_some(window);
        let setting = Setting { level: self.wanted.level, input: tensor, weights, sums: layer.sums, depthwise };
        let Some(choice) = setting.choice() else {
            let step = Depthwise::new(input, window, size, weights, layer.sums, finish);
            self.push_reading(Step::Depthwise(step), &touched);
            return Ok(());
        };
        // Kernels for depthwise convolutions take all channels as one group.
        let groups = if depthwise.is_some() { 1 } else { groups };
        let (each, outputs) = (channels / groups, weights.outputs() / groups);
        let unit = choice.unit(each);
        let geometry =
            if layer.rows { Geometry::rows(unit, size[0][0]) } else { Geometry::new(&window, size[0], size[1], unit) };
        let kernel = |group: usize| {
            let weighted = Weighted { weights, first: group * outputs, outputs, channels: each };
            choice.kernel(&geometry, &weighted)
        };
        let kernels = (0..groups).map(kernel).collect();
        let format = choice.into_format();
        let alike = match format {
            Format::Integers => is_int(tensor),
            Format::Codes => !is_int(tensor) && unit == each,
            _ => false,
        };
        let joined = layer.rows;
        if alike && groups == 1 && !window.pads() {
            let product = Product { from: From::Stored(input), geometry, groups, outputs, kernels, finish, joined };
            self.push_reading(Step::Product(product), &touched);
            return Ok(());
        }
        let count = geometry.size[0].checked_mul(geometry.size[1]).and_then(|size| size.checked_mul(unit * groups));
        let bytes = count.and_then(|count| count.checked_mul(format.bytes()));
        let slot = self.slot(bytes.unwrap_or(usize::MAX))?;
        let before = [window.padding[0][0], window.padding[1][0]];
        let pack =
            Pack { input, slot, format, geometry: geometry.clone(), size: size[0], before, groups, channels: each };
        let reads = [self.tensors[input].slot, slot];
        self.push(Step::Pack(pack), &reads);
        // The output's place is needed from here on only.
        let output = self.tensors[finish.output].slot;
        self.needs[output].first = self.steps.len();
        let stored = finish.inputs.iter().flatten().copied().chain([finish.output]);
        let slots: Vec<usize> = stored.map(|tensor| self.tensors[tensor].slot).chain([slot]).collect();
        let product = Product { from: From::Packed(slot), geometry, groups, outputs, kernels, finish, joined };
        self.push(Step::Product(product), &slots);
        Ok(())
    }
}
