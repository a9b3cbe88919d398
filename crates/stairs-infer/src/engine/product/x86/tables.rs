//! Products looked up: AVX2.
//!
//! `pshufb` looks up 32 outputs in a row of 16 entries.

use core::arch::x86_64::*;

use crate::engine::product::tables::Lookup;
use crate::engine::product::tile::{Sweep, Tile};

/// Outputs of a register.
const LANES: usize = 32;

/// The tile, of `B` registers of outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shuffle<const B: usize> {
    /// The first of 16 entries of every row.
    rows: *const [i8; 16],
}

impl<const B: usize> Tile for Shuffle<B> {
    /// An index of a row.
    type Input = u8;
    /// `[B, outputs]`.
    type Weights = [[u8; LANES]; B];
    type Loaded = [__m256i; B];
    type Sums = [__m256i; B];
    type Sum = i16;

    const NAME: &'static str = "tables";
    const STEP: usize = 1;
    const WIDTH: usize = LANES * B;
    const OUTPUTS: usize = 5;

    #[inline(always)]
    unsafe fn zero(self) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe { [_mm256_setzero_si256(); B] }
    }

    #[inline(always)]
    unsafe fn load(self, weights: &Self::Weights) -> Self::Loaded {
        // SAFETY: the caller's duty; 32 bytes each.
        unsafe {
            let mut loaded = self.zero();
            for (loaded, weights) in loaded.iter_mut().zip(weights) {
                *loaded = _mm256_loadu_si256(weights.as_ptr().cast());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn add(self, mut sums: Self::Sums, input: *const u8, weights: Self::Loaded) -> Self::Sums {
        // SAFETY: the caller's duty; packed inputs are indices of rows.
        unsafe {
            let row = self.rows.add(usize::from(*input));
            let row = _mm256_broadcastsi128_si256(_mm_loadu_si128(row.cast()));
            for b in 0..B {
                sums[b] = _mm256_add_epi8(sums[b], _mm256_shuffle_epi8(row, weights[b]));
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn store(self, sums: Self::Sums, from: *const i16, to: *mut i16) {
        for (b, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller's duty.
            unsafe {
                for (half, sum) in
                    [_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum)].into_iter().enumerate()
                {
                    let at = LANES * b + 16 * half;
                    let sum = _mm256_add_epi16(_mm256_loadu_si256(from.add(at).cast()), _mm256_cvtepi8_epi16(sum));
                    _mm256_storeu_si256(to.add(at).cast(), sum);
                }
            }
        }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

impl<const B: usize> Lookup for Shuffle<B> {
    type Pairs = [u8; LANES];

    const REGISTERS: usize = B;
    const NONE: Self::Pairs = [0; LANES];
    const EMPTY: Self::Weights = [[0; LANES]; B];

    fn new(table: &[[i8; 16]]) -> Self {
        Self { rows: table.as_ptr() }
    }

    fn outputs(pairs: &mut Self::Pairs) -> &mut [u8] {
        pairs
    }

    #[target_feature(enable = "avx2")]
    unsafe fn unpack(pairs: &[Self::Pairs], length: usize, entries: &mut [Self::Weights]) {
        let low = _mm256_set1_epi8(15);
        for (b, pairs) in pairs.chunks(length).take(B).enumerate() {
            for ([first, second], pair) in entries.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
                // SAFETY: 32 bytes each.
                unsafe {
                    let both = _mm256_loadu_si256(pair.as_ptr().cast());
                    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low);
                    _mm256_storeu_si256(first[b].as_mut_ptr().cast(), _mm256_and_si256(both, low));
                    _mm256_storeu_si256(second[b].as_mut_ptr().cast(), high);
                }
            }
        }
    }
}
