//! `2sed-choice`: does a measure before training choose a better network than chance, or than a simpler measure?
//!
//! Three sets of networks that cost the same: perceptrons with 8,000 parameters on Covertype, convolutional networks with 10,460
//! parameters and others with 1.2 million multiply-accumulates on CIFAR-10. Every network is measured before training and trained twice.

use stairs_capacity::radius;
use stairs_data::DatasetName;
use stairs_train::{LrSchedule, Method, RunConfig};

use super::{
    equal::{Profile, Stack, mlp_parameters, widths},
    factorised, measurement,
};
use crate::{
    experiments::{Experiment, Row},
    measure::MeasureConfig,
    report::NetworkChoicePage,
};

/// A set of networks of one cost.
struct Set {
    name: &'static str,
    dataset: DatasetName,
    models: Vec<String>,
    subset: usize,
    epochs: usize,
    batch: usize,
    lr: f64,
    /// Samples and draws of every measure, particles and draws of the unit-factorised bound.
    measured: (usize, usize, usize),
}

pub(in crate::experiments) fn experiment() -> Experiment {
    let sets = sets();
    let all = || sets.iter().flat_map(|set| set.models.iter().map(move |model| (set, model)));
    let measure = all().map(|(set, model)| Row::measure(format!("measure-{}", set.row(model)), set.measurement(model)));
    let train = all().map(|(set, model)| Row::train(set.row(model), set.run(model)));
    Experiment {
        name: "2sed-choice",
        title: "Choosing a network before training",
        about: "Networks of equal cost, measured before training: is the network that a measure chooses a better one?",
        rows: measure.chain(train).collect(),
        seeds: 2,
        page: &NetworkChoicePage,
    }
}

fn sets() -> [Set; 3] {
    use Profile::{Bulging, Constant, Growing, Shrinking, Waisted};
    let mlps = shapes(&[1, 2, 3, 4, 5, 6, 7, 8], &[Constant, Growing, Shrinking, Waisted, Bulging]).filter_map(
        |(depth, profile)| {
            let found = widths(depth, profile, 8_000, |widths| mlp_parameters(54, 7, widths))?;
            Some(format!("plain-mlp:{}", joined(&found)))
        },
    );
    let cnns = |target: usize, profiles: &'static [Profile], cost: fn(Stack, &[usize]) -> usize| {
        let stacks = [3, 5, 7].into_iter().flat_map(move |kernel| {
            shapes(&[1, 2, 3, 4, 5, 6], profiles).map(move |(depth, profile)| (kernel, depth, profile))
        });
        let stacks = stacks.filter(|(kernel, depth, profile)| *kernel < 7 || (*depth <= 4 && *profile == Constant));
        stacks.filter_map(move |(kernel, depth, profile)| {
            let stack = Stack { channels: 3, side: 32, classes: 10, kernel };
            let found = widths(depth, profile, target, |widths| cost(stack, widths))?;
            let option = if kernel == 3 { String::new() } else { format!("+k{kernel}") };
            Some(format!("cnn:{}{option}", joined(&found)))
        })
    };
    let images = Set {
        name: "cifar10",
        dataset: DatasetName::Cifar10,
        models: cnns(10_460, &[Constant, Growing, Shrinking], Stack::parameters).collect(),
        subset: 20_000,
        epochs: 6,
        batch: 128,
        lr: 2e-3,
        measured: (50, 6, 2),
    };
    [
        Set {
            name: "covertype",
            dataset: DatasetName::Covertype,
            models: mlps.collect(),
            subset: 50_000,
            epochs: 10,
            batch: 128,
            lr: 2e-3,
            measured: (100, 20, 4),
        },
        Set { name: "cifar10-macs", models: cnns(1_200_000, &[Constant, Growing], Stack::macs).collect(), ..images },
        Set { models: cnns(10_460, &[Constant, Growing, Shrinking], Stack::parameters).collect(), ..images },
    ]
}

/// Every depth with every profile that can be told from the others: a single layer has one width, two have no middle.
fn shapes(depths: &[usize], profiles: &[Profile]) -> impl Iterator<Item = (usize, Profile)> {
    let all = depths.iter().flat_map(|depth| profiles.iter().map(|profile| (*depth, *profile)));
    let differ = |(depth, profile): &(usize, Profile)| match profile {
        Profile::Constant => true,
        Profile::Growing | Profile::Shrinking => *depth > 1,
        Profile::Waisted | Profile::Bulging => *depth > 2,
    };
    all.filter(differ).collect::<Vec<_>>().into_iter()
}

fn joined(widths: &[usize]) -> String {
    widths.iter().map(ToString::to_string).collect::<Vec<_>>().join("-")
}

impl Set {
    /// Name of a network's trials: `cifar10-macs-20-41+k5`.
    fn row(&self, model: &str) -> String {
        format!("{}-{}", self.name, model.rsplit(':').next().unwrap_or(model))
    }

    /// 2sED at radii from 10⁻¹ to 10⁻⁶ and at that of n samples, its unit-factorised bound at one, and the measures of others, all of
    /// the same samples.
    fn measurement(&self, model: &str) -> MeasureConfig {
        let (samples, draws, particles) = self.measured;
        MeasureConfig {
            samples,
            draws,
            eps: [1e-1, 1e-2, 1e-3, 1e-4, 1e-6].into_iter().chain(radius(self.subset, 1.0).ok()).collect(),
            factorised: factorised(particles, particles, &[1e-3]),
            baselines: draws,
            ..measurement(self.dataset, model)
        }
    }

    fn run(&self, model: &str) -> RunConfig {
        RunConfig::new(model.to_owned())
            .with_dataset(self.dataset.to_string())
            .with_method(Method::Float)
            .with_epochs(self.epochs)
            .with_batch(self.batch)
            .with_subset(Some(self.subset))
            .with_lr(self.lr)
            .with_lr_schedule(LrSchedule::Cosine { floor: 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use stairs_zoo::{Architecture, Quantisation};

    use super::*;

    /// What the sets are about, counted from the recorded networks.
    #[test]
    fn the_networks_of_a_set_cost_the_same() {
        for set in sets() {
            assert!(set.models.len() >= 20, "{}: {}", set.name, set.models.len());
            let (input, classes) = match set.dataset {
                DatasetName::Covertype => ([54, 1, 1], 7),
                _ => ([3, 32, 32], 10),
            };
            let costs: Vec<u64> = set
                .models
                .iter()
                .map(|model| {
                    let model: Architecture = model.parse().unwrap();
                    let totals = model.network(input, classes, &Quantisation::Float, &Device::flex()).unwrap().totals();
                    if set.name == "cifar10-macs" { totals.macs } else { totals.parameters }
                })
                .collect();
            let (low, high) = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
            assert!(*high as f64 <= 1.0404 * *low as f64, "{}: {low} to {high}", set.name);
            let mut names = set.models.clone();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), set.models.len(), "{}", set.name);
        }
    }
}
