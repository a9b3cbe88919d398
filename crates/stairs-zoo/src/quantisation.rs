//! How a zoo model is quantised.

use burn::module::Module;
use serde::{Deserialize, Serialize};
use stairs_noise::{
    FeatureScale, Laws, StairActivationConfig, StairWeights, WeightGranularity, WeightInit, WeightsError,
};
use stairs_quant::{Quantiser, ScaleError, ScalePolicy};
use thiserror::Error;

/// Float or quantised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant)]
pub enum Quantisation {
    /// Float weights, ReLU.
    #[default]
    Float,
    /// Stairs in the weights and in place of every activation.
    Stairs(StairsConfig),
}

/// The quantisers of a quantised model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StairsConfig {
    /// Quantiser of the weights.
    pub weights: Quantiser,
    /// Quantiser of the features.
    pub features: Quantiser,
    /// How the quantum of a weight is found from its float initial values.
    pub weight_scale: ScalePolicy,
    /// One quantum a weight tensor, or one an output channel.
    pub per_channel: bool,
    /// Learn the weights' quanta (LSQ).
    pub learned_weight_scale: bool,
    /// The quantum of the features; they come out of a batch norm, so 1 is one standard deviation.
    pub feature_scale: FeatureScale,
    /// Start the latent weights inside the support of the noise, drawn with this seed; keep Burn's if `None`.
    pub fresh_weights: Option<u64>,
    /// Laws before a plan sets others.
    pub laws: Laws,
    /// Keep the first layer's weights in float.
    pub float_first: bool,
    /// Keep the last layer's weights in float (its output is never quantised).
    pub float_last: bool,
}

/// Why a model cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A size that must be positive, or an image too small for the network.
    #[error("{field} = {value}: {needs}")]
    Size {
        /// The configuration field.
        field: &'static str,
        /// Its value.
        value: usize,
        /// What it must be.
        needs: &'static str,
    },
    /// A capacity multiplier that is not possible.
    #[error("capacity must be positive and finite, got {0}")]
    Capacity(f64),
    /// A scale that is not positive and finite.
    #[error(transparent)]
    Scale(#[from] ScaleError),
    /// Weights that cannot be quantised.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

impl StairsConfig {
    /// Weights and features of one quantiser; features of a binary network take the levels {0, 1} where its weights take
    /// {−1, 1}.
    pub fn new(quantiser: Quantiser) -> Self {
        let (weights, features) = match quantiser {
            Quantiser::Binary | Quantiser::Sign => (Quantiser::Sign, Quantiser::Binary),
            other => (other, other),
        };
        let activation = StairActivationConfig::new(features);
        Self {
            weights,
            features,
            weight_scale: ScalePolicy::MaxAbs,
            per_channel: false,
            learned_weight_scale: false,
            feature_scale: activation.scale,
            fresh_weights: None,
            laws: activation.laws,
            float_first: false,
            float_last: true,
        }
    }

    /// The configuration of a feature quantiser.
    pub(crate) fn activation(&self) -> StairActivationConfig {
        StairActivationConfig::new(self.features).with_laws(self.laws.clone()).with_scale(self.feature_scale)
    }

    fn quantise<M: Module>(&self, model: M) -> Result<M, WeightsError> {
        let mut weights = StairWeights::of(self.weights).with_scale(self.weight_scale).with_laws(self.laws.clone());
        if self.per_channel {
            weights = weights.with_granularity(WeightGranularity::OutputChannel);
        }
        if self.learned_weight_scale {
            weights = weights.with_learned_scale();
        }
        if let Some(seed) = self.fresh_weights {
            weights = weights.with_init(WeightInit::InsideSupport { seed });
        }
        if self.float_first {
            weights = weights.except_first();
        }
        if self.float_last {
            weights = weights.except_last();
        }
        weights.quantise(model)
    }
}

impl Quantisation {
    /// The model with its weights quantised as configured; unchanged if float.
    pub(crate) fn quantise<M: Module>(&self, model: M) -> Result<M, ModelError> {
        match self {
            Quantisation::Float => Ok(model),
            Quantisation::Stairs(stairs) => Ok(stairs.quantise(model)?),
        }
    }
}

/// `value` if it is positive.
pub(crate) fn positive(field: &'static str, value: usize) -> Result<usize, ModelError> {
    if value == 0 { Err(ModelError::Size { field, value, needs: "must be at least 1" }) } else { Ok(value) }
}
