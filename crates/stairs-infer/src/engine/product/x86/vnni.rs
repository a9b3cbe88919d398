//! Bytes times weights of 8 bits: AVX-512 VNNI.
//!
//! `dpbusd` adds four products of an unsigned and a signed byte to sums of 32 bits, for 16 outputs.

use core::arch::x86_64::*;

use crate::engine::memory::Aligned;
use crate::engine::product::tile::{Sweep, Tile};
use crate::engine::product::tiled::Layout;

/// The tile, of `B` registers of outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vnni<const B: usize>;

impl<const B: usize> Tile for Vnni<B> {
    type Input = u8;
    /// `[B, outputs, inputs]`.
    type Weights = Aligned<[[[i8; 4]; 16]; B]>;
    type Loaded = [__m512i; B];
    type Sums = [__m512i; B];
    type Sum = i32;

    const NAME: &'static str = "vnni";
    const STEP: usize = 4;
    const WIDTH: usize = 16 * B;
    const OUTPUTS: usize = 4;

    #[inline(always)]
    unsafe fn zero(self) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe { [_mm512_setzero_si512(); B] }
    }

    #[inline(always)]
    unsafe fn load(self, weights: &Self::Weights) -> Self::Loaded {
        // SAFETY: the caller's duty; 64 bytes each.
        unsafe {
            let mut loaded = [_mm512_setzero_si512(); B];
            for (loaded, weights) in loaded.iter_mut().zip(&weights.0) {
                *loaded = _mm512_loadu_si512(weights.as_ptr().cast());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn add(self, mut sums: Self::Sums, input: *const u8, weights: Self::Loaded) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe {
            let x = _mm512_set1_epi32(input.cast::<i32>().read_unaligned());
            for b in 0..B {
                sums[b] = _mm512_dpbusd_epi32(sums[b], x, weights[b]);
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn store(self, sums: Self::Sums, from: *const i32, to: *mut i32) {
        for (b, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller's duty.
            unsafe {
                let sum = _mm512_add_epi32(_mm512_loadu_si512(from.add(16 * b).cast()), sum);
                _mm512_storeu_si512(to.add(16 * b).cast(), sum);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

impl<const B: usize> Layout for Vnni<B> {
    const TOGETHER: usize = 4;
    const EMPTY: Self::Weights = Aligned([[[0; 4]; 16]; B]);

    fn set(to: &mut Self::Weights, output: usize, i: usize, weight: i8) {
        to.0[output / 16][output % 16][i] = weight;
    }
}
