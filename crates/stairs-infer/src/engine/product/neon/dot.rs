//! Bytes times weights of 8 bits: NEON with dot product.
//!
//! `sdot` adds four products of signed bytes to sums of 32 bits, for 4 outputs.

use core::arch::aarch64::*;
use core::arch::asm;

use super::Signed;
use crate::engine::memory::Aligned;
use crate::engine::product::tile::{Sweep, Tile};
use crate::engine::product::tiled::Layout;

/// Registers of outputs.
const REGISTERS: usize = 4;

/// The tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dot(pub(super) Signed);

impl Tile for Dot {
    type Input = u8;
    /// `[registers, outputs, inputs]`.
    type Weights = Aligned<[[[i8; 4]; 4]; REGISTERS]>;
    type Loaded = [int8x16_t; REGISTERS];
    type Sums = [int32x4_t; REGISTERS];
    type Sum = i32;

    const NAME: &'static str = "dot";
    const STEP: usize = 4;
    const WIDTH: usize = 4 * REGISTERS;
    const OUTPUTS: usize = 5;

    #[inline(always)]
    unsafe fn zero(self) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe { [vdupq_n_s32(0); REGISTERS] }
    }

    #[inline(always)]
    unsafe fn load(self, weights: &Self::Weights) -> Self::Loaded {
        // SAFETY: the caller's duty; 16 bytes each.
        unsafe {
            let mut loaded = [vdupq_n_s8(0); REGISTERS];
            for (loaded, weights) in loaded.iter_mut().zip(&weights.0) {
                *loaded = vld1q_s8(weights.as_flattened().as_ptr());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn add(self, mut sums: Self::Sums, input: *const u8, weights: Self::Loaded) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe {
            let codes = vreinterpretq_u8_u32(vdupq_n_u32(input.cast::<u32>().read_unaligned()));
            let x = vreinterpretq_s8_u8(veorq_u8(codes, vdupq_n_u8(self.0.flip)));
            for b in 0..REGISTERS {
                sums[b] = sdot(sums[b], x, weights[b]);
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn store(self, sums: Self::Sums, from: *const i32, to: *mut i32) {
        for (b, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller's duty.
            unsafe { vst1q_s32(to.add(4 * b), vaddq_s32(vld1q_s32(from.add(4 * b)), sum)) };
        }
    }

    #[target_feature(enable = "neon,dotprod")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

/// `vdotq_s32`, which the standard library does not have yet.
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn sdot(mut sum: int32x4_t, x: int8x16_t, weights: int8x16_t) -> int32x4_t {
    // SAFETY: registers alone.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {x:v}.16b, {weights:v}.16b",
            sum = inout(vreg) sum,
            x = in(vreg) x,
            weights = in(vreg) weights,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

impl Layout for Dot {
    const TOGETHER: usize = 4;
    const EMPTY: Self::Weights = Aligned([[[0; 4]; 4]; REGISTERS]);

    fn set(to: &mut Self::Weights, output: usize, i: usize, weight: i8) {
        to.0[output / 4][output % 4][i] = weight;
    }
}
