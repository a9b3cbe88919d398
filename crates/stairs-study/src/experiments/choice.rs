//! How the shipped configurations were chosen: by validation accuracy, every method with the same number of candidates.
//!
//! | experiment | data | network | epochs |
//! |---|---|---|---|
//! | `choose-digits` | the embedded digits | `lenet:16-32-64` | 40 |
//! | `choose-mnist`, `choose-fashion-mnist` | 10,000 images | `lenet:16-32-64` | 10 |
//! | `choose-cifar10` | 5,000 images | `lenet:16-32-64` | 20 |
//!
//! Candidates, six a method; a tenth of the training samples is held out:
//!
//! | method | rates | times |
//! |---|---|---|
//! | float | 10⁻³, 3·10⁻³ | batch 32, 64, 128 |
//! | ste | 10⁻³, 3·10⁻³ | quantum max-abs, 0.1, 1 |
//! | ana | 10⁻³, 3·10⁻³ | noise in weights alone, hardened layer by layer, quantum 0.1; noise everywhere, quantum 0.1; the same, max-abs |

use stairs_data::DatasetName;
use stairs_noise::{
    Noise,
    plan::{Decay, Dynamics, Interval, Policy},
};
use stairs_quant::ScalePolicy;
use stairs_train::{BackwardLaw, ForwardNoise, Method, RunConfig};

use super::{Experiment, Row};
use crate::report::ChoicePage;

/// Learning rates every method is tried with.
const RATES: [f64; 2] = [1e-3, 3e-3];

/// One choice per data set of the catalogue.
pub(super) fn experiments() -> [Experiment; 4] {
    let of = |name, title, dataset, epochs, subset| Experiment {
        name,
        title,
        about: "Candidates of every method by validation accuracy: what the shipped configurations are chosen by; 2 seeds.",
        rows: rows(dataset, epochs, subset),
        seeds: 2,
        page: &ChoicePage,
    };
    [
        of("choose-digits", "Choosing configurations for the digits", DatasetName::Digits, 40, None),
        of("choose-mnist", "Choosing configurations for MNIST", DatasetName::Mnist, 10, Some(10_000)),
        of(
            "choose-fashion-mnist",
            "Choosing configurations for Fashion-MNIST",
            DatasetName::FashionMnist,
            10,
            Some(10_000),
        ),
        of("choose-cifar10", "Choosing configurations for CIFAR-10", DatasetName::Cifar10, 20, Some(5_000)),
    ]
}

fn rows(dataset: DatasetName, epochs: usize, subset: Option<usize>) -> Vec<Row> {
    let policy = |power| Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Partition, power);
    let digits = dataset == DatasetName::Digits;
    let base = |method| {
        RunConfig::new("lenet:16-32-64")
            .with_dataset(dataset.to_string())
            .with_method(method)
            .with_epochs(epochs)
            .with_subset(subset)
            .with_batch(if digits { 32 } else { 64 })
            .with_validation(0.1)
            .with_weight_scale(ScalePolicy::MaxAbs)
            .with_law(Noise::Uniform)
            .with_policy(policy(Decay::Progressive))
            .with_backward(BackwardLaw::Static)
            .with_anneal_until(if digits { 0.95 } else { 0.8 })
            .with_augment(dataset == DatasetName::Cifar10)
    };
    let mut rows = Vec::new();
    for lr in RATES {
        for batch in [32, 64, 128] {
            let config = base(Method::Float).with_lr(lr).with_batch(batch);
            rows.push(Row::train(format!("float-lr{lr}-batch{batch}"), config));
        }
        for weight_scale in [ScalePolicy::MaxAbs, ScalePolicy::Fixed(0.1), ScalePolicy::Fixed(1.0)] {
            let config = base(Method::Ste).with_lr(lr).with_weight_scale(weight_scale);
            rows.push(Row::train(format!("ste-lr{lr}-{}", named(weight_scale)), config));
        }
        let weights = base(Method::Ana)
            .with_forward_noise(ForwardNoise::Weights)
            .with_policy(policy(Decay::Linear))
            .with_anneal_until(0.5);
        let everywhere = base(Method::Ana).with_anneal_until(0.8);
        for (name, config, weight_scale) in [
            ("weights", weights, ScalePolicy::Fixed(0.1)),
            ("everywhere", everywhere.clone(), ScalePolicy::Fixed(0.1)),
            ("everywhere", everywhere, ScalePolicy::MaxAbs),
        ] {
            let config = config.with_lr(lr).with_weight_scale(weight_scale);
            rows.push(Row::train(format!("ana-lr{lr}-{name}-{}", named(weight_scale)), config));
        }
    }
    rows
}

/// A quantum in the name of a row, which is a directory too.
fn named(scale: ScalePolicy) -> String {
    scale.to_string().replace(':', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Task;

    #[test]
    fn every_method_has_as_many_candidates_and_the_same_budget() {
        for experiment in experiments() {
            let configs = experiment.rows.iter().map(|row| match &row.task {
                Task::Train(config) => config.clone(),
                Task::Measure(_) | Task::Bound(_) => unreachable!("only trainings"),
            });
            let configs: Vec<RunConfig> = configs.collect();
            for method in [Method::Float, Method::Ste, Method::Ana] {
                assert_eq!(configs.iter().filter(|config| config.method == method).count(), 6, "{}", experiment.name);
            }
            let budget = |config: &RunConfig| (config.epochs, config.subset, config.validation, config.augment);
            assert!(configs.windows(2).all(|two| budget(&two[0]) == budget(&two[1])));
        }
    }
}
