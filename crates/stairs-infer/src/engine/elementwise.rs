//! Steps that map numbers one by one: of samples to integers, of stored integers, of floats.

use alloc::vec::Vec;

use super::context::Context;
use super::finish::{CHUNK, Finish, Sums};
use super::level::at_level;
use super::tensor::Stored;

/// Rows handled before the results are stored.
const ROWS: usize = 16;

/// Stored integers through a map.
#[derive(Debug)]
pub(crate) struct Mapped {
    pub(crate) finish: Finish,
    /// The first input.
    pub(crate) input: usize,
}

impl Mapped {
    /// # Safety
    /// The places of inputs and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let mapped = self;
        at_level!(context.level, map(mapped: &Mapped, context: &Context<'_>));
    }
}

/// # Safety
/// As [`Mapped::run`].
#[inline(always)]
unsafe fn map(mapped: &Mapped, context: &Context<'_>) {
    let (input, width) = (context.stored(mapped.input), mapped.finish.width);
    let rows = context.part.range(context.count * input.tensor.len() / width);
    for row in rows.clone().step_by(ROWS) {
        for channel in (0..width).step_by(CHUNK) {
            let (count, channels) = (ROWS.min(rows.end - row), CHUNK.min(width - channel));
            let mut values = [0; ROWS * CHUNK];
            // SAFETY: the caller's duty.
            unsafe {
                for (i, values) in values.chunks_exact_mut(CHUNK).take(count).enumerate() {
                    input.integers((row + i) * width + channel, &mut values[..channels]);
                }
                let sums = Sums { values: &values, stride: CHUNK, row, rows: count, channel, channels };
                mapped.finish.apply(context, sums);
            }
        }
    }
}

/// Floats to integers, or to floats, number by number.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) how: How,
}

/// What is done with each float.
#[derive(Debug)]
pub(crate) enum How {
    /// ⌊x·scale + ½⌋ within bounds.
    Fix { scale: f64, low: i32, high: i32 },
    /// The level after as many thresholds as are ≤ x.
    Steps { thresholds: Vec<f32>, levels: Vec<i32> },
    /// x·a + b, one of each for every number of a row.
    Scale { factors: Vec<f32>, offsets: Vec<f32> },
    /// Within bounds.
    Clip { low: f32, high: f32 },
    /// The sum with another.
    Add { other: usize },
}

impl Numbers {
    /// # Safety
    /// The places of inputs and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let numbers = self;
        at_level!(context.level, float_map(numbers: &Numbers, context: &Context<'_>));
    }
}

/// # Safety
/// As [`Numbers::run`].
#[inline(always)]
unsafe fn float_map(numbers: &Numbers, context: &Context<'_>) {
    let (input, output) = (context.stored(numbers.input), context.stored(numbers.output));
    let range = context.part.range(context.count * input.tensor.len());
    // SAFETY: the caller's duty; the input is floats.
    let from: &[f32] = unsafe { input.read(range.start, range.len()) };
    // SAFETY: the caller's duty; called only where the output is floats.
    let floats = || unsafe { output.write::<f32>(range.start, range.len()) };
    match &numbers.how {
        How::Fix { scale, low, high } => {
            // SAFETY: the caller's duty.
            unsafe { to_integers(from, output, range.start, |x| fixed(x, *scale, *low, *high)) }
        }
        How::Steps { thresholds, levels } => {
            let level = |x: f32| levels[thresholds.partition_point(|t| *t <= x)];
            // SAFETY: the caller's duty.
            unsafe { to_integers(from, output, range.start, level) }
        }
        How::Scale { factors, offsets } => {
            let width = factors.len();
            for (i, (to, x)) in floats().iter_mut().zip(from).enumerate() {
                let at = (range.start + i) % width;
                *to = x * factors[at] + offsets[at];
            }
        }
        How::Clip { low, high } => {
            for (to, x) in floats().iter_mut().zip(from) {
                *to = x.max(*low).min(*high);
            }
        }
        How::Add { other } => {
            // SAFETY: the caller's duty; both are floats.
            let other: &[f32] = unsafe { context.stored(*other).read(range.start, range.len()) };
            for (to, (a, b)) in floats().iter_mut().zip(from.iter().zip(other)) {
                *to = a + b;
            }
        }
    }
}

/// As [`rounded`](crate::reference), in steps that the compiler can take for several numbers at once.
#[inline(always)]
fn fixed(x: f32, scale: f64, low: i32, high: i32) -> i32 {
    let x = f64::from(x) * scale + 0.5;
    let x = if x > f64::from(low) {
        if x < f64::from(high) { x } else { f64::from(high) }
    } else if x.is_nan() {
        f64::from(0.clamp(low, high))
    } else {
        f64::from(low)
    };
    // SAFETY: within the bounds, which are of 32 bits.
    let whole: i32 = unsafe { x.to_int_unchecked() };
    whole - i32::from(f64::from(whole) > x)
}

/// # Safety
/// Nobody else uses the numbers of the output from `start` on.
#[inline(always)]
unsafe fn to_integers(from: &[f32], output: Stored<'_>, start: usize, of: impl Fn(f32) -> i32) {
    for (chunk, from) in from.chunks(CHUNK).enumerate() {
        let mut buffer = [0; CHUNK];
        match from.first_chunk::<CHUNK>() {
            Some(from) => {
                for l in 0..CHUNK {
                    buffer[l] = of(from[l]);
                }
            }
            None => {
                for (to, from) in buffer.iter_mut().zip(from) {
                    *to = of(*from);
                }
            }
        }
        // SAFETY: the caller's duty.
        unsafe { output.set_integers(start + chunk * CHUNK, &buffer[..from.len()]) };
    }
}
