//! Ternary products by counting bits: NEON.
//!
//! As the portable kernel: with m the places where both are not 0 and n those of them where the signs differ, Σ w·x = |m| − 2|n|; for 2
//! outputs of 64 inputs at a time. `cnt` counts the bits of bytes, whose sums are bytes too for as many steps as these hold.

use core::arch::aarch64::*;

use crate::engine::memory::Aligned;
use crate::engine::product::tile::{Sweep, Tile};
use crate::engine::product::tiled::Layout;

/// Registers of outputs.
const REGISTERS: usize = 4;

/// The tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Popcount;

impl Popcount {
    /// Counts up to 8 that a byte holds the sum of.
    pub(super) const STEPS: usize = 255 / 8;
}

/// Twice the registers: masks and signs, or |m| and |n|.
type Pair<T> = [[T; REGISTERS]; 2];

impl Tile for Popcount {
    /// Masks and signs in turn.
    type Input = u64;
    /// `[mask and sign, registers, outputs]`.
    type Weights = Aligned<Pair<[u64; 2]>>;
    type Loaded = Pair<uint8x16_t>;
    type Sums = Pair<uint8x16_t>;
    type Sum = i32;

    const NAME: &'static str = "popcount";
    const STEP: usize = 2;
    const WIDTH: usize = 2 * REGISTERS;
    const OUTPUTS: usize = 2;

    #[inline(always)]
    unsafe fn zero(self) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe { [[vdupq_n_u8(0); REGISTERS]; 2] }
    }

    #[inline(always)]
    unsafe fn load(self, weights: &Self::Weights) -> Self::Loaded {
        // SAFETY: the caller's duty; 16 bytes each.
        unsafe {
            let mut loaded = self.zero();
            for (loaded, weights) in loaded.as_flattened_mut().iter_mut().zip(weights.0.as_flattened()) {
                *loaded = vld1q_u8(weights.as_ptr().cast());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn add(
        self,
        [mut both, mut opposed]: Self::Sums,
        input: *const u64,
        [masks, signs]: Self::Loaded,
    ) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe {
            let mask = vreinterpretq_u8_u64(vdupq_n_u64(*input));
            let sign = vreinterpretq_u8_u64(vdupq_n_u64(*input.add(1)));
            for b in 0..REGISTERS {
                let places = vandq_u8(masks[b], mask);
                let differ = vandq_u8(places, veorq_u8(signs[b], sign));
                both[b] = vaddq_u8(both[b], vcntq_u8(places));
                opposed[b] = vaddq_u8(opposed[b], vcntq_u8(differ));
            }
        }
        [both, opposed]
    }

    #[inline(always)]
    unsafe fn store(self, [both, opposed]: Self::Sums, from: *const i32, to: *mut i32) {
        for pair in 0..REGISTERS / 2 {
            // SAFETY: the caller's duty.
            unsafe {
                // Two outputs of two numbers each; then four outputs.
                let sums = [2 * pair, 2 * pair + 1].map(|b| {
                    let difference = vsubq_u16(vpaddlq_u8(both[b]), vshlq_n_u16::<1>(vpaddlq_u8(opposed[b])));
                    vpaddlq_s16(vreinterpretq_s16_u16(difference))
                });
                let at = 4 * pair;
                vst1q_s32(to.add(at), vaddq_s32(vld1q_s32(from.add(at)), vpaddq_s32(sums[0], sums[1])));
            }
        }
    }

    #[target_feature(enable = "neon")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

impl Layout for Popcount {
    const TOGETHER: usize = 64;
    const EMPTY: Self::Weights = Aligned([[[0; 2]; REGISTERS]; 2]);

    fn set(to: &mut Self::Weights, output: usize, i: usize, weight: i8) {
        let [mask, sign] = to.0.each_mut().map(|plane| &mut plane[output / 2][output % 2]);
        *mask |= 1 << i;
        *sign |= u64::from(weight < 0) << i;
    }
}
