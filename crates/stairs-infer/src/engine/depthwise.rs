//! Convolutions whose every channel is its own group: vectorised by the compiler over channels.

use alloc::vec::Vec;

use super::context::Context;
use super::finish::{CHUNK, Finish, Sums};
use super::level::at_level;
use super::tensor::Element;
use crate::{Range, Weights, Window};

/// Outputs finished together.
const ROWS: usize = 8;

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
    let [size, [height, width]] = depthwise.size;
    let (plane, pixels, channels) = (height * width, size[0] * size[1], depthwise.channels);
    let [rows, columns] = depthwise.window.kernel;
    let range = context.part.range(context.count * plane);
    for row in range.clone().step_by(ROWS) {
        let count = ROWS.min(range.end - row);
        for channel in (0..channels).step_by(CHUNK) {
            let some = CHUNK.min(channels - channel);
            let mut sums = [0i32; ROWS * CHUNK];
            for (i, sums) in sums.chunks_exact_mut(CHUNK).take(count).enumerate() {
                let (image, output) = ((row + i) / plane, (row + i) % plane);
                let sums = &mut sums[..some];
                let mut short = [0i16; CHUNK];
                let short = &mut short[..some];
                for y in 0..rows {
                    let Some(line) = depthwise.window.reads(0, output / width, y, size[0]) else { continue };
                    for x in 0..columns {
                        let Some(column) = depthwise.window.reads(1, output % width, x, size[1]) else { continue };
                        let weights = &depthwise.weights[(y * columns + x) * channels + channel..][..some];
                        let index = (image * pixels + line * size[1] + column) * channels + channel;
                        // SAFETY: the caller's duty; the types are those of the elements.
                        unsafe {
                            match input.tensor.element {
                                Element::Byte { low } if depthwise.short => {
                                    // Within ±255.
                                    let (from, low): (&[u8], _) = (input.read(index, some), low as i16);
                                    for l in 0..some {
                                        // At most 255·128, and the sums come back into 16 bits.
                                        short[l] =
                                            short[l].wrapping_add((i16::from(from[l]) + low).wrapping_mul(weights[l]));
                                    }
                                }
                                Element::Byte { low } => {
                                    let from: &[u8] = input.read(index, some);
                                    for l in 0..some {
                                        sums[l] += (i32::from(from[l]) + low) * i32::from(weights[l]);
                                    }
                                }
                                _ => {
                                    let from: &[i32] = input.read(index, some);
                                    for l in 0..some {
                                        sums[l] = sums[l].wrapping_add(from[l].wrapping_mul(i32::from(weights[l])));
                                    }
                                }
                            }
                        }
                    }
                }
                for (sum, short) in sums.iter_mut().zip(short) {
                    *sum += i32::from(*short);
                }
            }
            let sums = Sums { values: &sums, stride: CHUNK, row, rows: count, channel, channels: some };
            // SAFETY: the caller's duty.
            unsafe { depthwise.finish.apply(context, sums) };
        }
    }
}
