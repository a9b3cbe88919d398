//! Weights that follow the mean of the noise.
//!
//! A quantiser under noise of mean m has its thresholds at ε(θ_k + m). While m is annealed they move, and what stood on one side of
//! a threshold stands on the other. With [`RunConfig::follow_mean`](crate::RunConfig::follow_mean) whatever is quantised moves with
//! them: after a step that changes a mean by Δm
//!
//! ```text
//! latent weight    w ← w + ε·Δm
//! features         β ← β + ε·Δm       β of the normalisation that is visited last before the quantiser
//! ```
//!
//! so that every argument keeps its distance from every threshold, and a run with an annealed mean computes what a run with mean 0
//! computes, but for rounding and for arguments exactly on a threshold.

use std::collections::BTreeMap;

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use stairs_noise::{
    QuantiserKind, quantisers,
    walk::{Change, Look, Place, change, look},
};

use crate::ConfigError;

/// Layers of Burn that end with a shift β by channel or feature, as walks see their types.
const NORMS: [&str; 4] = ["Struct:BatchNorm", "Struct:GroupNorm", "Struct:InstanceNorm", "Struct:LayerNorm"];

/// What moves with the mean of which quantiser, by the path of the parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Followers(BTreeMap<String, Follower>);

/// A quantiser and what it moves.
#[derive(Clone, Debug, PartialEq)]
struct Follower {
    /// Path of the quantiser.
    quantiser: String,
    /// What it quantises.
    kind: QuantiserKind,
    /// How far its parameter moves per unit of the mean: ε.
    quantum: f64,
}

impl Followers {
    /// Those of `model`.
    ///
    /// # Errors
    /// [`ConfigError::FollowMean`] for a quantiser without one fixed quantum, and for features without a
    /// normalisation before them.
    pub(crate) fn of<M: Module>(model: &M) -> Result<Self, ConfigError> {
        let found = look(model, Found::default());
        let mut followers = BTreeMap::new();
        for quantiser in quantisers(model) {
            let weight = quantiser.weight().map(str::to_owned);
            let path = quantiser.path;
            let refused = |why: &'static str| ConfigError::FollowMean { path: path.clone(), why };
            let quantum = *found.quanta.get(&path).ok_or_else(|| refused("it has no fixed quantum"))?;
            let parameter = match quantiser.kind {
                QuantiserKind::Weight => weight,
                QuantiserKind::Feature => found.betas.get(&path).cloned(),
            };
            let parameter = parameter.ok_or_else(|| refused("no normalisation stands before it"))?;
            let follower = Follower { quantiser: path.clone(), kind: quantiser.kind, quantum };
            if followers.insert(parameter, follower).is_some() {
                return Err(refused("its normalisation stands before another quantiser too"));
            }
        }
        Ok(Self(followers))
    }

    /// `model` after the means of its quantisers have changed by `changes`; only `features` or all.
    pub(crate) fn moved<M: Module>(&self, model: M, changes: &BTreeMap<String, f64>, features: bool) -> M {
        let distance = |(parameter, follower): (&String, &Follower)| {
            let change = changes.get(&follower.quantiser).copied().filter(|change| *change != 0.0)?;
            let moves = !features || follower.kind == QuantiserKind::Feature;
            moves.then(|| (parameter.clone(), follower.quantum * change))
        };
        let distances: BTreeMap<String, f64> = self.0.iter().filter_map(distance).collect();
        if distances.is_empty() { model } else { change(model, Shift(distances)).0 }
    }
}

/// What a walk finds: the quantum of every quantiser that has one, and the shift before every quantiser.
#[derive(Default)]
struct Found {
    beta: Option<String>,
    quanta: BTreeMap<String, f64>,
    betas: BTreeMap<String, String>,
}

impl Look for Found {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        let path = place.path();
        if let Some(quantiser) = place.scaled().filter(|_| place.name() == "Fixed") {
            let pair = param.val().into_data().try_into_vec_as::<f32>().unwrap_or_default();
            self.quanta.extend(pair.first().map(|quantum| (quantiser.to_owned(), f64::from(*quantum))));
            self.betas.extend(self.beta.clone().map(|beta| (quantiser.to_owned(), beta)));
        } else if place.name() == "beta" && NORMS.contains(&place.owner()) {
            self.beta = Some(path.to_owned());
        }
    }
}

/// Adds to parameters, by path.
struct Shift(BTreeMap<String, f64>);

impl Change for Shift {
    fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(distance) = self.0.get(place.path()) else { return param };
        let (id, tensor, mapper) = param.consume();
        let required = tensor.is_require_grad();
        let tensor = tensor.detach().add_scalar(*distance).detach().set_require_grad(required);
        Param::from_mapped_value(id, tensor, mapper)
    }
}
