//! Published configurations by name.
//!
//! A recipe sets what its authors set: method, noise, schedule, rate, loss, quantum, length. Data set, network, seed and device stay
//! with the run. [`Recipe::table`] says what each is, from where, and where this project deviates.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use stairs_noise::{
    Noise, Strategy,
    plan::{Decay, Dynamics, Interval, Policy},
};
use stairs_quant::{Quantiser, ScalePolicy};

use crate::{
    AnnealPer, BackwardLaw, Edges, Features, ForwardNoise, Loss, LrSchedule, Method, Optimiser, RunConfig, Start,
    WeightDecay,
};

/// A published configuration.
///
/// ```
/// use stairs_train::{Recipe, RunConfig};
/// let config = RunConfig::ana19("cifar10", "vgg9:0.125+pool-first+norm-logits").with_epochs(30);
/// assert_eq!(config, Recipe::Ana19.applied(config.clone()).with_epochs(30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// Spallanzani, Cavigelli, Leonardi, Bertogna, Benini, *Additive Noise Annealing and Approximation Properties of
    /// Quantized Neural Networks*, 2019 (arXiv 1905.10452): forward noise in weights, hardened layer after layer.
    Ana19,
    /// Spallanzani, Leonardi, Benini, *Training Quantised Neural Networks with STE Variants: the Additive Noise Annealing
    /// Algorithm*, CVPR 2022 (arXiv 2203.11323): their default configuration.
    Ana22,
}

/// A row of a recipe's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What is set.
    pub what: &'static str,
    /// The authors' value.
    pub authors: &'static str,
    /// The value of this project, from the configuration where it is one.
    pub ours: String,
    /// How it deviates; empty where it does not.
    pub deviation: &'static str,
}

impl RunConfig {
    /// The recipe of \[ANA19\], 1,000 epochs. The authors' networks are `vgg9+pool-first+norm-logits` on CIFAR-10 and
    /// `mobilenet-v2` on ImageNet; of a MobileNetV2 only the residual branches are quantised.
    pub fn ana19(dataset: &str, model: &str) -> Self {
        Recipe::Ana19.applied(RunConfig::new(model).with_dataset(dataset))
    }

    /// The default configuration of \[ANA22\], 500 epochs. The authors' network is `vgg8:CAPACITY+wide` on CIFAR-10.
    pub fn ana22(dataset: &str, model: &str) -> Self {
        Recipe::Ana22.applied(RunConfig::new(model).with_dataset(dataset))
    }
}

impl Recipe {
    /// All recipes.
    pub const ALL: [Recipe; 2] = [Recipe::Ana19, Recipe::Ana22];

