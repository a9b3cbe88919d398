//! Ternary products by counting bits: AVX-512 VPOPCNTDQ.
//!
//! As the portable kernel: with m the places where both are not 0 and n those of them where the signs differ, Σ w·x = |m| − 2|n|; for 8
//! outputs of 64 inputs at a time.

use core::arch::x86_64::*;

use alloc::vec::Vec;

use super::{inputs, packed, tiles};
use crate::engine::context::Context;
use crate::engine::product::geometry::{Geometry, Run};
use crate::engine::product::kernel::Weighted;
use crate::engine::product::portable::planes;

/// Outputs of a register, and of a block.
const LANES: usize = 8;
const WIDTH: usize = 2 * LANES;

/// The kernel.
#[derive(Debug)]
pub(crate) struct Popcount {
    runs: Vec<Run>,
    reach: usize,
    /// `[blocks, words, mask and sign, outputs]`.
    weights: Vec<[[u64; WIDTH]; 2]>,
    /// Words of an output.
    length: usize,
}

impl Popcount {
    pub(crate) const WIDTH: usize = WIDTH;

    pub(crate) fn new(geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let length = weighted.taps() * geometry.unit / 2;
        let weights = planes(geometry.unit, weighted);
        Self { runs: geometry.runs.clone(), reach: geometry.reach(), weights, length }
    }

    /// # Safety
    /// As [`Kernel::add`](crate::engine::product::Kernel::add), on a processor with AVX-512 VPOPCNTDQ.
    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
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
/// All runs can be read from the inputs, and there are as many weights as the runs have pairs of words.
#[inline]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
unsafe fn tile<const P: usize>(
    inputs: [*const u64; P],
    runs: &[Run],
    weights: &[[[u64; WIDTH]; 2]],
    to: &mut [[i32; WIDTH]],
) {
    let zero = _mm512_setzero_si512();
    let (mut both, mut opposed) = ([[zero; P]; 2], [[zero; P]; 2]);
    let mut weights = weights.as_ptr();
    for run in runs {
        // SAFETY: the caller's duty.
        unsafe {
            for i in (run.offset..run.offset + run.length).step_by(2) {
                let load =
                    |plane: usize, b: usize| _mm512_loadu_si512((*weights)[plane].as_ptr().add(b * LANES).cast());
                let (masks, signs) = ([load(0, 0), load(0, 1)], [load(1, 0), load(1, 1)]);
                weights = weights.add(1);
                for p in 0..P {
                    let mask = _mm512_set1_epi64(*inputs[p].add(i) as i64);
                    let sign = _mm512_set1_epi64(*inputs[p].add(i + 1) as i64);
                    for b in 0..2 {
                        let places = _mm512_and_si512(masks[b], mask);
                        // places & (signs ^ sign)
                        let differ = _mm512_ternarylogic_epi64::<0x60>(places, signs[b], sign);
                        both[b][p] = _mm512_add_epi64(both[b][p], _mm512_popcnt_epi64(places));
                        opposed[b][p] = _mm512_add_epi64(opposed[b][p], _mm512_popcnt_epi64(differ));
                    }
                }
            }
        }
    }
    for (p, to) in to.iter_mut().enumerate().take(P) {
        for (b, to) in to.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let sum = _mm512_sub_epi64(both[b][p], _mm512_slli_epi64::<1>(opposed[b][p]));
            // SAFETY: 8 numbers of 32 bits.
            unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_cvtepi64_epi32(sum)) };
        }
    }
}
