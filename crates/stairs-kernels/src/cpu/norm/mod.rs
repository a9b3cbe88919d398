//! Batch normalisation.

mod columns;
mod planes;

use rayon::prelude::*;

use super::fresh;
use crate::misfit::count;

/// Pixels of a plane from which sums along a plane beat sums along the batch.
const LONG_PLANE: usize = 128;

/// `[batch, channels, plane]`, none of them 0.
#[derive(Clone, Copy)]
pub(crate) struct Channels {
    batch: usize,
    channels: usize,
    plane: usize,
}

impl Channels {
    /// Of a tensor with dimensions `[batch, channels, …]`; `None` of one without channels or without elements.
    pub(crate) fn of(dims: &[usize]) -> Option<Self> {
        let &[batch, channels, ref rest @ ..] = dims else { return None };
        let plane = rest.iter().try_fold(1_usize, |product, length| product.checked_mul(*length))?;
        count([batch, channels, plane]).is_ok_and(|values| values > 0).then_some(Self { batch, channels, plane })
    }

    /// Number of channels.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// All values.
    fn values(&self) -> usize {
        self.batch * self.channels * self.plane
    }

    /// The planes of a channel, one per image.
    fn planes<'a>(
        &self,
        data: &'a [f32],
        channel: usize,
    ) -> impl DoubleEndedIterator<Item = &'a [f32]> + ExactSizeIterator + use<'a> {
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
    assert_eq!(x.len(), shape.values(), "the input of a norm");
    let run = if shape.plane < LONG_PLANE { columns::forward } else { planes::forward };
    run(x, gamma, beta, epsilon, shape)
}

/// Gradients for x, γ and β.
///
/// With x̂ = (x − μ)/√(v + ε) over the N values of a channel: dβ = Σ g, dγ = Σ g·x̂,
/// dx = γ/√(v + ε)·(g − dβ/N − x̂·dγ/N).
pub(crate) fn gradient(
    x: &[f32],
    gamma: &[f32],
    statistics: (&[f32], &[f32]),
    gradient: &[f32],
    epsilon: f64,
    shape: Channels,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    assert_eq!([x.len(), gradient.len()], [shape.values(); 2], "the input of a norm and the gradient of its output");
    let run = if shape.plane < LONG_PLANE { columns::gradient } else { planes::gradient };
    run(x, gamma, statistics, gradient, epsilon, shape)
}

/// γ/√(v + ε)
fn scale(gamma: f32, variance: f32, epsilon: f64) -> f64 {
    f64::from(gamma) / (f64::from(variance) + epsilon).sqrt()
}

/// dx = scale·g − shift − slope·(x − μ) of one channel.
struct Slopes {
    scale: f32,
    shift: f32,
    slope: f32,
    dgamma: f32,
    dbeta: f32,
}

impl Slopes {
    /// From Σ g and Σ g·(x − μ).
    fn new(gamma: f32, variance: f32, epsilon: f64, sum: f64, projected: f64, count: f64) -> Self {
        let deviation = (f64::from(variance) + epsilon).sqrt();
        let (scale, dgamma) = (scale(gamma, variance, epsilon), projected / deviation);
        Self {
            scale: scale as f32,
            shift: (scale * sum / count) as f32,
            slope: (scale * dgamma / deviation / count) as f32,
            dgamma: dgamma as f32,
            dbeta: sum as f32,
        }
    }
}

/// scale·x + shift per channel.
pub(crate) fn affine(x: &[f32], scale: &[f32], shift: &[f32], shape: Channels) -> Vec<f32> {
    let mut y = fresh::zeros(x.len());
    let image = shape.channels * shape.plane;
    y.par_chunks_mut(image).zip(x.par_chunks(image)).for_each(|(y, x)| {
        let planes = y.chunks_exact_mut(shape.plane).zip(x.chunks_exact(shape.plane));
        for ((y, x), (scale, shift)) in planes.zip(scale.iter().zip(shift)) {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x * scale + shift);
        }
    });
    y
}
