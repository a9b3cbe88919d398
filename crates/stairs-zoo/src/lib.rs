//! Models for quantisation-aware training, float or quantised by configuration.
//!
//! | model | file | input | what |
//! |---|---|---|---|
//! | [`Mlp`] | `mlp` | any, flattened | dense – batch norm – activation, repeated; last layer plain |
//! | [`LeNet`] | `lenet` | images `[B, C, H, W]` | two convolutions, two dense layers |
//! | [`Cnn`] | `cnn` | images `[B, C, H, W]` | convolutions of any number, one dense layer |
//! | [`Vgg`] | `vgg` | images `[B, C, H, W]` | VGG8, VGG9, VGG11, VGG19 with a capacity multiplier |
//! | [`DsCnn`] | `ds_cnn` | `[B, C, H, W]` | depthwise-separable convolutions, for keyword spotting |
//! | [`Staircase`] | `staircase` | points `[B, n]` | a ternary Heaviside network of [`stairs_quant::expressivity`], not trained |
//!
//! [`Architecture`] names a model with its sizes in one word, such as `mlp:64-32`.
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
mod cnn;
mod ds_cnn;
mod lenet;
mod mlp;
mod quantisation;
mod staircase;
mod vgg;

pub use activation::Activation;
pub use architecture::{Architecture, ArchitectureError};
pub use cnn::{Cnn, CnnConfig};
pub use ds_cnn::{DsCnn, DsCnnConfig};
pub use lenet::{LeNet, LeNetConfig};
pub use mlp::{Mlp, MlpConfig};
pub use quantisation::{ModelError, Quantisation, StairsConfig};
pub use staircase::Staircase;
pub use vgg::{Vgg, VggConfig, VggDepth};
