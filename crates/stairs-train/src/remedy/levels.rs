//! The levels that quantised weights have, as numbers.
//!
//! Burn shows visitors and mappers the latent weight, never what quantises it. So levels are read where Burn computes them: from a
//! copy with hard quantisers whose weights are materialised, ŵ = ε·σ(w/ε). That is a level in the units of the latent weight, the
//! middle of its step, wherever the scale of the output is the quantum.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::Tensor,
};

/// Values of weights by path, each a vector of all of them, without autodiff.
pub(crate) type Weights = BTreeMap<String, Tensor<1>>;

/// Beyond the outermost level of every quantiser that single precision can compute with.
const FAR: f64 = 1e20;

/// ŵ of every quantised weight of `model`.
pub(crate) fn hard<M: Module>(model: &M) -> Weights {
    let mut latent = Read { quantised: Some(Vec::new()), ..Read::default() };
    model.visit(&mut latent);
    let paths = latent.quantised.unwrap_or_default();
    let mut all = Read::default();
    model.valid().materialize().visit(&mut all);
    all.weights.retain(|path, _| paths.contains(path));
    all.weights
}

/// ŵ of the quantised weights of `model` if their latent values were others.
pub(crate) fn hard_at<M: Module>(model: &M, latent: &Weights) -> Weights {
    hard(&model.valid().map(&mut Write { path: Vec::new(), latent }))
}

/// The lowest and the highest ŵ that the quantised weights of `model` can have.
pub(crate) fn ends<M: Module>(model: &M) -> [Weights; 2] {
    let now = hard(model);
    [-FAR, FAR].map(|far| {
        let latent = now.iter().map(|(path, values)| (path.clone(), values.zeros_like() + far)).collect();
        hard_at(model, &latent)
    })
}

/// Reads parameters: all, or the paths of those that are quantised.
#[derive(Default)]
struct Read {
    path: Vec<String>,
    weights: Weights,
    quantised: Option<Vec<String>>,
}

impl ModuleVisitor for Read {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        // The weight itself has been visited just before what is attached to it.
        if let Some(quantised) = self.quantised.as_mut().filter(|_| container_type == "Reparameterization") {
            quantised.push(self.path.join("."));
        }
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.quantised.is_none() && D > 1 {
            let values = param.val().without_autodiff();
            self.weights.insert(self.path.join("."), values.flatten::<1>(0, D - 1));
        }
    }
}

/// Replaces latent weights, in evaluation mode.
struct Write<'a> {
    path: Vec<String>,
    latent: &'a Weights,
}

impl ModuleMapper for Write<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.latent.get(&self.path.join(".")) {
            Some(values) => param.map(|old| values.clone().to_device(&old.device()).reshape(old.dims())),
            None => param,
        }
    }
}
