//! The block of a categorical last layer, exact over the labels.
//!
//! F = E[Σ_cc' (diag p − ppᵀ)_cc' ψ_c ψ_c'ᵀ], ψ_c the derivative of logit c with respect to the parameters of channel c. With
//! diag p − ppᵀ = SSᵀ per sample, F = AᵀA/n for A with n(c − 1) rows; the smaller of AᵀA and AAᵀ is solved, and AAᵀ needs
//! only inner products of the ψ, which for a dense layer are those of its inputs, shared by all classes.

use faer::Mat;
use rayon::prelude::*;

use super::{
    block::{add_features, windows},
    categorical::root,
};
use crate::chain::{Chain, Head, Pass};
use crate::linalg::{positive_eigenvalues, product_nt, small_gram};
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
    let values = if pass.samples * columns < dimension {
        positive_eigenvalues(dual(chain, index, pass, &roots).as_ref())?
    } else {
        positive_eigenvalues(small_gram(&jacobian(chain, index, pass, &roots), dimension).as_ref())?
    };
    let scale = 1.0 / pass.samples as f64;
    Ok(Spectrum::exact(dimension, values.into_iter().map(|value| value * scale).collect()))
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
    let layer = &chain.layers[index];
    let plain = layer.norm.is_none() && layer.pool.is_none() && pass.bend.is_empty() && pass.positions == 1;
    let linear = plain && pass.slope.iter().all(|slope| *slope == 1.0);
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
