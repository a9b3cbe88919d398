//! Sums of products for a block of output channels and some registers of pixels, the inner loop of `runs` and `product`.

use super::{grid::Grid, weights::BLOCK};
use crate::cpu::simd::Simd;

/// Registers of pixels in a tile.
pub(super) const REGISTERS: usize = 3;

/// What a tile multiplies.
pub(super) struct Source<'a> {
    pixels: &'a [f32],
    weights: &'a [f32],
    grid: &'a Grid,
}

impl<'a> Source<'a> {
    /// The pixels on a grid and the weights of a block of channels.
    pub(super) fn new(pixels: &'a [f32], weights: &'a [f32], grid: &'a Grid) -> Self {
        let channels = grid.shape.channels_in;
        assert!(pixels.len() >= channels * grid.plane_in && weights.len() == channels * grid.offsets.len() * BLOCK);
        Self { pixels, weights, grid }
    }
}

/// The sums of the block's channels for some registers of outputs; `load` reads one of them, given where the channel's pixels
/// for a position of the kernel begin.
///
/// # Safety
/// The processor must have the instructions of S. What `load` reads must lie in a channel of the grid, at every offset.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, L: Fn(*const f32, usize) -> S::Register>(
    source: &Source<'_>,
    load: L,
) -> [[S::Register; REGISTERS]; BLOCK] {
    // SAFETY: the caller vouches for what `load` reads; the weights are as long as asserted.
    unsafe {
        let mut sums = [[S::zero(); REGISTERS]; BLOCK];
        let mut weights = source.weights.as_ptr();
        for channel in 0..source.grid.shape.channels_in {
            let pixels = source.pixels.as_ptr().add(channel * source.grid.plane_in);
            for offset in &source.grid.offsets {
                let mut x = [S::zero(); REGISTERS];
                for (n, x) in x.iter_mut().enumerate() {
                    *x = load(pixels.add(*offset), n);
                }
                for (m, sums) in sums.iter_mut().enumerate() {
                    let w = S::splat(*weights.add(m));
                    for (sum, x) in sums.iter_mut().zip(x) {
                        *sum = S::mul_add(w, x, *sum);
                    }
                }
                weights = weights.add(BLOCK);
            }
        }
        sums
    }
}
