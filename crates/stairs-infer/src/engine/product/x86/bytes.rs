//! Bytes times weights of 8 bits: AVX2.
//!
//! `maddubs` adds two products of an unsigned and a signed byte in 16 bits, for 8 outputs and 4 inputs at a time; as many of these as 16
//! bits hold are a sweep.

use core::arch::x86_64::*;

use super::{load, splat, store};
use crate::engine::memory::Aligned;
use crate::engine::product::tile::{Sweep, Tile};
use crate::engine::product::tiled::Layout;

/// The tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes;

impl Tile for Bytes {
    type Input = u8;
    /// `[2, outputs, inputs]`.
    type Weights = Aligned<[[[i8; 4]; 8]; 2]>;
    type Loaded = [__m256i; 2];
    type Sums = [__m256i; 2];
    type Sum = i32;

    const NAME: &'static str = "bytes";
    const STEP: usize = 4;
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
    unsafe fn add(self, mut sums: Self::Sums, input: *const u8, weights: Self::Loaded) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe {
            let x = splat(input);
            for b in 0..2 {
                sums[b] = _mm256_add_epi16(sums[b], _mm256_maddubs_epi16(x, weights[b]));
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn store(self, sums: Self::Sums, from: *const i32, to: *mut i32) {
        // SAFETY: the caller's duty.
        unsafe {
            let one = _mm256_set1_epi16(1);
            store(sums.map(|sum| _mm256_madd_epi16(sum, one)), from, to);
        }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

impl Layout for Bytes {
    const TOGETHER: usize = 4;
    const EMPTY: Self::Weights = Aligned([[[0; 4]; 8]; 2]);

    fn set(to: &mut Self::Weights, output: usize, i: usize, weight: i8) {
        to.0[output / 8][output % 8][i] = weight;
    }
}
