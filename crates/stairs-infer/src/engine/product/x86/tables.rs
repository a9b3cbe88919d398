//! Products looked up: AVX2.
//!
//! The levels of a few inputs together are a row of a table, the weights of a few connections an entry of it: 16 bytes hold the sums of
//! products of one row for all weights there are. One `pshufb` looks up 32 outputs:
//!
//! | weights | together | entries | rows for ternary inputs |
//! |---|---|---|---|
//! | two values | 4 | 16 | 81 |
//! | ternary | 2 | 9 | 9 |
//! | four values | 2 | 16 | 9 |
//!
//! Sums of as many entries as bytes can hold are added to sums of 16 bits. Weights are stored as two entries a byte.

use core::arch::x86_64::*;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::{inputs, length, packed, tiles};
use crate::engine::context::Context;
use crate::engine::memory::Aligned;
use crate::engine::product::GROUP;
use crate::engine::product::geometry::{Geometry, Run};
use crate::engine::product::kernel::Weighted;
use crate::engine::product::pack::Format;
use crate::engine::tensor::Tensor;
use crate::{Range, Weights};

/// Outputs of a register.
const LANES: usize = 32;
/// Most entries added up in bytes.
const MOST: usize = 62;

/// Which values levels and weights have.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    levels: Vec<i32>,
    weights: Vec<i8>,
    /// Inputs that make a row.
    group: usize,
    /// Entries that can be added up in bytes.
    steps: usize,
    /// All rows, for all groups of a layer.
    table: Arc<[[i8; 16]]>,
}

impl Values {
    /// The values, if tables can be made of them and are worth it.
    pub(crate) fn new(input: &Tensor, weights: &Weights, sums: Range) -> Option<Self> {
        if input.levels.is_empty() || sums.bits() > 16 {
            return None;
        }
        let mut seen = [false; 256];
        weights.values().iter().for_each(|weight| seen[usize::from(*weight as u8)] = true);
        let weights: Vec<i8> = (i8::MIN..=i8::MAX).filter(|weight| seen[usize::from(*weight as u8)]).collect();
        let largest = input.levels.iter().map(|level| level.unsigned_abs() as usize).max()?
            * weights.iter().map(|weight| usize::from(weight.unsigned_abs())).max()?;
        (2..=4).rev().find_map(|group| {
            let steps = (127 / (group * largest).max(1)).min(MOST) & !1;
            let fits = |values: usize, most: usize| values.checked_pow(group as u32).is_some_and(|count| count <= most);
            (fits(weights.len(), 16) && fits(input.levels.len(), 256) && steps >= 8).then(|| Self {
                table: table(&input.levels, &weights, group),
                levels: input.levels.clone(),
                weights: weights.clone(),
                group,
                steps,
            })
        })
    }

    /// How inputs are packed.
    pub(crate) fn format(&self, low: i32) -> Format {
        let digit = |level: i32| self.levels.iter().position(|other| *other == level).unwrap_or_default() as u8;
        let digits = core::array::from_fn(|code| digit(code as i32 + low));
        let plain = self.levels.iter().zip(low..).all(|(level, value)| *level == value);
        Format::Rows { digits: Box::new(digits), plain, group: self.group, base: self.levels.len(), zero: digit(0) }
    }

    /// The entry of weights that are multiplied together.
    fn entry(&self, weights: &[i8]) -> u8 {
        // A weight that is none of the values stands where there is no input.
        let digit = |weight: &i8| self.weights.iter().position(|other| other == weight).unwrap_or_default();
        weights.iter().rev().fold(0, |entry, weight| entry * self.weights.len() + digit(weight)) as u8
    }
}

/// All rows: entry j of a row is the sum of its levels times the weights that are the digits of j.
fn table(levels: &[i32], weights: &[i8], group: usize) -> Arc<[[i8; 16]]> {
    let rows = (0..levels.len().pow(group as u32)).map(|row| {
        core::array::from_fn(|entry| {
            let digit = |of: usize, values: usize, i: usize| of / values.pow(i as u32) % values;
            // Entries beyond the last one are not looked up.
            let product = |i| i32::from(weights[digit(entry, weights.len(), i)]) * levels[digit(row, levels.len(), i)];
            (0..group).map(product).sum::<i32>() as i8
        })
    });
    rows.collect()
}

/// The kernel.
#[derive(Debug)]
pub(crate) struct Tables {
    table: Arc<[[i8; 16]]>,
    blocks: Vec<Vec<Run>>,
    reach: usize,
    /// `[registers of outputs, pairs of entries]`.
    weights: Vec<[u8; LANES]>,
    /// Entries of an output.
    length: usize,
    /// Registers of a block of outputs: 1 or 2.
    registers: usize,
}

