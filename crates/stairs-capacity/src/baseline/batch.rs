//! Inputs with what a network should say of them, and the loss: the mean negative log-likelihood.
//!
//! ```text
//! ℓ_i = log Σ_c exp z_ic − z_{i,y_i}      (categorical head, label y_i: cross-entropy)
//! ℓ_i = |z_i − y_i|²/(2v)                 (Gaussian head of variance v, target y_i; the constant ½ log 2πv left out)
//! ```

use crate::chain::{Chain, Head, finite};
use crate::{ChainError, fisher::softmax};

/// What the outputs are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Targets<'a> {
    Labels(&'a [usize]),
    Values(&'a [f64]),
}

/// Inputs, samples one after the other, with their targets. Checked against the network it is used with.
///
/// ```
/// use stairs_capacity::Batch;
/// let two = Batch::labelled(&[0.5, -1.0, 2.0, 0.0], &[0, 2]); // two samples of two numbers, three classes or more
/// # let _ = two;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    pub(crate) inputs: &'a [f64],
    pub(crate) targets: Targets<'a>,
}

impl<'a> Batch<'a> {
    /// Samples with a class label each, from 0: for a categorical head.
    pub fn labelled(inputs: &'a [f64], labels: &'a [usize]) -> Self {
        Self { inputs, targets: Targets::Labels(labels) }
    }

    /// Samples with a target value for every output: for a Gaussian head.
    pub fn valued(inputs: &'a [f64], values: &'a [f64]) -> Self {
        Self { inputs, targets: Targets::Values(values) }
    }

    /// Checks inputs and targets; the number of samples.
    pub(crate) fn check(&self, chain: &Chain) -> Result<usize, ChainError> {
        let samples = chain.samples(self.inputs)?;
        let outputs = chain.output().values();
        let count = |what, expected, got| match expected == got {
            true => Ok(()),
            false => Err(ChainError::Targets { samples, what, expected, got }),
        };
        let (labels, values) = ("class labels", "target values");
        match (chain.head, self.targets) {
            (Head::Categorical, Targets::Labels(list)) => {
                count(labels, samples, list.len())?;
                match list.iter().enumerate().find(|(_, label)| **label >= outputs) {
                    Some((sample, &label)) => Err(ChainError::Label { sample, label, classes: outputs })?,
                    None => Ok(samples),
                }
            }
            (Head::Gaussian { .. }, Targets::Values(list)) => {
                count(values, samples * outputs, list.len())?;
                finite(chain.layers.len() - 1, "target value", list)?;
                Ok(samples)
            }
            (Head::Categorical, Targets::Values(_)) => {
                Err(ChainError::Loss { head: "categorical", needs: labels, got: values })
            }
            (Head::Gaussian { .. }, Targets::Labels(_)) => {
                Err(ChainError::Loss { head: "Gaussian", needs: values, got: labels })
            }
        }
    }

    /// ℓ_i of every sample, from the outputs of a chain that the batch was checked against.
    pub(crate) fn losses(&self, head: Head, outputs: &[f64], width: usize) -> Vec<f64> {
        let rows = outputs.chunks(width).enumerate();
        rows.map(|(i, z)| match (head, self.targets) {
            (Head::Gaussian { variance }, Targets::Values(values)) => {
                let squares = z.iter().zip(&values[i * width..]).map(|(z, y)| (z - y).powi(2));
                squares.sum::<f64>() / (2.0 * variance)
            }
            (_, Targets::Labels(labels)) => {
                let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                largest - z[labels[i]] + z.iter().map(|z| (z - largest).exp()).sum::<f64>().ln()
            }
            (Head::Categorical, Targets::Values(_)) => 0.0,
        })
        .collect()
    }

    /// ∂ℓ_i/∂z_i of every sample, `[samples, width]`.
    pub(crate) fn slopes(&self, head: Head, outputs: &[f64], width: usize) -> Vec<f64> {
        let mut slopes = outputs.to_vec();
        for (i, z) in slopes.chunks_mut(width).enumerate() {
            match (head, self.targets) {
                (Head::Gaussian { variance }, Targets::Values(values)) => {
                    z.iter_mut().zip(&values[i * width..]).for_each(|(z, y)| *z = (*z - y) / variance);
                }
                (_, Targets::Labels(labels)) => {
                    z.copy_from_slice(&softmax(z));
                    z[labels[i]] -= 1.0;
                }
                (Head::Categorical, Targets::Values(_)) => z.fill(0.0),
            }
        }
        slopes
    }
}
