//! Dampening: the loss gains λ·‖clip(w) − ε·σ(w/ε)‖²/n, with n the values of one output of the layer, ŵ = ε·σ(w/ε) held fixed.
//!
//! The gradient is 2λ·(w − ŵ)/n where w lies between the outermost levels and 0 beyond. The paper writes the plain sum of
//! squares; its authors' code divides by n (`kernel_mean`), and their λ goes with that.

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use stairs_noise::{Stair, weight_axes};

/// `grads` with the gradient of the dampening of every quantised weight of `model`.
pub(crate) fn dampen<M: Module>(grads: GradientsParams, model: &M, weight: f64) -> GradientsParams {
    let axes = weight_axes(model);
    let fan_in = |path: &str, shape: &[usize]| axes.get(path).map_or(1, |axes| axes.fan_in(shape));
    let mut visitor = Visitor { path: Vec::new(), grads, weight, fan_in };
    model.visit(&mut visitor);
    visitor.grads
}

/// 2λ·(w − ŵ)/n between the outermost levels of `stair`, 0 beyond; `w` without autodiff.
pub(crate) fn gradient<const D: usize>(w: Tensor<D>, stair: &Stair, weight: f64, values: usize) -> Tensor<D> {
    let middle = stair.latent(stair.levels(w.clone()));
    let end = |level: f64| stair.latent(w.zeros_like() + level);
    let (low, high) = (end(stair.function().lowest_level()), end(stair.function().highest_level()));
    let outside = w.clone().lower(low).float() + w.clone().greater(high).float();
    (w - middle) * (2.0 * weight / values.max(1) as f64) * (outside * -1.0 + 1.0)
}

struct Visitor<F> {
    path: Vec<String>,
    grads: GradientsParams,
    weight: f64,
    fan_in: F,
}

impl<F: Fn(&str, &[usize]) -> usize> ModuleVisitor for Visitor<F> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(stair) = param.reparameterization::<Stair>() else { return };
        let w = param.base().without_autodiff();
        let values = (self.fan_in)(&self.path.join("."), &w.dims());
        let pull = gradient(w, stair, self.weight, values);
        let grad = match self.grads.remove::<D>(param.id) {
            Some(grad) => grad + pull,
            None => pull,
        };
        self.grads.register::<D>(param.id, grad);
    }
}
