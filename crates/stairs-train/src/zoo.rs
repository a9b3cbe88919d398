//! The models of `stairs-zoo` by name, as a [`RunConfig`] describes them.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use stairs_data::Dataset;
use stairs_noise::{
    Laws,
    plan::{AnnealingPlan, PlanError},
};
use stairs_quant::ScalePolicy;
use stairs_zoo::{Architecture, Model, ModelError, Quantisation, StairsConfig};

use crate::{
    Classifier, ConfigError, Evaluation, Method, Quanta, RunConfig, RunDir, RunRecord, Samples, Start, TrainError,
    Trainer, Which,
    anneal::plan,
    baseline,
    data::TrainData,
    diagnose::{Diagnose, Diagnosis},
    evaluate, try_seeded,
};

impl Classifier for Model {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.forward(x)
    }
}

/// A model of the zoo, as a run trains it.
#[derive(Clone, Debug)]
pub struct ZooModel(pub Model);

impl ZooModel {
    /// The model `config` describes, for samples of shape `input` (channels, height, width) in `classes` classes, with
    /// initial weights that depend on the configured seed alone.
    ///
    /// Weights and features are quantised by the configured quantiser, all but the last layer's weights; latent weights
    /// start as [`Start`] says.
    ///
    /// # Errors
    /// [`ConfigError::UnknownModel`], [`ConfigError::Model`], [`ConfigError::Plan`].
    pub fn new(config: &RunConfig, input: [usize; 3], classes: usize, device: &Device) -> Result<Self, ConfigError> {
        Self::build(config, quantisation(config)?, input, classes, device)
    }

    /// The model at the start of the run: that of [`new`](Self::new), or its weights are those of the configured file,
    /// from which the quantisers then take their scales.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`Init::load`](crate::Init::load).
    pub fn initial(config: &RunConfig, input: [usize; 3], classes: usize, device: &Device) -> Result<Self, TrainError> {
        let Some(init) = &config.init else { return Ok(Self::new(config, input, classes, device)?) };
        let quantisation = quantisation(config)?;
        if init.quanta == Quanta::Loaded {
            let quantisation = replaced(quantisation, config);
            let Self(model) = Self::build(config, quantisation, input, classes, device)?;
            return Ok(Self(init.load(model)?));
        }
        let float = Self::build(config, quantisation.clone().with_float_weights(), input, classes, device)?;
        let refused = |e: ModelError| ConfigError::Model { model: config.model.clone(), reason: e.to_string() };
        Ok(Self(quantisation.quantise(init.load(float.0)?).map_err(refused)?))
    }

    pub(crate) fn build(
        config: &RunConfig,
        quantisation: Quantisation,
        input: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<Self, ConfigError> {
        let refused = |e: ModelError| ConfigError::Model { model: config.model.clone(), reason: e.to_string() };
        let architecture: Architecture = config.model.parse()?;
        let init = || architecture.init(input, classes, quantisation.clone(), device);
        Self::seeded(config.seed, device, init).map_err(refused)
    }

    /// The model that `init` makes, with initial weights that depend on `seed` and `device` alone; see
    /// [`seeded`](crate::seeded()).
    ///
    /// # Errors
    /// What `init` says.
    pub fn seeded<E>(seed: u64, device: &Device, init: impl FnOnce() -> Result<Model, E>) -> Result<Self, E> {
        Ok(Self(try_seeded(seed, device, init)?))
    }

    /// The model of a finished run on `dataset`, ready for evaluation.
    ///
    /// # Errors
    /// [`TrainError::NoRun`], [`TrainError::Read`], [`TrainError::Damaged`], [`TrainError::OtherModel`];
    /// [`TrainError::OtherData`] where classes or shapes are not those of the run.
    pub fn load(run: &RunDir, dataset: &Dataset, which: Which, device: &Device) -> Result<Self, TrainError> {
        Self::load_for(run, &TrainData::of(dataset), which, device)
    }

    /// The same for data of any source, such as a folder of images.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_for(run: &RunDir, data: &TrainData, which: Which, device: &Device) -> Result<Self, TrainError> {
        let config = run.config()?;
        if config.dataset != data.name {
            return Err(TrainError::OtherRun {
                path: run.path().into(),
                field: "dataset".into(),
                found: config.dataset,
                expected: data.name.clone(),
            });
        }
        run.compare(&data.identity)?;
        let quantisation = replaced(quantisation(&config)?, &config);
        let Self(model) = Self::build(&config, quantisation, data.test.shape(), data.classes, device)?;
        Ok(Self(run.load(model, which)?))
    }

