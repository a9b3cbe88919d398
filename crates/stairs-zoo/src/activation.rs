//! The activation of a zoo model: ReLU in float, a stair when quantised.

use burn::module::Module;
use burn::nn::Relu;
use burn::tensor::{Device, Tensor};
use stairs_noise::StairActivation;

use crate::{ModelError, Quantisation};

/// An element-wise activation.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Activation {
    /// max(x, 0).
    Relu(Relu),
    /// A quantiser in its place.
    Stair(StairActivation),
}

impl Activation {
    /// The activation a quantisation asks for.
    pub(crate) fn new(quantisation: &Quantisation, device: &Device) -> Result<Self, ModelError> {
        Ok(match quantisation {
            Quantisation::Float => Activation::Relu(Relu::new()),
            Quantisation::Stairs(stairs) => Activation::Stair(stairs.activation().init(device)?),
        })
    }

    /// Applies it; any shape.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Activation::Relu(relu) => relu.forward(x),
            Activation::Stair(stair) => stair.forward(x),
        }
    }
}
