//! Products looked up.
//!
//! The levels of a few inputs together are a row of a table, the weights of a few connections an entry of it: 16 bytes hold the sums of
//! products of one row for all weights there are. One instruction (`pshufb`, `tbl`) looks up as many outputs as a register has bytes:
//!
//! | weights | together | entries | rows for ternary inputs |
//! |---|---|---|---|
//! | two values | 4 | 16 | 81 |
//! | ternary | 2 | 9 | 9 |
//! | four values | 2 | 16 | 9 |
//!
//! Sums of as many entries as bytes can hold are added to sums of 16 bits. Weights are stored as two entries a byte.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Debug;
use core::marker::PhantomData;

use super::GROUP;
use super::geometry::{Geometry, Run};
use super::kernel::{Kernel, Weighted};
use super::pack::Format;
use super::tile::{Sweep, Tile, length, packed};
use crate::engine::context::Context;
use crate::engine::finish::CHUNK;
use crate::engine::level::at_level;
use crate::engine::memory::Aligned;
use crate::engine::tensor::Tensor;
use crate::{Range, Weights};

/// Most entries added up in bytes.
const MOST: usize = 62;

/// Which values levels and weights have.
#[derive(Clone, Debug)]
pub(super) struct Values {
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
    pub(super) fn new(input: &Tensor, weights: &Weights, sums: Range) -> Option<Self> {
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
    pub(super) fn format(&self, low: i32) -> Format {
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

/// A tile that looks up: its weights are the entries of a step.
pub(super) trait Lookup: Tile<Input = u8, Sum = i16> + Debug {
    /// Entries of four bits for the outputs of a register, those of two steps in a byte, the first one in the lower half.
    type Pairs: Copy + Debug + Send + Sync;

    /// Registers of a block.
    const REGISTERS: usize;
    /// Pairs that are all 0.
    const NONE: Self::Pairs;
    /// Entries that are all 0.
    const EMPTY: Self::Weights;

    /// With the rows of this table.
    fn new(table: &[[i8; 16]]) -> Self;

    /// The pairs of all outputs of a register.
    fn outputs(pairs: &mut Self::Pairs) -> &mut [u8];

    /// The entries of steps as bytes. Pairs of the registers of a block are `length` apart: as streams of their own they come faster
    /// from memory than as one.
    ///
    /// # Safety
    /// The processor has what the tile needs.
    unsafe fn unpack(pairs: &[Self::Pairs], length: usize, entries: &mut [Self::Weights]);
}

/// The kernel.
#[derive(Debug)]
pub(super) struct Tables<T: Lookup> {
    table: Arc<[[i8; 16]]>,
    sweeps: Vec<Vec<Run>>,
    reach: usize,
    /// `[blocks, registers, pairs]`.
    weights: Vec<T::Pairs>,
    /// Pairs of an output.
    length: usize,
    tile: PhantomData<fn() -> T>,
}

impl<T: Lookup> Tables<T> {
    pub(super) fn new(values: &Values, geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let (length, lanes) = (weighted.taps() * geometry.unit / 2, T::WIDTH / T::REGISTERS);
        let mut weights = vec![T::NONE; weighted.outputs.div_ceil(T::WIDTH) * T::REGISTERS * length];
        for output in 0..weighted.outputs {
            let sequence = weighted.sequence(output, geometry.unit * values.group);
            for (i, together) in sequence.chunks_exact(values.group).enumerate() {
                let to = &mut weights[output / lanes * length + i / 2];
                T::outputs(to)[output % lanes] |= values.entry(together) << (4 * (i % 2));
            }
        }
        let (table, sweeps) = (values.table.clone(), geometry.blocks(values.steps));
        Self { table, sweeps, reach: geometry.reach(), weights, length, tile: PhantomData }
    }
}

impl<T: Lookup> Kernel for Tables<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn width(&self) -> usize {
        T::WIDTH
    }

    unsafe fn add(&self, context: &Context<'_>, byte: usize, bases: &[usize], block: usize, sums: &mut [i32]) {
        let mut short = Aligned([0i16; GROUP * CHUNK]);
        let short = &mut short.0[..sums.len()];
        let mut entries = Aligned([T::EMPTY; MOST]);
        let tile = T::new(&self.table);
        // SAFETY: the caller's duty.
        let packed = unsafe { packed(context, byte, bases, self.reach) };
        let streams = T::REGISTERS * self.length;
        let weights = &self.weights[block * streams..][..streams];
        let mut first = 0;
        for runs in &self.sweeps {
            let steps = length(runs);
            // SAFETY: the caller's duty; the entries are those of the runs, and the processor has what the tile needs.
            unsafe {
                T::unpack(&weights[first..], self.length, &mut entries.0[..steps]);
                tile.sweep(Sweep { packed, bases, runs, weights: &entries.0[..steps], start: None, to: &mut *short });
            }
            first += steps / 2;
        }
        at_level!(context.level, widen(short: &[i16], sums: &mut [i32]));
    }
}

/// # Safety
/// None: what is compiled for a level is unsafe.
#[inline(always)]
unsafe fn widen(short: &[i16], sums: &mut [i32]) {
    for (sum, short) in sums.iter_mut().zip(short) {
        *sum = i32::from(*short);
    }
}
