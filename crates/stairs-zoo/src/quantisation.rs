//! How a zoo model is quantised.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use serde::{Deserialize, Serialize};
use stairs_noise::{
    FeatureScale, Laws, StairActivationConfig, StairWeights, WeightGranularity, WeightInit, WeightsError,
};
use stairs_quant::{Bits, LayerQuantisers, Quantiser, ScalePolicy};

use crate::ModelError;

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
    /// A quantiser for the weights of every layer instead, by path; all layers whose weights are quantised, and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<LayerQuantisers>,
    /// Quantiser of the features, which stands in place of every activation; float activations if `None`.
    pub features: Option<Quantiser>,
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
    /// Bits of the sums that skip connections carry in residual networks, see the models; 8.
    pub stream: Bits,
    /// Laws before a plan sets others.
    pub laws: Laws,
    /// Keep the first layer's weights in float.
    pub float_first: bool,
    /// Keep the last layer's weights in float (its output is never quantised).
    pub float_last: bool,
    /// Quantise only what is inside residual branches, for models that have them, see [`Branches`].
    #[serde(default)]
    pub branches: Branches,
    /// Build the model with float weights: [`Quantisation::quantise`] is called later, when they have their values.
    #[serde(default)]
    pub weights_later: bool,
}

/// Which part of a residual network is quantised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Branches {
    /// All of it.
    #[default]
    Whole,
    /// The branches that a skip connection goes around. Everything else is float: stem, blocks without a skip, the sums
    /// and the head. That is what \[ANA19\] (arXiv 1905.10452) quantises of MobileNetV2, which has ten such branches.
    Only(Vec<String>),
}

impl Branches {
    /// Only the branches, of a model that [`Architecture::scoped`](crate::Architecture::scoped) is asked about.
    pub fn only() -> Self {
        Self::Only(Vec::new())
    }

    /// Whether the module at `path` is quantised.
    pub(crate) fn take(&self, path: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Only(modules) => modules.iter().any(|module| module == path),
        }
    }
}

impl StairsConfig {
    /// Weights and features of one kind.
    ///
    /// | quantiser | weights | features | their quantum |
    /// |---|---|---|---|
    /// | `binary`, `sign` | −1, 1 | 0, 1 | 1 |
    /// | `ternary`, `int2`, `balanced2` and all others | the quantiser | the quantiser | 1 |
    /// | `int3`…`int8`, `balanced3`…`balanced8` | the quantiser | `uint` of as many bits | [`clip`](Self::clip) / (2ⁿ − 1) |
    ///
    /// Signed features of many levels would be the identity on nearly everything that leaves a batch norm, and a network
    /// of them nearly linear: unsigned ones are rectified, as by the ReLU they stand for.
    pub fn new(quantiser: Quantiser) -> Self {
        let (weights, features) = match quantiser {
            Quantiser::Binary | Quantiser::Sign => (Quantiser::Sign, Quantiser::Binary),
            Quantiser::Signed(bits) | Quantiser::Balanced(bits) if bits.get() > 2 => {
                (quantiser, Quantiser::Unsigned(bits))
            }
            other => (other, other),
        };
        Self {
            weights,
            layers: None,
            features: Some(features),
            weight_scale: ScalePolicy::MaxAbs,
            per_channel: false,
            learned_weight_scale: false,
            feature_scale: Self::feature_scale(features),
            stream: Bits::MAX,
            fresh_weights: None,
            laws: StairActivationConfig::new(features).laws,
            float_first: false,
            float_last: true,
            branches: Branches::Whole,
            weights_later: false,
        }
    }

    /// The same weights with other features, of a quantum that goes with them.
    #[must_use]
    pub fn with_features(self, features: Quantiser) -> Self {
        Self { features: Some(features), feature_scale: Self::feature_scale(features), ..self }
    }

    /// The quantum that goes with features, see [`new`](Self::new).
    fn feature_scale(features: Quantiser) -> FeatureScale {
        FeatureScale::Fixed(match features {
            Quantiser::Unsigned(bits) if bits.get() > 2 => Self::clip(bits) / f64::from((1_u32 << bits.get()) - 1),
            _ => 1.0,
        })
    }

    /// The same weights with float activations.
    #[must_use]
    pub fn with_float_features(self) -> Self {
        Self { features: None, ..self }
    }

    /// Highest unsigned feature of `bits` bits in standard deviations of a batch norm's output: (bits + 2)/2, close to
    /// where the mean squared error of rounding and clipping a rectified normal variable is smallest.
    pub fn clip(bits: Bits) -> f64 {
        (bits.get() + 2) as f64 / 2.0
    }

    /// Whether features have levels below 0.
    pub(crate) fn has_negative_features(&self) -> bool {
        self.features.is_some_and(|features| features.stair().levels()[0] < 0.0)
    }

    /// The configuration of the feature quantisers.
    pub(crate) fn activation(&self) -> Option<StairActivationConfig> {
        let config = StairActivationConfig::new(self.features?);
        Some(config.with_laws(self.laws.clone()).with_scale(self.feature_scale))
    }

    /// The configuration of a quantiser of sums: up to 8 standard deviations of a batch norm's output.
    pub(crate) fn stream(&self, signed: bool) -> StairActivationConfig {
        let steps = f64::from(1_u32 << self.stream.get());
        let (quantiser, quantum) = match signed {
            true => (Quantiser::Signed(self.stream), 16.0 / steps),
            false => (Quantiser::Unsigned(self.stream), 8.0 / steps),
        };
        let config = StairActivationConfig::new(quantiser).with_laws(self.laws.clone());
        config.with_scale(FeatureScale::Fixed(quantum))
    }