    /// Logits `[batch, classes]` of a batch `[batch, channels, height, width]`.
    pub fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.0.logits(x)
    }

    /// The annealing plan that the configuration asks for; `None` for a float network.
    ///
    /// # Errors
    /// As [`anneal::plan`](crate::anneal::plan).
    pub fn plan(&self, config: &RunConfig, steps_per_epoch: usize) -> Result<Option<AnnealingPlan>, ConfigError> {
        plan(config, &self.0, steps_per_epoch)
    }

    /// Loss and accuracy with hard quantisers.
    ///
    /// # Errors
    /// As [`evaluate`](crate::evaluate).
    pub fn evaluate(&self, samples: Arc<dyn Samples>, device: &Device) -> Result<Evaluation, TrainError> {
        evaluate(&self.0, samples, device)
    }
}

impl Trainer {
    /// Trains the zoo model the configuration names; for another task than classes it has an output a target.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`ConfigError::UnknownModel`].
    pub fn run(self) -> Result<RunRecord, TrainError> {
        self.config.validate(self.train.as_ref(), self.test.as_ref())?;
        let outputs = self.train.targets().max(self.classes);
        let model = ZooModel::initial(&self.config, self.train.shape(), outputs, &self.device)?;
        let model = model.calibrated(&self.config, &self.train, outputs, &self.device)?;
        Ok(self.fit(model.0)?.record)
    }
}

impl Diagnose {
    /// Diagnoses the zoo model the configuration names; `progress` is told the steps done and those of the run.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`ConfigError::UnknownModel`].
    pub fn run(self, progress: impl FnMut(u64, u64)) -> Result<Diagnosis, TrainError> {
        self.config.validate(self.train.as_ref(), self.test.as_ref())?;
        let model = ZooModel::initial(&self.config, self.train.shape(), self.classes, &self.device)?;
        let model = model.calibrated(&self.config, &self.train, self.classes, &self.device)?;
        self.fit(model.0, progress)
    }
}

/// The same for a model whose weights are about to be replaced: they need no sign of their own.
fn replaced(quantisation: Quantisation, config: &RunConfig) -> Quantisation {
    match quantisation {
        Quantisation::Stairs(stairs) => {
            Quantisation::Stairs(StairsConfig { fresh_weights: Some(config.seed), ..stairs })
        }
        float => float,
    }
}

fn quantisation(config: &RunConfig) -> Result<Quantisation, ConfigError> {
    let mut stairs = baseline::scales(config, config.stairs());
    stairs.weight_scale = config.weight_scale;
    if config.method == Method::Float {
        return Ok(Quantisation::Float);
    }
    if config.start == Start::Thresholds && config.init.is_none() {
        stairs.fresh_weights = Some(config.seed);
    }
    if config.method == Method::Ana {
        // The laws of the first step: where their mean has the thresholds, latent weights start.
        let first = |noise| -> Result<Laws, PlanError> {
            Ok(Laws::same(config.policy.schedule(noise, 0, 1, 1.0)?.start().clone()))
        };
        stairs.laws = first(config.law.clone())?;
    }
    if matches!(config.method, Method::Dampening | Method::Freezing) && config.weight_scale == ScalePolicy::Twn {
        let reason = "a remedy puts weights on the middles of their steps, which `twn`, with a scale of its own for the output, does \
                  not compute with: another weight scale";
        return Err(ConfigError::Model { model: config.model.clone(), reason: reason.into() });
    }
    let refused = |e: ModelError| ConfigError::Model { model: config.model.clone(), reason: e.to_string() };
    config.model.parse::<Architecture>()?.scoped(Quantisation::Stairs(stairs)).map_err(refused)
}
