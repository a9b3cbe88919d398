//! The activation of a zoo model: ReLU or ReLU6 in float, a stair when features are quantised.

use burn::module::Module;
use burn::nn::Relu;
use burn::nn::activation::Relu6;
use burn::tensor::{Device, Tensor};
use stairs_noise::StairActivation;

use crate::calibration::{note, note_quantiser};
use crate::{ModelError, Quantisation};

/// An element-wise activation.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Activation {
    /// max(x, 0).
    Relu(Relu),
    /// min(max(x, 0), 6).
    Relu6(Relu6),
    /// A quantiser in its place.
    Stair(StairActivation),
}

/// What stands where a network's features are not quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rectifier {
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6), of MobileNetV2.
    Relu6,
}

impl Activation {
    /// A ReLU, or the stair a quantisation puts in its place.
    pub(crate) fn new(quantisation: &Quantisation, device: &Device) -> Result<Self, ModelError> {
        Self::in_place_of(Rectifier::Relu, quantisation, device)
    }

    /// `rectifier`, or the stair a quantisation puts in its place.
    pub(crate) fn in_place_of(
        rectifier: Rectifier,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Ok(match (quantisation.features(), rectifier) {
            (Some(features), _) => Activation::Stair(features.init(device)?),
            (None, Rectifier::Relu) => Activation::Relu(Relu::new()),
            (None, Rectifier::Relu6) => Activation::Relu6(Relu6::new()),
        })
    }

    /// Applies it; any shape.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Activation::Relu(relu) => {
                note(&x);
                relu.forward(x)
            }
            Activation::Relu6(_) => {
                note(&x);
                stairs_kernels::relu6(x)
            }
            Activation::Stair(stair) => {
                note_quantiser();
                stair.forward(x)
            }
        }
    }
}
