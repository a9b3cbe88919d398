//! A whole network without noise: the Gram matrix of its samples and outputs, whose non-zero spectrum is the Fisher matrix's.
//!
//! With F = AᵀA/n, A of n·(c − 1) rows (see `output`), AAᵀ is a sum over layers. For a dense layer its entries are
//! (x_i·x_j + 1)(g_i·g_j), from layer inputs x and derivatives g by the layer's arguments: no gradient of a sample is ever
//! formed. A convolution sums over pairs of positions or, where its parameters are fewer than that, over its channels, whose
//! gradients are formed a few channels at a time. No matrix has d rows.

use rayon::prelude::*;

use super::{
    backward::{by_gain, finite_passes, to_inner, to_input},
    categorical::{columns, root},
};
use crate::chain::{Chain, Pass};
use crate::linalg::{in_pool, positive_eigenvalues, product_nn, product_nt};
use crate::{FisherError, LayerParameters, Spectrum};

/// Spectrum of the Fisher matrix of all parameters of a network without noise in its hidden layers, over `inputs`.
///
/// Work and memory grow with (n·c)², n samples and c outputs; with the parameters only linearly.
///
/// ```
/// use stairs_capacity::{Chain, Head, Layer, LayerParameters, Shape, gram_spectrum};
/// let chain = Chain::new(Shape::vector(2), vec![Layer::dense(2)], Head::Categorical)?;
/// let parameters = [LayerParameters { weight: vec![0.0; 4], ..LayerParameters::default() }];
/// let spectrum = gram_spectrum(&chain, &parameters, &[1.0, 1.0])?;
/// assert_eq!(spectrum.rank(), Some(1));
/// assert!((spectrum.trace() - 1.0).abs() < 1e-12); // p(1 − p)·2 classes·|x|² = ¼·2·2
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError`] for parameters or inputs that do not fit, overflow, or eigenvalues that do not converge.
pub fn gram_spectrum(chain: &Chain, parameters: &[LayerParameters], inputs: &[f64]) -> Result<Spectrum, FisherError> {
    in_pool(|| spectrum(chain, parameters, inputs))
}

fn spectrum(chain: &Chain, parameters: &[LayerParameters], inputs: &[f64]) -> Result<Spectrum, FisherError> {
    let passes = finite_passes(chain, parameters, inputs)?;
    let samples = chain.samples(inputs)?;
    let outputs = chain.output().values();
    let per_sample = columns(chain.head, outputs);
    let seeds = samples * per_sample;
    let logits = passes.last().map_or(&[][..], |pass| &pass.output);
    // Seeds: the columns of every sample's S, as rows.
    let mut outer = vec![0.0; seeds * outputs];
    for (rows, logits) in outer.chunks_mut((per_sample * outputs).max(1)).zip(logits.chunks(outputs)) {
        let root = root(chain.head, logits);
        for (a, row) in rows.chunks_mut(outputs).enumerate() {
            row.iter_mut().enumerate().for_each(|(c, out)| *out = root[c * per_sample + a]);
        }
    }
    let mut gram = vec![0.0; seeds * seeds];
    for (index, pass) in passes.iter().enumerate().rev() {
        if seeds == 0 {
            break;
        }
        let mut inner = to_inner(chain, index, pass, &outer, per_sample);
        add_norm(pass, &inner, per_sample, &mut gram);
        by_gain(pass, &mut inner);
        add_weights(chain, index, pass, &inner, per_sample, &mut gram);
        if index > 0 {
            outer = to_input(chain, index, pass, &inner);
        }
    }
    let matrix = faer::MatRef::from_row_major_slice(&gram, seeds, seeds);
    if gram.iter().any(|x| !x.is_finite()) {
        return Err(FisherError::Overflow { layer: 0 });
    }
    let scale = 1.0 / samples as f64;
    let values = positive_eigenvalues(matrix)?.into_iter().map(|value| value * scale).collect();
    Ok(Spectrum::exact(chain.dimension(), values))
}

/// gram += rows · rowsᵀ for `[seeds, k]` rows.
fn add_product(gram: &mut [f64], rows: &[f64], k: usize) {
    let mut product = vec![0.0; gram.len()];
    product_nt(rows, rows, k, &mut product);
    gram.par_iter_mut().zip(product).for_each(|(gram, product)| *gram += product);
}

/// Scale and shift of the normalisation.
fn add_norm(pass: &Pass, inner: &[f64], per_sample: usize, gram: &mut [f64]) {
    if !pass.has_norm() {
        return;
    }
    let image = pass.positions * pass.channels;
    let mut rows = vec![0.0; inner.len() / image * 2 * pass.channels];
    for (seed, (row, inner)) in rows.chunks_mut(2 * pass.channels).zip(inner.chunks(image)).enumerate() {
        let normal = &pass.normal[seed / per_sample * image..][..image];
        for (at, value) in inner.iter().enumerate() {
            row[at % pass.channels] += value * normal[at];
            row[pass.channels + at % pass.channels] += value;
        }
    }
    add_product(gram, &rows, 2 * pass.channels);
}

/// Weights and biases, from the derivatives by z, `[seeds · positions, channels]`.
fn add_weights(chain: &Chain, index: usize, pass: &Pass, inner: &[f64], per_sample: usize, gram: &mut [f64]) {
    let bias = chain.layers[index].bias;
    let seeds = (pass.samples * per_sample) as f64;
    let (samples, positions) = (pass.samples as f64, pass.positions as f64);
    let (channels, width) = (pass.channels as f64, (pass.fan_in + usize::from(bias)) as f64);
    let by_channel = seeds * positions * channels * width + 0.5 * seeds * seeds * channels * width;
    let by_position = 0.5 * samples * samples * positions * positions * (width + per_sample as f64 * channels)
        + 0.5 * seeds * seeds * positions * channels;
    if !pass.bend.is_empty() || by_channel < by_position {
        add_by_channel(pass, bias, inner, per_sample, gram);
    } else {
        add_by_position(pass, bias, inner, per_sample, gram);
    }
}

/// Columns of gradients formed at a time.
const COLUMNS: usize = 512;

fn add_by_channel(pass: &Pass, bias: bool, inner: &[f64], per_sample: usize, gram: &mut [f64]) {
    let width = pass.fan_in + usize::from(bias);
    let group = (COLUMNS / width).max(1);
    let image = pass.positions * pass.channels;
    for first in (0..pass.channels).step_by(group) {
        let some = first..(first + group).min(pass.channels);
        let columns = some.len() * width;
        let mut rows = vec![0.0; inner.len() / image * columns];
        rows.par_chunks_mut(columns).zip(inner.par_chunks(image)).enumerate().for_each(|(seed, (row, inner))| {
            let patches = &pass.patches[seed / per_sample * pass.positions * pass.fan_in..];
            for (o, row) in some.clone().zip(row.chunks_mut(width)) {
                for (position, patch) in patches.chunks(pass.fan_in).take(pass.positions).enumerate() {
                    let value = inner[position * pass.channels + o];
                    if value != 0.0 {
                        row.iter_mut().zip(patch).for_each(|(out, x)| *out += value * x);
                        if bias {
                            row[pass.fan_in] += value;
                        }
                    }
                }
                if !pass.bend.is_empty() {
                    let bend = &pass.bend[o * pass.fan_in..(o + 1) * pass.fan_in];
                    row.iter_mut().zip(bend).for_each(|(out, bend)| *out *= bend);
                }
            }
        });
        add_product(gram, &rows, columns);
    }
}

fn add_by_position(pass: &Pass, bias: bool, inner: &[f64], per_sample: usize, gram: &mut [f64]) {
    let (positions, channels, fan_in) = (pass.positions, pass.channels, pass.fan_in);
    let seeds = pass.samples * per_sample;
    if positions == 1 {
        let mut inputs = vec![0.0; pass.samples * pass.samples];
        product_nt(&pass.patches, &pass.patches, fan_in, &mut inputs);
        let mut product = vec![0.0; gram.len()];
        product_nt(inner, inner, channels, &mut product);
        gram.par_chunks_mut(seeds).zip(product.par_chunks(seeds)).enumerate().for_each(|(s, (gram, product))| {
            let inputs = &inputs[s / per_sample * pass.samples..][..pass.samples];
            for (t, (gram, product)) in gram.iter_mut().zip(product).enumerate() {
                *gram += product * (inputs[t / per_sample] + f64::from(bias));
            }
        });
        return;
    }
    // For every pair of samples: T = patches_i · patches_jᵀ, then ⟨g_i, T g_j⟩ over positions, channel by channel.
    let image = positions * channels;
    let patches = |i: usize| &pass.patches[i * positions * fan_in..(i + 1) * positions * fan_in];
    gram.par_chunks_mut(per_sample * seeds).enumerate().for_each(|(i, gram)| {
        let mut pairs = vec![0.0; positions * positions];
        let mut carried = vec![0.0; image];
        for j in 0..=i {
            let (a, b) = (faer_rows(patches(i), fan_in), faer_rows(patches(j), fan_in));
            let out = faer::MatMut::from_row_major_slice_mut(&mut pairs, positions, positions);
            faer::linalg::matmul::matmul(out, faer::Accum::Replace, a, b.transpose(), 1.0, faer::Par::Seq);
            pairs.iter_mut().for_each(|pair| *pair += f64::from(bias));
            for t in 0..per_sample {
                product_nn(&pairs, &inner[(j * per_sample + t) * image..][..image], positions, &mut carried);
                for s in 0..per_sample {
                    let own = &inner[(i * per_sample + s) * image..][..image];
                    let dot: f64 = own.iter().zip(&carried).map(|(a, b)| a * b).sum();
                    gram[s * seeds + j * per_sample + t] += dot;
                }
            }
        }
    });
}

fn faer_rows(values: &[f64], columns: usize) -> faer::MatRef<'_, f64> {
    faer::MatRef::from_row_major_slice(values, values.len() / columns, columns)
}
