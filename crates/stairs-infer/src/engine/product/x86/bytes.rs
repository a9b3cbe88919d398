//! Bytes times weights of 8 bits: AVX2.
//!
//! `maddubs` adds two products of an unsigned and a signed byte in 16 bits, for 8 outputs and 4 inputs at a time. As many of these as 16
//! bits hold are added before they go to sums of 32 bits. Inputs are stored less their lowest value l, and Σ w·x = Σ w·(x − l) + l·Σ w.

use core::arch::x86_64::*;

use alloc::vec;
use alloc::vec::Vec;

use super::{inputs, length, packed, tiles};
use crate::Range;
use crate::engine::context::Context;
use crate::engine::memory::Aligned;
use crate::engine::product::geometry::{Geometry, Run};
use crate::engine::product::kernel::Weighted;
use crate::engine::tensor::Tensor;

/// Inputs multiplied together.
const FOUR: usize = 4;
/// Outputs of a register, and of a block.
const LANES: usize = 8;
const WIDTH: usize = 2 * LANES;

/// The kernel.
#[derive(Debug)]
pub(crate) struct Bytes {
    blocks: Vec<Vec<Run>>,
    reach: usize,
    /// `[blocks, fours, 2, outputs, 4]`.
    weights: Vec<Aligned<[[i8; LANES * FOUR]; 2]>>,
    /// Fours of an output.
    length: usize,
    /// l·Σ w.
    corrections: Vec<[i32; WIDTH]>,
}

/// Additions of two products that 16 bits hold.
pub(crate) fn additions(input: &Tensor, weights: Range) -> usize {
    let whole = input.range.with_zero();
    let most = 2 * (i64::from(whole.high) - i64::from(whole.low)) * weights.reach();
    (i64::from(i16::MAX) / most.max(1)) as usize
}

/// l·Σ w of every output, in blocks.
pub(super) fn corrections<const W: usize>(low: i32, weighted: &Weighted<'_>) -> Vec<[i32; W]> {
    let mut corrections = vec![[0; W]; weighted.outputs.div_ceil(W)];
    for (output, to) in corrections.as_flattened_mut().iter_mut().enumerate().take(weighted.outputs) {
        let of = weighted.weights.of(weighted.first + output);
        *to = of.iter().map(|weight| i32::from(*weight)).sum::<i32>().wrapping_mul(low);
    }
    corrections
}

impl Bytes {
    pub(crate) const WIDTH: usize = WIDTH;

    pub(crate) fn new(input: &Tensor, geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let length = weighted.taps() * geometry.unit / FOUR;
        let mut weights = vec![Aligned([[0; LANES * FOUR]; 2]); weighted.outputs.div_ceil(WIDTH) * length];
        for output in 0..weighted.outputs {
            let (block, lane) = (output / WIDTH, output % WIDTH);
            for (i, weight) in weighted.sequence(output, geometry.unit).into_iter().enumerate() {
                weights[block * length + i / FOUR].0[lane / LANES][lane % LANES * FOUR + i % FOUR] = weight;
            }
        }
        let most = additions(input, weighted.weights.range()).min(1 << 16) * FOUR;
        let corrections = corrections(input.low(), weighted);
        Self { blocks: geometry.blocks(most), reach: geometry.reach(), weights, length, corrections }
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
        let mut corrections = Some(&self.corrections[block]);
        let mut weights = &self.weights[block * self.length..][..self.length];
        for runs in &self.blocks {
            let (now, rest) = weights.split_at(length(runs) / FOUR);
            weights = rest;
            // SAFETY: the caller's duty; the weights are those of the runs.
            unsafe {
                tiles!(4, bases.len(), |at| tile::<; P>(
                    inputs(packed, &bases[at..]),
                    runs,
                    now,
                    corrections,
                    &mut sums[at..],
                ));
            }
            corrections = None;
        }
    }
}

/// Adds the products of some runs for `P` outputs to what there is, or to the corrections.
///
/// # Safety
/// All runs can be read from the inputs, and there are as many weights as the runs have fours.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn tile<const P: usize>(
    inputs: [*const u8; P],
    runs: &[Run],
    weights: &[Aligned<[[i8; LANES * FOUR]; 2]>],
    corrections: Option<&[i32; WIDTH]>,
    to: &mut [[i32; WIDTH]],
) {
    let mut sums = [[_mm256_setzero_si256(); P]; 2];
    let mut weights = weights.as_ptr();
    for run in runs {
        // SAFETY: the caller's duty.
        unsafe {
            for i in (run.offset..run.offset + run.length).step_by(FOUR) {
                let Aligned([first, second]) = &*weights;
                let four = [_mm256_loadu_si256(first.as_ptr().cast()), _mm256_loadu_si256(second.as_ptr().cast())];
                weights = weights.add(1);
                for p in 0..P {
                    let x = _mm256_set1_epi32(inputs[p].add(i).cast::<i32>().read_unaligned());
                    for b in 0..2 {
                        sums[b][p] = _mm256_add_epi16(sums[b][p], _mm256_maddubs_epi16(x, four[b]));
                    }
                }
            }
        }
    }
    let one = _mm256_set1_epi16(1);
    for (p, to) in to.iter_mut().enumerate().take(P) {
        for (b, to) in to.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let from = corrections.map_or(to.as_ptr(), |corrections| corrections[b * LANES..][..LANES].as_ptr());
            let pairs = _mm256_madd_epi16(sums[b][p], one);
            // SAFETY: 8 numbers of 32 bits.
            unsafe {
                let sum = _mm256_add_epi32(_mm256_loadu_si256(from.cast()), pairs);
                _mm256_storeu_si256(to.as_mut_ptr().cast(), sum);
            }
        }
    }
}
