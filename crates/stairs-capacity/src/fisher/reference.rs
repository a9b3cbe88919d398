//! The reference: full Jacobians and a d × d Fisher matrix in f64, straight from the definition.
//!
//! Written independently of the fast paths, with nothing shared but the description: direct sums instead of patches and
//! matrix products, forward-mode derivatives instead of backward passes. It needs d·(outputs) numbers a sample and a d × d
//! matrix; use it for small models and to test the rest.

use faer::{Mat, Side};

use super::categorical::softmax;
use crate::chain::{Chain, Geometry, Head, Layer, LayerParameters, Map, PoolKind};
use crate::{ChainError, FisherError, Spectrum};

/// A value with its derivatives with respect to all d parameters.
#[derive(Clone, Debug)]
struct Dual {
    value: f64,
    slopes: Vec<f64>,
}

/// Whether the derivative goes through the earlier layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inputs {
    Constant,
    Differentiated,
}

/// A root A of the Fisher matrix, F = AᵀA, of all parameters of a network without noise in its hidden layers: one row for
/// every sample and output, d columns.
///
/// # Errors
/// [`ChainError`] for parameters or inputs that do not fit.
pub fn root(chain: &Chain, parameters: &[LayerParameters], inputs: &[f64]) -> Result<Mat<f64>, ChainError> {
    chain.check(parameters)?;
    let samples = chain.samples(inputs)?;
    let size = chain.dimension();
    let mut rows = Vec::new();
    for sample in inputs.chunks(chain.input.values()) {
        let mut values: Vec<Dual> = sample.iter().map(|x| Dual { value: *x, slopes: vec![0.0; size] }).collect();
        for (index, own) in parameters.iter().enumerate() {
            values = layer(chain, index, own, &values, Inputs::Differentiated);
        }
        rows.extend(sample_rows(chain.head, &values, samples));
    }
    Ok(Mat::from_fn(rows.len(), size, |i, j| rows[i][j]))
}

/// The same of a Markov chain, whose Fisher matrix is block diagonal: block j from the conditional law of layer j given
/// its inputs. `states[j]` are the inputs of layer j, samples one after the other (`states[0]` the data).
///
/// # Errors
/// [`ChainError`] for parameters or inputs that do not fit.
pub fn markov_root(
    chain: &Chain,
    parameters: &[LayerParameters],
    states: &[Vec<f64>],
    noise_variance: f64,
) -> Result<Mat<f64>, ChainError> {
    chain.check(parameters)?;
    if states.len() != parameters.len() {
        let (expected, got) = (parameters.len(), states.len());
        return Err(ChainError::Length { layer: 0, what: "the list of states", expected, got });
    }
    let size = chain.dimension();
    let mut rows = Vec::new();
    for (index, states) in states.iter().enumerate() {
        let sample = chain.geometry[index].input.values();
        if states.is_empty() || !states.len().is_multiple_of(sample) {
            return Err(ChainError::Inputs { sample, got: states.len() });
        }
        let last = index + 1 == parameters.len();
        let head = if last { chain.head } else { Head::Gaussian { variance: noise_variance } };
        for one in states.chunks(sample) {
            let inputs: Vec<Dual> = one.iter().map(|x| Dual { value: *x, slopes: vec![0.0; size] }).collect();
            let outputs = layer(chain, index, &parameters[index], &inputs, Inputs::Constant);
            rows.extend(sample_rows(head, &outputs, states.len() / sample));
        }
    }
    Ok(Mat::from_fn(rows.len(), size, |i, j| rows[i][j]))
}

/// The d × d Fisher matrix of a root: the sum of the outer products of its rows.
pub fn fisher(root: &Mat<f64>) -> Mat<f64> {
    let size = root.ncols();
    let mut fisher = Mat::zeros(size, size);
    for row in 0..root.nrows() {
        let gradient: Vec<f64> = (0..size).map(|k| root[(row, k)]).collect();
        for j in 0..size {
            fisher.col_as_slice_mut(j).iter_mut().zip(&gradient).for_each(|(out, g)| *out += gradient[j] * g);
        }
    }
    fisher
}

