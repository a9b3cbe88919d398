//! Adaptive average pooling, plane by plane.

use std::ops::Range;

use rayon::prelude::*;

use super::fresh;
use crate::{AverageShape, checked::Checked};

/// Pixels below which a task is not worth its overhead.
const TASK: usize = 1 << 14;

/// The means.
pub(crate) fn forward(x: &[f32], shape: &Checked<AverageShape>) -> Vec<f32> {
    let (plane_in, plane_out) = (shape.plane_in(), shape.plane_out());
    assert_eq!(x.len(), shape.planes * plane_in, "the input of a pool");
    let mut y = fresh::zeros(shape.planes * plane_out);
    let task = TASK.div_ceil(plane_in).min(shape.planes);
    y.par_chunks_mut(task * plane_out).zip(x.par_chunks(task * plane_in)).for_each(|(y, x)| {
        for (y, x) in y.chunks_exact_mut(plane_out).zip(x.chunks_exact(plane_in)) {
            if let [mean] = y {
                *mean = sum(x) / plane_in as f32;
                continue;
            }
            each_window(shape, |out, lines, columns, count| {
                let line = |line: usize| &x[line * shape.input[1]..][columns.clone()];
                y[out] = lines.map(|i| line(i).iter().sum::<f32>()).sum::<f32>() / count;
            });
        }
    });
    y
}

/// The gradient for x: every window shares its output's among its pixels.
pub(crate) fn gradient(gradient: &[f32], shape: &Checked<AverageShape>) -> Vec<f32> {
    let (plane_in, plane_out) = (shape.plane_in(), shape.plane_out());
    assert_eq!(gradient.len(), shape.planes * plane_out, "the gradient of a pool");
    let mut dx = fresh::zeros(shape.planes * plane_in);
    let task = TASK.div_ceil(plane_in).min(shape.planes);
    dx.par_chunks_mut(task * plane_in).zip(gradient.par_chunks(task * plane_out)).for_each(|(dx, g)| {
        for (dx, g) in dx.chunks_exact_mut(plane_in).zip(g.chunks_exact(plane_out)) {
            if let [g] = g {
                dx.fill(g / plane_in as f32);
                continue;
            }
            each_window(shape, |out, lines, columns, count| {
                let share = g[out] / count;
                for line in lines {
                    dx[line * shape.input[1]..][columns.clone()].iter_mut().for_each(|x| *x += share);
                }
            });
        }
    });
    dx
}

/// Calls `visit` for each output of a plane with its lines, its columns and the number of its pixels.
fn each_window(shape: &AverageShape, mut visit: impl FnMut(usize, Range<usize>, Range<usize>, f32)) {
    for y in 0..shape.output[0] {
        let lines = shape.window(0, y);
        for x in 0..shape.output[1] {
            let columns = shape.window(1, x);
            let count = (lines.len() * columns.len()) as f32;
            visit(y * shape.output[1] + x, lines.clone(), columns, count);
        }
    }
}

/// Σ x, in sums that the compiler can keep in vector registers.
fn sum(x: &[f32]) -> f32 {
    const LANES: usize = 16;
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x);
    }
    if chunks.is_empty() { rest.iter().sum() } else { lanes.iter().chain(rest).sum() }
}
