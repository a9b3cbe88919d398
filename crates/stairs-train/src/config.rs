//! Configuration of a training run: everything that decides its numbers, as plain data (`config.toml`).

use serde::{Deserialize, Serialize};
use stairs_noise::{Noise, Strategy, plan::Policy};
use stairs_quant::Quantiser;

/// A training run. Same configuration, device and thread count: same numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Data set by name: `digits`, `mnist`, `fashion-mnist`, `cifar10`, `covertype`.
    pub dataset: String,
    /// Model by name: `mlp`, `lenet`.
    pub model: String,
    /// How the network is quantised during training.
    pub method: Method,
    /// Quantiser of weights and features (ignored by `float`).
    pub quantiser: Quantiser,
    /// Shape of the noise (ana) or of the surrogate gradient (ste).
    pub law: Noise,
    /// Forward strategy of the regularised stairs (ana).
    pub strategy: Strategy,
    /// Annealing policy (ana).
    pub policy: Policy,
    /// What annealing counts: epochs, or optimiser steps (smooth decay inside an epoch).
    pub anneal_per: AnnealPer,
    /// Share in (0, 1] of the training time after which all noise has decayed.
    pub anneal_until: f64,
    /// Epochs ≥ 1.
    pub epochs: usize,
    /// Samples per optimiser step ≥ 1.
    pub batch: usize,
    /// Initial learning rate of Adam > 0.
    pub lr: f64,
    /// Learning-rate schedule.
    pub lr_schedule: LrSchedule,
    /// Seed of initial weights, data order, augmentation and sampled noise.
    pub seed: u64,
    /// Random flips and padded crops of the training images.
    pub augment: bool,
    /// Use only the first `n` training samples of the seeded permutation (all if absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<usize>,
}

/// How the network is quantised during training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// No quantisation: the baseline.
    Float,
    /// Straight-through estimator: hard forward, static backward law.
    Ste,
    /// Additive noise annealing.
    Ana,
}

/// What the annealing clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnnealPer {
    /// Laws change at epoch boundaries.
    Epoch,
    /// Laws change after every optimiser step.
    Step,
}

/// Learning rate over time, applied per optimiser step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum LrSchedule {
    /// Constant.
    Constant,
    /// Half a cosine from the initial rate to `floor`·initial over the whole run.
    Cosine {
        /// Final rate as a share of the initial one, in [0, 1].
        floor: f64,
    },
}
