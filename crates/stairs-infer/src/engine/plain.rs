//! Convolutions and dense layers one product at a time: what the kernels are held against.

use alloc::vec::Vec;

use super::context::Context;
use super::finish::{CHUNK, Finish, Sums};
use crate::{Weights, Window};

/// A convolution; dense layers are convolutions of images of one pixel.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) input: usize,
    /// Height and width of the input and of the output.
    pub(crate) size: [[usize; 2]; 2],
    /// Images a sample.
    pub(crate) images: usize,
    pub(crate) channels: usize,
    pub(crate) window: Window,
    pub(crate) groups: usize,
    pub(crate) weights: Weights,
    pub(crate) finish: Finish,
}

impl Plain {
    /// # Safety
    /// The places of inputs and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let input = context.stored(self.input);
        let [size, [height, width]] = self.size;
        let (inputs, outputs) = (self.channels / self.groups, self.weights.outputs());
        let mut taps = Vec::with_capacity(self.window.taps());
        for row in context.part.range(context.count * self.images * height * width) {
            let (image, pixel) = (row / (height * width), row % (height * width));
            taps.clear();
            taps.extend(self.window.patch([pixel / width, pixel % width], size));
            for channel in (0..outputs).step_by(CHUNK) {
                let channels = CHUNK.min(outputs - channel);
                let mut sums = [0; CHUNK];
                for (i, sum) in sums[..channels].iter_mut().enumerate() {
                    let output = channel + i;
                    let first = output / (outputs / self.groups) * inputs;
                    let weights = self.weights.of(output);
                    for &(tap, pixel) in &taps {
                        let start = (image * size[0] * size[1] + pixel) * self.channels + first;
                        for c in 0..inputs {
                            let mut x = [0];
                            // SAFETY: the caller's duty.
                            unsafe { input.integers(start + c, &mut x) };
                            *sum += i32::from(weights[c * self.window.taps() + tap]) * x[0];
                        }
                    }
                }
                let sums = Sums { values: &sums, stride: CHUNK, row, rows: 1, channel, channels };
                // SAFETY: the caller's duty.
                unsafe { self.finish.apply(context, sums) };
            }
        }
    }
}
