//! What is done with sums while they are at hand: levels, fixed-point maps, affine maps, or nothing.
//!
//! A stair of few steps is the level of a sum below all thresholds, plus for every threshold passed the difference of two levels:
//!
//! ```text
//! rising:  v ≥ θ  ⇔  v > θ − 1          falling:  index = #(θ ≥ v) = n − #(v > θ)
//! ```
//!
//! so that both are sums over v > τ. With many steps it is a search.

mod rescale;
mod stair;

use alloc::vec;
use alloc::vec::Vec;

use rescale::{FEW_INPUTS, Rescale, rescale};
use stair::{Stair, stair};

use super::context::Context;
use super::level::at_level;
use super::tensor::{Element, Stored};
use crate::Thresholds;

/// Most sums of a row handled at once.
pub(crate) const CHUNK: usize = 64;
/// Channels whose parameters are kept in registers.
const LANES: usize = 16;
/// Most thresholds that are compared with one after the other.
const FEW: usize = 24;
/// Most thresholds that are stored for every number of a row.
const MANY: usize = 1 << 24;

/// What becomes of integers.
#[derive(Debug)]
pub(crate) enum Map {
    /// Themselves.
    Store,
    /// Levels, by few thresholds: level below all, `[width]`; τ and differences, `[steps, width]`.
    Stair { base: Vec<i32>, beyond: Vec<i32>, rise: Vec<i32> },
    /// Levels, by many.
    Search { thresholds: Thresholds, period: usize },
    /// Fixed-point maps, `[inputs, width]` and `[width]`.
    Rescale { factors: Factors, offsets: Vec<i64>, shift: u8, low: i32, high: i32 },
    /// Affine maps, the same.
    Affine { factors: Vec<f64>, offsets: Vec<f64> },
}

/// Whole factors, of as few bits as they need.
#[derive(Debug)]
pub(crate) enum Factors {
    Short(Vec<i32>),
    Long(Vec<i64>),
}

impl Factors {
    pub(crate) fn new(factors: Vec<i64>) -> Self {
        let short: Option<Vec<i32>> = factors.iter().map(|factor| i32::try_from(*factor).ok()).collect();
        short.map_or(Self::Long(factors), Self::Short)
    }
}

/// The end of a step.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) map: Map,
    /// Numbers of a row of the output.
    pub(crate) width: usize,
    /// The tensors read; `None` is the sums at hand.
    pub(crate) inputs: Vec<Option<usize>>,
    pub(crate) output: usize,
}

/// Sums of consecutive rows: `stride` apart, `channels` of each from channel `channel` on.
#[derive(Clone, Copy)]
pub(crate) struct Sums<'a> {
    pub(crate) values: &'a [i32],
    pub(crate) stride: usize,
    pub(crate) row: usize,
    pub(crate) rows: usize,
    pub(crate) channel: usize,
    pub(crate) channels: usize,
}

/// One parameter a channel as one a number of a row: `period` numbers in a row belong to a channel.
pub(crate) fn spread<T: Copy>(of: &[T], period: usize) -> Vec<T> {
    of.iter().flat_map(|value| core::iter::repeat_n(*value, period)).collect()
}

impl Map {
    /// Thresholds for rows of `channels·period` numbers.
    pub(crate) fn stair(thresholds: &Thresholds, channels: usize, period: usize) -> Self {
        let (levels, width) = (&thresholds.levels, channels * period);
        let steps = levels.len() - 1;
        if steps > FEW || width.saturating_mul(steps) > MANY {
            return Self::Search { thresholds: thresholds.clone(), period };
        }
        let (mut base, mut beyond, mut rise) = (vec![0; width], vec![0; steps * width], vec![0; steps * width]);
        for (at, base) in base.iter_mut().enumerate() {
            let channel = at / period;
            let (of, falls) = (thresholds.of(channel), thresholds.falls(channel));
            *base = if falls { levels[steps] } else { levels[0] };
            for (step, threshold) in of.iter().enumerate() {
                let difference = levels[step + 1].wrapping_sub(levels[step]);
                let place = step * width + at;
                match (falls, threshold.checked_sub(1)) {
                    (true, _) => (beyond[place], rise[place]) = (*threshold, difference.wrapping_neg()),
                    (false, Some(below)) => (beyond[place], rise[place]) = (below, difference),
                    // Always passed.
                    (false, None) => *base = base.wrapping_add(difference),
                }
            }
        }
        Self::Stair { base, beyond, rise }
    }
}

impl Finish {
    /// Maps `sums` and stores the results.
    ///
    /// # Safety
    /// Nobody else may write the numbers read meanwhile, or use those written.
    pub(crate) unsafe fn apply(&self, context: &Context<'_>, sums: Sums<'_>) {
        debug_assert!(sums.channels <= CHUNK);
        let finish = self;
        at_level!(context.level, rows(finish: &Finish, context: &Context<'_>, sums: Sums<'_>));
    }

