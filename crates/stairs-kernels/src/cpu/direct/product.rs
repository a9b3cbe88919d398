//! y[o, q] = Σ_{c, k} w[o, c, k]·x[c, q + offset k]: eight output channels over all pixels of a grid.

use super::{
    grid::{Grid, copy},
    tile::{REGISTERS, Source, tile},
    weights::{BLOCK, Weights},
};
use crate::cpu::{
    fresh::{Unset, unset},
    simd::{Level, Simd},
};

/// Pixels of a tile.
const TILE: usize = 16 * REGISTERS;

/// From an output channel to the next in the scratch of a block.
fn row(grid: &Grid) -> usize {
    grid.outputs_of(grid.images).next_multiple_of(TILE) + 16
}

/// Outputs of a block of channels before they lose their margins.
pub(super) fn scratch(grid: &Grid) -> Vec<f32> {
    vec![0.0; BLOCK * row(grid)]
}

/// Writes the images `y` `[images, channels_out, height, width]`.
pub(super) fn run(y: &mut [Unset], pixels: &[f32], weights: &Weights, grid: &Grid, scratch: &mut [f32]) {
    let (channels, plane, width) = (grid.shape.channels_out, grid.shape.plane_out(), grid.shape.columns.output);
    let images = grid.count(y.len(), channels);
    let (row, outputs) = (row(grid), grid.outputs_of(images));
    for (index, block) in weights.blocks().enumerate() {
        multiply(scratch, row, outputs, pixels, block, grid);
        for channel in index * BLOCK..channels.min((index + 1) * BLOCK) {
            let values = &scratch[(channel % BLOCK) * row..][..row];
            let mut lines = grid.lines(images);
            for image in 0..images {
                let y = &mut y[(image * channels + channel) * plane..][..plane];
                for (y, start) in y.chunks_exact_mut(width).zip(lines.by_ref().take(grid.shape.rows.output)) {
                    copy(y, unset(&values[start..][..width]));
                }
            }
        }
    }
}

/// The first `outputs` pixels of a block of channels, and some more up to a whole tile.
fn multiply(out: &mut [f32], row: usize, outputs: usize, pixels: &[f32], weights: &[f32], grid: &Grid) {
    let reach = grid.offsets.last().copied().unwrap_or(0);
    let end = outputs.next_multiple_of(TILE);
    assert!(grid.plane_in >= end.min(outputs + TILE) + reach, "a grid with its slack");
    assert!(out.len() >= BLOCK * row && row >= end);
    let block = Block { out: out.as_mut_ptr(), row, end, source: Source::new(pixels, weights, grid) };
    match Level::detect() {
        // SAFETY: the level was detected, the bounds are asserted above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(block) },
        // SAFETY: the bounds are asserted above.
        #[cfg(debug_assertions)]
        Level::Emulated => unsafe { tiles::<crate::cpu::simd::Emulated>(block) },
        _ => unreachable!("`forward_applies` asks for AVX-512"),
    }
}

/// One block of channels.
struct Block<'a> {
    out: *mut f32,
    row: usize,
    end: usize,
    source: Source<'a>,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
unsafe fn avx512(block: Block<'_>) {
    // SAFETY: the instructions are those of this function; the caller has checked the bounds.
    unsafe { tiles::<crate::cpu::simd::Avx512>(block) }
}

/// Over registers of 16 lanes.
#[inline(always)]
unsafe fn tiles<S: Simd>(block: Block<'_>) {
    const { assert!(TILE == REGISTERS * S::LANES) };
    for q in (0..block.end).step_by(TILE) {
        // SAFETY: the caller vouches for the instructions and the bounds.
        unsafe {
            let sums = tile::<S, _>(&block.source, |pixels, n| S::load(pixels.add(q + n * S::LANES)));
            for (m, sums) in sums.iter().enumerate() {
                for (n, sum) in sums.iter().enumerate() {
                    S::store(block.out.add(m * block.row + q + n * S::LANES), *sum);
                }
            }
        }
    }
}
