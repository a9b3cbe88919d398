//! Float layers: several outputs at once, the products of each added one by one in the order that defines the sum.

use alloc::vec;
use alloc::vec::Vec;

use super::context::Context;
use super::level::at_level;
use crate::Window;

/// Outputs at once.
const WIDTH: usize = 32;

/// A convolution of floats; dense layers are convolutions of images of one pixel.
#[derive(Debug)]
pub(crate) struct FloatConv {
    input: usize,
    output: usize,
    /// Height and width of input and output.
    size: [[usize; 2]; 2],
    /// Images a sample.
    images: usize,
    window: Window,
    groups: usize,
    /// Channels of a group.
    inputs: usize,
    outputs: usize,
    /// `[groups, blocks, inputs, taps, WIDTH]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl FloatConv {
    /// A convolution with weights `[outputs, inputs/groups, rows, columns]`.
    pub(crate) fn new(
        [input, output]: [usize; 2],
        size: [[usize; 2]; 2],
        window: Window,
        groups: usize,
        weights: &[f32],
        bias: &[f32],
    ) -> Self {
        let (outputs, taps) = (bias.len() / groups, window.taps());
        let fan_in = weights.len() / bias.len();
        let blocks = outputs.div_ceil(WIDTH);
        let mut packed = vec![0.0; groups * blocks * fan_in * WIDTH];
        for (output, of) in weights.chunks_exact(fan_in).enumerate() {
            let (group, within) = (output / outputs, output % outputs);
            let block = group * blocks + within / WIDTH;
            for (i, weight) in of.iter().enumerate() {
                packed[(block * fan_in + i) * WIDTH + within % WIDTH] = *weight;
            }
        }
        let inputs = fan_in / taps;
        Self { input, output, size, images: 1, window, groups, inputs, outputs, weights: packed, bias: bias.to_vec() }
    }

    /// A dense layer of so many rows a sample.
    pub(crate) fn dense([input, output]: [usize; 2], rows: usize, weights: &[f32], bias: &[f32]) -> Self {
        Self { images: rows, ..Self::new([input, output], [[1; 2]; 2], Window::new([1, 1]), 1, weights, bias) }
    }

    /// # Safety
    /// The places of input and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let conv = self;
        at_level!(context.level, body(conv: &FloatConv, context: &Context<'_>));
    }
}

/// # Safety
/// As [`FloatConv::run`].
#[inline(always)]
unsafe fn body(conv: &FloatConv, context: &Context<'_>) {
    let (input, output) = (context.stored(conv.input), context.stored(conv.output));
    let [size, [height, width]] = conv.size;
    let plane = height * width;
    let (pixels, taps) = (size[0] * size[1], conv.window.taps());
    let (channels, outputs) = (conv.inputs * conv.groups, conv.outputs);
    let blocks = outputs.div_ceil(WIDTH);
    // One tap that reads the one pixel there is.
    let plain = pixels == 1 && taps == 1 && plane == 1 && !conv.window.pads();
    for unit in context.part.range(context.count * conv.images * plane * conv.groups * blocks) {
        let (row, block) = (unit / (conv.groups * blocks), unit % (conv.groups * blocks));
        let (image, at) = (row / plane, row % plane);
        let (group, first) = (block / blocks, block % blocks * WIDTH);
        // SAFETY: the caller's duty; both are floats.
        let from: &[f32] = unsafe { input.read(image * pixels * channels, pixels * channels) };
        let weights = &conv.weights[block * conv.inputs * taps * WIDTH..][..conv.inputs * taps * WIDTH];
        let weights = weights.as_chunks::<WIDTH>().0;
        let mut sums = [0f32; WIDTH];
        if plain {
            dense(&from[group * conv.inputs..][..conv.inputs], weights, &mut sums);
        } else {
            let taps = conv.taps([at / width, at % width], size, channels, group * conv.inputs);
            convolution(from, weights, taps, &mut sums);
        }
        let count = WIDTH.min(outputs - first);
        let channel = group * outputs + first;
        // SAFETY: the caller's duty.
        let to: &mut [f32] = unsafe { output.write(row * outputs * conv.groups + channel, count) };
        for (l, to) in to.iter_mut().enumerate() {
            *to = sums[l] + conv.bias[channel + l];
        }
    }
}

impl FloatConv {
    /// For every product of an output, in order: where the input is, and which of the weights.
    #[inline(always)]
    fn taps(
        &self,
        output: [usize; 2],
        size: [usize; 2],
        channels: usize,
        first: usize,
    ) -> impl Iterator<Item = (usize, usize)> {
        let (count, columns) = (self.window.taps(), self.window.kernel[1]);
        let [rows, across] = [0, 1].map(|axis| self.window.inside(axis, output[axis], size[axis]));
        (0..self.inputs).flat_map(move |c| {
            let across = across.clone();
            rows.clone().flat_map(move |y| across.clone().map(move |x| (y, x))).map(move |(y, x)| {
                let pixel = self.window.place(0, output[0], y) * size[1] + self.window.place(1, output[1], x);
                (pixel * channels + first + c, c * count + y * columns + x)
            })
        })
    }
}

#[inline(always)]
fn dense(from: &[f32], weights: &[[f32; WIDTH]], to: &mut [f32; WIDTH]) {
    let mut sums = [0f32; WIDTH];
    for (value, weights) in from.iter().zip(weights) {
        for l in 0..WIDTH {
            sums[l] += weights[l] * value;
        }
    }
    *to = sums;
}

#[inline(always)]
fn convolution(
    from: &[f32],
    weights: &[[f32; WIDTH]],
    taps: impl Iterator<Item = (usize, usize)>,
    to: &mut [f32; WIDTH],
) {
    let mut sums = [0f32; WIDTH];
    for (at, tap) in taps {
        let (value, weights) = (from[at], &weights[tap]);
        for l in 0..WIDTH {
            sums[l] += weights[l] * value;
        }
    }
    *to = sums;
}
