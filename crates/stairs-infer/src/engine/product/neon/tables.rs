//! Products looked up: NEON.
//!
//! `tbl` looks up 16 outputs in a row of 16 entries.

use core::arch::aarch64::*;

use crate::engine::product::tables::Lookup;
use crate::engine::product::tile::{Sweep, Tile};

/// Outputs of a register.
const LANES: usize = 16;
/// Registers of outputs.
const REGISTERS: usize = 2;

/// The tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lookups {
    /// The first of 16 entries of every row.
    rows: *const [i8; 16],
}

impl Tile for Lookups {
    /// An index of a row.
    type Input = u8;
    /// `[registers, outputs]`.
    type Weights = [[u8; LANES]; REGISTERS];
    type Loaded = [uint8x16_t; REGISTERS];
    type Sums = [int8x16_t; REGISTERS];
    type Sum = i16;

    const NAME: &'static str = "tables";
    const STEP: usize = 1;
    const WIDTH: usize = LANES * REGISTERS;
    const OUTPUTS: usize = 5;

    #[inline(always)]
    unsafe fn zero(self) -> Self::Sums {
        // SAFETY: the caller's duty.
        unsafe { [vdupq_n_s8(0); REGISTERS] }
    }

    #[inline(always)]
    unsafe fn load(self, weights: &Self::Weights) -> Self::Loaded {
        // SAFETY: the caller's duty; 16 bytes each.
        unsafe {
            let mut loaded = [vdupq_n_u8(0); REGISTERS];
            for (loaded, weights) in loaded.iter_mut().zip(weights) {
                *loaded = vld1q_u8(weights.as_ptr());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn add(self, mut sums: Self::Sums, input: *const u8, weights: Self::Loaded) -> Self::Sums {
        // SAFETY: the caller's duty; packed inputs are indices of rows.
        unsafe {
            let row = vld1q_s8(self.rows.add(usize::from(*input)).cast());
            for b in 0..REGISTERS {
                sums[b] = vaddq_s8(sums[b], vqtbl1q_s8(row, weights[b]));
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn store(self, sums: Self::Sums, from: *const i16, to: *mut i16) {
        for (b, sum) in sums.into_iter().enumerate() {
            let at = LANES * b;
            // SAFETY: the caller's duty.
            unsafe {
                vst1q_s16(to.add(at), vaddw_s8(vld1q_s16(from.add(at)), vget_low_s8(sum)));
                vst1q_s16(to.add(at + 8), vaddw_high_s8(vld1q_s16(from.add(at + 8)), sum));
            }
        }
    }

    #[target_feature(enable = "neon")]
    unsafe fn sweep(self, sweep: Sweep<'_, Self>) {
        // SAFETY: the caller's duty.
        unsafe { sweep.run(self) }
    }
}

impl Lookup for Lookups {
    type Pairs = [u8; LANES];

    const REGISTERS: usize = REGISTERS;
    const NONE: Self::Pairs = [0; LANES];
    const EMPTY: Self::Weights = [[0; LANES]; REGISTERS];

    fn new(table: &[[i8; 16]]) -> Self {
        Self { rows: table.as_ptr() }
    }

    fn outputs(pairs: &mut Self::Pairs) -> &mut [u8] {
        pairs
    }

    #[target_feature(enable = "neon")]
    unsafe fn unpack(pairs: &[Self::Pairs], length: usize, entries: &mut [Self::Weights]) {
        for (b, pairs) in pairs.chunks(length).take(REGISTERS).enumerate() {
            for ([first, second], pair) in entries.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
                // SAFETY: 16 bytes each.
                unsafe {
                    let both = vld1q_u8(pair.as_ptr());
                    vst1q_u8(first[b].as_mut_ptr(), vandq_u8(both, vdupq_n_u8(15)));
                    vst1q_u8(second[b].as_mut_ptr(), vshrq_n_u8::<4>(both));
                }
            }
        }
    }
}
