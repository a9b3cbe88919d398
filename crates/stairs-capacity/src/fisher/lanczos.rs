//! Products with the blocks of all channels of a layer at once, for Lanczos: F_o v_o = Aᵀ(A v)/(n σ²).
//!
//! Column o of a `[width, channels]` matrix is a vector of parameters of channel o. Patches times that matrix is the
//! convolution with v in place of the weights; so one product costs two passes of the layer, for all channels together.

use rayon::prelude::*;

use super::block::Block;
use crate::linalg::{Scalar, add_product_tn, product_nn};
use crate::spectrum::Batch;

/// Tasks that a product is split into, whatever the number of threads: the sums are the same.
const TASKS: usize = 8;

pub(crate) struct BlockBatch<'a, T> {
    block: &'a Block<'a>,
    patches: Vec<T>,
    /// Factors of rows and channels; squared unless an average pool stands between them.
    factors: Vec<T>,
    normal: Vec<T>,
    gain: Vec<T>,
    /// `[fan_in, channels]`; empty for 1.
    bend: Vec<T>,
    scale: T,
}

impl<'a, T: Scalar> BlockBatch<'a, T> {
    pub(crate) fn new(block: &'a Block<'a>, scale: f64) -> Self {
        let pass = block.pass;
        let cast = |values: &[f64]| values.par_iter().map(|x| T::of(*x)).collect::<Vec<T>>();
        let factors = match &block.windows {
            None => block.factors.par_iter().map(|factor| T::of(factor * factor)).collect(),
            Some(_) => cast(&block.factors),
        };
        let mut bend = vec![T::of(0.0); pass.bend.len()];
        for (o, row) in pass.bend.chunks(pass.fan_in).enumerate() {
            row.iter().enumerate().for_each(|(k, value)| bend[k * pass.channels + o] = T::of(*value));
        }
        Self {
            block,
            patches: cast(&pass.patches),
            factors,
            normal: cast(&pass.normal),
            gain: cast(&pass.gain),
            bend,
            scale: T::of(scale),
        }
    }

    /// What stands between A and Aᵀ: `y` `[samples · positions, channels]` of some whole samples from row `first` on.
    fn middle(&self, y: &mut [T], first: usize) {
        let channels = self.block.pass.channels;
        let factors = &self.factors[first * channels..first * channels + y.len()];
        y.iter_mut().zip(factors).for_each(|(y, factor)| *y *= *factor);
        let Some(windows) = &self.block.windows else { return };
        let mut spread = vec![T::of(0.0); self.block.pass.positions * channels];
        for sample in y.chunks_mut(spread.len()) {
            spread.fill(T::of(0.0));
            for window in windows {
                let share = T::of(1.0 / (window.len() * window.len()) as f64);
                for o in 0..channels {
                    let sum: T = window.iter().map(|position| sample[position * channels + o]).sum();
                    window.iter().for_each(|p| spread[p * channels + o] += share * sum);
                }
            }
            sample.copy_from_slice(&spread);
        }
        y.iter_mut().zip(factors).for_each(|(y, factor)| *y *= *factor);
    }

    /// Aᵀ A x of the samples whose rows start at `first`, unscaled, before `gain` and `bend`: `[width, channels]`.
    fn part(&self, x: &[T], first: usize, rows: usize) -> Vec<T> {
        let pass = self.block.pass;
        let (channels, fan_in) = (pass.channels, pass.fan_in);
        let patches = &self.patches[first * fan_in..(first + rows) * fan_in];
        let normal = if pass.has_norm() { &self.normal[first * channels..(first + rows) * channels] } else { &[] };
        let (weights, rest) = x.split_at(fan_in * channels);
        let rest: Vec<&[T]> = rest.chunks(channels).collect();
        let (bias, norm) = rest.split_at(usize::from(self.block.bias()));
        let mut y = vec![T::of(0.0); rows * channels];
        product_nn(patches, weights, fan_in, &mut y);
        for (r, row) in y.chunks_mut(channels).enumerate() {
            if let [bias] = bias {
                row.iter_mut().zip(*bias).for_each(|(y, b)| *y += *b);
            }
            if let [scale, shift] = norm {
                let normal = &normal[r * channels..(r + 1) * channels];
                for o in 0..channels {
                    row[o] = row[o] + normal[o] * scale[o] + shift[o];
                }
            }
        }
        self.middle(&mut y, first);
        let mut out = vec![T::of(0.0); x.len()];
        let (weights, rest) = out.split_at_mut(fan_in * channels);
        add_product_tn(patches, &y, fan_in, weights);
        let mut rest: Vec<&mut [T]> = rest.chunks_mut(channels).collect();
        let (bias, norm) = rest.split_at_mut(usize::from(self.block.bias()));
        for (r, row) in y.chunks(channels).enumerate() {
            if let [bias] = bias {
                bias.iter_mut().zip(row).for_each(|(out, y)| *out += *y);
            }
            if let [scale, shift] = norm {
                let normal = &normal[r * channels..(r + 1) * channels];
                for o in 0..channels {
                    scale[o] += normal[o] * row[o];
                    shift[o] += row[o];
                }
            }
        }
        out
    }

    /// Multiplies what belongs to weights and bias by `gain`, and the weights by `bend`.
    fn chain_rule(&self, x: &mut [T]) {
        let channels = self.block.pass.channels;
        let plain = (self.block.pass.fan_in + usize::from(self.block.bias())) * channels;
        x[..plain].par_chunks_mut(channels).for_each(|row| row.iter_mut().zip(&self.gain).for_each(|(x, g)| *x *= *g));
        x.iter_mut().zip(&self.bend).for_each(|(x, bend)| *x *= *bend);
    }
}

impl<T: Scalar> Batch<T> for BlockBatch<'_, T> {
    fn size(&self) -> usize {
        self.block.width
    }

    fn blocks(&self) -> usize {
        self.block.pass.channels
    }

    fn apply(&self, x: &[T], out: &mut [T]) {
        let pass = self.block.pass;
        let mut bent = x.to_vec();
        self.chain_rule(&mut bent);
        let samples = pass.samples.div_ceil(TASKS);
        let parts: Vec<Vec<T>> = (0..TASKS)
            .into_par_iter()
            .filter_map(|task| {
                let first = (task * samples).min(pass.samples);
                let last = (first + samples).min(pass.samples);
                (first < last).then(|| self.part(&bent, first * pass.positions, (last - first) * pass.positions))
            })
            .collect();
        out.fill(T::of(0.0));
        for part in parts {
            out.par_iter_mut().zip(part).for_each(|(out, part)| *out += self.scale * part);
        }
        self.chain_rule(out);
    }
}