/// Spectrum of a Fisher matrix by a dense eigenvalue decomposition. As everywhere in this crate, eigenvalues below
/// d·ε·λ_max count as 0.
///
/// # Errors
/// [`FisherError::Eigenvalues`] if it does not converge.
pub fn spectrum(fisher: &Mat<f64>) -> Result<Spectrum, FisherError> {
    let size = fisher.nrows();
    let values = fisher.self_adjoint_eigenvalues(Side::Lower).map_err(|_| FisherError::Eigenvalues { size })?;
    let largest = values.iter().copied().fold(0.0, f64::max);
    let zero = size as f64 * f64::EPSILON * largest;
    Ok(Spectrum::exact(size, values.into_iter().filter(|value| *value > zero).collect()))
}

/// Spectrum from the singular values of a root by one-sided Jacobi rotations: small eigenvalues to a relative error of
/// ε√(λ_max/λ) or better, where those of the Fisher matrix have ε·λ_max/λ. Slow. Source: J. Demmel, K. Veselić, *Jacobi's
/// Method is More Accurate than QR*, SIAM J. Matrix Anal. Appl. 13 (1992).
///
/// # Errors
/// [`FisherError::Eigenvalues`] if 60 sweeps are not enough.
pub fn singular_spectrum(root: &Mat<f64>) -> Result<Spectrum, FisherError> {
    let (rows, size) = (root.nrows(), root.ncols());
    let mut columns: Vec<Vec<f64>> = if size <= rows {
        (0..size).map(|j| (0..rows).map(|i| root[(i, j)]).collect()).collect()
    } else {
        (0..rows).map(|i| (0..size).map(|j| root[(i, j)]).collect()).collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // Columns that are nothing but rounding have no angles.
    let rounding = size.max(rows) as f64 * f64::EPSILON;
    let nothing = rounding.powi(2) * columns.iter().map(|column| dot(column, column)).fold(0.0, f64::max);
    for _ in 0..60 {
        let mut rotated = false;
        for j in 1..columns.len() {
            let (before, after) = columns.split_at_mut(j);
            let right = &mut after[0];
            for left in before {
                let (a, b, c) = (dot(left, left), dot(right, right), dot(left, right));
                if a.min(b) <= nothing || c.abs() <= rounding * (a * b).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (b - a) / (2.0 * c);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cos = 1.0 / t.hypot(1.0);
                for (l, r) in left.iter_mut().zip(right.iter_mut()) {
                    (*l, *r) = (cos * (*l - t * *r), cos * (*r + t * *l));
                }
            }
        }
        if !rotated {
            let values: Vec<f64> = columns.iter().map(|column| dot(column, column)).collect();
            return Ok(Spectrum::exact(size, values.into_iter().filter(|value| *value > nothing).collect()));
        }
    }
    Err(FisherError::Eigenvalues { size })
}

/// Rows of the root that one sample of `samples` contributes: gradients of log p_c times √p_c, or of the means over the
/// standard deviation.
fn sample_rows(head: Head, outputs: &[Dual], samples: usize) -> Vec<Vec<f64>> {
    let share = 1.0 / (samples as f64).sqrt();
    match head {
        Head::Gaussian { variance } => {
            let factor = share / variance.sqrt();
            outputs.iter().map(|output| output.slopes.iter().map(|slope| factor * slope).collect()).collect()
        }
        Head::Categorical => {
            let p = softmax(&outputs.iter().map(|output| output.value).collect::<Vec<f64>>());
            let size = outputs[0].slopes.len();
            let mean: Vec<f64> =
                (0..size).map(|k| p.iter().zip(outputs).map(|(p, output)| p * output.slopes[k]).sum()).collect();
            let row = |p: &f64, output: &Dual| {
                output.slopes.iter().zip(&mean).map(|(slope, mean)| share * p.sqrt() * (slope - mean)).collect()
            };
            p.iter().zip(outputs).map(|(p, output)| row(p, output)).collect()
        }
    }
}

/// Applies a layer to one sample.
fn layer(chain: &Chain, index: usize, own: &LayerParameters, inputs: &[Dual], mode: Inputs) -> Vec<Dual> {
    let (layer, geometry) = (&chain.layers[index], &chain.geometry[index]);
    let width = geometry.width(layer);
    let first: usize = (0..index).map(|earlier| chain.layer_dimension(earlier)).sum();
    let (height, columns) = (geometry.inner.height, geometry.inner.width);
    let mut images: Vec<Vec<Dual>> = Vec::new();
    for channel in 0..layer.channels() {
        let at = first + channel * width;
        let places = (0..height).flat_map(|y| (0..columns).map(move |x| (y, x)));
        let image = places.map(|place| unit(layer, geometry, own, inputs, (channel, at), place, mode)).collect();
        images.push(image);
    }
    images.into_iter().flat_map(|image| pooled(layer, geometry, image)).collect()
}

/// One output before the pool.
fn unit(
    layer: &Layer,
    geometry: &Geometry,
    own: &LayerParameters,
    inputs: &[Dual],
    (channel, at): (usize, usize),
    (y, x): (usize, usize),
    mode: Inputs,
) -> Dual {
    let fan_in = geometry.fan_in;
    let mut u = Dual { value: 0.0, slopes: vec![0.0; inputs[0].slopes.len()] };
    for k in 0..fan_in {
        let latent = own.weight[channel * fan_in + k];
        let (weight, bend) = match &layer.weight_map {
            Some(map) => (map.value(latent), map.slope(latent)),
            None => (latent, 1.0),
        };
        if let Some(input) = input(layer, geometry, k, y, x).map(|at| &inputs[at]) {
            u.value += weight * input.value;
            u.slopes[at + k] += bend * input.value;
            if mode == Inputs::Differentiated {
                u.slopes.iter_mut().zip(&input.slopes).for_each(|(slope, input)| *slope += weight * input);
            }
        }
    }
    let mut next = at + fan_in;
    if layer.bias {
        u.value += own.bias[channel];
        u.slopes[next] += 1.0;
        next += 1;
    }
    if let Some(norm) = &layer.norm {
        let of = |list: &[f64], default: f64| list.get(channel).copied().unwrap_or(default);
        let deviation = (of(&norm.variance, 1.0) + norm.epsilon).sqrt();
        let normal = (u.value - of(&norm.mean, 0.0)) / deviation;
        u.value = own.scale[channel] * normal + own.shift[channel];
        u.slopes.iter_mut().for_each(|slope| *slope *= own.scale[channel] / deviation);
        u.slopes[next] += normal;
        u.slopes[next + 1] += 1.0;
    }
    let slope = layer.activation.slope(u.value);
    u.slopes.iter_mut().for_each(|s| *s *= slope);
    u.value = layer.activation.value(u.value);
    u
}

/// The input that weight k meets at output position (y, x); `None` in the padding.
fn input(layer: &Layer, geometry: &Geometry, k: usize, y: usize, x: usize) -> Option<usize> {
    let Map::Conv { kernel, stride, padding, dilation, .. } = layer.map else { return Some(k) };
    let (channel, within) = (k / (kernel[0] * kernel[1]), k % (kernel[0] * kernel[1]));
    let row = (y * stride[0] + within / kernel[1] * dilation[0]).checked_sub(padding[0][0])?;
    let column = (x * stride[1] + within % kernel[1] * dilation[1]).checked_sub(padding[1][0])?;
    let inside = row < geometry.input.height && column < geometry.input.width;
    inside.then(|| (channel * geometry.input.height + row) * geometry.input.width + column)
}

fn pooled(layer: &Layer, geometry: &Geometry, image: Vec<Dual>) -> Vec<Dual> {
    let Some(pool) = layer.pool else { return image };
    let places = (0..geometry.output.height).flat_map(|y| (0..geometry.output.width).map(move |x| (y, x)));
    let mut out = Vec::new();
    for (y, x) in places {
        let mut window = (0..pool.size[0])
            .flat_map(|dy| (0..pool.size[1]).map(move |dx| (dy, dx)))
            .map(|(dy, dx)| &image[(y * pool.stride[0] + dy) * geometry.inner.width + x * pool.stride[1] + dx]);
        let Some(first) = window.next() else { continue };
        let mut result = first.clone();
        let size = (pool.size[0] * pool.size[1]) as f64;
        for dual in window {
            match pool.kind {
                PoolKind::Max if dual.value > result.value => result = dual.clone(),
                PoolKind::Max => {}
                PoolKind::Average => {
                    result.value += dual.value;
                    result.slopes.iter_mut().zip(&dual.slopes).for_each(|(sum, slope)| *sum += slope);
                }
            }
        }
        if pool.kind == PoolKind::Average {
            result.value /= size;
            result.slopes.iter_mut().for_each(|slope| *slope /= size);
        }
        out.push(result);
    }
    out
}
