//! Models for quantisation-aware training, float or quantised by configuration.
//!
//! | model | file | input | what |
//! |---|---|---|---|
//! | [`Mlp`] | `mlp` | any, flattened | dense – batch norm – activation, repeated; last layer plain |
//! | [`LeNet`] | `lenet` | images `[B, C, H, W]` | two convolutions, two dense layers |
//! | [`Cnn`] | `cnn` | images `[B, C, H, W]` | convolutions of any number, one dense layer |
//! | [`Vgg`] | `vgg` | images `[B, C, H, W]` | VGG8, VGG9, VGG11, VGG19 with a capacity multiplier |
//! | [`DsCnn`] | `ds_cnn` | `[B, C, H, W]` | depthwise-separable convolutions, for keyword spotting |
//! | [`AlexNet`] | `alexnet` | images `[B, C, H, W]` | as published, and for small images |
//! | [`VggBn`] | `vgg_bn` | images `[B, C, H, W]` | VGG11 to VGG19 for ImageNet, with batch normalisation |
//! | [`ResNet`] | `resnet` | images `[B, C, H, W]` | 18, 34, 50 for ImageNet; 20, 32, 56 for CIFAR-10 |
//! | [`MobileNetV2`] | `mobilenet_v2` | images `[B, C, H, W]` | inverted residuals with a width multiplier |
//! | [`Staircase`] | `staircase` | points `[B, n]` | a ternary Heaviside network of [`stairs_quant::expressivity`], not trained |
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
mod alexnet;
mod architecture;
mod calibration;
mod cnn;
mod conv;
mod ds_cnn;
mod families;
mod lenet;
mod limits;
mod mlp;
mod mobilenet_v2;
mod model;
mod network;
pub mod pretrained;
mod quantisation;
mod resnet;
mod staircase;
mod stem;
mod stream;
mod vgg;
mod vgg_bn;

/// Crates whose types the signatures of this one take.
pub use {stairs_noise, stairs_quant};

pub use activation::Activation;
pub use alexnet::{AlexNet, AlexNetConfig};
pub use architecture::{Architecture, ArchitectureError};
pub use calibration::{FeatureSizes, calibrated, observe};
pub use cnn::{Cnn, CnnConfig};
pub use ds_cnn::{DsCnn, DsCnnConfig};
pub use lenet::{LeNet, LeNetConfig};
pub use limits::MAX_PARAMETERS;
pub use mlp::{Mlp, MlpConfig};
pub use mobilenet_v2::{MobileNetV2, MobileNetV2Config};
pub use model::Model;
pub use quantisation::{Branches, ModelError, Quantisation, StairsConfig};
pub use resnet::{ResNet, ResNetConfig, ResNetDepth};
pub use staircase::Staircase;
/// What [`Architecture::network`] gives.
pub use stairs_network::{Network, Precision, Totals};
pub use stem::Stem;
pub use vgg::{Vgg, VggConfig, VggDepth, VggOptions};
pub use vgg_bn::{VggBn, VggBnConfig, VggBnDepth};
