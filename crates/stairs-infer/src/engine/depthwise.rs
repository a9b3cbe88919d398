//! Convolutions whose every channel is its own group: vectorised by the compiler over channels.

use alloc::vec::Vec;

use super::context::Context;
use super::finish::{CHUNK, Finish, Sums};
use super::level::at_level;
use super::memory::Plain;
use super::tensor::{Element, Stored};
use crate::{Range, Weights, Window};

/// Outputs finished together.
const ROWS: usize = 16;

/// A depthwise convolution with one output for each channel.
#[derive(Debug)]
pub(crate) struct Depthwise {
    input: usize,
    window: Window,
    /// Height and width of input and output.
    size: [[usize; 2]; 2],
    /// `[taps, channels]`.
    weights: Vec<i16>,
    channels: usize,
    /// Whether sums fit 16 bits.
    short: bool,
    finish: Finish,
}

impl Depthwise {
    pub(crate) fn new(
        input: usize,
        window: Window,
        size: [[usize; 2]; 2],
        weights: &Weights,
        sums: Range,
        finish: Finish,
    ) -> Self {
        let (taps, channels) = (window.taps(), weights.outputs());
        let transposed = (0..taps * channels).map(|i| weights.of(i % channels)[i / channels].into()).collect();
        Self { input, window, size, weights: transposed, channels, short: sums.bits() <= 16, finish }
    }

    /// # Safety
    /// The places of inputs and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let depthwise = self;
        at_level!(context.level, body(depthwise: &Depthwise, context: &Context<'_>));
    }
}

/// # Safety
/// As [`Depthwise::run`].
#[inline(always)]
unsafe fn body(depthwise: &Depthwise, context: &Context<'_>) {
    let input = context.stored(depthwise.input);
    // SAFETY: the caller's duty; the types are those of the elements.
    unsafe {
        match input.tensor.element {
            // A byte and its lowest are within ±255, a product is at most 255·128, and sums come back into 16 bits.
            Element::Byte { low } if depthwise.short => {
                let low = low as i16;
                let value = |x: u8| i16::from(x).wrapping_add(low);
                depthwise.outputs(context, input, value, |sum: i16, x: i16, w| sum.wrapping_add(x.wrapping_mul(w)));
            }
            Element::Byte { low } => {
                let value = |x: u8| i32::from(x).wrapping_add(low);
                depthwise.outputs(context, input, value, integer);
            }
            _ => depthwise.outputs(context, input, |x: i32| x, integer),
        }
    }
}

#[inline(always)]
fn integer(sum: i32, x: i32, weight: i16) -> i32 {
    sum.wrapping_add(x.wrapping_mul(i32::from(weight)))
}

impl Depthwise {
    /// # Safety
    /// As [`Depthwise::run`], with an input stored as `T`.
    #[inline(always)]
    unsafe fn outputs<T: Plain, S: Plain + Default + Into<i32>>(
        &self,
        context: &Context<'_>,
        input: Stored<'_>,
        value: impl Fn(T) -> S + Copy,
        add: impl Fn(S, S, i16) -> S + Copy,
    ) {
        let [size, [height, width]] = self.size;
        let (plane, image) = (height * width, size[0] * size[1] * self.channels);
        let range = context.part.range(context.count * plane);
        for row in range.clone().step_by(ROWS) {
            let count = ROWS.min(range.end - row);
            for channel in (0..self.channels).step_by(CHUNK) {
                let some = CHUNK.min(self.channels - channel);
                let mut sums = [0i32; ROWS * CHUNK];
                for (i, sums) in sums.chunks_exact_mut(CHUNK).take(count).enumerate() {
                    let at = (row + i) % plane;
                    // SAFETY: the caller's duty.
                    let from: &[T] = unsafe { input.read((row + i) / plane * image, image) };
                    let taps = Taps::new(&self.window, [at / width, at % width], size);
                    let mut done = 0;
                    while some - done >= 32 {
                        self.lanes::<T, S, 32>(from, &taps, channel + done, value, add, &mut sums[done..]);
                        done += 32;
                    }
                    while some - done >= 8 {
                        self.lanes::<T, S, 8>(from, &taps, channel + done, value, add, &mut sums[done..]);
                        done += 8;
                    }
                    while done < some {
                        self.lanes::<T, S, 1>(from, &taps, channel + done, value, add, &mut sums[done..]);
                        done += 1;
                    }
                }
                let sums = Sums { values: &sums, stride: CHUNK, row, rows: count, channel, channels: some };
                // SAFETY: the caller's duty.
                unsafe { self.finish.apply(context, sums) };
            }
        }
    }

    /// The sums of `N` channels of one output.
    #[inline(always)]
    fn lanes<T: Plain, S: Plain + Default + Into<i32>, const N: usize>(
        &self,
        from: &[T],
        taps: &Taps,
        channel: usize,
        value: impl Fn(T) -> S,
        add: impl Fn(S, S, i16) -> S,
        to: &mut [i32],
    ) {
        let mut sums = [S::default(); N];
        for y in 0..taps.count[0] {
            let (mut pixel, mut tap) = (taps.pixel + y * taps.step[0], taps.tap + y * self.window.kernel[1]);
            for _ in 0..taps.count[1] {
                let from = from[pixel * self.channels + channel..].first_chunk::<N>();
                let weights = self.weights[tap * self.channels + channel..].first_chunk::<N>();
                if let (Some(from), Some(weights)) = (from, weights) {
                    for l in 0..N {
                        sums[l] = add(sums[l], value(from[l]), weights[l]);
                    }
                }
                (pixel, tap) = (pixel + taps.step[1], tap + 1);
            }
        }
        for (to, sum) in to.iter_mut().zip(sums) {
            *to = sum.into();
        }
    }
}

/// The taps of an output that read pixels.
struct Taps {
    count: [usize; 2],
    /// The first of them.
    tap: usize,
    /// The pixel it reads.
    pixel: usize,
    /// From a pixel to the next one, down and to the right.
    step: [usize; 2],
}

impl Taps {
    #[inline(always)]
    fn new(window: &Window, output: [usize; 2], size: [usize; 2]) -> Self {
        let [rows, columns] = [0, 1].map(|axis| window.inside(axis, output[axis], size[axis]));
        let count = [rows.len(), columns.len()];
        if count.contains(&0) {
            return Self { count: [0; 2], tap: 0, pixel: 0, step: [0; 2] };
        }
        let [line, column] =
            [(0, rows.start), (1, columns.start)].map(|(axis, tap)| window.place(axis, output[axis], tap));
        Self {
            count,
            tap: rows.start * window.kernel[1] + columns.start,
            pixel: line * size[1] + column,
            step: [window.dilation[0] * size[1], window.dilation[1]],
        }
    }
}
