//! Evaluation as the definitions say, slow and plain: what every kernel is held against.

use alloc::vec;
use alloc::vec::Vec;

use crate::{Kind, Op, Program, RunError, Source, Weights, Window};

/// The numbers of a result, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Integers.
    Integers(Vec<i32>),
    /// Numbers of single precision.
    Floats(Vec<f32>),
}

impl Value {
    /// The integers; `None` for floats.
    pub fn integers(&self) -> Option<&[i32]> {
        match self {
            Self::Integers(values) => Some(values),
            Self::Floats(_) => None,
        }
    }

    /// As numbers of single precision, to which integers are rounded.
    pub fn to_floats(&self) -> Vec<f32> {
        match self {
            Self::Integers(values) => values.iter().map(|v| *v as f32).collect(),
            Self::Floats(values) => values.clone(),
        }
    }

    /// Index of the largest number, the first of equal ones; 0 if there is none.
    pub fn label(&self) -> usize {
        match self {
            Self::Integers(values) => label(values),
            Self::Floats(values) => label(values),
        }
    }
}

/// Index of the largest number, the first of equal ones; 0 if there is none.
pub fn label<T: PartialOrd>(values: &[T]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

impl Program {
    /// The result for one sample, by the definitions.
    ///
    /// # Errors
    /// [`RunError`] for a sample of another size or with a NaN.
    pub fn run(&self, sample: &[f32]) -> Result<Value, RunError> {
        let mut results = self.trace(sample)?;
        Ok(match self.output() {
            Source::Input => Value::Floats(sample.to_vec()),
            Source::Node(node) => results.swap_remove(node),
        })
    }

    /// The results of all nodes for one sample, by the definitions.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn trace(&self, sample: &[f32]) -> Result<Vec<Value>, RunError> {
        let expected: usize = self.input().iter().product();
        if sample.len() != expected {
            return Err(RunError::Sample { expected, got: sample.len() });
        }
        if let Some(index) = sample.iter().position(|x| x.is_nan()) {
            return Err(RunError::NaN { index });
        }
        let sample = Value::Floats(sample.to_vec());
        let mut results: Vec<Value> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let inputs: Vec<&Value> = node
                .inputs
                .iter()
                .map(|source| match *source {
                    Source::Input => &sample,
                    Source::Node(before) => &results[before],
                })
                .collect();
            let from = self.at(node.inputs[0]).0;
            let result = match node.kind {
                Kind::Integer(_) => Value::Integers(integers(&node.op, &inputs, from, &node.shape)),
                Kind::Float => Value::Floats(floats(&node.op, &inputs, from, &node.shape)),
            };
            results.push(result);
        }
        Ok(results)
    }
}

fn ints(value: &Value) -> &[i32] {
    value.integers().unwrap_or(&[])
}

fn reals(value: &Value) -> &[f32] {
    match value {
        Value::Floats(values) => values,
        Value::Integers(_) => &[],
    }
}

/// ⌊x + ½⌋ of a double, no smaller than `low` and no larger than `high`; of NaN, which float layers can make of infinities, what 0
/// gives.
#[inline(always)]
pub(crate) fn rounded(x: f64, low: i32, high: i32) -> i32 {
    // Casts saturate and truncate, so that the whole part of a negative number is one too large unless it is whole.
    let x = (x + 0.5).clamp(f64::from(low), f64::from(high));
    let whole = x as i32;
    (if f64::from(whole) > x { whole - 1 } else { whole }).clamp(low, high)
}

fn integers(op: &Op, inputs: &[&Value], from: &[usize], shape: &[usize]) -> Vec<i32> {
    let x = ints(inputs[0]);
    let plane = (x.len() / from.first().copied().unwrap_or(1).max(1)).max(1);
    match op {
        Op::Fix { fraction, low, high } => {
            let scale = (1u64 << (*fraction).min(63)) as f64;
            reals(inputs[0]).iter().map(|x| rounded(f64::from(*x) * scale, *low, *high)).collect()
        }
        Op::Steps { thresholds, levels } => {
            reals(inputs[0]).iter().map(|x| levels[thresholds.partition_point(|t| t <= x)]).collect()
        }
        Op::Dense { weights } => {
            let inputs = weights.fan_in().max(1);
            let outputs = weights.outputs();
            x.chunks(inputs).flat_map(|x| (0..outputs).map(|o| dot(weights.of(o), x))).collect()
        }
        Op::Conv { window, groups, weights } => convolved(window, *groups, weights, x, from, shape),
        Op::Thresholds(thresholds) => x.iter().enumerate().map(|(i, v)| thresholds.level(i / plane, *v)).collect(),
        Op::Rescale { factors, offsets, shift, low, high } => (0..x.len())
            .map(|i| {
                let c = i / plane;
                let terms = inputs.iter().zip(factors).map(|(x, m)| m[c] * i64::from(ints(x)[i]));
                let sum = terms.sum::<i64>() + offsets[c];
                (sum >> shift).clamp(i64::from(*low), i64::from(*high)) as i32
            })
            .collect(),
        Op::SumPool(window) => pooled(x, from, window, shape, |pixels| pixels.sum()),
        Op::MaxPool(window) => pooled(x, from, window, shape, |pixels| pixels.max().unwrap_or(0)),
        Op::PadChannels { before, behind } => padded(x, *before * plane, *behind * plane),
        Op::Reshape { .. } => x.to_vec(),
        // The others give floats.
        _ => Vec::new(),
    }
}

