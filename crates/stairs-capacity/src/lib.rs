//! The capacity of a network before it is trained: the two-scale effective dimension (2sED), its lower bounds for Markovian
//! networks, and the older effective dimension beside it.
//!
//! ```text
//! d_ζ(ε) = ζ d + (1 − ζ) · log E_θ det(I + κ F̂(θ)^{1/2}) / log κ          κ = ε^{ζ−1}
//! ```
//!
//! F̂ is the Fisher matrix, normalised; θ is drawn from a prior. A network whose hidden layers add noise is a Markov chain,
//! its Fisher matrix is block diagonal, and a block is one small eigenproblem per unit or channel: that is what makes 10⁷
//! parameters possible.
//!
//! | want | take |
//! |---|---|
//! | describe a network | [`Chain`] of [`Layer`]s with a [`Head`], or [`bridge::chain`] of a recorded network |
//! | spectra of its Fisher matrix at draws of its parameters | [`Sampler`] |
//! | 2sED, lower bounds, effective dimension, with errors | [`Draws`] |
//! | the tightest lower bound | [`factorised_bound`] |
//! | one for chains that are not made of units | [`sequential_monte_carlo`] |
//! | the Fisher matrix of a network without noise | [`gram_spectrum`], or [`NetworkFisher`] with [`stochastic_lanczos`] |
//! | what other papers measure before training, and the local learning coefficient after it | [`baseline`] |
//! | a deviation bound with every constant, of small models | [`certified`] |
//! | something to test against | [`fisher::reference`] |
//!
//! ```
//! use stairs_capacity::{Activation, Chain, Draws, Head, Layer, MarkovOptions, Normalisation, Prior, Sampler, Shape};
//!
//! let layers = vec![Layer::dense(8).with_bias().with_activation(Activation::Relu), Layer::dense(3).with_bias()];
//! let chain = Chain::new(Shape::vector(4), layers, Head::Categorical)?;
//! let inputs = (0..40).map(|i| f64::from(i * 37 % 101) / 30.0 - 1.7).collect();
//! let sampler = Sampler::new(chain, Prior::Initialiser, inputs, MarkovOptions::default(), 1)?;
//! let draws = (0..20).map(|m| sampler.draw(m, 1)).collect::<Result<Vec<_>, _>>()?;
//! let draws = Draws::new(draws, Normalisation::MeanTrace)?;
//! for point in draws.curve(&[1e-1, 1e-3, 1e-5], &[2.0 / 3.0])? {
//!     assert!(point.jensen.value <= point.two_scale.value);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is exact
//! Expectations over labels are; expectations over inputs are means over the samples given. Eigenvalues are exact up to
//! rounding: those below size·ε·λ_max count as 0, and since the measures take square roots, an eigenvalue just above that
//! leaves an error of about 10⁻⁸ in a log-determinant. Blocks too large for that are estimated by stochastic Lanczos
//! quadrature, with a standard error ([`Method`]). Expectations over parameters are means over the draws, with a standard
//! error by the jackknife.
//!
//! # Features
//! `flex` (default), `ndarray`, `wgpu`, `vulkan`, `fusion`: backends of Burn; each turns on `burn`, `bridge::module_spectrum`. Without
//! them no tensor library is needed. `fisher` (part of each of these): spectra of Fisher matrices, by a library of linear algebra; without
//! it the crate describes networks, reads results, and computes measures of spectra that it is given.
//!
//! # Sources
//! Datres, Leonardi, Figalli, Sutter, *A two-scale Complexity Measure for Deep Learning Models*, NeurIPS 2024,
//! arXiv 2401.09184. The normalisation of F̂ is our convention, see [`Normalisation`].

// Much of a chain is there for its Fisher matrix.
#![cfg_attr(not(feature = "fisher"), allow(dead_code))]

#[cfg(all(doctest, feature = "fisher"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "fisher")]
pub mod baseline;
pub mod bridge;
pub mod certified;
pub mod chain;
mod error;
#[cfg(feature = "fisher")]
pub mod fisher;
#[cfg(feature = "fisher")]
mod linalg;
pub mod measure;
#[cfg(feature = "fisher")]
mod sampler;
pub mod spectrum;
#[cfg(feature = "fisher")]
mod tridiagonal;

/// Crates whose types the signatures of [`bridge`] take.
pub use {stairs_laws, stairs_network, stairs_quant};

#[cfg(feature = "fisher")]
pub use baseline::{BASELINES, Baseline, Batch, Better, Measured, baselines, local_learning_coefficient};
pub use chain::{
    Activation, Chain, Head, Init, Layer, LayerParameters, Map, Norm, Pointwise, Pool, PoolKind, Prior, Shape,
};
pub use error::{ChainError, FisherError, MeasureError};
#[cfg(feature = "fisher")]
pub use fisher::{MarkovOptions, Method, NetworkFisher, gram_spectrum};
pub use measure::{
    DeviationBound, Draw, Draws, Estimate, FactorisedOptions, FactorisedPoint, Normalisation, Point, SCALARS, Scalar,
    Sequence, SmcOptions, SmcPoint, UnitSequence, factorised_bound, log_kappa, radius, sequential_monte_carlo,
};
#[cfg(feature = "fisher")]
pub use sampler::{Sampler, layer_spectrum};
pub use spectrum::{LanczosOptions, LogDet, Precision, Probe, Quadrature, Spectrum};
#[cfg(feature = "fisher")]
pub use spectrum::{SymmetricOperator, stochastic_lanczos};
