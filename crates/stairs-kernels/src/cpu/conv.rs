//! Convolution as a product with the matrix of patches, a few images at a time.

use rayon::prelude::*;

use super::{
    fresh,
    matrix::{Matrix, multiply},
    patches::{gather, scatter},
};
use crate::{ConvShape, checked::Checked};

/// Most tasks a batch is cut into.
const TASKS: usize = 16;

/// How a batch is cut: tasks of images, and in a task groups of images that share one matrix product.
struct Cut {
    task: usize,
    group: usize,
}

impl Cut {
    fn new(shape: &ConvShape, tasks: usize) -> Self {
        // Each product packs the weights anew: large ones want more columns to pay for it.
        let columns: usize = if shape.channels_out * shape.patch() < 1 << 16 { 192 } else { 512 };
        let task = shape.batch.div_ceil(tasks);
        Self { task, group: columns.div_ceil(shape.plane_out()).min(task) }
    }

    /// Columns of the widest product.
    fn columns(&self, shape: &ConvShape) -> usize {
        self.group * shape.plane_out()
    }
}

/// y of x and the weights.
pub(crate) fn forward(x: &[f32], weight: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    let cut = Cut::new(shape, TASKS);
    let (image_in, image_out) = (shape.channels_in * shape.plane_in(), shape.channels_out * shape.plane_out());
    let mut y = fresh::zeros(shape.batch * image_out);
    y.par_chunks_mut(cut.task * image_out).zip(x.par_chunks(cut.task * image_in)).for_each(|(y, x)| {
        let mut scratch = Scratch::new(shape, &cut);
        for (y, x) in y.chunks_mut(cut.group * image_out).zip(x.chunks(cut.group * image_in)) {
            let patches = scratch.patches.gather(x, shape);
            let weight = Matrix::new(weight, shape.channels_out, shape.patch());
            if y.len() == image_out {
                multiply(y, false, weight, patches);
            } else {
                let side = &mut scratch.side[..y.len()];
                multiply(side, false, weight, patches);
                apart(side, y, shape);
            }
        }
    });
    y
}

/// The gradient for x: the patches' gradients Wᵀ·g, added up where patches overlap.
pub(crate) fn input_gradient(weight: &[f32], gradient: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    let cut = Cut::new(shape, TASKS);
    let (image_in, image_out) = (shape.channels_in * shape.plane_in(), shape.channels_out * shape.plane_out());
    let weight = Matrix::new(weight, shape.channels_out, shape.patch()).transposed();
    let mut dx = fresh::zeros(shape.batch * image_in);
    dx.par_chunks_mut(cut.task * image_in).zip(gradient.par_chunks(cut.task * image_out)).for_each(|(dx, g)| {
        let mut side = fresh::zeros(if cut.group > 1 { cut.group * image_out } else { 0 });
        let mut patches = fresh::zeros(if shape.is_pointwise() { 0 } else { shape.patch() * cut.columns(shape) });
        for (dx, g) in dx.chunks_mut(cut.group * image_in).zip(g.chunks(cut.group * image_out)) {
            let columns = g.len() / shape.channels_out;
            if shape.is_pointwise() && g.len() == image_out {
                multiply(dx, false, weight, Matrix::new(g, shape.channels_out, columns));
                continue;
            }
            let g = together(g, &mut side, shape);
            patches.resize(shape.patch() * columns, 0.0);
            multiply(&mut patches, false, weight, g);
            for (i, dx) in dx.chunks_exact_mut(image_in).enumerate() {
                scatter(&mut patches, shape, dx, columns, i * shape.plane_out());
            }
        }
    });
    dx
}

/// The gradient for the weights: Σ over images of g·patchesᵀ.
pub(crate) fn weight_gradient(x: &[f32], gradient: &[f32], shape: &Checked<ConvShape>) -> Vec<f32> {
    let weights = shape.channels_out * shape.patch();
    // Each task has a sum of its own: few tasks where the weights are many.
    let cut = Cut::new(shape, ((1 << 22) / weights.max(1)).clamp(2, TASKS));
    let (image_in, image_out) = (shape.channels_in * shape.plane_in(), shape.channels_out * shape.plane_out());
    let task = |(x, g): (&[f32], &[f32])| {
        let mut sum = vec![0.0; weights];
        let mut scratch = Scratch::new(shape, &cut);
        for (x, g) in x.chunks(cut.group * image_in).zip(g.chunks(cut.group * image_out)) {
            let g = together(g, &mut scratch.side, shape);
            let patches = scratch.patches.gather(x, shape);
            multiply(&mut sum, true, g, patches.transposed());
        }
        sum
    };
    let parts: Vec<Vec<f32>> =
        x.par_chunks(cut.task * image_in).zip(gradient.par_chunks(cut.task * image_out)).map(task).collect();
    let mut parts = parts.into_iter();
    let mut total = parts.next().unwrap_or_else(|| vec![0.0; weights]);
    for part in parts {
        total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
    }
    total
}

/// What a task writes to and reads again.
struct Scratch {
    patches: Patches,
    /// A group of images side by side: `[channels_out, images, plane_out]`; empty where a group is one image.
    side: Vec<f32>,
}

impl Scratch {
    fn new(shape: &ConvShape, cut: &Cut) -> Self {
        let side = if cut.group > 1 { shape.channels_out * cut.columns(shape) } else { 0 };
        let pixels = if shape.is_pointwise() && cut.group == 1 { 0 } else { shape.patch() * cut.columns(shape) };
        Self { patches: Patches(fresh::zeros(pixels)), side: fresh::zeros(side) }
    }
}

/// The matrix of patches of a group of images.
struct Patches(Vec<f32>);

impl Patches {
    fn gather<'a>(&'a mut self, images: &'a [f32], shape: &ConvShape) -> Matrix<'a> {
        let image = shape.channels_in * shape.plane_in();
        let count = images.len() / image;
        let columns = count * shape.plane_out();
        if shape.is_pointwise() && count == 1 {
            return Matrix::new(images, shape.patch(), columns);
        }
        if self.0.len() < shape.patch() * columns {
            self.0.resize(shape.patch() * columns, 0.0);
        }
        for (i, image) in images.chunks_exact(image).enumerate() {
            gather(image, shape, &mut self.0, columns, i * shape.plane_out());
        }
        Matrix::new(&self.0, shape.patch(), columns)
    }
}

/// Images `[images, channels_out, plane_out]` as one matrix `[channels_out, images·plane_out]`.
fn together<'a>(images: &'a [f32], side: &'a mut [f32], shape: &ConvShape) -> Matrix<'a> {
    let plane = shape.plane_out();
    let columns = images.len() / shape.channels_out;
    if columns == plane {
        return Matrix::new(images, shape.channels_out, columns);
    }
    for (i, image) in images.chunks_exact(shape.channels_out * plane).enumerate() {
        for (channel, values) in image.chunks_exact(plane).enumerate() {
            side[channel * columns + i * plane..][..plane].copy_from_slice(values);
        }
    }
    Matrix::new(side, shape.channels_out, columns)
}

/// The inverse of [`together`].
fn apart(side: &[f32], images: &mut [f32], shape: &ConvShape) {
    let plane = shape.plane_out();
    let columns = images.len() / shape.channels_out;
    for (i, image) in images.chunks_exact_mut(shape.channels_out * plane).enumerate() {
        for (channel, values) in image.chunks_exact_mut(plane).enumerate() {
            values.copy_from_slice(&side[channel * columns + i * plane..][..plane]);
        }
    }
}