fn floats(op: &Op, inputs: &[&Value], from: &[usize], shape: &[usize]) -> Vec<f32> {
    let x = reals(inputs[0]);
    let channels = from.first().copied().unwrap_or(1).max(1);
    let plane = (x.len() / channels).max(1);
    match op {
        Op::Affine { factors, offsets } => {
            let plane = (ints(inputs[0]).len() / channels).max(1);
            (0..ints(inputs[0]).len())
                .map(|i| {
                    let c = i / plane;
                    let terms = inputs.iter().zip(factors).map(|(x, m)| m[c] * f64::from(ints(x)[i]));
                    (terms.fold(0.0, |sum, term| sum + term) + offsets[c]) as f32
                })
                .collect()
        }
        Op::FloatDense { weights, bias } => {
            let inputs = from.last().copied().unwrap_or(1).max(1);
            let output = |x: &[f32], o: usize| {
                let products = weights[o * inputs..(o + 1) * inputs].iter().zip(x).map(|(w, x)| w * x);
                products.fold(0.0, |sum, product| sum + product) + bias[o]
            };
            x.chunks(inputs).flat_map(|x| (0..bias.len()).map(move |o| output(x, o))).collect()
        }
        Op::FloatConv { window, groups, weights, bias } => {
            let (inputs, taps) = (from[0] / groups, window.taps());
            sliding(window, from, shape, |o, patch| {
                let first = o / (shape[0] / groups) * inputs;
                let mut sum = 0.0;
                for c in 0..inputs {
                    for &(tap, pixel) in patch {
                        sum += weights[(o * inputs + c) * taps + tap] * x[(first + c) * plane + pixel];
                    }
                }
                sum + bias[o]
            })
        }
        Op::Scale { factors, offsets } => {
            x.iter().enumerate().map(|(i, x)| x * factors[i / plane] + offsets[i / plane]).collect()
        }
        Op::Clip { low, high } => x.iter().map(|x| x.max(*low).min(*high)).collect(),
        Op::MaxPool(window) => pooled(x, from, window, shape, |pixels| pixels.fold(f32::NEG_INFINITY, f32::max)),
        Op::MeanPool { window, counts_padding } => {
            let taps = window.taps();
            pooled(x, from, window, shape, |pixels| {
                let (sum, count) = pixels.fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
                sum / if *counts_padding { taps } else { count.max(1) } as f32
            })
        }
        Op::AdaptiveMeanPool { size } => {
            let [height, width] = [from[1], from[2]];
            // In 64 bits: a product of two sizes need not fit a usize of 32.
            let bound = |i: usize, of: usize| i as u64 * of as u64;
            let range = |i: usize, of: usize, n: usize| {
                (bound(i, of) / n as u64) as usize..bound(i + 1, of).div_ceil(n as u64) as usize
            };
            let mut result = Vec::with_capacity(shape.iter().product());
            for channel in x.chunks(plane) {
                for at in 0..size[0] * size[1] {
                    let (rows, columns) = (range(at / size[1], height, size[0]), range(at % size[1], width, size[1]));
                    let count = (rows.len() * columns.len()) as f32;
                    let pixels = rows.flat_map(|y| columns.clone().map(move |x| channel[y * width + x]));
                    result.push(pixels.fold(0.0, |sum, x| sum + x) / count);
                }
            }
            result
        }
        Op::Mean => {
            x.chunks(plane).map(|plane| plane.iter().fold(0.0, |sum, x| sum + x) / plane.len() as f32).collect()
        }
        Op::Add => x.iter().zip(reals(inputs[1])).map(|(a, b)| a + b).collect(),
        Op::PadChannels { before, behind } => padded(x, *before * plane, *behind * plane),
        Op::Reshape { .. } => x.to_vec(),
        // The others give integers.
        _ => Vec::new(),
    }
}

fn dot(weights: &[i8], x: &[i32]) -> i32 {
    weights.iter().zip(x).map(|(w, x)| i32::from(*w) * x).sum()
}

/// `of` an output channel and a patch, for all channels and positions.
fn sliding<T: Copy + Default>(
    window: &Window,
    from: &[usize],
    shape: &[usize],
    of: impl Fn(usize, &[(usize, usize)]) -> T,
) -> Vec<T> {
    let plane = shape[1] * shape[2];
    let mut result = vec![T::default(); shape[0] * plane];
    // One patch at a time, for all patches of a large kernel take far more memory than an image.
    let mut patch = Vec::new();
    for at in 0..plane {
        patch.clear();
        patch.extend(window.patch([at / shape[2], at % shape[2]], [from[1], from[2]]));
        for o in 0..shape[0] {
            result[o * plane + at] = of(o, &patch);
        }
    }
    result
}

fn convolved(
    window: &Window,
    groups: usize,
    weights: &Weights,
    x: &[i32],
    from: &[usize],
    shape: &[usize],
) -> Vec<i32> {
    let (inputs, taps, plane) = (from[0] / groups, window.taps(), from[1] * from[2]);
    sliding(window, from, shape, |o, patch| {
        let (first, weights) = (o / (shape[0] / groups) * inputs, weights.of(o));
        let mut sum = 0;
        for c in 0..inputs {
            for &(tap, pixel) in patch {
                sum += i32::from(weights[c * taps + tap]) * x[(first + c) * plane + pixel];
            }
        }
        sum
    })
}

fn pooled<T: Copy + Default>(
    x: &[T],
    from: &[usize],
    window: &Window,
    shape: &[usize],
    of: impl Fn(&mut dyn Iterator<Item = T>) -> T,
) -> Vec<T> {
    let plane = from[1] * from[2];
    sliding(window, from, shape, |channel, patch| of(&mut patch.iter().map(|(_, pixel)| x[channel * plane + pixel])))
}

fn padded<T: Copy + Default>(x: &[T], before: usize, behind: usize) -> Vec<T> {
    let zeros = |count| core::iter::repeat_n(T::default(), count);
    zeros(before).chain(x.iter().copied()).chain(zeros(behind)).collect()
}
