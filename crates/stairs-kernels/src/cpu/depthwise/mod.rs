//! Depthwise convolution: every input channel has kernels of its own, `multiplier` of them.
//!
//! y[b, c·m + j] = Σ_k w[c·m + j, k]·x[b, c, shifted by k]. A unit of work is one channel of a few images, laid out as
//! `lattice` says; `shifted` has the loops.

mod lattice;
mod lines;
mod shifted;

use std::ops::Range;

use rayon::prelude::*;

use self::{
    lattice::Lattice,
    shifted::{Tap, add_products, add_shifted},
};
use super::{disjoint::Planes, fresh};
use crate::{ConvShape, checked::Checked};

/// Values of input planes below which a task is not worth its overhead.
const TASK: usize = 1 << 13;

/// A convolution cut into units: channels times blocks of images.
struct Work<'a> {
    shape: &'a ConvShape,
    lattice: Lattice,
    /// Output channels of an input channel.
    multiplier: usize,
}

impl<'a> Work<'a> {
    fn new(shape: &'a ConvShape) -> Self {
        Self { shape, lattice: Lattice::new(shape), multiplier: shape.channels_out / shape.channels_in }
    }

    fn blocks(&self) -> usize {
        self.shape.batch.div_ceil(self.lattice.images)
    }

    fn block(&self, index: usize) -> Range<usize> {
        let start = index * self.lattice.images;
        start..(start + self.lattice.images).min(self.shape.batch)
    }

    /// Calls `run` for every channel and block of images, in parallel, with a scratch of its task.
    fn each_unit(&self, run: impl Fn(&mut Scratch, usize, Range<usize>) + Sync) {
        let blocks = self.blocks();
        let least = TASK.div_ceil(self.lattice.images * self.shape.plane_in());
        (0..self.shape.channels_in * blocks).into_par_iter().with_min_len(least).for_each_init(
            || Scratch::new(self),
            |scratch, unit| run(scratch, unit / blocks, self.block(unit % blocks)),
        );
    }

    /// The weights of output channel `channel`.
    fn weights<'w>(&self, weight: &'w [f32], channel: usize) -> &'w [f32] {
        let kernel = self.shape.patch();
        &weight[channel * kernel..][..kernel]
    }

    /// Index of the output plane of `image` and channel `channel`.
    fn output_plane(&self, image: usize, channel: usize) -> usize {
        image * self.shape.channels_out + channel
    }

    /// Fills the lines of the input.
    fn store_input(&self, lines: &mut [f32], x: &[f32], channel: usize, images: Range<usize>) {
        let plane = self.shape.plane_in();
        for (slot, image) in images.enumerate() {
            let x = &x[(image * self.shape.channels_in + channel) * plane..][..plane];
            self.lattice.store_input(lines, slot, x);
        }
    }

    /// Fills a line with the gradient of an output channel.
    fn store_gradient(&self, line: &mut [f32], gradient: &[f32], channel: usize, images: Range<usize>) {
        let plane = self.shape.plane_out();
        let count = images.len();
        for (slot, image) in images.enumerate() {
            let g = &gradient[self.output_plane(image, channel) * plane..][..plane];
            self.lattice.store_output(line, slot, g);
        }
        self.lattice.clear(line, count);
    }
}

/// What a task writes to and reads again.
struct Scratch {
    /// The lines of all phases of the input, or of its gradient.
    input: Vec<f32>,
    /// A line of the output, or of its gradient behind as many zeros as the largest shift.
    output: Vec<f32>,
    taps: Vec<Tap>,
}

impl Scratch {
    fn new(work: &Work<'_>) -> Self {
        let lattice = &work.lattice;
        Self {
            input: fresh::zeros(lattice.start(lattice.phases())),
            output: fresh::zeros(lattice.reach + lattice.line()),
            taps: Vec::with_capacity(lattice.positions.len()),
        }
    }
}

