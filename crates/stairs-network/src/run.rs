//! Evaluation in f64, slow and plain: what everything faster is held against.
//!
//! Weights and thresholds are the single-precision numbers that the network was recorded with; all sums are in f64, in the order of
//! the definition. A quantiser sees pre-activations that single precision would have rounded, so that a value within rounding of a
//! threshold may fall on its other side than in a framework.

use rayon::prelude::*;

use crate::{Array, Network, Op, RunError, Source, Weight, Window};

impl Network {
    /// The result for one sample, in row-major order.
    ///
    /// # Errors
    /// [`RunError`] for a sample of another size, an operation known by name only, or parameters without values.
    pub fn run(&self, sample: &[f64]) -> Result<Vec<f64>, RunError> {
        let mut results = self.trace(sample)?;
        Ok(match self.output() {
            Source::Input => sample.to_vec(),
            Source::Node(node) => results.swap_remove(node),
        })
    }

    /// The results of all nodes for one sample.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn trace(&self, sample: &[f64]) -> Result<Vec<Vec<f64>>, RunError> {
        let expected = self.input().iter().product();
        if sample.len() != expected {
            return Err(RunError::Sample { expected, got: sample.len() });
        }
        let mut results: Vec<Vec<f64>> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let inputs: Vec<(&[f64], &[usize])> = node
                .inputs
                .iter()
                .map(|source| match *source {
                    Source::Input => (sample, self.input()),
                    Source::Node(before) => (&results[before][..], self.shape(*source)),
                })
                .collect();
            let result = evaluate(&node.path, &node.op, &inputs, &node.shape)?;
            results.push(result);
        }
        Ok(results)
    }
}