    /// Integers `index..` of input `which`: the sums at hand, or what is stored.
    ///
    /// # Safety
    /// Nobody may write them meanwhile.
    #[inline(always)]
    unsafe fn input<'a>(&self, which: usize, at: &Place<'a, '_>, buffer: &'a mut [i32; CHUNK]) -> &'a [i32] {
        match self.inputs[which] {
            None => at.sums,
            Some(tensor) => {
                let buffer = &mut buffer[..at.sums.len()];
                // SAFETY: the caller's duty.
                unsafe { at.context.stored(tensor).integers(at.index, buffer) };
                buffer
            }
        }
    }
}

/// A piece of a row.
struct Place<'a, 'c> {
    context: &'a Context<'c>,
    sums: &'a [i32],
    channel: usize,
    index: usize,
}

/// # Safety
/// As [`Finish::apply`].
#[inline(always)]
unsafe fn rows(finish: &Finish, context: &Context<'_>, sums: Sums<'_>) {
    let output = context.stored(finish.output);
    let mut done = 0;
    if let (Map::Stair { base, beyond, rise }, Element::Byte { low }) = (&finish.map, output.tensor.element) {
        let stair = Stair { base, beyond, rise, low };
        // Few thresholds of a few channels stay in registers for all rows.
        while sums.channels - done >= LANES {
            // SAFETY: the caller's duty.
            unsafe {
                match beyond.len() / finish.width {
                    1 => stair.columns::<1>(output, finish.width, sums, done),
                    2 => stair.columns::<2>(output, finish.width, sums, done),
                    3 => stair.columns::<3>(output, finish.width, sums, done),
                    _ => break,
                }
            }
            done += LANES;
        }
    }
    if let (Map::Rescale { factors: Factors::Short(factors), offsets, shift, low, high }, true) =
        (&finish.map, finish.inputs.len() <= FEW_INPUTS)
    {
        let rescale = Rescale { factors, offsets, shift: *shift, bounds: [*low, *high] };
        while sums.channels - done >= LANES {
            // SAFETY: the caller's duty.
            unsafe {
                match finish.inputs.len() {
                    1 => rescale.columns::<1>(finish, context, sums, done),
                    _ => rescale.columns::<2>(finish, context, sums, done),
                }
            }
            done += LANES;
        }
    }
    if done == sums.channels {
        return;
    }
    for i in 0..sums.rows {
        let values = &sums.values[i * sums.stride..][done..sums.channels];
        let channel = sums.channel + done;
        let index = (sums.row + i) * finish.width + channel;
        let place = Place { context, sums: values, channel, index };
        let mut levels = [0; CHUNK];
        let levels = &mut levels[..values.len()];
        // SAFETY: the caller's duty.
        unsafe {
            match &finish.map {
                Map::Store => {
                    output.set_integers(index, values);
                    continue;
                }
                Map::Stair { base, beyond, rise } => stair(values, channel, [base, beyond, rise], levels),
                Map::Search { thresholds, period } => {
                    for (l, (to, v)) in levels.iter_mut().zip(values).enumerate() {
                        *to = thresholds.level((channel + l) / period, *v);
                    }
                }
                Map::Rescale { factors, offsets, shift, low, high } => {
                    let end = |sum: i64| (sum >> shift).clamp(i64::from(*low), i64::from(*high)) as i32;
                    match factors {
                        Factors::Short(factors) => rescale(finish, &place, factors, offsets, levels, end),
                        Factors::Long(factors) => rescale(finish, &place, factors, offsets, levels, end),
                    }
                }
                Map::Affine { factors, offsets } => {
                    affine(finish, &place, factors, offsets, output);
                    continue;
                }
            }
            output.set_integers(index, levels);
        }
    }
}

/// # Safety
/// As [`Finish::apply`].
#[inline(always)]
unsafe fn affine(finish: &Finish, at: &Place<'_, '_>, factors: &[f64], offsets: &[f64], output: Stored<'_>) {
    let count = at.sums.len();
    let mut sums = [0f64; CHUNK];
    let sums = &mut sums[..count];
    for (which, factors) in factors.chunks_exact(finish.width).enumerate() {
        let mut buffer = [0; CHUNK];
        // SAFETY: the caller's duty.
        let values = unsafe { finish.input(which, at, &mut buffer) };
        let factors = &factors[at.channel..][..count];
        for l in 0..count {
            sums[l] += factors[l] * f64::from(values[l]);
        }
    }
    // SAFETY: the caller's duty; affine maps give floats.
    let to: &mut [f32] = unsafe { output.write(at.index, count) };
    for (l, to) in to.iter_mut().enumerate() {
        *to = (sums[l] + offsets[at.channel + l]) as f32;
    }
}
