//! Models for quantisation-aware training, float or quantised by configuration.
//!
//! The models are listed in [`models`]; [`Staircase`] is a ternary Heaviside network of [`stairs_quant::expressivity`], which is not
//! trained.
//!
//! [`Architecture`] names a model with its sizes in one word, such as `mlp:64-32`, and makes a [`Model`] of it, or its
//! [`Network`]: the layers with their shapes, parameters, multiplications and quantisers, recorded from the forward pass without a
//! number drawn.
//! [`pretrained`] fills a model with torchvision's float weights.
//!
//! The models that are trained are built the same way: a config with public fields, `init(&device)`, `forward`. With
//! [`Quantisation::Float`] the activations are ReLUs and the weights plain; with [`Quantisation::Stairs`] every
//! activation is a [`StairActivation`](stairs_noise::StairActivation) and every weight but the last layer's is
//! quantised. Fields are declared in the order of the forward pass, so that schedules see the layers in that order.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use stairs_quant::Quantiser;
//! use stairs_zoo::{LeNetConfig, Quantisation, StairsConfig};
//!
//! let device = Device::flex();
//! let ternary = Quantisation::Stairs(StairsConfig::new(Quantiser::Ternary));
//! let model = LeNetConfig::new([1, 28, 28], 10).with_quantisation(ternary).init(&device).unwrap();
//! let logits = model.forward(Tensor::zeros([2, 1, 28, 28], &device));
//! assert_eq!(logits.dims(), [2, 10]);
//! ```

mod activation;
mod architecture;
mod calibration;
mod conv;
mod error;
mod family;
mod limits;
pub mod models;
mod network;
pub mod pretrained;
mod quantisation;
mod staircase;
mod stem;
mod stream;

/// Crates whose types the signatures of this one take.
pub use {stairs_noise, stairs_quant};

pub use activation::Activation;
pub use architecture::ArchitectureError;
pub use calibration::{FeatureSizes, calibrated, observe};
pub use error::ModelError;
pub use family::FamilyName;
pub use limits::MAX_PARAMETERS;
pub use models::*;
pub use quantisation::{Branches, Quantisation, StairsConfig};
pub use staircase::Staircase;
/// What [`Architecture::network`] gives.
pub use stairs_network::{Network, Precision, Totals};
pub use stem::Stem;
