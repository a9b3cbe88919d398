//! The block of a categorical last layer, exact over the labels.
//!
//! F = E[Σ_cc' (diag p − ppᵀ)_cc' ψ_c ψ_c'ᵀ], ψ_c the derivative of logit c with respect to the parameters of channel c. With
//! diag p − ppᵀ = SSᵀ per sample, F = AᵀA/n for A with n(c − 1) rows; the smaller of AᵀA and AAᵀ is solved, and AAᵀ needs
//! only inner products of the ψ, which for a dense layer are those of its inputs, shared by all classes. There, too, equal
//! changes of all logits change nothing: AᵀA is solved in the complement of that direction, with (c − 1)/c of its rows.

use faer::Mat;
use rayon::prelude::*;

use super::{
    block::{add_features, windows},
    categorical::{root, softmax},
};
use crate::chain::{Chain, Head, Pass};
use crate::linalg::{add_product_tn, positive_eigenvalues, product_nt, small_gram};
use crate::{FisherError, Spectrum};

/// Spectrum of the block of the last layer.
pub(crate) fn categorical_block(chain: &Chain, index: usize, pass: &Pass) -> Result<Spectrum, FisherError> {
    let classes = pass.channels;
    let dimension = chain.layer_dimension(index);
    let columns = classes - 1;
    if pass.output.iter().any(|logit| !logit.is_finite()) || pass.patches.iter().any(|x| !x.is_finite()) {
        return Err(FisherError::Overflow { layer: index });
    }
    let roots: Vec<Vec<f64>> = pass.output.chunks(classes).map(|logits| root(Head::Categorical, logits)).collect();
    let linear = is_linear(chain, index, pass);
    let values = if pass.samples * columns < dimension {
        positive_eigenvalues(dual(chain, index, pass, &roots).as_ref())?
    } else if linear {
        positive_eigenvalues(centred(chain, index, pass).as_ref())?
    } else {
        positive_eigenvalues(small_gram(&jacobian(chain, index, pass, &roots), dimension).as_ref())?
    };
    let scale = 1.0 / pass.samples as f64;
    Ok(Spectrum::exact(dimension, values.into_iter().map(|value| value * scale).collect()))
}

/// Whether all classes have the same ψ: the inputs, and 1 for a bias.
fn is_linear(chain: &Chain, index: usize, pass: &Pass) -> bool {
    let layer = &chain.layers[index];
    let plain = layer.norm.is_none() && layer.pool.is_none() && pass.bend.is_empty() && pass.positions == 1;
    plain && pass.slope.iter().all(|slope| *slope == 1.0)
}

/// AᵀA of a linear layer in an orthonormal basis of the class vectors that sum to 0; lower triangle.
fn centred(chain: &Chain, index: usize, pass: &Pass) -> Mat<f64> {
    let (samples, classes) = (pass.samples, pass.channels);
    let width = chain.geometry[index].width(&chain.layers[index]);
    let features = features(chain, index, pass, 0);
    // The square root of the softmax at equal probabilities is that basis, over √c.
    let basis = root(Head::Categorical, &vec![0.0; classes]);
    let columns = classes - 1;
    let scale = classes as f64;
    let weights: Vec<Vec<f64>> = pass
        .output
        .chunks(classes)
        .map(|logits| {
            let p = softmax(logits);
            let mean: Vec<f64> =
                (0..columns).map(|a| (0..classes).map(|c| p[c] * basis[c * columns + a]).sum()).collect();
            let entry = |(a, b): (usize, usize)| {
                let square: f64 = (0..classes).map(|c| p[c] * basis[c * columns + a] * basis[c * columns + b]).sum();
                scale * (square - mean[a] * mean[b])
            };
            (0..columns).flat_map(|a| (0..=a).map(move |b| (a, b))).map(entry).collect()
        })
        .collect();
    let mut matrix = Mat::zeros(columns * width, columns * width);
    let mut weighted = vec![0.0; features.len()];
    let mut block = vec![0.0; width * width];
    for (pair, (a, b)) in (0..columns).flat_map(|a| (0..=a).map(move |b| (a, b))).enumerate() {
        for (i, (out, row)) in weighted.chunks_mut(width).zip(features.chunks(width)).enumerate().take(samples) {
            out.iter_mut().zip(row).for_each(|(out, x)| *out = weights[i][pair] * x);
        }
        block.fill(0.0);
        add_product_tn(&weighted, &features, width, &mut block);
        for k in 0..width {
            for l in 0..width {
                matrix[(a * width + k, b * width + l)] = block[k * width + l];
            }
        }
    }
    matrix
}

/// ψ of class c for every sample, row-major `[samples, width]`.
fn features(chain: &Chain, index: usize, pass: &Pass, c: usize) -> Vec<f64> {
    let width = chain.geometry[index].width(&chain.layers[index]);
    let bias = chain.layers[index].bias;
    let windows = windows(chain, index);
    let mut features = vec![0.0; pass.samples * width];
    for (sample, row) in features.chunks_mut(width).enumerate() {
        let mut add = |position: usize, share: f64| {
            let r = sample * pass.positions + position;
            add_features(pass, bias, r, c, share * pass.slope[r * pass.channels + c], row);
        };
        match &windows {
            Some(windows) => {
                windows.iter().flatten().for_each(|position| add(*position, 1.0 / windows[0].len() as f64));
            }
            None if pass.selected.is_empty() => add(0, 1.0),
            None => add(pass.selected[sample * pass.channels + c] as usize, 1.0),
        }
    }
    features
}

/// A, row-major `[samples · (classes − 1), classes · width]`.
fn jacobian(chain: &Chain, index: usize, pass: &Pass, roots: &[Vec<f64>]) -> Vec<f64> {
    let classes = pass.channels;
    let width = chain.geometry[index].width(&chain.layers[index]);
    let columns = classes - 1;
    let mut jacobian = vec![0.0; pass.samples * columns * classes * width];
    for c in 0..classes {
        let features = features(chain, index, pass, c);
        let blocks = jacobian.par_chunks_mut(columns * classes * width).zip(features.par_chunks(width)).zip(roots);
        blocks.for_each(|((block, features), root)| {
            for (a, row) in block.chunks_mut(classes * width).enumerate() {
                let factor = root[c * columns + a];
                let row = &mut row[c * width..(c + 1) * width];
                row.iter_mut().zip(features).for_each(|(out, x)| *out = factor * x);
            }
        });
    }
    jacobian
}

/// A Aᵀ, lower triangle.
fn dual(chain: &Chain, index: usize, pass: &Pass, roots: &[Vec<f64>]) -> Mat<f64> {
    let (samples, classes) = (pass.samples, pass.channels);
    let width = chain.geometry[index].width(&chain.layers[index]);
    let columns = classes - 1;
    let linear = is_linear(chain, index, pass);
    let mut grams: Vec<Vec<f64>> = Vec::new();
    for c in 0..if linear { 1 } else { classes } {
        let features = features(chain, index, pass, c);
        let mut gram = vec![0.0; samples * samples];
        product_nt(&features, &features, width, &mut gram);
        grams.push(gram);
    }
    let mut matrix = Mat::zeros(samples * columns, samples * columns);
    for j in 0..samples {
        for i in j..samples {
            for b in 0..columns {
                for a in 0..columns {
                    let terms = (0..classes).map(|c| {
                        let gram = &grams[if linear { 0 } else { c }];
                        roots[i][c * columns + a] * roots[j][c * columns + b] * gram[i * samples + j]
                    });
                    matrix[(i * columns + a, j * columns + b)] = terms.sum();
                }
            }
        }
    }
    matrix
}
