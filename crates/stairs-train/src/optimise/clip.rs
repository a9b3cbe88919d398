//! Gradient clipping.
//!
//! ```text
//! norm   g ← g·min(1, c/(‖g‖ + 10⁻⁶)), with ‖g‖ the Euclidean norm of the gradients of all parameters together
//! value  g ← min(max(g, −c), c), number by number
//! ```
//!
//! Pascanu et al., *On the difficulty of training recurrent neural networks*, ICML 2013 (arXiv 1211.5063); the constant
//! is that of `torch.nn.utils.clip_grad_norm_`. Burn's own clipping has a norm for each tensor, which turns the gradient;
//! this one keeps its direction. It sees the sum over the parts of a step, before weight decay.

use burn::{
    module::{Module, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use serde::{Deserialize, Serialize};
use stairs_noise::walk::{Look, Place, look};

use crate::ConfigError;

/// Keeps a norm of 0 a divisor.
const TINY: f64 = 1e-6;

/// How gradients are clipped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clip {
    /// The norm of all gradients together is at most this, positive.
    Norm(f64),
    /// The magnitude of every number is at most this, positive.
    Value(f64),
}

impl Clip {
    pub(crate) fn validate(self) -> Result<(), ConfigError> {
        let (Self::Norm(value) | Self::Value(value)) = self;
        if value > 0.0 && value.is_finite() {
            Ok(())
        } else {
            Err(ConfigError::Range { field: "clip", value, needs: "must be positive and finite" })
        }
    }

    /// The clipped gradients of the parameters of `model`; nothing waits for the device.
    pub(crate) fn apply<M: Module>(self, grads: GradientsParams, model: &M) -> GradientsParams {
        let factor = match self {
            Self::Value(_) => None,
            Self::Norm(most) => {
                let squares = look(model, Squares { grads: &grads, sum: None });
                squares.sum.map(|sum| (sum.sqrt().add_scalar(TINY).recip() * most).clamp_max(1.0))
            }
        };
        look(model, Clipper { clip: self, factor, grads }).grads
    }
}

/// Sum of the squares of all gradients, on the device of the first.
struct Squares<'a> {
    grads: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl Look for Squares<'_> {
    fn float<const D: usize>(&mut self, _place: &Place, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.get::<D>(param.id) {
            let square = grad.square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => square.to_device(&sum.device()) + sum,
                None => square,
            });
        }
    }
}

struct Clipper {
    clip: Clip,
    factor: Option<Tensor<1>>,
    grads: GradientsParams,
}

impl Look for Clipper {
    fn float<const D: usize>(&mut self, _place: &Place, param: &Param<Tensor<D>>) {
        let Some(grad) = self.grads.remove::<D>(param.id) else { return };
        let clipped = match (self.clip, &self.factor) {
            (Clip::Value(most), _) => grad.clamp(-most, most),
            (Clip::Norm(_), Some(factor)) => {
                let factor = factor.clone().to_device(&grad.device());
                grad * factor.reshape([1; D])
            }
            (Clip::Norm(_), None) => grad,
        };
        self.grads.register::<D>(param.id, clipped);
    }
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{Linear, LinearConfig},
        tensor::Device,
    };

    use super::*;

    /// Gradients 3 (four times) for the weight and −4 (twice) for the bias, clipped.
    fn clipped(clip: Clip) -> (Vec<f32>, Vec<f32>) {
        let device = Device::flex();
        let layer: Linear = LinearConfig::new(2, 2).init(&device);
        let bias = layer.bias.as_ref().unwrap().id;
        let mut grads = GradientsParams::new();
        grads.register(layer.weight.id, Tensor::<2>::full([2, 2], 3.0, &device));
        grads.register(bias, Tensor::<1>::full([2], -4.0, &device));
        let mut grads = clip.apply(grads, &layer);
        let weight = grads.remove::<2>(layer.weight.id).unwrap().into_data().try_into_vec().unwrap();
        (weight, grads.remove::<1>(bias).unwrap().into_data().try_into_vec().unwrap())
    }

    #[test]
    fn the_norm_is_that_of_all_gradients_together() {
        let norm = (4.0 * 9.0 + 2.0 * 16.0_f64).sqrt();
        let (weight, bias) = clipped(Clip::Norm(2.0));
        let factor = 2.0 / (norm + 1e-6);
        assert!(weight.iter().all(|g| (f64::from(*g) - 3.0 * factor).abs() < 1e-6), "{weight:?}");
        assert!(bias.iter().all(|g| (f64::from(*g) + 4.0 * factor).abs() < 1e-6), "{bias:?}");
        assert_eq!(clipped(Clip::Norm(8.3)), (vec![3.0; 4], vec![-4.0; 2]), "the norm is {norm}");
    }

    #[test]
    fn values_are_clipped_one_by_one() {
        assert_eq!(clipped(Clip::Value(3.5)), (vec![3.0; 4], vec![-3.5; 2]));
    }

    #[test]
    fn impossible_bounds() {
        for bound in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Clip::Norm(bound).validate().is_err() && Clip::Value(bound).validate().is_err());
        }
        assert!(Clip::Norm(1.0).validate().is_ok());
    }
}
