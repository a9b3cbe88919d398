//! Batch normalisation with long planes, channel by channel: sums along the pixels of a plane.
//!
//! A pass over a channel goes through the images in the opposite order of the pass before: what that has read last is still in
//! the cache. Sums are loops: an adapter's `fold` may stay a function of its own, without the instruction set.

use rayon::prelude::*;

use super::{Channels, Slopes, scale};
use crate::cpu::{
    disjoint::Planes,
    fresh::{self, Unset},
    simd::at_best_level,
};

/// γ, β and ε.
#[derive(Clone, Copy)]
struct Affine<'a> {
    gamma: &'a [f32],
    beta: &'a [f32],
    epsilon: f64,
}

/// Output, mean and biased variance.
pub(super) fn forward(
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    epsilon: f64,
    shape: Channels,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let affine = Affine { gamma, beta, epsilon };
    let (mut mean, mut variance) = (Vec::new(), Vec::new());
    // SAFETY: the channels cover the output, which is as long as the shape says: `super::forward` has compared.
    let y = unsafe {
        fresh::filled(x.len(), |y| {
            let out = Planes::new(y, shape.plane);
            let channels = (0..shape.channels).into_par_iter().map(|c| normalise(&out, x, c, affine, shape));
            (mean, variance) = channels.unzip();
        })
    };
    (y, mean, variance)
}

/// Writes channel `c`; its mean and variance.
fn normalise(out: &Planes<'_, Unset>, x: &[f32], c: usize, affine: Affine<'_>, shape: Channels) -> (f32, f32) {
    #[inline(always)]
    fn body(out: &Planes<'_, Unset>, x: &[f32], c: usize, affine: Affine<'_>, shape: Channels) -> (f32, f32) {
        let mut total = 0.0;
        for x in shape.planes(x, c) {
            total += sum(x, |x| x);
        }
        let mean = (total / shape.count()) as f32;
        let mut squares = 0.0;
        for x in shape.planes(x, c).rev() {
            squares += sum(x, |x| (x - mean) * (x - mean));
        }
        let variance = (squares / shape.count()) as f32;
        let (scale, beta) = (scale(affine.gamma[c], variance, affine.epsilon) as f32, affine.beta[c]);
        for (image, x) in shape.planes(x, c).enumerate() {
            // SAFETY: this plane belongs to channel c, which no other task has.
            let y = unsafe { out.get(image * shape.channels + c) };
            y.iter_mut().zip(x).for_each(|(y, x)| *y = Unset::new((x - mean) * scale + beta));
        }
        (mean, variance)
    }
    at_best_level!(body(out: &Planes<'_, Unset>, x: &[f32], c: usize, affine: Affine<'_>, shape: Channels) -> (f32, f32))
}

/// What the gradient of a norm needs from its forward pass.
#[derive(Clone, Copy)]
struct Kept<'a> {
    x: &'a [f32],
    gamma: &'a [f32],
    mean: &'a [f32],
    variance: &'a [f32],
    epsilon: f64,
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
    let kept = Kept { x, gamma, mean, variance, epsilon };
    let (mut dgamma, mut dbeta) = (Vec::new(), Vec::new());
    // SAFETY: the channels cover the input, which is as long as the shape says: `super::gradient` has compared.
    let dx = unsafe {
        fresh::filled(x.len(), |dx| {
            let out = Planes::new(dx, shape.plane);
            let channels = (0..shape.channels).into_par_iter().map(|c| denormalise(&out, gradient, c, kept, shape));
            (dgamma, dbeta) = channels.unzip();
        })
    };
    (dx, dgamma, dbeta)
}

/// Writes channel `c`; its gradients for γ and β.
fn denormalise(out: &Planes<'_, Unset>, gradient: &[f32], c: usize, kept: Kept<'_>, shape: Channels) -> (f32, f32) {
    #[inline(always)]
    fn body(out: &Planes<'_, Unset>, gradient: &[f32], c: usize, kept: Kept<'_>, shape: Channels) -> (f32, f32) {
        let mean = kept.mean[c];
        let (mut total, mut projected) = (0.0, 0.0);
        for (x, g) in shape.planes(kept.x, c).zip(shape.planes(gradient, c)) {
            let (sum, product) = sums(x, g, mean);
            total += sum;
            projected += product;
        }
        let Slopes { scale, shift, slope, dgamma, dbeta } =
            Slopes::new(kept.gamma[c], kept.variance[c], kept.epsilon, total, projected, shape.count());
        for (image, (x, g)) in shape.planes(kept.x, c).zip(shape.planes(gradient, c)).enumerate().rev() {
            // SAFETY: this plane belongs to channel c, which no other task has.
            let dx = unsafe { out.get(image * shape.channels + c) };
            for ((dx, x), g) in dx.iter_mut().zip(x).zip(g) {
                *dx = Unset::new(scale * g - shift - slope * (x - mean));
            }
        }
        (dgamma, dbeta)
    }
    at_best_level!(body(out: &Planes<'_, Unset>, gradient: &[f32], c: usize, kept: Kept<'_>, shape: Channels) -> (f32, f32))
}

/// Sums that the compiler can keep in two of the widest registers, and that lose less than one running sum.
const LANES: usize = 32;

/// Σ f(x).
#[inline(always)]
fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0.0_f32; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += f(*x));
    }
    lanes.iter().copied().chain(rest.iter().map(|x| f(*x))).map(f64::from).sum()
}

/// Σ g and Σ g·(x − mean).
#[inline(always)]
fn sums(x: &[f32], g: &[f32], mean: f32) -> (f64, f64) {
    let (mut plain, mut products) = ([0.0_f32; LANES], [0.0_f32; LANES]);
    let ((x_chunks, x_rest), (g_chunks, g_rest)) = (x.as_chunks::<LANES>(), g.as_chunks::<LANES>());
    for (x, g) in x_chunks.iter().zip(g_chunks) {
        for i in 0..LANES {
            plain[i] += g[i];
            products[i] += g[i] * (x[i] - mean);
        }
    }
    let rest = x_rest.iter().zip(g_rest).map(|(x, g)| g * (x - mean));
    let total = |lanes: [f32; LANES]| lanes.into_iter().map(f64::from).sum::<f64>();
    let left = g_rest.iter().copied().map(f64::from).sum::<f64>();
    (total(plain) + left, total(products) + rest.map(f64::from).sum::<f64>())
}
