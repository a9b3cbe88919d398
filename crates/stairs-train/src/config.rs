//! Configuration of a training run: everything that decides its numbers, as plain data (`config.toml`).

use serde::{Deserialize, Serialize};
use stairs_data::{TableOptions, images::ImagesConfig};
use stairs_noise::{
    Noise, Strategy,
    plan::{Decay, Dynamics, Interval, Policy},
};
use stairs_quant::{Quantiser, ScalePolicy};

use crate::{
    Clip, ConfigError, Edges, Features, Init, Loss, LrSchedule, Method, Optimiser, Samples, WarmUp, WeightDecay,
};

/// A training run. Same configuration, device and thread count: same numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Data set by name: `digits`, `mnist`, `fashion-mnist`, `cifar10`, `covertype`; `images` for a folder of images;
    /// the path of a table, `FILE.csv`, see [`stairs_data::is_table`].
    pub dataset: String,
    /// Model by name and size: `lenet`, `mlp:64-32`, `cnn:8-16`, see [`stairs_zoo::Architecture`].
    pub model: String,
    /// How the network is quantised during training.
    pub method: Method,
    /// Quantiser of the weights, and of the features that go with them (ignored by `float`).
    pub quantiser: Quantiser,
    /// What stands in place of the activations (ignored by `float`).
    #[serde(default, skip_serializing_if = "Features::is_default")]
    pub features: Features,
    /// Whether the first and the last layer are quantised (ignored by `float`).
    #[serde(default, skip_serializing_if = "Edges::is_default")]
    pub edges: Edges,
    /// How the quantum of each weight tensor is found (ignored by `float`). A latent weight moves by about the learning
    /// rate a step, whatever its quantum: under `max-abs` the quantum is that of Burn's initial values, 1/√fan_in, and
    /// wide layers cross it in few steps; `fixed:1` gives all layers the same speed.
    #[serde(default)]
    pub weight_scale: ScalePolicy,
    /// Shape of the noise (ana) or of the surrogate gradient (ste).
    pub law: Noise,
    /// Forward strategy of the regularised stairs (ana).
    pub strategy: Strategy,
    /// Annealing policy (ana).
    pub policy: Policy,
    /// What the backward pass differentiates (ana).
    #[serde(default)]
    pub backward: BackwardLaw,
    /// Which quantisers the forward noise is in (ana).
    #[serde(default, skip_serializing_if = "is_default")]
    pub forward_noise: ForwardNoise,
    /// Latent weights and the shifts of batch norms move with the mean of the noise, so that an annealed mean leaves nothing
    /// behind (ana).
    #[serde(default, skip_serializing_if = "is_default")]
    pub follow_mean: bool,
    /// What annealing counts: epochs, or optimiser steps (smooth decay inside an epoch).
    pub anneal_per: AnnealPer,
    /// Share in (0, 1] of the training time after which all noise has decayed.
    pub anneal_until: f64,
    /// Epochs ≥ 1.
    pub epochs: usize,
    /// Samples per optimiser step ≥ 1, over all parts and devices.
    pub batch: usize,
    /// Parts of a step that one device computes one after the other, for batches that do not fit into its memory.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub accumulate: usize,
    /// Devices that share the samples of a step, see [`Trainer::with_devices`](crate::Trainer::with_devices).
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub devices: usize,
    /// Optimiser of the latent weights.
    #[serde(default, skip_serializing_if = "is_default")]
    pub optimiser: Optimiser,
    /// Weight decay of the latent weights.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_decay: WeightDecay,
    /// Initial learning rate, in (0, 1].
    pub lr: f64,
    /// Learning-rate schedule.
    pub lr_schedule: LrSchedule,
    /// Linear rise of the learning rate at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUp>,
    /// Loss that is trained and reported.
    #[serde(default, skip_serializing_if = "is_default")]
    pub loss: Loss,
    /// Share of the uniform distribution in the targets of the training loss, in [0, 1).
    #[serde(default, skip_serializing_if = "is_default")]
    pub label_smoothing: f64,
    /// Gradient clipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<Clip>,
    /// Decay in [0, 1) of an exponential moving average of the latent weights; what is tested and saved is then the
    /// average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// The float model the weights start from; random weights if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<Init>,
    /// Where latent weights start (ignored by `float`, and under `init`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub start: Start,
    /// Seed of initial weights, data order, augmentation and sampled noise; below 2⁶³, as TOML has it.
    pub seed: u64,
    /// Random flips and padded crops of the training images.
    pub augment: bool,
    /// Use only the first `n` training samples of the seeded permutation (all if absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<usize>,
    /// Share in (0, 1) of the training samples that is held out, the same of every class: the best epoch is then chosen
    /// there, and the test part is read once, at the end. Without it epochs are tested on the test part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
    /// Number ≥ 1 of training batches from which the running statistics of batch norms are measured again at the end, with
    /// the quantisers as in evaluation; they stay as training left them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reestimate_norms: Option<usize>,
    /// How the files of a folder of images become samples (`images` only; absent: as [`ImagesConfig`] has it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<ImagesConfig>,
    /// How a table is read (tables only; absent: as [`TableOptions`] has it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableOptions>,
}

/// What the backward pass differentiates while the forward law is annealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackwardLaw {
    /// The forward law itself: the exact gradient of the smoothed network. A layer whose noise is gone stops learning,
    /// and so does everything before it.
    #[default]
    Annealed,
    /// The configured law at its first scale, mean 0, for ever: the run ends as a straight-through estimator, and every
    /// layer learns to the last step.
    Static,
    /// The same until the forward noise of the quantiser is gone, and nothing from then on: its layer is frozen, all at
    /// once instead of little by little.
    Freeze,
}