/// y of x and the weights.
pub(crate) fn forward(x: &[f32], weight: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    let work = Work::new(shape);
    let lattice = &work.lattice;
    let mut y = fresh::zeros(shape.batch * shape.channels_out * shape.plane_out());
    let out = Planes::new(&mut y, shape.plane_out());
    work.each_unit(|scratch, channel, images| {
        work.store_input(&mut scratch.input, x, channel, images.clone());
        let line = &mut scratch.output[..lattice.line()];
        for channel in channel * work.multiplier..(channel + 1) * work.multiplier {
            let weights = work.weights(weight, channel);
            scratch.taps.clear();
            scratch
                .taps
                .extend(lattice.positions.iter().map(|p| (weights[p.weight], lattice.start(p.phase) + p.shift)));
            line.fill(0.0);
            add_shifted(line, &scratch.input, &scratch.taps);
            for (slot, image) in images.clone().enumerate() {
                // SAFETY: this plane belongs to this unit, which no other task has.
                lattice.load_output(line, slot, unsafe { out.get(work.output_plane(image, channel)) });
            }
        }
    });
    y
}

/// The gradient for x: dx[u] = Σ_k w[k]·g[u shifted back by k], phase by phase.
pub(crate) fn input_gradient(weight: &[f32], gradient: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    let work = Work::new(shape);
    let lattice = &work.lattice;
    let mut dx = fresh::zeros(shape.batch * shape.channels_in * shape.plane_in());
    let out = Planes::new(&mut dx, shape.plane_in());
    work.each_unit(|scratch, channel, images| {
        scratch.input.fill(0.0);
        for channel in channel * work.multiplier..(channel + 1) * work.multiplier {
            work.store_gradient(&mut scratch.output[lattice.reach..], gradient, channel, images.clone());
            let weights = work.weights(weight, channel);
            for positions in lattice.positions.chunk_by(|a, b| a.phase == b.phase) {
                scratch.taps.clear();
                scratch.taps.extend(positions.iter().map(|p| (weights[p.weight], lattice.reach - p.shift)));
                let line = &mut scratch.input[lattice.start(positions[0].phase)..][..lattice.line()];
                add_shifted(line, &scratch.output, &scratch.taps);
            }
        }
        for (slot, image) in images.enumerate() {
            // SAFETY: this plane belongs to this unit, which no other task has.
            lattice.load_input(&scratch.input, slot, unsafe { out.get(image * shape.channels_in + channel) });
        }
    });
    dx
}

/// The gradient for the weights: dw[k] = Σ over images and outputs of g·x shifted by k. A channel is one sum.
pub(crate) fn weight_gradient(x: &[f32], gradient: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    let work = Work::new(shape);
    let lattice = &work.lattice;
    let (kernel, used) = (shape.patch(), lattice.positions.len());
    let starts: Vec<usize> = lattice.positions.iter().map(|p| lattice.start(p.phase) + p.shift).collect();
    let mut dw = vec![0.0; shape.channels_out * kernel];
    let channels = dw.par_chunks_mut(work.multiplier * kernel).enumerate();
    let least = TASK.div_ceil(shape.batch * shape.plane_in());
    channels.with_min_len(least).for_each_init(
        || (Scratch::new(&work), vec![0.0; work.multiplier * used]),
        |(scratch, sums), (channel, dw)| {
            sums.fill(0.0);
            for block in 0..work.blocks() {
                let images = work.block(block);
                work.store_input(&mut scratch.input, x, channel, images.clone());
                for (j, sums) in sums.chunks_exact_mut(used.max(1)).enumerate() {
                    let line = &mut scratch.output[..lattice.line()];
                    work.store_gradient(line, gradient, channel * work.multiplier + j, images.clone());
                    add_products(sums, line, &scratch.input, &starts);
                }
            }
            for (dw, sums) in dw.chunks_exact_mut(kernel).zip(sums.chunks_exact(used.max(1))) {
                for (position, sum) in lattice.positions.iter().zip(sums) {
                    dw[position.weight] = *sum as f32;
                }
            }
        },
    );
    dw
}
