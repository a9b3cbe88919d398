//! `2sed-variance`: 2sED against the variance of the noise in the hidden layers.

use stairs_data::DatasetName;

use super::{SUBJECTS, factorised, measurement};
use crate::{
    experiments::{Experiment, Row},
    measure::MeasureConfig,
    report::VariancePage,
};

/// Variances, ascending.
const VARIANCES: [f64; 7] = [1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3];

pub(in crate::experiments) fn experiment() -> Experiment {
    let row = |(name, dataset, model): (&str, DatasetName, &str), noise_variance: f64| {
        let factorised = match dataset {
            DatasetName::Covertype => factorised(64, 32, &[1e-3]),
            _ => factorised(8, 16, &[1e-3]),
        };
        let config = MeasureConfig { noise_variance, factorised, ..measurement(dataset, model) };
        Row::measure(format!("{name}-variance{noise_variance}"), config)
    };
    Experiment {
        name: "2sed-variance",
        title: "2sED and the noise of the hidden layers",
        about: "2sED as a function of the noise variance σ²: an MLP on Covertype, a small CNN on MNIST.",
        rows: SUBJECTS.into_iter().flat_map(|s| VARIANCES.map(|variance| row(s, variance))).collect(),
        seeds: 1,
        page: &VariancePage,
    }
}
