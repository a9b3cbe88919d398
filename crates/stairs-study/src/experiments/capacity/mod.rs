//! The studies of the two-scale effective dimension.
//!
//! Source: Datres, Leonardi, Figalli, Sutter, *A two-scale Complexity Measure for Deep Learning Models*, NeurIPS 2024,
//! arXiv 2401.09184. Networks are without batch normalisation, as the paper's; they are measured at 100 samples.

mod bound;
mod choice;
mod equal;
mod lower;
mod training;
mod variance;

use stairs_data::DatasetName;

pub(super) use bound::experiment as bound;
pub(super) use choice::experiment as choice;
pub(super) use lower::experiment as lower;
pub(super) use training::{experiment as training, full as training_full};
pub(super) use variance::experiment as variance;

use crate::measure::{FactorisedConfig, MeasureConfig};

/// The two networks whose measures are looked at closely: an MLP 54-16-7 on Covertype, a small CNN on MNIST.
const SUBJECTS: [(&str, DatasetName, &str); 2] =
    [("mlp", DatasetName::Covertype, "plain-mlp:16"), ("cnn", DatasetName::Mnist, "plain-cnn:4-8")];

/// A measurement of a model by name.
fn measurement(dataset: DatasetName, model: &str) -> MeasureConfig {
    match model.parse() {
        Ok(model) => MeasureConfig::new(model, dataset.as_str()),
        Err(error) => unreachable!("a model of the catalogue: {error}"),
    }
}

/// The unit-factorised bound at some radii, or at those of the curve.
fn factorised(particles: usize, draws: usize, eps: &[f64]) -> Option<FactorisedConfig> {
    Some(FactorisedConfig { draws, last_draws: 1, particles, eps: eps.to_vec() })
}
