//! Pools over images stored channels last: the channels of a pixel side by side, taps one after the other.

use super::context::Context;
use super::level::at_level;
use super::memory::Plain;
use super::tensor::{Element, Stored};
use crate::Window;

/// Channels handled at once.
const CHUNK: usize = 64;

/// A pool.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) window: Window,
    pub(crate) how: Pooling,
}

/// What is taken of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pooling {
    /// The largest.
    Max,
    /// The sum, of integers.
    Sum,
    /// The mean, of floats.
    Mean { counts_padding: bool },
    /// The mean of floats, over windows that divide the image.
    Adaptive,
}

impl Pool {
    /// # Safety
    /// The places of input and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let pool = self;
        at_level!(context.level, body(pool: &Pool, context: &Context<'_>));
    }

    /// The pixels that an output reads, in order.
    #[inline(always)]
    fn pixels(&self, [y, x]: [usize; 2], from: [usize; 2], to: [usize; 2], mut of: impl FnMut(usize)) {
        if self.how == Pooling::Adaptive {
            let range = |i: usize, axis: usize| i * from[axis] / to[axis]..((i + 1) * from[axis]).div_ceil(to[axis]);
            for row in range(y, 0) {
                range(x, 1).for_each(|column| of(row * from[1] + column));
            }
            return;
        }
        for i in 0..self.window.kernel[0] {
            let Some(row) = self.window.reads(0, y, i, from[0]) else { continue };
            for j in 0..self.window.kernel[1] {
                if let Some(column) = self.window.reads(1, x, j, from[1]) {
                    of(row * from[1] + column);
                }
            }
        }
    }
}

/// # Safety
/// As [`Pool::run`].
#[inline(always)]
unsafe fn body(pool: &Pool, context: &Context<'_>) {
    let (input, output) = (context.stored(pool.input), context.stored(pool.output));
    // SAFETY: the caller's duty; the types are those of the elements.
    unsafe {
        match (pool.how, input.tensor.element) {
            (Pooling::Max, Element::Byte { .. }) => {
                slide(pool, context, input, output, 0u8, |a, b: u8| a.max(b), |a, _| a)
            }
            (Pooling::Max, Element::Int) => {
                slide(pool, context, input, output, i32::MIN, |a, b: i32| a.max(b), |a, _| a);
            }
            (Pooling::Max, Element::Float) => {
                slide(pool, context, input, output, f32::NEG_INFINITY, |a, b: f32| f32::max(a, b), |a, _| a);
            }
            (Pooling::Sum, Element::Byte { low }) => {
                let low = |sum: i32, count: usize| sum + low * count as i32;
                slide(pool, context, input, output, 0i32, |sum, x: u8| sum + i32::from(x), low);
            }
            (Pooling::Sum, _) => slide(pool, context, input, output, 0i32, |sum, x: i32| sum + x, |sum, _| sum),
            (Pooling::Mean { counts_padding }, _) => {
                let taps = pool.window.taps();
                let mean = |sum: f32, count: usize| sum / if counts_padding { taps } else { count.max(1) } as f32;
                slide(pool, context, input, output, 0f32, |sum, x: f32| sum + x, mean);
            }
            (Pooling::Adaptive, _) => {
                slide(pool, context, input, output, 0f32, |sum, x: f32| sum + x, |sum, count| sum / count as f32);
            }
        }
    }
}

/// # Safety
/// As [`Pool::run`]; the input is stored as `T`, and the output as `S` or, if that is an i32, in any way integers are.
#[inline(always)]
unsafe fn slide<T: Plain, S: Sum>(
    pool: &Pool,
    context: &Context<'_>,
    input: Stored<'_>,
    output: Stored<'_>,
    first: S,
    add: impl Fn(S, T) -> S,
    end: impl Fn(S, usize) -> S,
) {
    let (channels, from, to) = (input.tensor.channels, input.tensor.size, output.tensor.size);
    let plane = to[0] * to[1];
    for at in context.part.range(context.count * plane) {
        let (sample, pixel) = (at / plane, at % plane);
        for channel in (0..channels).step_by(CHUNK) {
            let width = CHUNK.min(channels - channel);
            let mut sums = [first; CHUNK];
            let sums = &mut sums[..width];
            let mut count = 0;
            pool.pixels([pixel / to[1], pixel % to[1]], from, to, |pixel| {
                let index = (sample * from[0] * from[1] + pixel) * channels + channel;
                // SAFETY: the caller's duty.
                let x: &[T] = unsafe { input.read(index, width) };
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = add(*sum, *x);
                }
                count += 1;
            });
            for sum in sums.iter_mut() {
                *sum = end(*sum, count);
            }
            // SAFETY: the caller's duty.
            unsafe { S::store(output, at * channels + channel, sums) };
        }
    }
}

/// What pools make.
trait Sum: Copy {
    /// Stores results from `index` on.
    ///
    /// # Safety
    /// Nobody else uses them, and the element is what `Self` is stored as.
    unsafe fn store(output: Stored<'_>, index: usize, values: &[Self]);
}

impl Sum for u8 {
    #[inline(always)]
    unsafe fn store(output: Stored<'_>, index: usize, values: &[Self]) {
        // SAFETY: the caller's duty.
        unsafe { output.write(index, values.len()) }.copy_from_slice(values);
    }
}

impl Sum for f32 {
    #[inline(always)]
    unsafe fn store(output: Stored<'_>, index: usize, values: &[Self]) {
        // SAFETY: the caller's duty.
        unsafe { output.write(index, values.len()) }.copy_from_slice(values);
    }
}

impl Sum for i32 {
    #[inline(always)]
    unsafe fn store(output: Stored<'_>, index: usize, values: &[Self]) {
        // SAFETY: the caller's duty.
        unsafe { output.set_integers(index, values) };
    }
}
