//! Batch normalisation, channel by channel.

use rayon::prelude::*;

use super::disjoint::Planes;

/// `[batch, channels, plane]`
#[derive(Clone, Copy)]
pub(crate) struct Channels {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) plane: usize,
}

impl Channels {
    /// The planes of a channel, one per image.
    fn planes<'a>(&self, data: &'a [f32], channel: usize) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let (plane, channels) = (self.plane, self.channels);
        (0..self.batch).map(move |image| &data[(image * channels + channel) * plane..][..plane])
    }

    /// Values of a channel.
    fn count(&self) -> f64 {
        (self.batch * self.plane) as f64
    }
}

/// Output, mean and biased variance.
pub(crate) fn forward(
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
        let scale = (f64::from(gamma[c]) / (f64::from(variance) + epsilon).sqrt()) as f32;
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
///
/// With x̂ = (x − μ)/√(v + ε) over the N values of a channel: dβ = Σ g, dγ = Σ g·x̂,
/// dx = γ/√(v + ε)·(g − dβ/N − x̂·dγ/N).
pub(crate) fn gradient(
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
        let deviation = (f64::from(variance[c]) + epsilon).sqrt();
        let (mut dbeta, mut projected) = (0.0, 0.0);
        for (x, g) in shape.planes(x, c).zip(shape.planes(gradient, c)) {
            dbeta += sum(g, |g| g);
            projected += sum_products(x, g, mean);
        }
        let dgamma = projected / deviation;
        // dx = scale·g − shift − slope·(x − μ)
        let scale = f64::from(gamma[c]) / deviation;
        let shift = (scale * dbeta / shape.count()) as f32;
        let slope = (scale * dgamma / deviation / shape.count()) as f32;
        let scale = scale as f32;
        for (image, (x, g)) in shape.planes(x, c).zip(shape.planes(gradient, c)).enumerate() {
            // SAFETY: this plane belongs to channel c, which no other task has.
            let dx = unsafe { out.get(image * shape.channels + c) };
            for ((dx, x), g) in dx.iter_mut().zip(x).zip(g) {
                *dx = scale * g - shift - slope * (x - mean);
            }
        }
        (dgamma as f32, dbeta as f32)
    };
    let (dgamma, dbeta) = (0..shape.channels).into_par_iter().map(channel).unzip();
    (dx, dgamma, dbeta)
}

/// scale·x + shift per channel.
pub(crate) fn affine(x: &[f32], scale: &[f32], shift: &[f32], shape: Channels) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    let image = shape.channels * shape.plane;
    y.par_chunks_mut(image).zip(x.par_chunks(image)).for_each(|(y, x)| {
        let planes = y.chunks_exact_mut(shape.plane).zip(x.chunks_exact(shape.plane));
        for ((y, x), (scale, shift)) in planes.zip(scale.iter().zip(shift)) {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x * scale + shift);
        }
    });
    y
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
