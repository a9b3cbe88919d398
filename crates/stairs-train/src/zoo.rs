//! The models of `stairs-zoo` by name, as a [`RunConfig`] describes them.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use stairs_data::Dataset;
use stairs_noise::{
    Laws,
    plan::{AnnealingPlan, PlanError},
};
use stairs_quant::ScalePolicy;
use stairs_zoo::{
    Architecture, Cnn, CnnConfig, DsCnn, DsCnnConfig, LeNet, LeNetConfig, Mlp, MlpConfig, ModelError, Quantisation,
    StairsConfig, Vgg, VggConfig,
};

use crate::{
    Classifier, ConfigError, Evaluation, Method, RunConfig, RunDir, RunRecord, Samples, TrainError, Trainer, Which,
    anneal::plan,
    data::parts,
    diagnose::{Diagnose, Diagnosis},
    evaluate,
    seeded::try_seeded,
};

impl Classifier for Mlp {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.forward(x)
    }
}

impl Classifier for LeNet {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.forward(x)
    }
}

impl Classifier for Cnn {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.forward(x)
    }
}

impl Classifier for Vgg {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.forward(x)
    }
}

impl Classifier for DsCnn {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.forward(x)
    }
}

/// A model of the zoo.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum ZooModel {
    /// A multilayer perceptron.
    Mlp(Mlp),
    /// A LeNet.
    LeNet(LeNet),
    /// A stack of convolutions.
    Cnn(Cnn),
    /// A VGG network.
    Vgg(Vgg),
    /// A DS-CNN.
    DsCnn(DsCnn),
}

/// Evaluates an expression for the model in a [`ZooModel`], whichever it is.
macro_rules! with_model {
    ($zoo:expr, $model:ident => $value:expr) => {
        match $zoo {
            ZooModel::Mlp($model) => $value,
            ZooModel::LeNet($model) => $value,
            ZooModel::Cnn($model) => $value,
            ZooModel::Vgg($model) => $value,
            ZooModel::DsCnn($model) => $value,
        }
    };
}

/// The same, with the value put into the variant of the model.
macro_rules! map_model {
    ($zoo:expr, $model:ident => $value:expr) => {
        match $zoo {
            ZooModel::Mlp($model) => ZooModel::Mlp($value),
            ZooModel::LeNet($model) => ZooModel::LeNet($value),
            ZooModel::Cnn($model) => ZooModel::Cnn($value),
            ZooModel::Vgg($model) => ZooModel::Vgg($value),
            ZooModel::DsCnn($model) => ZooModel::DsCnn($value),
        }
    };
}

impl ZooModel {
    /// The model `config` describes, for samples of shape `input` (channels, height, width) in `classes` classes, with
    /// initial weights that depend on the configured seed alone.
    ///
    /// Weights and features are quantised by the configured quantiser, all but the last layer's weights; latent weights
    /// start inside the support of the noise (`ana`, and `ste` under a fixed quantum) or where Burn puts them.
    ///
    /// # Errors
    /// [`ConfigError::UnknownModel`], [`ConfigError::Model`], [`ConfigError::Plan`].
    pub fn new(config: &RunConfig, input: [usize; 3], classes: usize, device: &Device) -> Result<Self, ConfigError> {
        let quantisation = quantisation(config)?;
        let refused = |e: ModelError| ConfigError::Model { model: config.model.clone(), reason: e.to_string() };
        let seed = config.seed;
        Ok(match config.model.parse()? {
            Architecture::Mlp { hidden, norm } => {
                let mlp = MlpConfig::new(input.iter().product(), hidden, classes).with_norm(norm);
                let mlp = mlp.with_quantisation(quantisation);
                Self::Mlp(try_seeded(seed, device, || mlp.init(device)).map_err(refused)?)
            }
            Architecture::LeNet { channels, hidden } => {
                let lenet = LeNetConfig::new(input, classes).with_channels(channels).with_hidden(hidden);
                let lenet = lenet.with_quantisation(quantisation);
                Self::LeNet(try_seeded(seed, device, || lenet.init(device)).map_err(refused)?)
            }
            Architecture::Cnn { channels, norm } => {
                let cnn = CnnConfig::new(input, classes, channels).with_norm(norm).with_quantisation(quantisation);
                Self::Cnn(try_seeded(seed, device, || cnn.init(device)).map_err(refused)?)
            }
            Architecture::Vgg { depth, capacity } => {
                let vgg = VggConfig::new(depth, input, classes).with_capacity(capacity);
                let vgg = vgg.with_quantisation(quantisation);
                Self::Vgg(try_seeded(seed, device, || vgg.init(device)).map_err(refused)?)
            }
            Architecture::DsCnn { channels } => {
                let ds_cnn = DsCnnConfig::new(input, classes).with_channels(channels).with_quantisation(quantisation);
                Self::DsCnn(try_seeded(seed, device, || ds_cnn.init(device)).map_err(refused)?)
            }
        })
    }

