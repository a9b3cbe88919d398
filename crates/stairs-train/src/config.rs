//! Configuration of a training run: everything that decides its numbers, as plain data (`config.toml`).

mod builder;
mod validate;

use serde::{Deserialize, Serialize};
use stairs_data::{TableOptions, images::ImagesConfig};
use stairs_noise::{
    Noise, Strategy,
    plan::{Decay, Dynamics, Interval, Policy},
};
use stairs_quant::{LayerQuantisers, Quantiser, ScalePolicy};

use crate::{Clip, Edges, Features, Init, Loss, LrSchedule, Method, Optimiser, TaskRecord, WarmUp, WeightDecay};

/// A training run. Same configuration, device and thread count: same numbers.
///
/// It is made by [`new`](Self::new) or one of the published recipes, and changed field by field; an option that a later
/// version adds has a default.
///
/// ```
/// use stairs_train::{Method, RunConfig};
/// let config = RunConfig::new("lenet").with_method(Method::Ste).with_epochs(5).with_subset(400);
/// assert_eq!(config.epochs, 5);
/// assert_eq!(config.with_subset(None), RunConfig::new("lenet").with_method(Method::Ste).with_epochs(5));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
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
    /// A quantiser for the weights of every layer, in place of `quantiser`, by path (ignored by `float`): all layers whose weights are
    /// quantised, and no other. Features stay those that go with `quantiser`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<LayerQuantisers>,
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
    /// What the run trains for, if not for classes; [`Trainer::for_task`](crate::Trainer::for_task) says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskRecord>,
    /// Loss that is trained and reported (classes).
    #[serde(default, skip_serializing_if = "is_default")]
    pub loss: Loss,
    /// Share of the uniform distribution in the targets of the training loss, in [0, 1) (classes).
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
            bits: None,
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
            task: None,
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
