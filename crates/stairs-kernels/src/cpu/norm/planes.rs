//! Batch normalisation with long planes, channel by channel: sums along the pixels of a plane.

use rayon::prelude::*;

use super::{Channels, Slopes, scale};
use crate::cpu::disjoint::Planes;

/// Output, mean and biased variance.
pub(super) fn forward(
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    epsilon: f64,
    shape: Channels,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let mut y = vec![0.0; x.len()];
    let out = Planes::new(&mut y, shape.plane);
    let channel = |c: usize| {
        let mean = (shape.planes(x, c).map(|x| sum(x, |x| x)).sum::<f64>() / shape.count()) as f32;
        let square = |x: f32| (x - mean) * (x - mean);
        let variance = (shape.planes(x, c).map(|x| sum(x, square)).sum::<f64>() / shape.count()) as f32;
        let scale = scale(gamma[c], variance, epsilon) as f32;
        for (image, x) in shape.planes(x, c).enumerate() {
            // SAFETY: this plane belongs to channel c, which no other task has.
            let y = unsafe { out.get(image * shape.channels + c) };
            y.iter_mut().zip(x).for_each(|(y, x)| *y = (x - mean) * scale + beta[c]);
        }
        (mean, variance)
    };
    let (mean, variance) = (0..shape.channels).into_par_iter().map(channel).unzip();
    (y, mean, variance)
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
    let mut dx = vec![0.0; x.len()];
    let out = Planes::new(&mut dx, shape.plane);
    let channel = |c: usize| {
        let mean = mean[c];
        let (mut sum_g, mut projected) = (0.0, 0.0);
        for (x, g) in shape.planes(x, c).zip(shape.planes(gradient, c)) {
            sum_g += sum(g, |g| g);
            projected += sum_products(x, g, mean);
        }
        let Slopes { scale, shift, slope, dgamma, dbeta } =
            Slopes::new(gamma[c], variance[c], epsilon, sum_g, projected, shape.count());
        for (image, (x, g)) in shape.planes(x, c).zip(shape.planes(gradient, c)).enumerate() {
            // SAFETY: this plane belongs to channel c, which no other task has.
            let dx = unsafe { out.get(image * shape.channels + c) };
            for ((dx, x), g) in dx.iter_mut().zip(x).zip(g) {
                *dx = scale * g - shift - slope * (x - mean);
            }
        }
        (dgamma, dbeta)
    };
    let (dgamma, dbeta) = (0..shape.channels).into_par_iter().map(channel).unzip();
    (dx, dgamma, dbeta)
}

/// Sums that the compiler can keep in vector registers, and that lose less than one running sum.
const LANES: usize = 16;

/// Σ f(x).
fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0.0_f32; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += f(*x));
    }
    lanes.iter().copied().chain(rest.iter().map(|x| f(*x))).map(f64::from).sum()
}

/// Σ g·(x − mean).
fn sum_products(x: &[f32], g: &[f32], mean: f32) -> f64 {
    let mut lanes = [0.0_f32; LANES];
    let ((x_chunks, x_rest), (g_chunks, g_rest)) = (x.as_chunks::<LANES>(), g.as_chunks::<LANES>());
    for (x, g) in x_chunks.iter().zip(g_chunks) {
        for ((sum, x), g) in lanes.iter_mut().zip(x).zip(g) {
            *sum += g * (x - mean);
        }
    }
    let rest = x_rest.iter().zip(g_rest).map(|(x, g)| g * (x - mean));
    lanes.iter().copied().chain(rest).map(f64::from).sum()
}
