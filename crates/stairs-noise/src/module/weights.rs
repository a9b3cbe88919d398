//! Quantised weights: any Burn model, without touching its code.
//!
//! [`StairWeights`] is a Burn [`Reparameterizer`]: it walks the model and attaches a [`Stair`] to every parameter it
//! selects. The stored (latent) weight stays in float and receives the gradient; `param.val()` is the quantised one.
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

use std::sync::Arc;

use burn::module::{Module, Param, Reparameterizer};
use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_quant::{Granularity, Quantiser, ScaleError, ScalePolicy, Scales, StairFunction};
use thiserror::Error;

use super::scales::ScaleState;
use super::setting::Setting;
use super::stair::{Stair, default_laws};
use crate::plan::Pattern;
use crate::{Laws, PlanError, derive_seed};

/// Where the latent weights start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightInit {
    /// Where the model has them: for pretrained weights.
    #[default]
    Keep,
    /// Inside the support of the noise: ε·(a random threshold ± U(1/√fan_in) + m), with m the mean of the initial law.
    /// Every weight then has a gradient from the first step (\[ANA22\], as its authors ran it).
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
    /// The weights of one output channel: the last axis of a dense weight `[in, out]`, the first of a convolution's.
    OutputChannel,
}

/// Why a model's weights cannot be quantised as asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// A pattern that selects nothing.
    #[error("`{pattern}` matches no weight; the weights of this model are: {known}")]
    NoSuchWeight {
        /// The pattern.
        pattern: String,
        /// The paths that exist.
        known: String,
    },
    /// A malformed pattern.
    #[error(transparent)]
    Pattern(#[from] PlanError),
    /// No scale for the values of a weight.
    #[error("weight `{path}`: {source}")]
    Scale {
        /// Path of the parameter.
        path: String,
        /// What the policy says.
        source: ScaleError,
    },
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
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    exclude_first: bool,
    exclude_last: bool,
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
            include: Vec::new(),
            exclude: Vec::new(),
            exclude_first: false,
            exclude_last: false,
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
    pub fn with_scale(mut self, policy: ScalePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets which weights share a quantum.
    pub fn with_granularity(mut self, granularity: WeightGranularity) -> Self {
        self.granularity = granularity;
        self
    }

    /// Learns the quantum (LSQ), starting where the scale policy says.
    pub fn with_learned_scale(mut self) -> Self {
        self.learned = true;
        self
    }

    /// Sets where the latent weights start.
    pub fn with_init(mut self, init: WeightInit) -> Self {
        self.init = init;
        self
    }

    /// Sets the laws in force until a plan sets others; their forward mean shifts [`WeightInit::InsideSupport`].
    pub fn with_laws(mut self, laws: Laws) -> Self {
        self.laws = laws;
        self
    }

    /// Selects the parameters that match (of any name, rank 2 or more) instead of all weights; may be called repeatedly.
    /// Patterns are paths, or prefixes and globs as in an annealing plan.
    ///
    /// # Errors
    /// [`WeightsError::Pattern`] for a malformed pattern.
    pub fn only(mut self, pattern: &str) -> Result<Self, WeightsError> {
        self.include.push(Pattern::new(pattern)?);
        Ok(self)
    }

    /// Leaves the parameters that match in float; may be called repeatedly.
    ///
    /// # Errors
    /// [`WeightsError::Pattern`] for a malformed pattern.
    pub fn except(mut self, pattern: &str) -> Result<Self, WeightsError> {
        self.exclude.push(Pattern::new(pattern)?);
        Ok(self)
    }

    /// Leaves the first selected weight in float. Takes effect in [`quantise`](Self::quantise).
    pub fn except_first(mut self) -> Self {
        self.exclude_first = true;
        self
    }

    /// Leaves the last selected weight in float. Takes effect in [`quantise`](Self::quantise).
    pub fn except_last(mut self) -> Self {
        self.exclude_last = true;
        self
    }

    /// The model with quantised weights, everything checked.
    ///
    /// `model.apply_reparameterization(weights)` does the same for the plain case; this call also honours
    /// [`except_first`](Self::except_first) and [`except_last`](Self::except_last), and reports what Burn's interface
    /// cannot.
    ///
    /// # Errors
    /// [`WeightsError`] for a pattern that matches nothing and for weights without a scale (not finite, or of a
    /// distribution the policy is not made for).
    pub fn quantise<M: Module>(self, model: M) -> Result<M, WeightsError> {
        let (weights, _) = self.resolved(&model)?;
        let mut failure = None;
        let model = model.apply_reparameterization(Session { weights: &weights, failure: &mut failure });
        match failure {
            Some(error) => Err(error),
            None => Ok(model),
        }
    }

    /// Paths of the parameters that [`quantise`](Self::quantise) quantises, in the order in which Burn visits them. None of
    /// them is drawn.
    ///
    /// # Errors
    /// [`WeightsError`] for a pattern that matches nothing.
    ///
    /// ```
    /// use burn::{nn::LinearConfig, tensor::Device};
    /// use stairs_noise::StairWeights;
    ///
    /// let layers = vec![LinearConfig::new(8, 4).init(&Device::flex()), LinearConfig::new(4, 2).init(&Device::flex())];
    /// let weights = StairWeights::ternary().except_last();
    /// assert_eq!(weights.selected(&layers)?, ["0.weight"]);
    /// # Ok::<(), stairs_noise::WeightsError>(())
    /// ```
    pub fn selected<M: Module>(&self, model: &M) -> Result<Vec<String>, WeightsError> {
        Ok(self.clone().resolved(model)?.1)
    }

    /// With the first and the last weight among what is left out, as asked; then the paths that are selected.
    fn resolved<M: Module>(mut self, model: &M) -> Result<(Self, Vec<String>), WeightsError> {
        let known = parameters(model);
        for pattern in self.include.iter().chain(&self.exclude) {
            if !known.iter().any(|path| pattern.matches(path)) {
                let (pattern, known) = (pattern.as_str().to_string(), known.join(", "));
                return Err(WeightsError::NoSuchWeight { pattern, known });
            }
        }
        let selected: Vec<&String> = known.iter().filter(|path| self.selects(path)).collect();
        let ends = [(self.exclude_first, selected.first()), (self.exclude_last, selected.last())];
        for path in ends.iter().filter(|(excluded, _)| *excluded).filter_map(|(_, path)| *path) {
            self.exclude.push(Pattern::new(path.as_str())?);
        }
        let selected = known.into_iter().filter(|path| self.selects(path)).collect();
        Ok((self, selected))
    }

    fn selects(&self, path: &str) -> bool {
        let included = if self.include.is_empty() {
            path == "weight" || path.ends_with(".weight")
        } else {
            self.include.iter().any(|pattern| pattern.matches(path))
        };
        included && !self.exclude.iter().any(|pattern| pattern.matches(path))
    }

    /// The latent parameter and its quantiser, `None` if the parameter is not selected.
    fn prepare<const D: usize>(
        &self,
        path: &str,
        param: Param<Tensor<D>>,
    ) -> Result<(Param<Tensor<D>>, Option<Stair>), WeightsError> {
        if D < 2 || !self.selects(path) {
            return Ok((param, None));
        }
        let shape = param.shape().to_vec();
        let values = host_values(&param);
        let axis = if D == 2 { 1 } else { 0 };
        let granularity = match self.granularity {
            WeightGranularity::Tensor => Granularity::Tensor,
            WeightGranularity::OutputChannel => Granularity::Axis(axis),
        };
        let scales = self
            .policy
            .scales_per_channel(&values, &shape, granularity, &self.function)
            .map_err(|source| WeightsError::Scale { path: path.to_string(), source })?;
        let param = match self.init {
            WeightInit::Keep => param,
            WeightInit::InsideSupport { seed } => {
                let channel = |i: usize| channel_of(i, &shape, granularity);
                let values = self.inside_support(derive_seed(seed, path, 0), &shape, |i| scales[channel(i)].quantum);
                param.map(|old| {
                    let new = Tensor::from_data(TensorData::new(values, shape.clone()), &old.device());
                    new.set_require_grad(old.is_require_grad())
                })
            }
        };
        let state = self.state(&scales, granularity, &param.lazy_device());
        Ok((param, Some(Stair::new(self.function.clone(), Setting::new(self.laws.clone()), state))))
    }

    fn state(&self, scales: &[Scales], granularity: Granularity, device: &burn::tensor::Device) -> ScaleState {
        let vector = |values: Vec<f32>| Tensor::<1>::from_floats(values.as_slice(), device);
        let quantum = || vector(scales.iter().map(|s| s.quantum as f32).collect());
        let axis = match granularity {
            Granularity::Tensor => None,
            Granularity::Axis(axis) => Some(axis),
        };
        match (self.learned, axis) {
            (true, axis) => ScaleState::learned_step(quantum(), axis, false, self.function.highest_level()),
            (false, None) => ScaleState::fixed(scales[0]),
            (false, Some(axis)) => {
                ScaleState::channel(quantum(), vector(scales.iter().map(|s| s.output as f32).collect()), axis)
            }
        }
    }

    fn inside_support(&self, seed: u64, shape: &[usize], quantum: impl Fn(usize) -> f64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let thresholds = self.function.thresholds();
        let fan_in = if shape.len() == 2 { shape[0] } else { shape[1..].iter().product() };
        let radius = 1.0 / (fan_in.max(1) as f64).sqrt();
        let mean = self.laws.forward.mean();
        (0..shape.iter().product())
            .map(|i| {
                let threshold = thresholds[rng.random_range(0..thresholds.len())];
                (quantum(i) * (threshold + rng.random_range(-radius..=radius) + mean)) as f32
            })
            .collect()
    }
}

/// Channel of element i of a row-major tensor.
fn channel_of(i: usize, shape: &[usize], granularity: Granularity) -> usize {
    match granularity {
        Granularity::Tensor => 0,
        Granularity::Axis(axis) => i / shape[axis + 1..].iter().product::<usize>() % shape[axis],
    }
}

fn host_values<const D: usize>(param: &Param<Tensor<D>>) -> Vec<f32> {
    param.val().into_data().try_into_vec_as::<f32>().unwrap_or_default()
}

/// Paths of all float parameters of rank 2 or more.
fn parameters<M: Module>(model: &M) -> Vec<String> {
    #[derive(Default)]
    struct Visitor(Vec<String>, Vec<String>);

    impl burn::module::ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.0.push(name.to_string());
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.pop();
        }

        fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
            if D >= 2 {
                self.1.push(self.0.join("."));
            }
        }
    }

    let mut visitor = Visitor::default();
    model.visit(&mut visitor);
    visitor.1
}

