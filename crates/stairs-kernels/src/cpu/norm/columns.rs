//! Batch normalisation with short planes: an image is one row of channels·plane values, and sums go down the columns,
//! along the batch, so that a loop runs over many channels. A task has neighbouring channels of all images.

use std::ops::Range;

use rayon::prelude::*;

use super::{Channels, Slopes, scale};
use crate::cpu::{
    disjoint::Planes,
    fresh::{self, Unset},
    isa::{Isa, dispatch},
};

/// Columns of a task, about.
const WIDTH: usize = 256;

/// Rows after which a column's sum goes on in f64.
const ROWS: usize = 64;

/// The channels of a task.
struct Block {
    shape: Channels,
    channels: Range<usize>,
}

impl Block {
    /// The blocks of a batch, in parallel.
    fn all(shape: Channels) -> impl IndexedParallelIterator<Item = Self> {
        let size = (WIDTH / shape.plane).max(1);
        (0..shape.channels.div_ceil(size)).into_par_iter().map(move |i| {
            let start = i * size;
            Self { shape, channels: start..(start + size).min(shape.channels) }
        })
    }

    fn width(&self) -> usize {
        self.channels.len() * self.shape.plane
    }

    /// The block's part of each image.
    fn rows<'a>(&self, data: &'a [f32]) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let (image, start, width) =
            (self.shape.channels * self.shape.plane, self.channels.start * self.shape.plane, self.width());
        data.chunks_exact(image).map(move |row| &row[start..][..width])
    }

    /// The block's part of an image, to write.
    ///
    /// # Safety
    /// As of [`Planes::run`].
    #[allow(clippy::mut_from_ref)]
    unsafe fn row<'a>(&self, out: &'a Planes<'_, Unset>, image: usize) -> &'a mut [Unset] {
        // SAFETY: the contract of this function.
        unsafe { out.run(image * self.shape.channels + self.channels.start, self.channels.len()) }
    }

    /// A value per channel, repeated for each pixel.
    fn spread(&self, values: impl Iterator<Item = f32>) -> Vec<f32> {
        values.flat_map(|v| std::iter::repeat_n(v, self.shape.plane)).collect()
    }

    /// Σ per channel of what `add` adds to the columns for each of `rows`.
    fn sums<T>(&self, rows: impl Iterator<Item = T>, add: impl Fn(&mut [f32], T)) -> Vec<f64> {
        let mut total = vec![0.0; self.channels.len()];
        let mut part = vec![0.0_f32; self.width()];
        let mut fold = |part: &mut [f32]| {
            for (total, part) in total.iter_mut().zip(part.chunks_exact(self.shape.plane)) {
                *total += part.iter().copied().map(f64::from).sum::<f64>();
            }
            part.fill(0.0);
        };
        for (i, row) in rows.enumerate() {
            if i % ROWS == 0 {
                fold(&mut part);
            }
            add(&mut part, row);
        }
        fold(&mut part);
        total
    }
}

/// Output, mean and biased variance.
pub(super) fn forward(
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    epsilon: f64,
    shape: Channels,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let run = |block: Block, out: &Planes<'_, Unset>| {
        let means = |sums: Vec<f64>| -> Vec<f32> { sums.into_iter().map(|s| (s / shape.count()) as f32).collect() };
        let mean = means(block.sums(block.rows(x), add));
        let centre = block.spread(mean.iter().copied());
        let variance = means(block.sums(block.rows(x), |part, x| add_squares(part, x, &centre)));
        let gamma = &gamma[block.channels.clone()];
        let scale = block.spread(gamma.iter().zip(&variance).map(|(g, v)| scale(*g, *v, epsilon) as f32));
        let shift = block.spread(beta[block.channels.clone()].iter().copied());
        for (image, x) in block.rows(x).enumerate() {
            // SAFETY: these planes belong to channels that no other task has.
            normalise(unsafe { block.row(out, image) }, x, &centre, &scale, &shift);
        }
        (mean, variance)
    };
    let (mut mean, mut variance) = (Vec::new(), Vec::new());
    // SAFETY: the blocks cover the output, which is as long as the shape says: `super::forward` has compared.
    let y = unsafe {
        fresh::filled(x.len(), |y| {
            let out = Planes::new(y, shape.plane);
            (mean, variance) = Block::all(shape).map(|block| run(block, &out)).unzip();
        })
    };
    (y, mean.concat(), variance.concat())
}

