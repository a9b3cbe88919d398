//! Laws of additive noise in front of quantisers, and the plans that anneal it away, in exact f64 and without any tensor
//! library. Everything that trains with noise is built on it and tested against it.
//!
//! A quantiser is a stair function and has no useful gradient. Smoothed by random noise ν it has one:
//!
//! ```text
//! σ_ν(x) = E σ(x − ν) = q₀ + Σ_k Δ_k F((x − m − θ_k)/s)         ν = m + s·ξ, ξ with distribution function F
//! ```
//!
//! | want | take |
//! |---|---|
//! | a shape of noise, with mean and scale | [`Noise`], [`Law`] |
//! | a law of your own | [`NoiseTable`] |
//! | a stair or an activation under noise | [`RegularisedStair`], [`RegularisedActivation`] |
//! | a published straight-through estimator | [`estimators`] |
//! | how noise decays | an [`AnnealingPlan`], or the study's [`Policy`] |
//!
//! ```
//! use stairs_laws::{Law, Noise, RegularisedStair};
//! use stairs_quant::Quantiser;
//!
//! let law = Law::new(Noise::Uniform, 0.0, 0.5)?;
//! let soft = RegularisedStair::new(Quantiser::Ternary.stair(), law);
//! assert_eq!((soft.expectation(0.25), soft.gradient(0.25)), (0.25, 1.0));
//! # Ok::<(), stairs_laws::LawError>(())
//! ```
//!
//! # Sources
//! \[ANA22\] Spallanzani, Leonardi, Benini, *Training Quantised Neural Networks with STE Variants: the Additive Noise
//! Annealing Algorithm*, CVPR 2022, arXiv 2203.11323. \[ANA19\] Spallanzani, Cavigelli, Leonardi, Bertogna, Benini,
//! *Additive Noise Annealing and Approximation Properties of Quantized Neural Networks*, arXiv 1905.10452. \[NDN20\]
//! Leonardi, Spallanzani, *Analytical aspects of non-differentiable neural networks*, arXiv 2011.01858.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod activation;
pub mod error;
pub mod estimators;
pub mod expected;
pub mod law;
pub mod laws;
pub mod moments;
pub mod noise;
pub mod plan;
pub mod rules;
pub mod seed;
pub mod strategy;
pub mod table;

pub use activation::{Activation, ActivationError, PiecewiseLinear, RegularisedActivation};
pub use error::LawError;
pub use estimators::{Estimator, EstimatorError};
pub use expected::RegularisedStair;
pub use law::Law;
pub use laws::{Backward, Laws};
pub use noise::Noise;
pub use plan::{
    AnnealingPlan, BackwardSchedule, BoundedWindow, Decay, Dynamics, Envelope, Interval, NoiseSchedule, Pattern,
    PlanEntry, PlanError, Policy, QuantiserSchedule, RelaxationWindow, ResolvedPlan, SigmoidWindow, TimeUnit,
    UnboundedWindow, Until,
};
pub use rules::{Dsq, Ewgs, RuleError};
pub use seed::derive_seed;
pub use strategy::Strategy;
pub use table::NoiseTable;
