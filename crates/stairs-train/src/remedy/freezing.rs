//! Iterative freezing: weights whose level goes back and forth more often than a threshold allows are fixed.
//!
//! With q the level of a weight after an optimiser step and m = [`MOMENTUM`]:
//!
//! ```text
//! o = 1 if q changed, against the direction of its last change, else 0        f ← m·o + (1 − m)·f
//! frozen at σ(q̄) once f exceeds the threshold                                  q̄ ← m·q + (1 − m)·q̄, from the first threshold on
//! ```
//!
//! A frozen weight's latent value is put on the middle of its step after every optimiser step, so that neither momentum nor
//! weight decay moves it, and stays there for ever. The paper's algorithm 1, in the order of its authors' code: q̄ is that
//! before the step at which the weight is frozen. Levels are in the units of the latent weight.

use std::collections::BTreeMap;

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use stairs_noise::walk::{Change, Place, change};

use super::levels::{Weights, hard, hard_at};

/// m, the default of the authors' code: a weight that swings at every step reaches a frequency of 0.01 in ten steps.
pub(crate) const MOMENTUM: f64 = 0.001;

/// What the quantised weights of a model did so far, in the order of their paths.
#[derive(Module, Debug)]
pub(crate) struct Oscillation {
    weights: Vec<Track>,
}

/// What the values of one weight did so far, each a vector of all of them.
#[derive(Module, Debug)]
pub(crate) struct Track {
    /// q.
    level: Param<Tensor<1>>,
    /// Direction of the last change: −1, 1, or 0 for none yet.
    direction: Param<Tensor<1>>,
    /// f.
    pub(super) frequency: Param<Tensor<1>>,
    /// q̄.
    mean: Param<Tensor<1>>,
    /// 1 where it is frozen.
    pub(super) frozen: Param<Tensor<1>>,
}

/// What is decided at a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Frequency above which a weight is frozen; `None` while none is.
    pub(crate) threshold: Option<f64>,
    /// Whether it is the first with a threshold.
    pub(crate) first: bool,
}

impl Oscillation {
    /// Before the first step of `model`.
    pub(crate) fn begin<M: Module>(model: &M) -> Self {
        Self { weights: hard(model).into_values().map(Track::begin).collect() }
    }

    /// After an optimiser step: what `model` did in it, and the model with its frozen weights where they belong.
    pub(crate) fn advance<M: Module>(self, model: M, moment: Moment) -> (M, Self) {
        let now = hard(&model);
        // The level nearest to a mean of levels is the one that the quantiser has for it.
        let means = now.keys().zip(&self.weights).map(|(path, track)| {
            let first = moment.first.then(|| now[path].clone());
            (path.clone(), first.unwrap_or_else(|| track.mean.val().without_autodiff()))
        });
        let nearest = moment.threshold.map(|_| hard_at(&model, &means.collect::<Weights>()));
        let (mut held, mut weights) = (BTreeMap::new(), Vec::with_capacity(self.weights.len()));
        for ((path, now), track) in now.into_iter().zip(self.weights) {
            let nearest = nearest.as_ref().and_then(|nearest| nearest.get(&path)).cloned();
            let track = track.advance(now, nearest, moment);
            if moment.threshold.is_some() {
                let values = |param: &Param<Tensor<1>>| param.val().without_autodiff();
                held.insert(path, (values(&track.frozen), values(&track.level)));
            }
            weights.push(track);
        }
        let model = if held.is_empty() { model } else { change(model, Held(held)).0 };
        (model, Self { weights })
    }

    #[cfg(test)]
    pub(super) fn tracks(&self) -> &[Track] {
        &self.weights
    }
}

impl Track {
    fn begin(level: Tensor<1>) -> Self {
        let zeros = || constant(level.zeros_like());
        Self {
            direction: zeros(),
            frequency: zeros(),
            frozen: zeros(),
            mean: constant(level.clone()),
            level: constant(level),
        }
    }

    /// The track after a step that ended with the levels `now`; `nearest` are the levels nearest to the means.
    fn advance(self, now: Tensor<1>, nearest: Option<Tensor<1>>, moment: Moment) -> Self {
        let [before, direction, frequency, mean, frozen] =
            [&self.level, &self.direction, &self.frequency, &self.mean, &self.frozen]
                .map(|p| p.val().without_autodiff());
        let was_frozen = frozen.clone().greater_elem(0.5);
        let now = now.mask_where(was_frozen.clone(), before.clone());
        let turn = (now.clone() - before).sign();
        let back = (direction.clone() * turn.clone()).lower_elem(-0.5).float();
        let frequency = frequency * (1.0 - MOMENTUM) + back * MOMENTUM;
        let direction = turn.clone().mask_where(turn.equal_elem(0.0), direction);
        let (level, mean, frozen) = match moment.threshold.zip(nearest) {
            None => (now, mean, frozen),
            Some((threshold, nearest)) => {
                let mean = if moment.first { now.clone() } else { mean };
                let newly = frequency.clone().greater_elem(threshold).bool_and(was_frozen.bool_not());
                let level = now.clone().mask_where(newly.clone(), nearest);
                (level, mean * (1.0 - MOMENTUM) + now * MOMENTUM, frozen.mask_fill(newly, 1.0))
            }
        };
        Self {
            level: self.level.map(|_| level),
            direction: self.direction.map(|_| direction),
            frequency: self.frequency.map(|_| frequency),
            mean: self.mean.map(|_| mean),
            frozen: self.frozen.map(|_| frozen),
        }
    }
}

/// Puts frozen weights on the middle of their step: by path, 1 where frozen, and the level.
struct Held(BTreeMap<String, (Tensor<1>, Tensor<1>)>);

impl Change for Held {
    fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some((frozen, level)) = self.0.get(place.path()).cloned() else { return param };
        param.map(|old| {
            let (required, dims) = (old.is_require_grad(), old.dims());
            let w = old.clone().without_autodiff();
            let w = w.mask_where(frozen.greater_elem(0.5).reshape(dims), level.reshape(dims));
            if old.is_autodiff() { Tensor::from_inner(w).set_require_grad(required) } else { w }
        })
    }
}

fn constant(values: Tensor<1>) -> Param<Tensor<1>> {
    Param::from_tensor(values).set_require_grad(false)
}
