//! Inputs of 32 bits times ternary weights: AVX2.
//!
//! `psignd` multiplies by −1, 0 or 1, twice as often as `pmulld` multiplies; for 8 outputs at a time.

use core::arch::x86_64::*;

use super::{load, splat, store};
use crate::engine::memory::Aligned;
use crate::engine::product::tile::{Sweep, Tile};
use crate::engine::product::tiled::Layout;

/// The tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs;

impl Tile for Signs {
    type Input = i32;
    /// `[2, outputs]`.
    type Weights = Aligned<[[i32; 8]; 2]>;
    type Loaded = [__m256i; 2];
    type Sums = [__m256i; 2];
    type Sum = i32;

    const NAME: &'static str = "signs";
    const STEP: usize = 1;
    const WIDTH: usize = 16;
    const OUTPUTS: usize = 4;

    #[inline(always)]
    unsafe fn zero(self) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe { [_mm256_setzero_si256(); 2] }
    }

    #[inline(always)]
    unsafe fn load(self, weights: &Self::Weights) -> Self::Loaded {
        // SAFETY: the caller's duty.
        unsafe { load(&weights.0) }
    }

    #[inline(always)]
    unsafe fn add(self, mut sums: Self::Sums, input: *const i32, weights: Self::Loaded) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe {
            let x = splat(input);
            for b in 0..2 {
                sums[b] = _mm256_add_epi32(sums[b], _mm256_sign_epi32(x, weights[b]));
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn store(self, sums: Self::Sums, from: *const i32, to: *mut i32) {
        // SAFETY: the caller's duty.
        unsafe { store(sums, from, to) }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

impl Layout for Signs {
    const TOGETHER: usize = 1;
    const EMPTY: Self::Weights = Aligned([[0; 8]; 2]);

    fn set(to: &mut Self::Weights, output: usize, _: usize, weight: i8) {
        to.0[output / 8][output % 8] = weight.into();
    }
}
