//! `2sed-training`: the lower 2sED before training against the training loss after it.
//!
//! Twelve networks a data set, of every depth from 1 to 4 and three widths. Adam at 10⁻³, constant; batches as in the paper:
//! 64 (Covertype), 256 (MNIST), 512 (CIFAR-10). The short form takes fewer samples, epochs and draws.

use stairs_data::DatasetName;
use stairs_train::{LrSchedule, Method, RunConfig};

use super::{factorised, measurement};
use crate::{
    experiments::{Experiment, Row},
    measure::MeasureConfig,
    report::TrainingPage,
};

const DEPTHS: [usize; 4] = [1, 2, 3, 4];
/// Radius of the unit-factorised bound, that of the page.
const RADIUS: f64 = 1e-3;

/// The networks of one data set, and how they are trained.
struct Family {
    dataset: DatasetName,
    model: &'static str,
    widths: [usize; 3],
    batch: usize,
    subset: Option<usize>,
    epochs: usize,
    draws: usize,
    /// Particles and draws of the unit-factorised bound.
    factorised: (usize, usize),
}

pub(in crate::experiments) fn experiment() -> Experiment {
    let mlp = Family {
        dataset: DatasetName::Covertype,
        model: "plain-mlp",
        widths: [8, 16, 32],
        batch: 64,
        subset: Some(10_000),
        epochs: 20,
        draws: 50,
        factorised: (16, 16),
    };
    let cnn = Family { model: "plain-cnn", widths: [4, 8, 16], factorised: (4, 4), ..mlp };
    Experiment {
        name: "2sed-training",
        title: "2sED before training and the loss after it",
        about: "Lower 2sED of 36 networks before training against their training loss: Covertype, MNIST, CIFAR-10.",
        rows: rows(&[
            mlp,
            Family { dataset: DatasetName::Mnist, batch: 256, epochs: 8, draws: 20, ..cnn },
            Family { dataset: DatasetName::Cifar10, batch: 512, epochs: 30, draws: 20, subset: None, ..cnn },
        ]),
        seeds: 2,
        page: &TrainingPage,
    }
}

pub(in crate::experiments) fn full() -> Experiment {
    let mlp = Family {
        dataset: DatasetName::Covertype,
        model: "plain-mlp",
        widths: [8, 16, 32],
        batch: 64,
        subset: Some(100_000),
        epochs: 50,
        draws: 100,
        factorised: (64, 32),
    };
    let cnn = Family { model: "plain-cnn", widths: [4, 8, 16], subset: None, ..mlp };
    Experiment {
        name: "2sed-training-full",
        title: "2sED before training and the loss after it, at the paper's size",
        about: "The same with 100,000 samples of Covertype, all of MNIST and CIFAR-10, and 100 draws; days on a laptop.",
        rows: rows(&[
            mlp,
            Family { dataset: DatasetName::Mnist, batch: 256, ..cnn },
            Family { dataset: DatasetName::Cifar10, batch: 512, ..cnn },
        ]),
        seeds: 3,
        page: &TrainingPage,
    }
}

/// All measurements, then all trainings.
fn rows(families: &[Family]) -> Vec<Row> {
    let models = || families.iter().flat_map(|family| family.models().into_iter().map(move |model| (family, model)));
    let measure = |(family, model): (&Family, String)| {
        let (particles, draws) = family.factorised;
        let config = MeasureConfig {
            draws: family.draws,
            factorised: factorised(particles, draws, &[RADIUS]),
            ..measurement(family.dataset, &model)
        };
        Row::measure(format!("capacity-{}", name(family, &model)), config)
    };
    let train = |(family, model): (&Family, String)| Row::train(name(family, &model), family.run(model));
    models().map(measure).chain(models().map(train)).collect()
}

/// Name of a network's trials: `mnist-8-8-8`.
fn name(family: &Family, model: &str) -> String {
    format!("{}-{}", family.dataset, model.rsplit(':').next().unwrap_or(model))
}

impl Family {
    fn models(&self) -> Vec<String> {
        let sizes = |depth: usize, width: usize| vec![width.to_string(); depth].join("-");
        let all = DEPTHS.iter().flat_map(|depth| self.widths.map(|width| (*depth, width)));
        all.map(|(depth, width)| format!("{}:{}", self.model, sizes(depth, width))).collect()
    }

    fn run(&self, model: String) -> RunConfig {
        RunConfig::new(model)
            .with_dataset(self.dataset.to_string())
            .with_method(Method::Float)
            .with_epochs(self.epochs)
            .with_batch(self.batch)
            .with_subset(self.subset)
            .with_lr(1e-3)
            .with_lr_schedule(LrSchedule::Constant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_is_measured_and_trained() {
        for experiment in [experiment(), full()] {
            assert_eq!(experiment.rows.len(), 2 * 3 * 12, "{}", experiment.name);
            let mut names: Vec<_> = experiment.rows.iter().map(|row| row.name.clone()).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), experiment.rows.len());
        }
    }
}
