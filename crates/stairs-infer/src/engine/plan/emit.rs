//! The steps of each operation.

use alloc::vec;
use alloc::vec::Vec;

use super::{Builder, Need};
use crate::engine::elementwise::{How, Mapped, Numbers};
use crate::engine::finish::{Factors, Finish, Map, spread};
use crate::engine::moves::{Load, Pad, Reorder};
use crate::engine::pool::{Pool, Pooling};
use crate::engine::step::Step;
use crate::engine::tensor::{Element, Tensor};
use crate::{Kind, Op, ProgramError, Source, Window};

impl Builder<'_> {
    /// A place for results of so many bytes a sample.
    pub(super) fn slot(&mut self, bytes: usize) -> Result<usize, ProgramError> {
        let bytes = bytes.saturating_mul(self.wanted.batch);
        // What is too large is refused before anything is made for it.
        if bytes > self.wanted.memory {
            return Err(self.wanted.beyond(bytes));
        }
        let now = self.steps.len();
        self.needs.push(Need { bytes, first: now, last: now });
        Ok(self.needs.len() - 1)
    }

    /// A tensor with a place of its own.
    pub(super) fn tensor(&mut self, shape: &[usize], kind: Kind) -> Result<usize, ProgramError> {
        let mut tensor = Tensor::new(shape, kind, 0);
        tensor.slot = self.slot(tensor.len() * tensor.width())?;
        self.tensors.push(tensor);
        Ok(self.tensors.len() - 1)
    }

    /// Adds a step that reads what is at these places.
    pub(super) fn push(&mut self, step: Step, reads: &[usize]) {
        for slot in reads {
            self.needs[*slot].last = self.steps.len();
        }
        self.steps.push(step);
        self.done.push(Vec::new());
    }

    /// Adds a step that reads tensors.
    pub(super) fn push_reading(&mut self, step: Step, tensors: &[usize]) {
        let slots: Vec<usize> = tensors.iter().map(|tensor| self.tensors[*tensor].slot).collect();
        self.push(step, &slots);
    }

    /// The tensor at a source.
    pub(super) fn source(&mut self, source: Source) -> Result<usize, ProgramError> {
        match source {
            // Nodes are in order, and one that is taken up by another is asked for by nobody else.
            Source::Node(node) => Ok(self.results[node].unwrap_or_default()),
            Source::Input => {
                if let Some(sample) = self.sample {
                    return Ok(sample);
                }
                let output = self.tensor(self.program.input(), Kind::Float)?;
                self.push(Step::Load(Load { output }), &[]);
                self.sample = Some(output);
                Ok(output)
            }
        }
    }

    /// The numbers of a tensor in another shape.
    pub(super) fn reshaped(&mut self, input: usize, shape: &[usize], kind: Kind) -> Result<usize, ProgramError> {
        let output = self.tensor(shape, kind)?;
        self.push_reading(Step::Reorder(Reorder { input, output }), &[input]);
        Ok(output)
    }

    /// The steps of a node, which takes up the sums of the node `absorbed`.
    pub(super) fn node(&mut self, index: usize, absorbed: Option<usize>) -> Result<(), ProgramError> {
        let program = self.program;
        let node = &program.nodes()[index];
        let inputs = node.inputs.iter().map(|source| match (*source, absorbed) {
            (Source::Node(before), Some(absorbed)) if before == absorbed => Ok(None),
            _ => self.source(*source).map(Some),
        });
        let inputs = inputs.collect::<Result<Vec<Option<usize>>, ProgramError>>()?;
        let first = inputs[0].unwrap_or_default();
        if let Op::Reshape { shape } = &node.op {
            let output = self.reshape(first, shape, node.kind)?;
            return self.finished(index, output);
        }
        if let Op::Dense { .. } | Op::FloatDense { .. } | Op::Conv { .. } | Op::FloatConv { .. } = &node.op {
            let output = self.weighted(index, first)?;
            return self.finished(index, output);
        }
        let output = self.tensor(&node.shape, node.kind)?;
        let own = |levels: &[i32]| levels.to_vec();
        let (width, period) = self.row(output);
        let map = |factors: &Vec<f32>| spread(factors, period);
        match &node.op {
            Op::Fix { fraction, low, high } => {
                let scale = (1u64 << (*fraction).min(63)) as f64;
                self.numbers(first, output, How::Fix { scale, low: *low, high: *high });
            }
            Op::Steps { thresholds, levels } => {
                self.restrict(output, own(levels));
                self.numbers(first, output, How::Steps { thresholds: thresholds.clone(), levels: levels.clone() });
            }
            Op::Thresholds(thresholds) => {
                self.restrict(output, own(&thresholds.levels));
                let map = Map::stair(thresholds, width / period, period);
                self.mapped(Finish { map, width, inputs, output }, absorbed)?;
            }
            Op::Rescale { factors, offsets, shift, low, high } => {
                let factors = Factors::new(factors.iter().flat_map(|factors| spread(factors, period)).collect());
                let map =
                    Map::Rescale { factors, offsets: spread(offsets, period), shift: *shift, low: *low, high: *high };
                self.mapped(Finish { map, width, inputs, output }, absorbed)?;
            }
            Op::Affine { factors, offsets } => {
                let factors = factors.iter().flat_map(|factors| spread(factors, period)).collect();
                let map = Map::Affine { factors, offsets: spread(offsets, period) };
                self.mapped(Finish { map, width, inputs, output }, absorbed)?;
            }
            Op::Scale { factors, offsets } => {
                self.numbers(first, output, How::Scale { factors: map(factors), offsets: map(offsets) });
            }
            Op::Clip { low, high } => self.numbers(first, output, How::Clip { low: *low, high: *high }),
            Op::Add => {
                let other = inputs[1].unwrap_or_default();
                let step = Step::Numbers(Numbers { input: first, output, how: How::Add { other } });
                self.push_reading(step, &[first, other, output]);
            }
            Op::SumPool(window) => self.pool(first, output, *window, Pooling::Sum),
            Op::MaxPool(window) => {
                let levels = self.tensors[first].levels.clone();
                self.restrict(output, levels);
                self.pool(first, output, *window, Pooling::Max);
            }
            Op::MeanPool { window, counts_padding } => {
                self.pool(first, output, *window, Pooling::Mean { counts_padding: *counts_padding });
            }
            Op::AdaptiveMeanPool { .. } => self.pool(first, output, Window::new([1, 1]), Pooling::Adaptive),
            Op::Mean => {
                let (channels, pixels) = (self.tensors[first].channels, self.tensors[first].pixels);
                let image = if self.tensors[first].last {
                    first
                } else {
                    self.reshaped(first, &[channels, pixels, 1], Kind::Float)?
                };
                let window = Window::new(self.tensors[image].size);
                self.needs[self.tensors[output].slot].first = self.steps.len();
                self.pool(image, output, window, Pooling::Mean { counts_padding: false });
            }
            Op::PadChannels { before, .. } => {
                let levels = self.tensors[first].levels.clone();
                self.restrict(output, levels);
                let step = Step::Pad(Pad { input: first, output, before: *before });
                self.push_reading(step, &[first, output]);
            }
            // Those above.
            Op::Reshape { .. } | Op::Dense { .. } | Op::Conv { .. } | Op::FloatDense { .. } | Op::FloatConv { .. } => {}
        }
        self.finished(index, output)
    }

    fn finished(&mut self, node: usize, output: usize) -> Result<(), ProgramError> {
        self.results[node] = Some(output);
        if let Some(done) = self.done.last_mut() {
            done.push(node);
        }
        Ok(())
    }

    /// Numbers of a row of a tensor, and how many in a row have the same channel.
    pub(super) fn row(&self, tensor: usize) -> (usize, usize) {
        let tensor = &self.tensors[tensor];
        if tensor.last { (tensor.channels, 1) } else { (tensor.len(), tensor.pixels) }
    }

    fn restrict(&mut self, tensor: usize, levels: Vec<i32>) {
        if !levels.is_empty() {
            self.tensors[tensor] = self.tensors[tensor].clone().with_levels(levels);
        }
    }

    fn numbers(&mut self, input: usize, output: usize, how: How) {
        self.push_reading(Step::Numbers(Numbers { input, output, how }), &[input, output]);
    }

    fn pool(&mut self, input: usize, output: usize, window: Window, how: Pooling) {
        self.push_reading(Step::Pool(Pool { input, output, window, how }), &[input, output]);
    }

    /// A map of stored integers, or behind the sums of `absorbed`.
    fn mapped(&mut self, finish: Finish, absorbed: Option<usize>) -> Result<(), ProgramError> {
        if let Some(absorbed) = absorbed {
            let input = self.source(self.program.nodes()[absorbed].inputs[0])?;
            return self.products(absorbed, input, finish);
        }
        let tensors: Vec<usize> = finish.inputs.iter().flatten().copied().chain([finish.output]).collect();
        let (input, mut finish) = (tensors[0], finish);
        // The first is read by the step.
        finish.inputs[0] = None;
        self.push_reading(Step::Mapped(Mapped { finish, input }), &tensors);
        Ok(())
    }

    fn reshape(&mut self, input: usize, shape: &[usize], kind: Kind) -> Result<usize, ProgramError> {
        let from = self.tensors[input].clone();
        let to = Tensor::new(shape, kind, from.slot);
        let same = (from.channels, from.pixels) == (to.channels, to.pixels) && from.last == to.last;
        let output = if same || from.is_flat() && to.is_flat() {
            self.tensors.push(to);
            self.tensors.len() - 1
        } else {
            self.reshaped(input, shape, kind)?
        };
        if !from.levels.is_empty() {
            self.tensors[output].levels = from.levels;
        }
        // Ranges come from what is read, so that bytes mean the same.
        debug_assert_eq!(self.tensors[output].element, from.element);
        Ok(output)
    }
}

/// Tensors that a step of products reads and writes.
pub(super) fn touched(finish: &Finish, input: usize) -> Vec<usize> {
    finish.inputs.iter().flatten().copied().chain(vec![input, finish.output]).collect()
}

/// Whether numbers are stored in 32 bits as integers.
pub(super) fn is_int(tensor: &Tensor) -> bool {
    tensor.element == Element::Int
}
