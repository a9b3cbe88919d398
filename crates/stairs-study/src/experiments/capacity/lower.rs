//! `2sed-lower`: 2sED against its lower bounds over ε.

use stairs_data::DatasetName;

use super::{SUBJECTS, factorised, measurement};
use crate::{
    experiments::{Experiment, Row},
    measure::MeasureConfig,
    report::LowerPage,
};

/// Half-width of the box that stands for the paper's prior, which is uniform.
const BOX: f64 = 1.0;

pub(in crate::experiments) fn experiment() -> Experiment {
    let row = |(name, dataset, model): (&str, DatasetName, &str), prior: &str, cube| {
        // The units of an MLP are cheap; those of a CNN are measured at every second decade.
        let factorised = match dataset {
            DatasetName::Covertype => factorised(64, 64, &[]),
            _ => factorised(8, 16, &[1e-1, 1e-2, 1e-4, 1e-6]),
        };
        let config = MeasureConfig { cube, inner: 10, particles: 64, factorised, ..measurement(dataset, model) };
        Row::measure(format!("{name}-{prior}"), config)
    };
    Experiment {
        name: "2sed-lower",
        title: "2sED and its lower bounds",
        about: "2sED against four lower bounds over ε: an MLP on Covertype, a small CNN on MNIST.",
        rows: SUBJECTS.into_iter().flat_map(|s| [row(s, "initialiser", None), row(s, "box", Some(BOX))]).collect(),
        seeds: 1,
        page: &LowerPage,
    }
}