/// Which quantisers have noise in the forward pass while it is annealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardNoise {
    /// Those of weights and features.
    #[default]
    Everywhere,
    /// Those of weights; features are hard from the first step (\[ANA19\]).
    Weights,
}

/// Where latent weights start, whatever the method: methods that are compared start from the same weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// ε·(a random threshold ± U(1/√fan_in)): every weight is next to a threshold, where quantisers have a gradient
    /// (\[ANA19\], \[ANA22\]). If the mean of the noise is annealed, thresholds begin where that mean has them.
    #[default]
    Thresholds,
    /// Where Burn's layers start: U(−1/√fan_in, 1/√fan_in).
    Layers,
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

impl RunConfig {
    /// Checks everything that can be checked without a model.
    ///
    /// # Errors
    /// [`ConfigError`] with the refused value.
    pub fn validate(&self, train: &dyn Samples, test: &dyn Samples) -> Result<(), ConfigError> {
        for (part, samples) in [("training", train), ("test", test)] {
            if samples.is_empty() {
                return Err(ConfigError::NoSamples(part));
            }
        }
        if train.shape() != test.shape() {
            return Err(ConfigError::Shapes { train: train.shape(), test: test.shape() });
        }
        if let Some(subset) = self.subset
            && !(1..=train.len()).contains(&subset)
        {
            return Err(ConfigError::Subset { subset, samples: train.len() });
        }
        let samples = self.subset.unwrap_or(train.len());
        if !(1..=samples).contains(&self.batch) {
            return Err(ConfigError::Batch { batch: self.batch, samples });
        }
        if self.epochs == 0 {
            return Err(ConfigError::Epochs);
        }
        let steps = crate::data::steps_per_epoch(samples, self.batch);
        if self.epochs.checked_mul(steps).is_none_or(|steps| steps > i32::MAX as usize) {
            return Err(ConfigError::Steps { epochs: self.epochs, steps_per_epoch: steps });
        }
        if !(self.lr > 0.0 && self.lr <= 1.0) {
            return Err(ConfigError::LearningRate(self.lr));
        }
        self.validate_optimisation(samples / steps)?;
        if let Some(share) = self.validation
            && !(share > 0.0 && share < 1.0)
        {
            return Err(ConfigError::Range { field: "validation share", value: share, needs: "must be in (0, 1)" });
        }
        if self.reestimate_norms == Some(0) {
            let needs = "must be at least 1 batch";
            return Err(ConfigError::Range { field: "batches to reestimate norms", value: 0.0, needs });
        }
        if !(self.anneal_until > 0.0 && self.anneal_until <= 1.0) {
            return Err(ConfigError::AnnealUntil(self.anneal_until));
        }
        if i64::try_from(self.seed).is_err() {
            return Err(ConfigError::Seed(self.seed));
        }
        Ok(())
    }

    /// The part of the check that is about how weights move; the smallest step has `least` samples.
    fn validate_optimisation(&self, least: usize) -> Result<(), ConfigError> {
        self.lr_schedule.validate()?;
        self.warm_up.map_or(Ok(()), WarmUp::validate)?;
        self.optimiser.validate()?;
        self.weight_decay.validate()?;
        self.clip.map_or(Ok(()), Clip::validate)?;
        for (field, value) in [("label smoothing", self.label_smoothing), ("average", self.average.unwrap_or(0.0))] {
            if !(0.0..1.0).contains(&value) {
                return Err(ConfigError::Range { field, value, needs: "must be in [0, 1)" });
            }
        }
        if self.loss != Loss::CrossEntropy && self.label_smoothing > 0.0 {
            let needs = "must be 0 with the squared hinge loss, whose targets are the signs ±1";
            return Err(ConfigError::Range { field: "label smoothing", value: self.label_smoothing, needs });
        }
        let (accumulate, devices) = (self.accumulate, self.devices);
        if accumulate.checked_mul(devices).is_none_or(|parts| !(1..=least).contains(&parts)) {
            return Err(ConfigError::Parts { accumulate, devices, least });
        }
        Ok(())
    }
}

fn one() -> usize {
    1
}

fn is_one(n: &usize) -> bool {
    *n == 1
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Ternary LeNet on the embedded digits by noise annealing.
///
/// The mean of the noise is static. A dynamic mean moves every threshold by half a quantum while it decays, and the
/// latent weights and the biases of the normalisation have to follow: Adam moves a parameter by about the learning rate
/// a step, so a dynamic mean needs many more steps, or a higher rate, than this short run has.
impl Default for RunConfig {
    fn default() -> Self {
        Self {
            dataset: "digits".into(),
            model: "lenet".into(),
            method: Method::Ana,
            quantiser: Quantiser::Ternary,
            features: Features::default(),
            edges: Edges::default(),
            weight_scale: ScalePolicy::MaxAbs,
            law: Noise::Uniform,
            strategy: Strategy::Expectation,
            policy: Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Overlapped, Decay::Progressive),
            backward: BackwardLaw::Annealed,
            forward_noise: ForwardNoise::Everywhere,
            follow_mean: false,
            anneal_per: AnnealPer::Step,
            anneal_until: 0.8,
            epochs: 30,
            batch: 64,
            accumulate: 1,
            devices: 1,
            optimiser: Optimiser::Adam,
            weight_decay: WeightDecay::default(),
            lr: 1e-3,
            lr_schedule: LrSchedule::Cosine { floor: 0.0 },
            warm_up: None,
            loss: Loss::CrossEntropy,
            label_smoothing: 0.0,
            clip: None,
            average: None,
            init: None,
            start: Start::Thresholds,
            seed: 1,
            augment: false,
            subset: None,
            validation: None,
            reestimate_norms: None,
            images: None,
            table: None,
        }
    }
}
