//! `2sed-bound`: the deviation bound of 2sED, every constant known, against the largest deviation that is found.
//!
//! Softmax regression and networks of one hidden tanh layer, small enough for the bound to have its best chance; the population is
//! Covertype's 581,012 rows, or the 1,797 digits.

use stairs_capacity::certified::CertifiedLoss;
use stairs_data::DatasetName;

use crate::{
    deviation::BoundConfig,
    experiments::{Experiment, Row},
    report::BoundPage,
};

/// The most frequent class of Covertype, lodgepole pine: 48.8 %.
const PINE: usize = 1;

pub(in crate::experiments) fn experiment() -> Experiment {
    let covertype = || BoundConfig::new(DatasetName::Covertype.as_str());
    // So small a population leaves room for a longer search.
    let digits = || {
        let config = BoundConfig {
            samples: vec![100, 1_000, 10_000, 100_000],
            ..BoundConfig::new(DatasetName::Digits.as_str())
        };
        BoundConfig { repetitions: 20, starts: 2, steps: 40, ..config }
    };
    // Elevation and horizontal distance to fire points; then all ten that are no indicators.
    let two = || BoundConfig { inputs: Some(vec![0, 9]), class: Some(PINE), ..covertype() };
    let ten = || BoundConfig { inputs: Some((0..10).collect()), class: Some(PINE), ..covertype() };
    // Beyond, an ascent passes through all of Covertype in every step: hours for these models.
    let short = |config: BoundConfig| BoundConfig { samples: vec![100, 1_000, 10_000], ..config };
    Experiment {
        name: "2sed-bound",
        title: "The deviation bound of 2sED, evaluated",
        about: "The bound of 2sED with every constant, a plain cover's, and the largest deviation found: softmax regression, small MLPs.",
        rows: vec![
            Row::bound("digits", digits()),
            Row::bound("digits-mlp4", BoundConfig { hidden: Some(4), ..digits() }),
            Row::bound("covertype2", two()),
            Row::bound("covertype2-box8", BoundConfig { radius: 8.0, ..two() }),
            Row::bound("covertype2-cross-entropy", BoundConfig { loss: CertifiedLoss::CrossEntropy, ..two() }),
            Row::bound("covertype2-mlp2", BoundConfig { hidden: Some(2), ..short(two()) }),
            Row::bound("covertype10", short(ten())),
            Row::bound("covertype", short(covertype())),
            Row::bound("covertype-mlp8", BoundConfig { hidden: Some(8), ..short(covertype()) }),
        ],
        seeds: 1,
        page: &BoundPage,
    }
}
