//! Quantised weights: any Burn model, without touching its code.
//!
//! [`StairWeights`] attaches a [`Stair`](crate::Stair) to every parameter it selects, by Burn's
//! [reparameterisation](burn::module::Reparameterization). The stored (latent) weight stays in float and receives the gradient; `param.val()` is the quantised one.
//!
//! ```
//! use burn::{module::Module, nn::LinearConfig, tensor::Device};
//! use stairs_noise::StairWeights;
//!
//! let device = Device::flex().autodiff();
//! let layer = LinearConfig::new(8, 4).init(&device);
//! let ternary = StairWeights::ternary().quantise(layer).unwrap();
//! let baked = ternary.valid().materialize(); // plain Linear, three weight values
//! # let mut values = baked.weight.val().to_data().to_vec::<f32>().unwrap();
//! # values.sort_by(f32::total_cmp); values.dedup();
//! # assert!(values.len() <= 3);
//! ```

mod attach;
mod error;
mod selection;

use std::sync::Arc;

use burn::module::Module;
use stairs_quant::{LayerQuantisers, Quantiser, Requirement, ScalePolicy, StairFunction};

use super::axes::weight_axes;
use super::stair::default_laws;
use crate::Laws;
use crate::plan::Pattern;
use attach::Session;
pub(super) use attach::smallest;
pub use error::WeightsError;
use selection::{Known, Selection};

/// Where the latent weights start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightInit {
    /// Where the model has them: for pretrained weights.
    #[default]
    Keep,
    /// Inside the support of the noise: ε·(a random threshold ± U(r) + m), with m the mean of the initial law and r = 1/√fan_in,
    /// or the reach of the initial backward law where that is less (layers of few inputs). Every weight then has a gradient
    /// from the first step (\[ANA22\], as its authors ran it). The fan-in is that of the layer's type, see
    /// [`WeightAxes`](crate::WeightAxes).
    InsideSupport {
        /// Seed; every parameter draws from a generator of its own.
        seed: u64,
    },
}

/// Which weights share a scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightGranularity {
    /// All weights of a parameter.
    #[default]
    Tensor,
    /// The weights of one output channel, on the axis that the type of the layer says, see
    /// [`WeightAxes`](crate::WeightAxes).
    OutputChannel,
}

/// Makes the weights of a model quantised; see the [module](self).
///
/// By default every parameter of rank 2 or more named `weight` is selected, its quantum covers its largest magnitude,
/// and it trains by the clipped-identity estimator until a plan sets other laws.
#[derive(Clone, Debug)]
pub struct StairWeights {
    function: Arc<StairFunction>,
    policy: ScalePolicy,
    granularity: WeightGranularity,
    learned: bool,
    init: WeightInit,
    laws: Laws,
    selection: Selection,
    /// A quantiser for every selected weight, in place of `function`.
    layers: Option<LayerQuantisers>,
}

impl StairWeights {
    /// Weights quantised by `stair`.
    pub fn new(stair: StairFunction) -> Self {
        Self {
            function: Arc::new(stair),
            policy: ScalePolicy::MaxAbs,
            granularity: WeightGranularity::Tensor,
            learned: false,
            init: WeightInit::Keep,
            laws: default_laws(),
            selection: Selection::default(),
            layers: None,
        }
    }

    /// Weights in {−1, 0, 1} times a quantum.
    pub fn ternary() -> Self {
        Self::of(Quantiser::Ternary)
    }

    /// Weights in {−1, 1} times a quantum.
    pub fn binary() -> Self {
        Self::of(Quantiser::Sign)
    }

    /// Weights of a named quantiser.
    pub fn of(quantiser: Quantiser) -> Self {
        Self::new(quantiser.stair())
    }

    /// Sets how the quantum is found from the weights the model has.
    #[must_use]
    pub fn with_scale(mut self, policy: ScalePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets which weights share a quantum.
    #[must_use]
    pub fn with_granularity(mut self, granularity: WeightGranularity) -> Self {
        self.granularity = granularity;
        self
    }

    /// Learns the quantum (LSQ), starting where the scale policy says.
    #[must_use]
    pub fn with_learned_scale(mut self) -> Self {
        self.learned = true;
        self
    }

    /// Sets where the latent weights start.
    #[must_use]
    pub fn with_init(mut self, init: WeightInit) -> Self {
        self.init = init;
        self
    }

    /// Gives every selected weight the quantiser that the plan has for it, see [`LayerQuantisers`]; the one that this was made of is that of
    /// none then.
    ///
    /// ```
    /// use burn::{nn::LinearConfig, tensor::Device};
    /// use stairs_noise::{LayerQuantisers, Quantiser, StairWeights};
    ///
    /// let dense = |inputs, outputs| LinearConfig::new(inputs, outputs).init(&Device::flex());
    /// let plan = LayerQuantisers::from_iter([("0", "int4".parse()?), ("1", Quantiser::Ternary)]);
    /// let model = StairWeights::of(Quantiser::Ternary).with_layers(plan).quantise(vec![dense(8, 4), dense(4, 2)])?;
    /// # let _ = model;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_layers(mut self, layers: LayerQuantisers) -> Self {
        self.layers = Some(layers);
        self
    }

