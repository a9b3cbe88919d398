//! Dampening: the loss gains λ·‖clip(w) − ε·σ(w/ε)‖²/n, with n the values of one output of the layer, ŵ = ε·σ(w/ε) held fixed.
//!
//! The gradient is 2λ·(w − ŵ)/n where w lies between the outermost levels and 0 beyond. The paper writes the plain sum of
//! squares; its authors' code divides by n (`kernel_mean`), and their λ goes with that.

use std::collections::BTreeMap;

use burn::{
    module::{Module, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use stairs_noise::{
    WeightAxes,
    walk::{Look, Place, look},
    weight_axes,
};

use super::levels::{Weights, ends, hard};

/// `grads` with the gradient of the dampening of every quantised weight of `model`.
pub(crate) fn dampen<M: Module>(grads: GradientsParams, model: &M, weight: f64) -> GradientsParams {
    let (middles, axes) = (hard(model), weight_axes(model));
    look(model, Pull { grads, weight, middles, ends: ends(model), axes }).grads
}

/// Adds the gradient of the dampening to the gradients there are.
struct Pull {
    grads: GradientsParams,
    weight: f64,
    middles: Weights,
    ends: [Weights; 2],
    axes: BTreeMap<String, WeightAxes>,
}

impl Pull {
    /// 2λ·(w − ŵ)/n between the outermost levels, 0 beyond.
    fn gradient<const D: usize>(&self, path: &str, w: Tensor<D>) -> Option<Tensor<D>> {
        let dims = w.dims();
        let values = self.axes.get(path).map_or(1, |axes| axes.fan_in(&dims)).max(1);
        let w = w.flatten::<1>(0, D - 1);
        let [low, high] = &self.ends;
        let (low, high) = (low.get(path)?.clone(), high.get(path)?.clone());
        let outside = w.clone().lower(low).float() + w.clone().greater(high).float();
        let pull = (w - self.middles.get(path)?.clone()) * (2.0 * self.weight / values as f64);
        Some((pull * (outside * -1.0 + 1.0)).reshape(dims))
    }
}

impl Look for Pull {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        let path = place.path();
        if !self.middles.contains_key(path) {
            return;
        }
        let Some(pull) = self.gradient(path, param.base().without_autodiff()) else { return };
        let grad = match self.grads.remove::<D>(param.id) {
            Some(grad) => grad + pull,
            None => pull,
        };
        self.grads.register::<D>(param.id, grad);
    }
}
