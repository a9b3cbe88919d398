//! Quantisation-aware training for [Burn](https://burn.dev) by additive noise annealing.
//!
//! A quantiser is a stair function; its derivative is zero almost everywhere, so nothing flows back through it. Noise in
//! front of it makes the expected stair smooth; training starts with noise and anneals it away, layer by layer, until
//! the network *is* the quantised one. This crate is the facade over the crates that do the work. Experiments, reports and
//! plots are in `stairs-study`, the `stairs` command is `stairs-cli`.
//!
//! | module | crate | holds |
//! |---|---|---|
//! | [`quant`] | `stairs-quant` | stair functions, named quantisers, scale policies |
//! | [`laws`] | `stairs-laws` | noise laws, regularised stairs in f64, estimators, annealing plans |
//! | [`network`] | `stairs-network` | networks as plain data: costs, drawings, exact evaluation |
//! | [`certificate`] | `stairs-certificate` | certificates of smoothness and convergence |
//! | [`noise`] | `stairs-noise` | the regularised stair on Burn, quantised weights and features, recording of networks |
//! | [`kernels`] | `stairs-kernels` | fast CPU kernels for convolution, max pooling, batch normalisation |
//! | [`zoo`] | `stairs-zoo` | models |
//! | [`data`] | `stairs-data` | embedded digits, loaders |
//! | [`deploy`] | `stairs-deploy` | from a network to integers; ONNX, QONNX, C, Rust |
//! | [`infer`] | `stairs-infer` | the engine of integer programs, `no_std` |
//! | [`train`] | `stairs-train` | training, checkpoints, run records |
//! | [`capacity`] | `stairs-capacity` | two-scale effective dimension, Fisher operators |
//!
//! ```
//! use stairs::prelude::*;
//!
//! // The ternary stair {−1, 0, 1} under uniform noise of half-width ½ is the identity between its outer levels …
//! let law = Law::new(Noise::Uniform, 0.0, 0.5)?;
//! let soft = RegularisedStair::new(Quantiser::Ternary.stair(), law);
//! assert!((soft.expectation(0.3) - 0.3).abs() < 1e-12);
//! assert_eq!(soft.gradient(0.3), 1.0);
//!
//! // … and without noise the hard stair again.
//! let hard = RegularisedStair::new(Quantiser::Ternary.stair(), Law::hard(Noise::Uniform));
//! assert_eq!((hard.expectation(0.3), hard.gradient(0.3)), (0.0, 0.0));
//! # Ok::<(), stairs::noise::LawError>(())
//! ```
//!
//! # Features
//! `flex` (default), `ndarray`, `wgpu`, `vulkan`, `cuda`: devices to compile in, see [`device`]. `fusion`: Burn's operation
//! fusion on GPUs. `tui` (default): burn-train's dashboard in terminals. `capacity` (default) and `deploy` (default): the modules of these
//! names, and `infer` with `deploy`; training needs neither.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "capacity")]
pub use stairs_capacity as capacity;
pub use stairs_certificate as certificate;
pub use stairs_data as data;
#[cfg(feature = "deploy")]
pub use stairs_deploy as deploy;
#[cfg(feature = "deploy")]
pub use stairs_infer as infer;
pub use stairs_kernels as kernels;
pub use stairs_laws as laws;
pub use stairs_network as network;
pub use stairs_noise as noise;
pub use stairs_quant as quant;
pub use stairs_train as train;
pub use stairs_zoo as zoo;

pub mod allocator;
pub mod device;
pub mod prelude;

/// The snippets of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
