//! Kernels whose weights lie as their tiles read them.
//!
//! Where inputs are packed less their lowest value l, Σ w·x = Σ w·(x − l) + l·Σ w, and the last term is what sums start from. Where sums
//! in registers are narrower than what they are stored as, a sweep takes as many steps as they hold.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Debug;

use super::geometry::{Geometry, Run};
use super::kernel::{Kernel, Weighted};
use super::tile::{Sweep, Tile, length, packed};
use crate::engine::context::Context;

/// How weights lie for a tile.
pub(super) trait Layout: Tile<Sum = i32> + Debug + Send + Sync {
    /// Weights of an output that a step multiplies.
    const TOGETHER: usize;
    /// Weights that are all 0.
    const EMPTY: Self::Weights;

    /// Sets weight `i` of output `output` of a step, which is no 0.
    fn set(to: &mut Self::Weights, output: usize, i: usize, weight: i8);
}

/// A tile and its weights.
#[derive(Debug)]
pub(super) struct Tiled<T: Layout> {
    tile: T,
    /// What a sweep takes.
    sweeps: Vec<Vec<Run>>,
    reach: usize,
    /// `[blocks, steps]`.
    weights: Vec<T::Weights>,
    /// Steps of an output.
    length: usize,
    /// l·Σ w.
    starts: Vec<i32>,
}

impl<T: Layout> Tiled<T> {
    /// With inputs less `low`, and at most `most` steps in a sweep.
    pub(super) fn new(tile: T, geometry: &Geometry, weighted: &Weighted<'_>, low: i32, most: usize) -> Self {
        let steps = geometry.unit / T::STEP;
        let (length, blocks) = (weighted.taps() * steps, weighted.outputs.div_ceil(T::WIDTH));
        let (mut weights, mut starts) = (vec![T::EMPTY; blocks * length], vec![0; blocks * T::WIDTH]);
        for output in 0..weighted.outputs {
            let sequence = weighted.sequence(output, steps * T::TOGETHER);
            for (i, weight) in sequence.into_iter().enumerate().filter(|(_, weight)| *weight != 0) {
                let to = &mut weights[output / T::WIDTH * length + i / T::TOGETHER];
                T::set(to, output % T::WIDTH, i % T::TOGETHER, weight);
            }
            let of = weighted.weights.of(weighted.first + output);
            starts[output] = of.iter().map(|weight| i32::from(*weight)).sum::<i32>().wrapping_mul(low);
        }
        let sweeps = geometry.blocks(most.saturating_mul(T::STEP));
        Self { tile, sweeps, reach: geometry.reach(), weights, length, starts }
    }
}

impl<T: Layout> Kernel for Tiled<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn width(&self) -> usize {
        T::WIDTH
    }

    unsafe fn add(&self, context: &Context<'_>, byte: usize, bases: &[usize], block: usize, sums: &mut [i32]) {
        // SAFETY: the caller's duty.
        let packed = unsafe { packed(context, byte, bases, self.reach) };
        let mut start = Some(&self.starts[block * T::WIDTH..][..T::WIDTH]);
        let mut weights = &self.weights[block * self.length..][..self.length];
        for runs in &self.sweeps {
            let (now, rest) = weights.split_at(length(runs) / T::STEP);
            weights = rest;
            let sweep = Sweep { packed, bases, runs, weights: now, start: start.take(), to: &mut *sums };
            // SAFETY: the caller's duty; the weights are those of the runs, and the processor has what the tile needs.
            unsafe { self.tile.sweep(sweep) };
        }
    }
}
