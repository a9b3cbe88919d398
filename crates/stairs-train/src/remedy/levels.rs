//! The levels that quantised weights have, as numbers.
//!
//! Burn shows visitors and mappers the latent weight, never what quantises it. So levels are read where Burn computes them: from a
//! copy with hard quantisers whose weights are materialised, ŵ = ε·σ(w/ε). That is a level in the units of the latent weight, the
//! middle of its step, wherever the scale of the output is the quantum.

use std::collections::{BTreeMap, BTreeSet};

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use stairs_noise::{
    QuantiserInfo, quantisers,
    walk::{Change, Look, Place, change, look},
};

/// Values of weights by path, each a vector of all of them, without autodiff.
pub(crate) type Weights = BTreeMap<String, Tensor<1>>;

/// Beyond the outermost level of every quantiser that single precision can compute with.
const FAR: f64 = 1e20;

/// ŵ of every quantised weight of `model`.
pub(crate) fn hard<M: Module>(model: &M) -> Weights {
    let quantised: BTreeSet<String> =
        quantisers(model).iter().filter_map(QuantiserInfo::weight).map(str::to_owned).collect();
    look(&model.valid().materialize(), Read { quantised, weights: Weights::new() }).weights
}

/// ŵ of the quantised weights of `model` if their latent values were others.
pub(crate) fn hard_at<M: Module>(model: &M, latent: &Weights) -> Weights {
    hard(&change(model.valid(), Write(latent)).0)
}

/// The lowest and the highest ŵ that the quantised weights of `model` can have.
pub(crate) fn ends<M: Module>(model: &M) -> [Weights; 2] {
    let now = hard(model);
    [-FAR, FAR].map(|far| {
        let latent = now.iter().map(|(path, values)| (path.clone(), values.zeros_like() + far)).collect();
        hard_at(model, &latent)
    })
}

/// Reads the parameters at these paths.
struct Read {
    quantised: BTreeSet<String>,
    weights: Weights,
}

impl Look for Read {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        if self.quantised.contains(place.path()) {
            let values = param.val().without_autodiff();
            self.weights.insert(place.path().to_owned(), values.flatten::<1>(0, D - 1));
        }
    }
}

/// Replaces latent weights, in evaluation mode.
struct Write<'a>(&'a Weights);

impl Change for Write<'_> {
    fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.0.get(place.path()) {
            Some(values) => param.map(|old| values.clone().to_device(&old.device()).reshape(old.dims())),
            None => param,
        }
    }
}