/// Gradients for x, γ and β.
pub(super) fn gradient(
    x: &[f32],
    gamma: &[f32],
    (mean, variance): (&[f32], &[f32]),
    gradient: &[f32],
    epsilon: f64,
    shape: Channels,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let run = |block: Block, out: &Planes<'_, Unset>| {
        let centre = block.spread(mean[block.channels.clone()].iter().copied());
        let sums = block.sums(block.rows(gradient), add);
        let pairs = block.rows(x).zip(block.rows(gradient));
        let projected = block.sums(pairs, |part, (x, g)| add_products(part, x, g, &centre));
        let slopes: Vec<_> = (block.channels.clone().zip(sums.into_iter().zip(projected)))
            .map(|(c, (sum, projected))| Slopes::new(gamma[c], variance[c], epsilon, sum, projected, shape.count()))
            .collect();
        let of = |value: fn(&Slopes) -> f32| block.spread(slopes.iter().map(value));
        let (scale, shift, slope) = (of(|s| s.scale), of(|s| s.shift), of(|s| s.slope));
        for (image, (x, g)) in block.rows(x).zip(block.rows(gradient)).enumerate() {
            // SAFETY: these planes belong to channels that no other task has.
            let dx = unsafe { block.row(out, image) };
            denormalise(dx, (x, g), &centre, (&scale, &shift, &slope));
        }
        let of = |value: fn(&Slopes) -> f32| slopes.iter().map(value).collect::<Vec<_>>();
        (of(|s| s.dgamma), of(|s| s.dbeta))
    };
    let (mut dgamma, mut dbeta) = (Vec::new(), Vec::new());
    // SAFETY: the blocks cover the input, which is as long as the shape says: `super::gradient` has compared.
    let dx = unsafe {
        fresh::filled(x.len(), |dx| {
            let out = Planes::new(dx, shape.plane);
            (dgamma, dbeta) = Block::all(shape).map(|block| run(block, &out)).unzip();
        })
    };
    (dx, dgamma.concat(), dbeta.concat())
}

/// sums += x
fn add(sums: &mut [f32], x: &[f32]) {
    dispatch!(add_body(sums: &mut [f32], x: &[f32]))
}

#[inline(always)]
fn add_body<I: Isa>(sums: &mut [f32], x: &[f32]) {
    sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
}

/// sums += (x − centre)²
fn add_squares(sums: &mut [f32], x: &[f32], centre: &[f32]) {
    dispatch!(squares_body(sums: &mut [f32], x: &[f32], centre: &[f32]))
}

#[inline(always)]
fn squares_body<I: Isa>(sums: &mut [f32], x: &[f32], centre: &[f32]) {
    for ((sum, x), centre) in sums.iter_mut().zip(x).zip(centre) {
        *sum = I::mul_add(x - centre, x - centre, *sum);
    }
}

/// sums += g·(x − centre)
fn add_products(sums: &mut [f32], x: &[f32], g: &[f32], centre: &[f32]) {
    dispatch!(products_body(sums: &mut [f32], x: &[f32], g: &[f32], centre: &[f32]))
}

#[inline(always)]
fn products_body<I: Isa>(sums: &mut [f32], x: &[f32], g: &[f32], centre: &[f32]) {
    for (((sum, x), g), centre) in sums.iter_mut().zip(x).zip(g).zip(centre) {
        *sum = I::mul_add(*g, x - centre, *sum);
    }
}

/// y = (x − centre)·scale + shift
fn normalise(y: &mut [Unset], x: &[f32], centre: &[f32], scale: &[f32], shift: &[f32]) {
    dispatch!(normalise_body(y: &mut [Unset], x: &[f32], centre: &[f32], scale: &[f32], shift: &[f32]))
}

#[inline(always)]
fn normalise_body<I: Isa>(y: &mut [Unset], x: &[f32], centre: &[f32], scale: &[f32], shift: &[f32]) {
    for ((((y, x), centre), scale), shift) in y.iter_mut().zip(x).zip(centre).zip(scale).zip(shift) {
        *y = Unset::new(I::mul_add(x - centre, *scale, *shift));
    }
}

/// A scale, a shift and a slope for each column.
type Lines<'a> = (&'a [f32], &'a [f32], &'a [f32]);

/// dx = scale·g − shift − slope·(x − centre)
fn denormalise(dx: &mut [Unset], xg: (&[f32], &[f32]), centre: &[f32], lines: Lines<'_>) {
    dispatch!(denormalise_body(dx: &mut [Unset], xg: (&[f32], &[f32]), centre: &[f32], lines: Lines<'_>))
}

#[inline(always)]
fn denormalise_body<I: Isa>(dx: &mut [Unset], (x, g): (&[f32], &[f32]), centre: &[f32], lines: Lines<'_>) {
    let (scale, shift, slope) = lines;
    let inputs = dx.iter_mut().zip(x).zip(g).zip(centre);
    for ((((((dx, x), g), centre), scale), shift), slope) in inputs.zip(scale).zip(shift).zip(slope) {
        *dx = Unset::new(I::mul_add(-slope, x - centre, I::mul_add(*scale, *g, -shift)));
    }
}
