//! Inputs of 16 bits times weights of 8: AVX2.
//!
//! `madd` adds two products of 16 bits in 32, for 8 outputs and 2 inputs at a time.

use core::arch::x86_64::*;

use alloc::vec;
use alloc::vec::Vec;

use super::{inputs, packed, tiles};
use crate::engine::context::Context;
use crate::engine::product::geometry::{Geometry, Run};
use crate::engine::product::kernel::Weighted;

/// Outputs of a register, and of a block.
const LANES: usize = 8;
const WIDTH: usize = 2 * LANES;

/// The kernel.
#[derive(Debug)]
pub(crate) struct Words {
    runs: Vec<Run>,
    reach: usize,
    /// `[blocks, pairs, 2, outputs, 2]`.
    weights: Vec<[[i16; WIDTH]; 2]>,
    /// Pairs of an output.
    length: usize,
}

impl Words {
    pub(crate) const WIDTH: usize = WIDTH;

    pub(crate) fn new(geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let length = weighted.taps() * geometry.unit / 2;
        let mut weights = vec![[[0; WIDTH]; 2]; weighted.outputs.div_ceil(WIDTH) * length];
        for output in 0..weighted.outputs {
            let (block, lane) = (output / WIDTH, output % WIDTH);
            for (i, weight) in weighted.sequence(output, geometry.unit).into_iter().enumerate() {
                weights[block * length + i / 2][lane / LANES][lane % LANES * 2 + i % 2] = weight.into();
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
/// All runs can be read from the inputs, and there are as many weights as the runs have pairs.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn tile<const P: usize>(
    inputs: [*const i16; P],
    runs: &[Run],
    weights: &[[[i16; WIDTH]; 2]],
    to: &mut [[i32; WIDTH]],
) {
    let mut sums = [[_mm256_setzero_si256(); P]; 2];
    let mut weights = weights.as_ptr();
    for run in runs {
        // SAFETY: the caller's duty.
        unsafe {
            for i in (run.offset..run.offset + run.length).step_by(2) {
                let [first, second] = &*weights;
                let pair = [_mm256_loadu_si256(first.as_ptr().cast()), _mm256_loadu_si256(second.as_ptr().cast())];
                weights = weights.add(1);
                for p in 0..P {
                    let x = _mm256_set1_epi32(inputs[p].add(i).cast::<i32>().read_unaligned());
                    for b in 0..2 {
                        sums[b][p] = _mm256_add_epi32(sums[b][p], _mm256_madd_epi16(x, pair[b]));
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