impl Tables {
    pub(crate) fn new(values: &Values, geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let length = weighted.taps() * geometry.unit;
        let registers = if weighted.outputs > LANES { 2 } else { 1 };
        let count = weighted.outputs.div_ceil(LANES).next_multiple_of(registers);
        let mut weights = vec![[0; LANES]; count * length / 2];
        for output in 0..weighted.outputs {
            let sequence = weighted.sequence(output, geometry.unit * values.group);
            for (i, together) in sequence.chunks_exact(values.group).enumerate() {
                let entry = values.entry(together) << (4 * (i % 2));
                weights[output / LANES * (length / 2) + i / 2][output % LANES] |= entry;
            }
        }
        let (table, blocks) = (values.table.clone(), geometry.blocks(values.steps));
        Self { table, blocks, reach: geometry.reach(), weights, length, registers }
    }

    pub(crate) fn width(&self) -> usize {
        self.registers * LANES
    }

    /// # Safety
    /// As [`Kernel::add`](crate::engine::product::Kernel::add), on a processor with AVX2.
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
                _ => self.add_to::<2>(context, byte, bases, block, sums),
            }
        }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn add_to<const B: usize>(
        &self,
        context: &Context<'_>,
        byte: usize,
        bases: &[usize],
        block: usize,
        sums: &mut [i32],
    ) {
        let mut short = Aligned([[[0i16; LANES]; B]; GROUP]);
        let mut entries = Aligned([[[0u8; LANES]; B]; MOST]);
        let weights: [&[[u8; LANES]]; B] =
            core::array::from_fn(|b| &self.weights[(block * B + b) * (self.length / 2)..][..self.length / 2]);
        // SAFETY: the caller's duty.
        let packed = unsafe { packed(context, byte, bases, self.reach) };
        let mut first = 0;
        for runs in &self.blocks {
            let pairs = length(runs) / 2;
            let weights: [&[[u8; LANES]]; B] = core::array::from_fn(|b| &weights[b][first..first + pairs]);
            unpack(weights, &mut entries.0);
            first += pairs;
            // SAFETY: the caller's duty; the entries are those of the runs.
            unsafe {
                tiles!(5, bases.len(), |at| tile::<B; P>(
                    &self.table,
                    inputs(packed, &bases[at..]),
                    runs,
                    &entries.0,
                    &mut short.0[at..],
                ));
            }
        }
        for (sums, short) in
            sums.chunks_exact_mut(B * LANES).zip(short.0.as_flattened().as_flattened().chunks_exact(B * LANES))
        {
            for (sum, short) in sums.iter_mut().zip(short) {
                *sum = i32::from(*short);
            }
        }
    }
}

/// Entries of four bits as bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn unpack<const B: usize>(weights: [&[[u8; LANES]]; B], entries: &mut [[[u8; LANES]; B]; MOST]) {
    let low = _mm256_set1_epi8(15);
    for (b, weights) in weights.into_iter().enumerate() {
        for (pair, weights) in entries.as_chunks_mut::<2>().0.iter_mut().zip(weights) {
            let [first, second] = pair;
            // SAFETY: 32 bytes each.
            unsafe {
                let both = _mm256_loadu_si256(weights.as_ptr().cast());
                let high = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low);
                _mm256_storeu_si256(first[b].as_mut_ptr().cast(), _mm256_and_si256(both, low));
                _mm256_storeu_si256(second[b].as_mut_ptr().cast(), high);
            }
        }
    }
}

/// Adds the entries of some runs for `P` outputs.
///
/// # Safety
/// All runs can be read from the inputs, every row is one of the table, and there are as many entries as the runs have numbers.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn tile<const B: usize, const P: usize>(
    table: &[[i8; 16]],
    inputs: [*const u8; P],
    runs: &[Run],
    entries: &[[[u8; LANES]; B]; MOST],
    short: &mut [[[i16; LANES]; B]],
) {
    let mut sums = [[_mm256_setzero_si256(); P]; B];
    let mut entries = entries.as_ptr();
    for run in runs {
        // SAFETY: the caller's duty.
        unsafe {
            for i in run.offset..run.offset + run.length {
                let mut weights = [_mm256_setzero_si256(); B];
                for (weights, entries) in weights.iter_mut().zip(&*entries) {
                    *weights = _mm256_loadu_si256(entries.as_ptr().cast());
                }
                entries = entries.add(1);
                for p in 0..P {
                    let row = table.as_ptr().add(usize::from(*inputs[p].add(i)));
                    let row = _mm256_broadcastsi128_si256(_mm_loadu_si128(row.cast()));
                    for b in 0..B {
                        sums[b][p] = _mm256_add_epi8(sums[b][p], _mm256_shuffle_epi8(row, weights[b]));
                    }
                }
            }
        }
    }
    for (p, short) in short.iter_mut().enumerate().take(P) {
        for b in 0..B {
            let halves = [_mm256_castsi256_si128(sums[b][p]), _mm256_extracti128_si256::<1>(sums[b][p])];
            for (half, short) in halves.into_iter().zip(short[b].as_chunks_mut::<16>().0) {
                let to: *mut __m256i = short.as_mut_ptr().cast();
                // SAFETY: 16 numbers of 16 bits.
                unsafe {
                    _mm256_storeu_si256(to, _mm256_add_epi16(_mm256_loadu_si256(to), _mm256_cvtepi8_epi16(half)))
                };
            }
        }
    }
}
