//! Bytes times weights of 8 bits: NEON.
//!
//! `smlal` adds products of signed bytes in 16 bits, for 8 outputs at a time; as many of these as 16 bits hold are a sweep.

use core::arch::aarch64::*;

use super::Signed;
use crate::engine::memory::Aligned;
use crate::engine::product::tile::{Sweep, Tile};
use crate::engine::product::tiled::Layout;

/// Registers of 16 outputs.
const REGISTERS: usize = 2;

/// The tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes(pub(super) Signed);

impl Tile for Bytes {
    type Input = u8;
    /// `[registers, outputs]`.
    type Weights = Aligned<[[i8; 16]; REGISTERS]>;
    type Loaded = [int8x16_t; REGISTERS];
    type Sums = [[int16x8_t; 2]; REGISTERS];
    type Sum = i32;

    const NAME: &'static str = "bytes";
    const STEP: usize = 1;
    const WIDTH: usize = 16 * REGISTERS;
    const OUTPUTS: usize = 4;

    #[inline(always)]
    unsafe fn zero(self) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe { [[vdupq_n_s16(0); 2]; REGISTERS] }
    }

    #[inline(always)]
    unsafe fn load(self, weights: &Self::Weights) -> Self::Loaded {
        // SAFETY: the caller's duty; 16 bytes each.
        unsafe {
            let mut loaded = [vdupq_n_s8(0); REGISTERS];
            for (loaded, weights) in loaded.iter_mut().zip(&weights.0) {
                *loaded = vld1q_s8(weights.as_ptr());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn add(self, mut sums: Self::Sums, input: *const u8, weights: Self::Loaded) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe {
            let x = vreinterpretq_s8_u8(veorq_u8(vld1q_dup_u8(input), vdupq_n_u8(self.0.flip)));
            for b in 0..REGISTERS {
                sums[b][0] = vmlal_s8(sums[b][0], vget_low_s8(weights[b]), vget_low_s8(x));
                sums[b][1] = vmlal_high_s8(sums[b][1], weights[b], x);
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn store(self, sums: Self::Sums, from: *const i32, to: *mut i32) {
        for (b, sum) in sums.into_iter().flatten().enumerate() {
            let at = 8 * b;
            // SAFETY: the caller's duty.
            unsafe {
                vst1q_s32(to.add(at), vaddw_s16(vld1q_s32(from.add(at)), vget_low_s16(sum)));
                vst1q_s32(to.add(at + 4), vaddw_high_s16(vld1q_s32(from.add(at + 4)), sum));
            }
        }
    }

    #[target_feature(enable = "neon")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

impl Layout for Bytes {
    const TOGETHER: usize = 1;
    const EMPTY: Self::Weights = Aligned([[0; 16]; REGISTERS]);

    fn set(to: &mut Self::Weights, output: usize, _: usize, weight: i8) {
        to.0[output / 16][output % 16] = weight;
    }
}
