//! Inputs of 32 bits times ternary weights: AVX2.
//!
//! `psignd` multiplies by −1, 0 or 1, twice as often as `pmulld` multiplies; for 8 outputs at a time.

use core::arch::x86_64::*;

use alloc::vec;
use alloc::vec::Vec;

use super::{inputs, packed, tiles};
use crate::engine::context::Context;
use crate::engine::memory::Aligned;
use crate::engine::product::geometry::{Geometry, Run};
use crate::engine::product::kernel::Weighted;

/// Outputs of a register, and registers of a block.
const LANES: usize = 8;
const REGISTERS: usize = 2;
const WIDTH: usize = REGISTERS * LANES;

/// The kernel.
#[derive(Debug)]
pub(crate) struct Signs {
    runs: Vec<Run>,
    reach: usize,
    /// `[blocks, packed numbers, outputs]`.
    weights: Vec<Aligned<[i32; WIDTH]>>,
    /// Packed numbers of an output.
    length: usize,
}

impl Signs {
    pub(crate) const WIDTH: usize = WIDTH;

    pub(crate) fn new(geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let length = weighted.taps() * geometry.unit;
        let mut weights = vec![Aligned([0; WIDTH]); weighted.outputs.div_ceil(WIDTH) * length];
        for output in 0..weighted.outputs {
            for (i, weight) in weighted.sequence(output, geometry.unit).into_iter().enumerate() {
                weights[output / WIDTH * length + i].0[output % WIDTH] = weight.into();
            }
        }
        Self { runs: geometry.runs.clone(), reach: geometry.reach(), weights, length }
    }

    /// # Safety
    /// As [`Kernel::add`](crate::engine::product::Kernel::add), on a processor with AVX2.
    #[target_feature(enable = "avx2")]
    pub(crate) unsafe fn add(
        &self,
        context: &Context<'_>,
        byte: usize,
        bases: &[usize],
        block: usize,
        sums: &mut [i32],
    ) {
        let sums = sums.as_chunks_mut::<WIDTH>().0;
        // SAFETY: the caller's duty.
        let packed = unsafe { packed(context, byte, bases, self.reach) };
        let weights = &self.weights[block * self.length..][..self.length];
        // SAFETY: the caller's duty; the weights are those of the runs.
        unsafe {
            tiles!(4, bases.len(), |at| tile::<; P>(
                inputs(packed, &bases[at..]),
                &self.runs,
                weights,
                &mut sums[at..],
            ));
        }
    }
}

/// The products of all runs for `P` outputs.
///
/// # Safety
/// All runs can be read from the inputs, and there are as many weights as the runs have numbers.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn tile<const P: usize>(
    inputs: [*const i32; P],
    runs: &[Run],
    weights: &[Aligned<[i32; WIDTH]>],
    to: &mut [[i32; WIDTH]],
) {
    let mut sums = [[_mm256_setzero_si256(); P]; REGISTERS];
    let mut weights = weights.as_ptr();
    for run in runs {
        // SAFETY: the caller's duty.
        unsafe {
            for i in run.offset..run.offset + run.length {
                let mut of = [_mm256_setzero_si256(); REGISTERS];
                for (b, of) in of.iter_mut().enumerate() {
                    *of = _mm256_loadu_si256((*weights).0.as_ptr().add(b * LANES).cast());
                }
                weights = weights.add(1);
                for p in 0..P {
                    let x = _mm256_set1_epi32(*inputs[p].add(i));
                    for b in 0..REGISTERS {
                        sums[b][p] = _mm256_add_epi32(sums[b][p], _mm256_sign_epi32(x, of[b]));
                    }
                }
            }
        }
    }
    for (p, to) in to.iter_mut().enumerate().take(P) {
        for (b, to) in to.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            // SAFETY: 8 numbers of 32 bits.
            unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), sums[b][p]) };
        }
    }
}
