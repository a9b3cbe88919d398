//! dw[c, k, o] += Σ_p x[c, p + offset k]·g[p, o], with the gradients turned so that output channels lie side by side.
//!
//! Registers hold the sums of up to 64 output channels for six (channel, kernel position) pairs. A register of gradients
//! meets one input at a time, so that nothing has to be added up across lanes and margins cost nothing.

use rayon::prelude::*;

use super::{grid::Grid, turn::turn};
use crate::cpu::simd::{Level, Simd};

/// Output channels are filled up to a multiple of this.
const LANES: usize = 16;

/// (Channel, kernel position) pairs whose sums are held in registers together.
const TAPS: usize = 6;

/// Pixels whose gradients are turned at a time, about: they stay in the first-level cache.
const PIXELS: usize = 128;

/// Sums that a task adds up at a time.
const CHUNK: usize = 1 << 13;

/// Sums over a part of a batch.
pub(super) struct Sums<'a> {
    grid: &'a Grid,
    /// Where each (channel, kernel position) pair reads; a last incomplete tile repeats its last pair.
    taps: Vec<usize>,
    /// `[taps, width]`
    sums: Vec<f32>,
    /// Gradients `[pixels, width]` of a few lines.
    gradients: Vec<f32>,
    /// Output channels, filled up.
    width: usize,
    /// Lines at a time.
    lines: usize,
}

impl<'a> Sums<'a> {
    pub(super) fn new(grid: &'a Grid) -> Self {
        let plane = grid.plane_in;
        let pairs = (0..grid.shape.channels_in).flat_map(|c| grid.offsets.iter().map(move |k| c * plane + k));
        let mut taps: Vec<usize> = pairs.collect();
        let last = taps.last().copied().unwrap_or(0);
        taps.resize(taps.len().next_multiple_of(TAPS), last);
        let width = grid.shape.channels_out.next_multiple_of(LANES);
        let (rows, columns) = (grid.shape.rows.output, grid.shape.columns.output);
        let lines = PIXELS.div_ceil(columns).min(rows);
        let (sums, gradients) = (vec![0.0; taps.len() * width], vec![0.0; lines * columns * width]);
        Self { grid, taps, sums, gradients, width, lines }
    }

    /// Adds one image: its inputs on the grid and its gradients `[channels_out, height, width]`.
    pub(super) fn add(&mut self, pixels: &[f32], gradients: &[f32]) {
        let grid = self.grid;
        let (plane, columns) = (grid.shape.plane_out(), grid.shape.columns.output);
        let starts: Vec<usize> = grid.lines(1).collect();
        for (index, starts) in starts.chunks(self.lines).enumerate() {
            let from = index * self.lines * columns;
            let count = starts.len() * columns;
            turn(&gradients[from..], plane, &mut self.gradients, self.width, grid.shape.channels_out, count);
            self.multiply(pixels, starts);
        }
    }

    fn multiply(&mut self, pixels: &[f32], starts: &[usize]) {
        let columns = self.grid.shape.columns.output;
        let farthest = self.taps.iter().max().zip(starts.last()).map_or(0, |(tap, start)| tap + start);
        assert!(pixels.len() >= farthest + columns && self.gradients.len() >= starts.len() * columns * self.width);
        assert!(self.width.is_multiple_of(LANES) && self.sums.len() == self.taps.len() * self.width);
        let (taps, width) = (self.taps.as_slice(), self.width);
        let lines = Lines { pixels, gradients: &self.gradients, starts, columns, width };
        match Level::detect() {
            // SAFETY: the level was detected, the bounds are asserted above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512(&mut self.sums, taps, &lines) },
            // SAFETY: the level was detected, the bounds are asserted above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2(&mut self.sums, taps, &lines) },
            // SAFETY: the bounds are asserted above.
            #[cfg(debug_assertions)]
            Level::Emulated => unsafe { wide::<crate::cpu::simd::Emulated>(&mut self.sums, taps, &lines) },
            // The caller takes this path only where `weight_gradient_applies` found vector registers, and the level is always the same.
            _ => unreachable!("`weight_gradient_applies` lets no processor without vector registers come here"),
        }
    }

