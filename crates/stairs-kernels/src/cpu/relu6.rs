//! ReLU6, element by element.

use rayon::prelude::*;

use super::fresh;

/// Elements handed to one thread at a time.
const CHUNK: usize = 1 << 15;

/// Overwrites x with min(max(x, 0), 6).
pub(crate) fn forward_in_place(x: &mut [f32]) {
    x.par_chunks_mut(CHUNK).for_each(|x| x.iter_mut().for_each(|x| *x = value(*x)));
}

/// min(max(x, 0), 6).
pub(crate) fn forward(x: &[f32]) -> Vec<f32> {
    let mut y = fresh::zeros(x.len());
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        y.iter_mut().zip(x).for_each(|(y, x)| *y = value(*x));
    });
    y
}

/// Overwrites the gradient of the output `y` with that of the input.
pub(crate) fn gradient_in_place(y: &[f32], gradient: &mut [f32]) {
    assert_eq!(y.len(), gradient.len(), "the gradient of a ReLU6");
    gradient.par_chunks_mut(CHUNK).zip(y.par_chunks(CHUNK)).for_each(|(g, y)| {
        g.iter_mut().zip(y).for_each(|(g, y)| *g = slope(*y, *g));
    });
}

/// The gradient of the input from that of the output `y`.
pub(crate) fn gradient(y: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut dx = gradient.to_vec();
    gradient_in_place(y, &mut dx);
    dx
}

/// By comparisons that are false for NaN, so that it passes.
#[inline(always)]
fn value(x: f32) -> f32 {
    let x = if x < 0.0 { 0.0 } else { x };
    if x > 6.0 { 6.0 } else { x }
}

#[inline(always)]
fn slope(y: f32, gradient: f32) -> f32 {
    if (y <= 0.0) | (y >= 6.0) { 0.0 } else { gradient }
}