    /// The model of a finished run on `dataset`, ready for evaluation.
    ///
    /// # Errors
    /// [`TrainError::NoRun`], [`TrainError::Read`], [`TrainError::Damaged`], [`TrainError::OtherModel`].
    pub fn load(run: &RunDir, dataset: &Dataset, which: Which, device: &Device) -> Result<Self, TrainError> {
        let config = run.config()?;
        if config.dataset != dataset.name {
            return Err(TrainError::OtherRun {
                path: run.path().into(),
                field: "dataset".into(),
                found: config.dataset,
                expected: dataset.name.clone(),
            });
        }
        let (_, test) = parts(dataset);
        Ok(map_model!(Self::new(&config, test.shape(), dataset.classes, device)?, model => run.load(model, which)?))
    }

    /// Logits `[batch, classes]` of a batch `[batch, channels, height, width]`.
    pub fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        with_model!(self, model => model.logits(x))
    }

    /// The annealing plan that the configuration asks for; `None` for a float network.
    ///
    /// # Errors
    /// As [`anneal::plan`](crate::anneal::plan).
    pub fn plan(&self, config: &RunConfig, steps_per_epoch: usize) -> Result<Option<AnnealingPlan>, ConfigError> {
        with_model!(self, model => plan(config, model, steps_per_epoch))
    }

    /// Loss and accuracy with hard quantisers.
    pub fn evaluate(&self, samples: Arc<dyn Samples>, device: &Device) -> Evaluation {
        with_model!(self, model => evaluate(model, samples, device))
    }
}

impl Trainer {
    /// Trains the zoo model the configuration names.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`ConfigError::UnknownModel`].
    pub fn run(self) -> Result<RunRecord, TrainError> {
        self.config.validate(self.train.as_ref(), self.test.as_ref())?;
        let model = ZooModel::new(&self.config, self.train.shape(), self.classes, &self.device)?;
        with_model!(model, model => Ok(self.fit(model)?.record))
    }
}

impl Diagnose {
    /// Diagnoses the zoo model the configuration names; `progress` is told the steps done and those of the run.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`ConfigError::UnknownModel`].
    pub fn run(self, progress: impl FnMut(u64, u64)) -> Result<Diagnosis, TrainError> {
        self.config.validate(self.train.as_ref(), self.test.as_ref())?;
        let model = ZooModel::new(&self.config, self.train.shape(), self.classes, &self.device)?;
        with_model!(model, model => self.fit(model, progress))
    }
}

fn quantisation(config: &RunConfig) -> Result<Quantisation, ConfigError> {
    let mut stairs = StairsConfig::new(config.quantiser);
    stairs.weight_scale = config.weight_scale;
    match config.method {
        Method::Float => return Ok(Quantisation::Float),
        // Under a quantum chosen without looking at them, Burn's initial weights would all be zero.
        Method::Ste if matches!(config.weight_scale, ScalePolicy::Fixed(_)) => stairs.fresh_weights = Some(config.seed),
        Method::Ste => {}
        Method::Ana => {
            // The laws of the first step: latent weights are drawn inside their support.
            let first = |noise| -> Result<Laws, PlanError> {
                Ok(Laws::same(config.policy.schedule(noise, 0, 1, 1.0)?.start().clone()))
            };
            stairs.laws = first(config.law.clone())?;
            stairs.fresh_weights = Some(config.seed);
        }
    }
    Ok(Quantisation::Stairs(stairs))
}
