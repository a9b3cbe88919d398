//! Bytes times weights of 8 bits: AVX-512 VNNI.
//!
//! `dpbusd` adds four products of an unsigned and a signed byte to sums of 32 bits, for 16 outputs. Inputs are stored less their lowest
//! value l, and Σ w·x = Σ w·(x − l) + l·Σ w.

use core::arch::x86_64::*;

use alloc::vec;
use alloc::vec::Vec;

use super::bytes::corrections;
use super::{inputs, packed, tiles};
use crate::engine::context::Context;
use crate::engine::product::geometry::{Geometry, Run};
use crate::engine::product::kernel::Weighted;
use crate::engine::tensor::Tensor;

/// Inputs multiplied together.
const FOUR: usize = 4;
/// Outputs of a register.
const LANES: usize = 16;

/// The kernel.
#[derive(Debug)]
pub(crate) struct Vnni {
    runs: Vec<Run>,
    reach: usize,
    /// `[registers of outputs, fours, outputs, 4]`.
    weights: Vec<[i8; LANES * FOUR]>,
    /// Fours of an output.
    length: usize,
    /// l·Σ w.
    corrections: Vec<[i32; LANES]>,
    /// Registers of a block: 1 or 4.
    registers: usize,
}

impl Vnni {
    pub(crate) fn new(input: &Tensor, geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let length = weighted.taps() * geometry.unit / FOUR;
        let registers = if weighted.outputs > 2 * LANES { 4 } else { 1 };
        let count = weighted.outputs.div_ceil(LANES).next_multiple_of(registers);
        let mut weights = vec![[0; LANES * FOUR]; count * length];
        for output in 0..weighted.outputs {
            for (i, weight) in weighted.sequence(output, geometry.unit).into_iter().enumerate() {
                weights[output / LANES * length + i / FOUR][output % LANES * FOUR + i % FOUR] = weight;
            }
        }
        let mut corrections = corrections(input.low(), weighted);
        corrections.resize(count, [0; LANES]);
        Self { runs: geometry.runs.clone(), reach: geometry.reach(), weights, length, corrections, registers }
    }

    pub(crate) fn width(&self) -> usize {
        self.registers * LANES
    }

    /// # Safety
    /// As [`Kernel::add`](crate::engine::product::Kernel::add), on a processor with AVX-512 VNNI.
    pub(crate) unsafe fn add(
        &self,
        context: &Context<'_>,
        byte: usize,
        bases: &[usize],
        block: usize,
        sums: &mut [i32],
    ) {
        // SAFETY: the caller's duty.
        unsafe {
            match self.registers {
                1 => self.add_to::<1>(context, byte, bases, block, sums),
                _ => self.add_to::<4>(context, byte, bases, block, sums),
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    unsafe fn add_to<const B: usize>(
        &self,
        context: &Context<'_>,
        byte: usize,
        bases: &[usize],
        block: usize,
        sums: &mut [i32],
    ) {
        let sums = sums.as_chunks_mut::<LANES>().0;
        // SAFETY: the caller's duty.
        let packed = unsafe { packed(context, byte, bases, self.reach) };
        let weights: [&[[i8; LANES * FOUR]]; B] =
            core::array::from_fn(|b| &self.weights[(block * B + b) * self.length..][..self.length]);
        let corrections: [[i32; LANES]; B] = core::array::from_fn(|b| self.corrections[block * B + b]);
        // SAFETY: the caller's duty; the weights are those of the runs.
        unsafe {
            tiles!(4, bases.len(), |at| tile::<B; P>(
                inputs(packed, &bases[at..]),
                &self.runs,
                weights,
                &corrections,
                &mut sums[at * B..],
            ));
        }
    }
}

/// The products of all runs for `P` outputs.
///
/// # Safety
/// All runs can be read from the inputs, and there are as many weights as the runs have fours.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn tile<const B: usize, const P: usize>(
    inputs: [*const u8; P],
    runs: &[Run],
    weights: [&[[i8; LANES * FOUR]]; B],
    corrections: &[[i32; LANES]; B],
    to: &mut [[i32; LANES]],
) {
    let mut sums = [[_mm512_setzero_si512(); P]; B];
    for b in 0..B {
        // SAFETY: 16 numbers of 32 bits.
        sums[b] = [unsafe { _mm512_loadu_si512(corrections[b].as_ptr().cast()) }; P];
    }
    let mut four = 0;
    for run in runs {
        // SAFETY: the caller's duty.
        unsafe {
            for i in (run.offset..run.offset + run.length).step_by(FOUR) {
                let mut of = [_mm512_setzero_si512(); B];
                for b in 0..B {
                    of[b] = _mm512_loadu_si512(weights[b].as_ptr().add(four).cast());
                }
                four += 1;
                for p in 0..P {
                    let x = _mm512_set1_epi32(inputs[p].add(i).cast::<i32>().read_unaligned());
                    for b in 0..B {
                        sums[b][p] = _mm512_dpbusd_epi32(sums[b][p], x, of[b]);
                    }
                }
            }
        }
    }
    for (p, to) in to.chunks_exact_mut(B).enumerate().take(P) {
        for (b, to) in to.iter_mut().enumerate() {
            // SAFETY: 16 numbers of 32 bits.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), sums[b][p]) };
        }
    }
}