    /// `ana19` or `ana22`.
    pub fn name(self) -> &'static str {
        match self {
            Recipe::Ana19 => "ana19",
            Recipe::Ana22 => "ana22",
        }
    }

    /// `config` with everything that the recipe sets; data set, model, seed, subset, devices and what the recipe says
    /// nothing of stay.
    #[must_use]
    pub fn applied(self, config: RunConfig) -> RunConfig {
        let shared = RunConfig {
            method: Method::Ana,
            quantiser: Quantiser::Ternary,
            features: Features::Matching,
            weight_scale: ScalePolicy::Fixed(1.0),
            follow_mean: false,
            optimiser: Optimiser::Adam,
            weight_decay: WeightDecay::default(),
            lr: 1e-3,
            warm_up: None,
            label_smoothing: 0.0,
            clip: None,
            average: None,
            start: Start::Thresholds,
            validation: Some(0.1),
            ..config
        };
        let images = matches!(shared.dataset.as_str(), "cifar10" | "images");
        match self {
            Recipe::Ana19 => {
                let residual = shared.model.starts_with("mobilenet");
                RunConfig {
                    edges: if residual { Edges::Branches } else { Edges::Quantised },
                    law: Noise::Uniform,
                    strategy: Strategy::Expectation,
                    policy: Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Partition, Decay::Linear),
                    backward: BackwardLaw::Static,
                    forward_noise: if residual { ForwardNoise::Everywhere } else { ForwardNoise::Weights },
                    anneal_per: AnnealPer::Step,
                    anneal_until: 0.5,
                    epochs: 1000,
                    batch: if residual { 512 } else { 256 },
                    lr_schedule: LrSchedule::Milestones { at: vec![0.7], factor: 0.1 },
                    loss: if residual { Loss::CrossEntropy } else { Loss::SquaredHinge },
                    augment: images,
                    ..shared
                }
            }
            Recipe::Ana22 => RunConfig {
                edges: Edges::LastFloat,
                law: Noise::Logistic,
                strategy: Strategy::Mode,
                policy: Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Partition, Decay::Progressive),
                backward: BackwardLaw::Annealed,
                forward_noise: ForwardNoise::Everywhere,
                anneal_per: AnnealPer::Epoch,
                anneal_until: 0.7,
                epochs: 500,
                batch: 256,
                lr_schedule: LrSchedule::Milestones { at: vec![0.8], factor: 0.1 },
                loss: Loss::CrossEntropy,
                augment: images,
                ..shared
            },
        }
    }

    /// The table in Markdown, for the book.
    pub fn markdown(self) -> String {
        let head = "| | the authors | here | deviation |\n|---|---|---|---|\n".to_owned();
        let row = |row: Setting| format!("| {} | {} | {} | {} |\n", row.what, row.authors, row.ours, row.deviation);
        self.table().into_iter().map(row).fold(head, |table, row| table + &row)
    }

    /// What the recipe is, setting by setting.
    pub fn table(self) -> Vec<Setting> {
        let config = match self {
            Recipe::Ana19 => RunConfig::ana19("cifar10", "vgg9+pool-first+norm-logits"),
            Recipe::Ana22 => RunConfig::ana22("cifar10", "vgg8+wide"),
        };
        let row = |what, authors, ours: String, deviation| Setting { what, authors, ours, deviation };
        let rate = match &config.lr_schedule {
            LrSchedule::Milestones { at, factor } => format!("{} × {factor} at {} of the run", config.lr, at[0]),
            _ => config.lr.to_string(),
        };
        let common = |law: &'static str, decay: &'static str, network: &'static str| {
            vec![
                row("network on CIFAR-10", network, format!("`{}`", config.model), ""),
                row("quantum", "1", config.weight_scale.to_string(), ""),
                row("start of the weights", "a random threshold ± U(1/√fan_in)", "the same".into(), ""),
                row("law", law, format!("{}, {}", config.law, config.strategy), ""),
                row("decay", decay, format!("`{}`, until {} of the run", config.policy, config.anneal_until), ""),
            ]
        };
        let (mut rows, rest) = match self {
            Recipe::Ana19 => (
                common(
                    "uniform, half-width ½",
                    "weights: linearly, one layer after the other, 50 epochs each, done at 500 of 1,000; features: hard",
                    "6 conv and 3 dense layers; conv – max pool – batch norm – stair",
                ),
                vec![
                    row(
                        "what is quantised",
                        "all weights and features; batch norm on the logits. Of MobileNetV2 the ten residual branches",
                        format!("edges `{}`; of MobileNetV2 `branches`", config.edges),
                        "",
                    ),
                    row("backward", "constant half-width ½", "static".into(), ""),
                    row(
                        "time counts",
                        "epochs",
                        "optimiser steps".into(),
                        "the line is the same, without its steps: short runs have few epochs a layer",
                    ),
                    row("loss", "squared hinge on ±1 (MobileNetV2: cross entropy)", config.loss.to_string(), ""),
                ],
            ),
            Recipe::Ana22 => (
                common(
                    "logistic, mode, mean 0, scale ½",
                    "partition, progressive, 50 epochs a layer, done at 350 of 500",
                    "VGG8, dense layers of 1,024 at any width",
                ),
                vec![
                    row(
                        "what is quantised",
                        "all but the last layer's weights",
                        format!("edges `{}`", config.edges),
                        "",
                    ),
                    row("backward", "the forward law", "annealed".into(), ""),
                    row("time counts", "epochs", "epochs".into(), ""),
                    row("loss", "cross entropy", config.loss.to_string(), ""),
                    row(
                        "standardisation",
                        "one mean and deviation for all colours",
                        "one a colour".into(),
                        "the data set's, as in every run of this project",
                    ),
                ],
            ),
        };
        rows.extend(rest);
        rows.extend([
            row("optimiser", "Adam", format!("{:?}", config.optimiser), ""),
            row("rate", "10⁻³, × 0.1 at 0.7 (ANA22: 0.8) of the run", rate, ""),
            row("epochs, batch", "1,000 or 500; 256", format!("{}, {}", config.epochs, config.batch), ""),
            row("augmentation", "flips, crops padded by 4", "the same".into(), ""),
            row(
                "held out",
                "5,000 of 50,000",
                format!("{} of the training samples", config.validation.unwrap_or(0.0)),
                "the same number of every class, drawn by the seed",
            ),
        ]);
        rows
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Recipe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|recipe| recipe.name() == text);
        found.ok_or_else(|| format!("expected one of {}, got `{text}`", names()))
    }
}