    /// The quantiser of the weights at `path`.
    pub(crate) fn weights_of(&self, path: &str) -> Quantiser {
        self.layers.as_ref().and_then(|layers| layers.of(path)).unwrap_or(self.weights)
    }

    /// Paths of the weights that [`quantise`](Self::quantise) quantises.
    pub(crate) fn quantised_weights<M: Module>(&self, model: &M) -> Result<Vec<String>, WeightsError> {
        self.weights()?.selected(model)
    }

    fn quantise<M: Module>(&self, model: M) -> Result<M, WeightsError> {
        if self.weights_later {
            return Ok(model);
        }
        match self.weights()?.quantise(model.clone()) {
            // Quantised features between float layers are a quantised network too.
            Err(WeightsError::NothingSelected { .. }) if self.features.is_some() && self.layers.is_none() => Ok(model),
            result => result,
        }
    }

    fn weights(&self) -> Result<StairWeights, WeightsError> {
        let mut weights = StairWeights::of(self.weights).with_scale(self.weight_scale).with_laws(self.laws.clone());
        if self.per_channel {
            weights = weights.with_granularity(WeightGranularity::OutputChannel);
        }
        if let Some(layers) = &self.layers {
            weights = weights.with_layers(layers.clone());
        }
        if self.learned_weight_scale {
            weights = weights.with_learned_scale();
        }
        if let Some(seed) = self.fresh_weights {
            weights = weights.with_init(WeightInit::InsideSupport { seed });
        }
        if let Branches::Only(modules) = &self.branches {
            return modules.iter().try_fold(weights, |weights, module| weights.with_only(module));
        }
        if self.float_first {
            weights = weights.with_except_first();
        }
        if self.float_last {
            weights = weights.with_except_last();
        }
        Ok(weights)
    }
}

impl Quantisation {
    /// The quantisers, unless all is float.
    pub(crate) fn stairs(&self) -> Option<&StairsConfig> {
        match self {
            Quantisation::Float => None,
            Quantisation::Stairs(stairs) => Some(stairs),
        }
    }

    /// What of it the module at `path` has: all, or nothing where only other modules are quantised.
    pub(crate) fn of_module(&self, path: &str) -> Self {
        match self.stairs() {
            Some(stairs) if !stairs.branches.take(path) => Self::Float,
            _ => self.clone(),
        }
    }

    /// The configuration of the feature quantisers, if features are quantised.
    pub(crate) fn features(&self) -> Option<StairActivationConfig> {
        self.stairs()?.activation()
    }

    /// The same with [`StairsConfig::weights_later`]: features are quantised, weights are not yet.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use stairs_quant::Quantiser;
    /// use stairs_zoo::{MlpConfig, Quantisation, StairsConfig};
    ///
    /// # fn main() -> Result<(), stairs_zoo::ModelError> {
    /// let quantisation = Quantisation::Stairs(StairsConfig::new(Quantiser::Ternary));
    /// let config = MlpConfig::new(64, vec![32], 10).with_quantisation(quantisation.clone().with_float_weights());
    /// let float = config.init(&Device::flex())?;
    /// // … give `float` its pretrained weights: the scales are found from them.
    /// let quantised = quantisation.quantise(float)?;
    /// # let _ = quantised;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_float_weights(mut self) -> Self {
        if let Quantisation::Stairs(stairs) = &mut self {
            stairs.weights_later = true;
        }
        self
    }

    /// The model with its weights quantised as configured; unchanged if float.
    ///
    /// # Errors
    /// [`ModelError::Weights`] for weights without a scale, weights that are quantised already, and a model in which neither weights
    /// nor features would be quantised.
    pub fn quantise<M: Module>(&self, model: M) -> Result<M, ModelError> {
        match self {
            Quantisation::Float => Ok(model),
            Quantisation::Stairs(stairs) => Ok(stairs.quantise(model)?),
        }
    }
}

/// `at_one` channels or units at capacity 1, times the capacity: rounded, at least 1.
pub(crate) fn width(at_one: usize, capacity: f64) -> Result<usize, ModelError> {
    if capacity > 0.0 && capacity.is_finite() {
        Ok(((capacity * at_one as f64).round() as usize).max(1))
    } else {
        Err(ModelError::Capacity(capacity))
    }
}

/// A dropout with this probability.
pub(crate) fn dropout(probability: f64) -> Result<Dropout, ModelError> {
    if (0.0..1.0).contains(&probability) {
        Ok(DropoutConfig::new(probability).init())
    } else {
        Err(ModelError::Dropout(probability))
    }
}

/// The shape of an image if all its sizes are positive.
pub(crate) fn image(shape: [usize; 3]) -> Result<[usize; 3], ModelError> {
    for (field, value) in ["input channels", "input height", "input width"].into_iter().zip(shape) {
        positive(field, value)?;
    }
    Ok(shape)
}

/// `value` if it is positive.
pub(crate) fn positive(field: &'static str, value: usize) -> Result<usize, ModelError> {
    if value == 0 { Err(ModelError::Size { field, value, needs: "must be at least 1" }) } else { Ok(value) }
}