    /// The sums of all parts, in order; `None` of none.
    pub(super) fn total(parts: Vec<Self>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let mut total = parts.next()?;
        let rest: Vec<Self> = parts.collect();
        total.sums.par_chunks_mut(CHUNK).enumerate().for_each(|(index, sums)| {
            for part in &rest {
                let part = &part.sums[index * CHUNK..][..sums.len()];
                sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
        });
        Some(total)
    }

    /// The sums as weights `[channels_out, channels_in, kernel positions]`.
    pub(super) fn weights(&self) -> Vec<f32> {
        let (outputs, patch) = (self.grid.shape.channels_out, self.grid.shape.patch());
        let mut weights = vec![0.0; outputs * patch];
        turn(&self.sums, self.width, &mut weights, patch, patch, outputs);
        weights
    }
}

/// Some lines of an image.
struct Lines<'a> {
    pixels: &'a [f32],
    gradients: &'a [f32],
    starts: &'a [usize],
    columns: usize,
    width: usize,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
unsafe fn avx512(sums: &mut [f32], taps: &[usize], lines: &Lines<'_>) {
    // SAFETY: the instructions are those of this function; the caller has checked the bounds.
    unsafe { wide::<crate::cpu::simd::Avx512>(sums, taps, lines) }
}

/// Over registers of 16 lanes.
#[inline(always)]
unsafe fn wide<S: Simd>(sums: &mut [f32], taps: &[usize], lines: &Lines<'_>) {
    const { assert!(S::LANES == LANES) };
    for (sums, taps) in sums.chunks_exact_mut(TAPS * lines.width).zip(taps.as_chunks().0) {
        let mut first = 0;
        // SAFETY: the caller vouches for the instructions and the bounds.
        unsafe {
            while first + 64 <= lines.width {
                tile::<S, 4>(sums, taps, lines, first);
                first += 64;
            }
            if first + 32 <= lines.width {
                tile::<S, 2>(sums, taps, lines, first);
                first += 32;
            }
            if first < lines.width {
                tile::<S, 1>(sums, taps, lines, first);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(sums: &mut [f32], taps: &[usize], lines: &Lines<'_>) {
    for (sums, taps) in sums.chunks_exact_mut(TAPS * lines.width).zip(taps.as_chunks().0) {
        for first in (0..lines.width).step_by(LANES) {
            // SAFETY: the caller has checked the instruction set and the bounds.
            unsafe { tile::<crate::cpu::simd::Avx2, 2>(sums, taps, lines, first) };
        }
    }
}

/// N registers of output channels from `first`.
#[inline(always)]
unsafe fn tile<S: Simd, const N: usize>(sums: &mut [f32], taps: &[usize; TAPS], lines: &Lines<'_>, first: usize) {
    // SAFETY: the caller has checked that taps read inside the grid, and sums and gradients are `width` wide.
    unsafe {
        let at = |t: usize, n: usize| t * lines.width + first + n * S::LANES;
        let mut totals = [[S::zero(); N]; TAPS];
        for (t, totals) in totals.iter_mut().enumerate() {
            for (n, total) in totals.iter_mut().enumerate() {
                *total = S::load(sums.as_ptr().add(at(t, n)));
            }
        }
        let mut gradients = lines.gradients.as_ptr().add(first);
        for start in lines.starts {
            let pixels = lines.pixels.as_ptr().add(*start);
            for p in 0..lines.columns {
                let mut g = [S::zero(); N];
                for (n, g) in g.iter_mut().enumerate() {
                    *g = S::load(gradients.add(n * S::LANES));
                }
                for (totals, tap) in totals.iter_mut().zip(taps) {
                    let x = S::splat(*pixels.add(tap + p));
                    for (total, g) in totals.iter_mut().zip(g) {
                        *total = S::mul_add(x, g, *total);
                    }
                }
                gradients = gradients.add(lines.width);
            }
        }
        for (t, totals) in totals.iter().enumerate() {
            for (n, total) in totals.iter().enumerate() {
                S::store(sums.as_mut_ptr().add(at(t, n)), *total);
            }
        }
    }
}