    /// Sets the laws in force until a plan sets others; their forward mean shifts [`WeightInit::InsideSupport`].
    #[must_use]
    pub fn with_laws(mut self, laws: Laws) -> Self {
        self.laws = laws;
        self
    }

    /// Selects the parameters that match (of any name, rank 2 or more) instead of all weights; may be called repeatedly.
    /// Patterns are paths, or prefixes and globs as in an annealing plan.
    ///
    /// # Errors
    /// [`WeightsError::Pattern`] for a malformed pattern.
    pub fn with_only(mut self, pattern: &str) -> Result<Self, WeightsError> {
        self.selection.include.push(Pattern::new(pattern)?);
        Ok(self)
    }

    /// Leaves the parameters that match in float; may be called repeatedly.
    ///
    /// # Errors
    /// [`WeightsError::Pattern`] for a malformed pattern.
    pub fn with_except(mut self, pattern: &str) -> Result<Self, WeightsError> {
        self.selection.exclude.push(Pattern::new(pattern)?);
        Ok(self)
    }

    /// Leaves the first selected weight in float. Takes effect in [`quantise`](Self::quantise).
    #[must_use]
    pub fn with_except_first(mut self) -> Self {
        self.selection.exclude_first = true;
        self
    }

    /// Leaves the last selected weight in float. Takes effect in [`quantise`](Self::quantise).
    #[must_use]
    pub fn with_except_last(mut self) -> Self {
        self.selection.exclude_last = true;
        self
    }

    /// The model with quantised weights, everything checked.
    ///
    /// # Errors
    /// [`WeightsError`] for a pattern that matches nothing, for a plan of layers that does not fit, for a selection without any weight, for a weight that is quantised
    /// already, for a stair that the scales have no meaning on (see [`Requirement`]), for weights of a sign that the stair has no
    /// level for, and for weights without a scale: not finite, of a distribution the policy is not made for, or of a size that
    /// single precision cannot compute with.
    pub fn quantise<M: Module>(self, model: M) -> Result<M, WeightsError> {
        let selected = self.selection.free(&Known::of(&model))?;
        if let Some(layers) = &self.layers {
            layers.check(&selected)?;
            selected.iter().try_for_each(|path| self.of_layer(path).check(path))?;
        } else {
            self.check(&selected[0])?;
        }
        let mut axes = weight_axes(&model);
        let selected = selected.into_iter().filter_map(|path| axes.remove_entry(&path)).collect();
        let mut session = Session { weights: &self, selected, failure: None };
        let model = model.apply_reparameterization(&mut session);
        match session.failure {
            Some(error) => Err(error),
            None => Ok(model),
        }
    }

    /// The same for the weight at `path`: with the quantiser that the plan has for it.
    fn of_layer(&self, path: &str) -> Self {
        let planned = self.layers.as_ref().and_then(|layers| layers.of(path));
        let function = planned.map_or_else(|| self.function.clone(), |quantiser| Arc::new(quantiser.stair()));
        Self { function, ..self.clone() }
    }

    /// What can be known of stair and scales without a look at the weights. `path` is that of the first one.
    fn check(&self, path: &str) -> Result<(), WeightsError> {
        let failed = |source| WeightsError::Scale { path: path.to_string(), source };
        self.policy.validated().map_err(failed)?;
        self.policy.requirement().check(self.policy.name(), &self.function).map_err(failed)?;
        if !self.learned {
            return Ok(());
        }
        if self.policy == ScalePolicy::Twn {
            let reason = "a learned step is the scale of the output too, and `twn` has one of its own; `lsq` or `mse` can start it";
            return Err(WeightsError::Combination { first: "the policy `twn`", second: "a learned scale", reason });
        }
        Requirement::PositiveLevel.check("learned step", &self.function).map_err(failed)
    }

    /// Paths of the parameters that [`quantise`](Self::quantise) quantises, in the order in which Burn visits them. None of
    /// them is drawn; the list may be empty, where [`quantise`](Self::quantise) fails.
    ///
    /// # Errors
    /// [`WeightsError`] for a pattern that matches nothing, and for a plan of layers that does not fit.
    ///
    /// ```
    /// use burn::{nn::LinearConfig, tensor::Device};
    /// use stairs_noise::StairWeights;
    ///
    /// let layers = vec![LinearConfig::new(8, 4).init(&Device::flex()), LinearConfig::new(4, 2).init(&Device::flex())];
    /// let weights = StairWeights::ternary().with_except_last();
    /// assert_eq!(weights.selected(&layers)?, ["0.weight"]);
    /// # Ok::<(), stairs_noise::WeightsError>(())
    /// ```
    pub fn selected<M: Module>(&self, model: &M) -> Result<Vec<String>, WeightsError> {
        let selected = self.selection.of(&Known::of(model))?;
        self.layers.as_ref().map_or(Ok(()), |layers| layers.check(&selected))?;
        Ok(selected)
    }
}