fn evaluate(path: &str, op: &Op, inputs: &[(&[f64], &[usize])], shape: &[usize]) -> Result<Vec<f64>, RunError> {
    let (x, from) = inputs.first().copied().unwrap_or((&[], &[]));
    let each = |f: &(dyn Fn(f64) -> f64 + Sync)| x.iter().map(|x| f(*x)).collect::<Vec<f64>>();
    Ok(match op {
        Op::Dense { weight, bias } => {
            let (weight, bias) = (used(path, weight)?, offsets(path, bias.as_ref(), shape[shape.len() - 1])?);
            let inputs = from[from.len() - 1];
            let row = |x: &[f64], o: usize| dot(&weight[o * inputs..(o + 1) * inputs], x) + bias[o];
            x.chunks(inputs.max(1))
                .flat_map(|x| (0..bias.len()).into_par_iter().map(|o| row(x, o)).collect::<Vec<_>>())
                .collect()
        }
        Op::Conv { window, groups, weight, bias } => {
            let (weight, bias) = (used(path, weight)?, offsets(path, bias.as_ref(), shape[0])?);
            convolved(x, from, window, *groups, &weight, &bias, shape)
        }
        Op::Norm { gamma, beta, mean, variance, epsilon } => {
            let [gamma, beta, mean, variance] =
                [("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)]
                    .map(|(what, array)| values(path, what, array));
            let (gamma, beta, mean, variance) = (gamma?, beta?, mean?, variance?);
            let plane = x.len() / gamma.len().max(1);
            let norm = |(i, x): (usize, &f64)| {
                let c = i / plane.max(1);
                gamma[c] * (x - mean[c]) / (variance[c] + epsilon).sqrt() + beta[c]
            };
            x.iter().enumerate().map(norm).collect()
        }
        Op::Relu => each(&|x| x.max(0.0)),
        Op::Clip { low, high } => each(&|x| x.max(*low).min(*high)),
        Op::Stair(stair) => each(&|x| stair.apply(x)),
        Op::MaxPool(window) => {
            pooled(x, from, window, shape, |pixels, _| pixels.iter().copied().fold(f64::NEG_INFINITY, f64::max))
        }
        Op::MeanPool { window, counts_padding } => pooled(x, from, window, shape, |pixels, taps| {
            pixels.iter().sum::<f64>() / if *counts_padding { taps } else { pixels.len().max(1) } as f64
        }),
        Op::AdaptiveMeanPool { size } => adaptive(x, from, *size),
        Op::Mean => {
            let plane = (x.len() / shape[0].max(1)).max(1);
            x.chunks(plane).map(|plane| plane.iter().sum::<f64>() / plane.len() as f64).collect()
        }
        Op::PadChannels { before, behind } => {
            let plane: usize = from[1..].iter().product();
            let zeros = |channels: usize| std::iter::repeat_n(0.0, channels * plane);
            zeros(*before).chain(x.iter().copied()).chain(zeros(*behind)).collect()
        }
        Op::Add => x.iter().zip(inputs[1].0).map(|(a, b)| a + b).collect(),
        Op::Flatten | Op::Reshape { .. } => x.to_vec(),
        Op::Other { name, .. } => return Err(RunError::Unknown { path: path.to_owned(), operation: name.clone() }),
    })
}

fn missing(path: &str, what: &'static str) -> RunError {
    RunError::NoValues { path: path.to_owned(), what }
}

fn values(path: &str, what: &'static str, array: &Array) -> Result<Vec<f64>, RunError> {
    let values = array.values().ok_or_else(|| missing(path, what))?;
    Ok(values.iter().map(|value| f64::from(*value)).collect())
}

fn used(path: &str, weight: &Weight) -> Result<Vec<f64>, RunError> {
    weight.used().ok_or_else(|| missing(path, "weight"))
}

fn offsets(path: &str, bias: Option<&Array>, outputs: usize) -> Result<Vec<f64>, RunError> {
    bias.map_or_else(|| Ok(vec![0.0; outputs]), |bias| values(path, "bias", bias))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn convolved(
    x: &[f64],
    from: &[usize],
    window: &Window,
    groups: usize,
    weight: &[f64],
    bias: &[f64],
    shape: &[usize],
) -> Vec<f64> {
    let (size, plane) = ([from[1], from[2]], from[1] * from[2]);
    let (per_group, taps, outputs) = (from[0] / groups, window.taps(), shape[0]);
    let positions: Vec<Vec<(usize, usize)>> =
        (0..shape[1] * shape[2]).map(|at| window.patch([at / shape[2], at % shape[2]], size).collect()).collect();
    let channel = |o: usize| -> Vec<f64> {
        let first = o / (outputs / groups) * per_group;
        let one = |patch: &Vec<(usize, usize)>| {
            let channel = |c: usize| {
                let (weights, pixels) = (&weight[(o * per_group + c) * taps..], &x[(first + c) * plane..]);
                patch.iter().map(|&(tap, pixel)| weights[tap] * pixels[pixel]).sum::<f64>()
            };
            (0..per_group).map(channel).sum::<f64>() + bias[o]
        };
        positions.iter().map(one).collect()
    };
    (0..outputs).into_par_iter().flat_map_iter(channel).collect()
}

/// What `of` makes of the pixels of every window, and of its number of taps.
fn pooled(x: &[f64], from: &[usize], window: &Window, shape: &[usize], of: impl Fn(&[f64], usize) -> f64) -> Vec<f64> {
    let (size, plane) = ([from[1], from[2]], from[1] * from[2]);
    let one = |channel: &[f64], at: usize| {
        let patch = window.patch([at / shape[2], at % shape[2]], size);
        of(&patch.map(|(_, pixel)| channel[pixel]).collect::<Vec<_>>(), window.taps())
    };
    let of_channel = |channel| (0..shape[1] * shape[2]).map(|at| one(channel, at)).collect::<Vec<_>>();
    x.chunks(plane.max(1)).flat_map(of_channel).collect()
}

fn adaptive(x: &[f64], from: &[usize], size: [usize; 2]) -> Vec<f64> {
    let [height, width] = [from[1], from[2]];
    let range = |i: usize, of: usize, n: usize| i * of / n..((i + 1) * of).div_ceil(n);
    let one = |channel: &[f64], at: usize| {
        let (rows, columns) = (range(at / size[1], height, size[0]), range(at % size[1], width, size[1]));
        let count = (rows.len() * columns.len()) as f64;
        rows.flat_map(|y| columns.clone().map(move |x| channel[y * width + x])).sum::<f64>() / count
    };
    x.chunks((height * width).max(1))
        .flat_map(|channel| (0..size[0] * size[1]).map(|at| one(channel, at)).collect::<Vec<_>>())
        .collect()
}