impl Reparameterizer for StairWeights {
    type Reparam = Stair;

    /// Parameters for which no scale exists (values that are not finite) keep quantum 1; use
    /// [`quantise`](StairWeights::quantise) to be told.
    fn reparameterize<const D: usize>(
        &mut self,
        path: &str,
        param: Param<Tensor<D>>,
    ) -> (Param<Tensor<D>>, Option<Stair>) {
        match self.prepare(path, param.clone()) {
            Ok(result) => result,
            Err(_) => {
                let state = ScaleState::fixed(Scales { quantum: 1.0, output: 1.0 });
                (param, Some(Stair::new(self.function.clone(), Setting::new(self.laws.clone()), state)))
            }
        }
    }
}

/// One [`StairWeights::quantise`]: remembers the first failure.
struct Session<'a> {
    weights: &'a StairWeights,
    failure: &'a mut Option<WeightsError>,
}

impl Reparameterizer for Session<'_> {
    type Reparam = Stair;

    fn reparameterize<const D: usize>(
        &mut self,
        path: &str,
        param: Param<Tensor<D>>,
    ) -> (Param<Tensor<D>>, Option<Stair>) {
        match self.weights.prepare(path, param.clone()) {
            Ok(result) => result,
            Err(error) => {
                self.failure.get_or_insert(error);
                (param, None)
            }
        }
    }
}
