//! `mixed-bits`: does a rule that gives every layer its bits beat uniform bits at the same budget?
//!
//! | network | data | float | fine-tuning |
//! |---|---|---|---|
//! | `lenet:8-16-32` | 4,000 images of Fashion-MNIST | 8 epochs | 1 epoch |
//! | `vgg8:0.0625` | 3,000 images of CIFAR-10 | 8 epochs | 1 epoch |
//!
//! Ten budgets of bit operations, from a mean of 2.25 to one of 6 bits a weight; widths 2, 3, 4, 6 and 8. All rules start from the float network of
//! the seed and train for as long. `random` fills the budget by chance, another one for every seed: what a rule has to be better than. Uniform bits
//! are trained once for all budgets that they are the most for.

use stairs_data::DatasetName;
use stairs_network::Budget;
use stairs_quant::{Bits, Quantiser, ScalePolicy};
use stairs_train::{Features, Method, RunConfig};

use super::{Experiment, Row, recipe};
use crate::{
    bits::{BitsConfig, Effort, Rule},
    report::{MixedPage, Width},
};

const fn width(mean: f64, uniform: u32) -> Width {
    Width { mean, uniform }
}

const PAGE: MixedPage = MixedPage {
    networks: &[("lenet", "LeNet on Fashion-MNIST"), ("vgg", "VGG8 on CIFAR-10")],
    widths: &[
        width(2.25, 2),
        width(2.5, 2),
        width(2.75, 2),
        width(3.0, 3),
        width(3.25, 3),
        width(3.5, 3),
        width(4.0, 4),
        width(4.5, 4),
        width(5.0, 4),
        width(6.0, 6),
    ],
    rules: &["2sed", "hessian", "error", "random"],
};

/// A network, its data and its lengths.
struct Subject {
    name: &'static str,
    model: &'static str,
    dataset: DatasetName,
    samples: usize,
    float: usize,
    tuning: usize,
}

/// The experiment.
pub(super) fn experiment() -> Experiment {
    let lenet = Subject {
        name: "lenet",
        model: "lenet:8-16-32",
        dataset: DatasetName::FashionMnist,
        samples: 4_000,
        float: 8,
        tuning: 1,
    };
    let vgg = Subject {
        name: "vgg",
        model: "vgg8:0.0625",
        dataset: DatasetName::Cifar10,
        samples: 3_000,
        float: 8,
        tuning: 1,
    };
    Experiment {
        name: "mixed-bits",
        title: "Bits for every layer",
        about: "Bits by 2sED, by Hessian, by weight error and at random against uniform bits: 10 budgets, LeNet and VGG8, 3 seeds.",
        rows: [lenet, vgg].iter().flat_map(Subject::rows).collect(),
        seeds: 3,
        page: &PAGE,
    }
}

impl Subject {
    fn run(&self, method: Method, epochs: usize) -> RunConfig {
        // What trains the float network well on this data; images are as they are, so that a short training sees them all.
        recipe(self.dataset, self.model, Method::Float)
            .with_method(method)
            .with_epochs(epochs)
            .with_subset(self.samples)
            .with_augment(false)
            .with_lr(1e-3)
    }

    fn rows(&self) -> Vec<Row> {
        let name = self.name;
        let float = format!("{name}-float");
        let four = Bits::new(4).map_or(Quantiser::Ternary, Quantiser::Signed);
        let tuned = self
            .run(Method::Ste, self.tuning)
            .with_quantiser(four)
            .with_features(Features::Matching)
            .with_weight_scale(ScalePolicy::MseOptimal);
        let row = |row: String, rule: Rule, mean: f64| {
            let effort = Effort { samples: 64, probes: 16, draws: 4, ..Effort::default() };
            let bits = BitsConfig { effort, ..BitsConfig::new(rule, Budget::MeanBits(mean)) };
            Row::train(row, tuned.clone()).with_start(float.as_str()).with_bits(bits)
        };
        let mut uniform: Vec<u32> = PAGE.widths.iter().map(|width| width.uniform).collect();
        uniform.dedup();
        let mut rows = vec![Row::train(float.as_str(), self.run(Method::Float, self.float))];
        rows.extend(uniform.iter().map(|bits| row(format!("{name}-uniform-{bits}"), Rule::Uniform, f64::from(*bits))));
        for width in PAGE.widths {
            for rule in [Rule::TwoScale, Rule::Hessian, Rule::Error, Rule::Random] {
                rows.push(row(MixedPage::row(name, rule.name(), width.mean), rule, width.mean));
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::{Scale, Task};

    #[test]
    fn rows_are_those_of_the_page_and_differ_in_their_bits_alone() {
        let experiment = experiment();
        let trials = experiment.trials(Scale::default());
        assert_eq!(trials.len(), 3 * 2 * (1 + 4 + 4 * 10));
        for (network, _) in PAGE.networks {
            for width in PAGE.widths {
                let wanted = PAGE.rules.iter().map(|rule| MixedPage::row(network, rule, width.mean));
                for name in wanted.chain([format!("{network}-uniform-{}", width.uniform)]) {
                    let row = experiment.rows.iter().find(|row| row.name == name);
                    let row = row.unwrap_or_else(|| panic!("no row {name}"));
                    assert_eq!(row.from, Some(format!("{network}-float")));
                    let Some(BitsConfig { budget: Budget::MeanBits(mean), levels, .. }) = &row.bits else {
                        panic!("{name}")
                    };
                    assert!(*mean <= width.mean && width.uniform as f64 <= width.mean, "{name}");
                    // Uniform bits are the most that fit.
                    let most = levels.iter().rev().find(|bits| f64::from(bits.get()) <= width.mean).unwrap();
                    assert_eq!(most.get(), width.uniform);
                }
            }
            let of = |row: &&Row| row.bits.is_some() && row.name.starts_with(network);
            let tasks: Vec<&Task> = experiment.rows.iter().filter(of).map(|row| &row.task).collect();
            assert!(tasks.windows(2).all(|two| two[0] == two[1]));
        }
    }
}
