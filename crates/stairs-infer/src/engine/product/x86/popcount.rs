//! Ternary products by counting bits: AVX-512 VPOPCNTDQ.
//!
//! As the portable kernel: with m the places where both are not 0 and n those of them where the signs differ, Σ w·x = |m| − 2|n|; for 8
//! outputs of 64 inputs at a time.

use core::arch::x86_64::*;

use crate::engine::memory::Aligned;
use crate::engine::product::tile::{Sweep, Tile};
use crate::engine::product::tiled::Layout;

/// The tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Popcount;

/// Two registers of outputs, twice: masks and signs, or |m| and |n|.
type Pair = [[__m512i; 2]; 2];

impl Tile for Popcount {
    /// Masks and signs in turn.
    type Input = u64;
    /// `[mask and sign, 2, outputs]`.
    type Weights = Aligned<[[[u64; 8]; 2]; 2]>;
    type Loaded = Pair;
    type Sums = Pair;
    type Sum = i32;

    const NAME: &'static str = "popcount";
    const STEP: usize = 2;
    const WIDTH: usize = 16;
    const OUTPUTS: usize = 4;

    #[inline(always)]
    unsafe fn zero(self) -> Pair {
        // SAFETY: the caller's duty.
        unsafe { [[_mm512_setzero_si512(); 2]; 2] }
    }

    #[inline(always)]
    unsafe fn load(self, weights: &Self::Weights) -> Pair {
        // SAFETY: the caller's duty; 64 bytes each.
        unsafe {
            let mut loaded = self.zero();
            for (loaded, weights) in loaded.as_flattened_mut().iter_mut().zip(weights.0.as_flattened()) {
                *loaded = _mm512_loadu_si512(weights.as_ptr().cast());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn add(self, [mut both, mut opposed]: Pair, input: *const u64, [masks, signs]: Pair) -> Pair {
        // SAFETY: the caller's duty.
        unsafe {
            let (mask, sign) = (_mm512_set1_epi64(*input as i64), _mm512_set1_epi64(*input.add(1) as i64));
            for b in 0..2 {
                let places = _mm512_and_si512(masks[b], mask);
                // One instruction, `vpternlogq`.
                let differ = _mm512_and_si512(places, _mm512_xor_si512(signs[b], sign));
                both[b] = _mm512_add_epi64(both[b], _mm512_popcnt_epi64(places));
                opposed[b] = _mm512_add_epi64(opposed[b], _mm512_popcnt_epi64(differ));
            }
        }
        [both, opposed]
    }

    #[inline(always)]
    unsafe fn store(self, [both, opposed]: Pair, from: *const i32, to: *mut i32) {
        for b in 0..2 {
            // SAFETY: the caller's duty.
            unsafe {
                let sum = _mm512_sub_epi64(both[b], _mm512_slli_epi64::<1>(opposed[b]));
                let sum = _mm256_add_epi32(_mm256_loadu_si256(from.add(8 * b).cast()), _mm512_cvtepi64_epi32(sum));
                _mm256_storeu_si256(to.add(8 * b).cast(), sum);
            }
        }
    }

    #[target_feature(enable = "avx2,avx512f,avx512vpopcntdq")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

impl Layout for Popcount {
    const TOGETHER: usize = 64;
    const EMPTY: Self::Weights = Aligned([[[0; 8]; 2]; 2]);

    fn set(to: &mut Self::Weights, output: usize, i: usize, weight: i8) {
        let [mask, sign] = to.0.each_mut().map(|plane| &mut plane[output / 8][output % 8]);
        *mask |= 1 << i;
        *sign |= u64::from(weight < 0) << i;
    }
}
