//! Convolutions of stride 1 that keep the size, without a matrix of patches.
//!
//! Images are copied once to a [`Grid`] with cleared margins. There a position of the kernel is an offset, the same for
//! all pixels, so that a run of output pixels reads a run of input pixels wherever it starts, and
//!
//! | | kernel |
//! |---|---|
//! | output | `runs`: y\[o, q\] = Σ w\[o, c, k\]·x\[c, q + offset k\] in registers, for 8 channels and 48 pixels at a time |
//! | … where lines are not multiples of 8 pixels | `product`: the same, over the gaps between lines too |
//! | gradient of the input | the same, with the kernel turned around and the channels exchanged |
//! | gradient of the weights | `correlate`: dw\[o, c, k\] = Σ g\[o, q\]·x\[c, q + offset k\], over one pixel after the other |
//!
//! Outputs computed in the gaps are thrown away.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_variables))]

mod correlate;
mod grid;
mod product;
mod runs;
mod tile;
mod turn;
mod weights;

use rayon::prelude::*;

use self::{grid::Grid, runs::Runs, weights::Weights};
use super::{fresh, simd::Level};
use crate::{ConvShape, checked::Checked};

/// Most tasks a batch is cut into.
const TASKS: usize = 16;

/// Results of fewer channels would leave most of a block of channels empty.
const FEWEST_CHANNELS: usize = 4;

/// Whether these kernels take the convolution at all: each position of the kernel reads the image shifted by a fixed offset (stride 1,
/// outputs as many as inputs, one group), the kernel has more than one position, and images have at least 16 pixels and a [`Grid`].
fn fits(shape: &ConvShape) -> bool {
    let shifts = shape.groups == 1 && shape.rows.is_shift() && shape.columns.is_shift();
    shifts && !shape.is_pointwise() && shape.plane_in() >= 16 && Grid::fits(shape)
}

/// Whether to take [`forward`]: with registers of 8 lanes the product with the matrix of patches is as fast.
pub(crate) fn forward_applies(shape: &ConvShape) -> bool {
    fits(shape) && shape.channels_out >= FEWEST_CHANNELS && Level::detect().is_widest()
}

/// Whether to take [`input_gradient`].
pub(crate) fn input_gradient_applies(shape: &ConvShape) -> bool {
    fits(shape) && shape.channels_in >= FEWEST_CHANNELS && Level::detect().is_widest()
}

/// Whether to take [`weight_gradient`].
pub(crate) fn weight_gradient_applies(shape: &ConvShape) -> bool {
    fits(shape) && Level::detect() != Level::Base
}

/// y of x and the weights.
pub(crate) fn forward(x: &[f32], weight: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    convolve(x, &Weights::forward(weight, shape), shape)
}

/// The gradient for x.
pub(crate) fn input_gradient(weight: &[f32], gradient: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    let turned = turned(shape);
    convolve(gradient, &Weights::turned(weight, shape), &turned)
}

/// The shape of the convolution that takes the gradient of the output to that of the input.
fn turned(shape: &ConvShape) -> ConvShape {
    let (channels_in, channels_out) = (shape.channels_out, shape.channels_in);
    let [mut rows, mut columns] = [shape.rows, shape.columns];
    for axis in [&mut rows, &mut columns] {
        axis.padding = (axis.kernel - 1) * axis.dilation - axis.padding;
    }
    ConvShape { channels_in, channels_out, rows, columns, ..*shape }
}

fn convolve(x: &[f32], weights: &Weights, shape: &ConvShape) -> Vec<f32> {
    let (image_in, image_out) = (shape.channels_in * shape.plane_in(), shape.channels_out * shape.plane_out());
    assert_eq!(x.len(), shape.batch * image_in, "the input of a convolution");
    let task = shape.batch.div_ceil(TASKS.min(4 * rayon::current_num_threads()));
    let grid = Grid::new(shape, task, 768);
    let runs = Runs::of(&grid);
    // SAFETY: chunk by chunk and group by group, input and output have the same images, all of them by the assertion
    // above; both kernels write all of theirs.
    unsafe {
        fresh::filled(shape.batch * image_out, |y| {
            let chunks = y.par_chunks_mut(task * image_out).zip(x.par_chunks(task * image_in));
            chunks.for_each(|(y, x)| {
                let mut pixels = grid.inputs();
                let mut rows = if runs.is_some() { Vec::new() } else { product::scratch(&grid) };
                let groups = y.chunks_mut(grid.images * image_out).zip(x.chunks(grid.images * image_in));
                for (y, x) in groups {
                    grid.place(x, &mut pixels);
                    match &runs {
                        Some(runs) => runs.multiply(y, &pixels, weights, &grid),
                        None => product::run(y, &pixels, weights, &grid, &mut rows),
                    }
                }
            });
        })
    }
}

/// The gradient for the weights.
pub(crate) fn weight_gradient(x: &[f32], gradient: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    let weights = shape.channels_out * shape.patch();
    let (image_in, image_out) = (shape.channels_in * shape.plane_in(), shape.channels_out * shape.plane_out());
    // Each task has a sum of its own: few tasks where the weights are many or the images few.
    let most = TASKS.min(shape.batch.div_ceil(4)).max(2);
    let task = shape.batch.div_ceil(((1 << 22) / weights.max(1)).clamp(2, most));
    let grid = Grid::new(shape, 1, 1);
    let sum = |(x, g): (&[f32], &[f32])| {
        let mut sums = correlate::Sums::new(&grid);
        let mut pixels = grid.inputs();
        for (x, g) in x.chunks_exact(image_in).zip(g.chunks_exact(image_out)) {
            grid.place(x, &mut pixels);
            sums.add(&pixels, g);
        }
        sums
    };
    let tasks = x.par_chunks(task * image_in).zip(gradient.par_chunks(task * image_out));
    let parts: Vec<correlate::Sums<'_>> = tasks.map(sum).collect();
    correlate::Sums::total(parts).map_or_else(|| vec![0.0; weights], |total| total.weights())
}
