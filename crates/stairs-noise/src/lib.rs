//! Noise-regularised quantisers for [Burn](https://burn.dev): laws, the regularised stair as one backend operation, and the
//! plans that anneal the noise away.
//!
//! A quantiser is a stair function and has no useful gradient. Smoothed by random noise ν it has one:
//!
//! ```text
//! σ_ν(x) = E σ(x − ν) = q₀ + Σ_k Δ_k F((x − m − θ_k)/s)         ν = m + s·ξ, ξ with distribution function F
//! ```
//!
//! Additive noise annealing trains through σ_ν while mean m and scale s of every layer shrink to 0, where σ_ν is the stair
//! again. Every straight-through estimator is the special case of a hard forward pass and a fixed backward law.
//!
//! | want | take |
//! |---|---|
//! | make the weights of any Burn model quantised | [`StairWeights`] |
//! | quantise features where a ReLU stood | [`StairActivation`] |
//! | anneal | an [`AnnealingPlan`] (or the study's [`Policy`]), [`apply_plan`] once a step |
//! | a published straight-through estimator | [`estimators`] |
//! | the operation itself on tensors | [`regularised_stair`] |
//! | know whether a plan's network converges | a [`certificate`] |
//! | any module as a graph of layers, plain data | [`record()`] |
//! | exact f64 values to test against | [`RegularisedStair`] |
//! | a noise law of your own | [`NoiseTable`] |
//! | a ReLU, hard-tanh or hard-swish without corners | [`SmoothActivation`], [`regularised_activation`] |
//! | how smooth and how close a regularised stair is | [`SmoothingCertificate`] |
//! | how far regularised activations move a network | [`certificate::NetworkEstimate`] |
//!
//! ```
//! use burn::module::Module;
//! use burn::nn::{Linear, LinearConfig};
//! use burn::tensor::{Device, Tensor};
//! use stairs_noise::{Noise, Policy, StairWeights, Strategy, TimeUnit, apply_plan, layers, quantisers};
//!
//! let device = Device::flex().autodiff();
//! let model: Linear = StairWeights::ternary().quantise(LinearConfig::new(4, 3).init(&device))?;
//!
//! // All noise gone after 10 epochs.
//! let policy: Policy = "overlapped-progressive".parse()?;
//! let plan = policy.plan(Noise::Uniform, Strategy::Expectation, &layers(&model), 10.0, TimeUnit::Epochs)?;
//! let paths: Vec<String> = quantisers(&model).into_iter().map(|q| q.path).collect();
//! let plan = plan.resolve(&paths)?;
//! let model = apply_plan(model, &plan, 3.0, |_path| 0)?; // the laws of epoch 3
//!
//! // Training differentiates the smoothed network; evaluation is hard.
//! let y = model.forward(Tensor::<2>::ones([1, 4], &device));
//! let hard = model.valid().forward(Tensor::<2>::ones([1, 4], &Device::flex()));
//! # assert_eq!(y.dims(), hard.dims());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! `flex` (default), `ndarray`, `wgpu`, `vulkan`: backends the operation is compiled for. `fusion`: Burn's operation fusion.
//!
//! # Sources
//! \[ANA22\] Spallanzani, Leonardi, Benini, *Training Quantised Neural Networks with STE Variants: the Additive Noise
//! Annealing Algorithm*, CVPR 2022, arXiv 2203.11323. \[ANA19\] Spallanzani, Cavigelli, Leonardi, Bertogna, Benini,
//! *Additive Noise Annealing and Approximation Properties of Quantized Neural Networks*, arXiv 1905.10452. \[NDN20\]
//! Leonardi, Spallanzani, *Analytical aspects of non-differentiable neural networks*, arXiv 2011.01858.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod activation;
pub mod module;
pub mod op;
pub mod record;

pub use activation::{
    Activation, ActivationError, PiecewiseLinear, RegularisedActivation, SmoothActivation, SmoothActivationConfig,
    regularised_activation,
};
pub use module::apply::{
    QuantiserInfo, QuantiserKind, SettingError, apply_plan, check_hosts, quantisers, rescale_features, set_settings,
    smooth_activations,
};
pub use module::axes::{WeightAxes, weight_axes};
pub use module::host::{HostCell, HostValue};
pub use module::layers::{layers, layers_by};
pub use module::setting::Setting;
pub use module::stair::{FeatureScale, Stair, StairActivation, StairActivationConfig};
pub use module::walk;
pub use module::weight_scales::{WeightScales, weight_scales};
pub use module::weights::{StairWeights, WeightGranularity, WeightInit, WeightsError};
pub use op::{StairBackend, StairSpec, regularised_stair};
pub use record::{RecordError, record, record_new};
/// Certificates, which know no tensor library.
pub use stairs_certificate as certificate;
pub use stairs_certificate::{ActivationCertificate, SmoothingCertificate};
/// The mathematics of noise, which knows no tensor library either.
pub use stairs_laws::{
    AnnealingPlan, Backward, BackwardSchedule, BoundedWindow, Decay, Dsq, Dynamics, Envelope, Estimator,
    EstimatorError, Ewgs, Interval, Law, LawError, Laws, Noise, NoiseSchedule, NoiseTable, Pattern, PlanEntry,
    PlanError, Policy, QuantiserSchedule, RegularisedStair, RelaxationWindow, ResolvedPlan, RuleError, SigmoidWindow,
    Strategy, TimeUnit, UnboundedWindow, Until, derive_seed, error, estimators, expected, law, laws, moments, noise,
    plan, rules, seed, strategy, table,
};
/// What the signatures of this crate take from the mathematics below it.
pub use stairs_quant::{
    Bits, LayerQuantisers, LayersError, Quantiser, QuantiserError, RegularStair, Requirement, ScaleError, ScalePolicy,
    Scales, StairError, StairFunction, ThresholdValue,
};
