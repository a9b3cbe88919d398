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
//! before the step at which the weight is frozen. Levels count in units of the quantum.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::Tensor,
};
use stairs_noise::Stair;

/// m, the default of the authors' code: a weight that swings at every step reaches a frequency of 0.01 in ten steps.
pub(crate) const MOMENTUM: f64 = 0.001;

/// What the weights of a model did so far, in the order in which Burn visits them.
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
        struct Visitor(Vec<Track>);

        impl ModuleVisitor for Visitor {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                if let Some(stair) = param.reparameterization::<Stair>() {
                    let w = param.base().without_autodiff();
                    self.0.push(Track::begin(stair.levels(w)));
                }
            }
        }

        let mut visitor = Visitor(Vec::new());
        model.visit(&mut visitor);
        Self { weights: visitor.0 }
    }

    /// After an optimiser step: what `model` did in it, and the model with its frozen weights where they belong.
    pub(crate) fn advance<M: Module>(self, model: M, moment: Moment) -> (M, Self) {
        struct Mapper<I> {
            moment: Moment,
            before: I,
            after: Vec<Track>,
        }

        impl<I: Iterator<Item = Track>> ModuleMapper for Mapper<I> {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                let Some(stair) = param.reparameterization::<Stair>().cloned() else { return param };
                let Some(track) = self.before.next() else { return param };
                param.map(|old| {
                    let required = old.is_require_grad();
                    let w = old.clone().without_autodiff();
                    let (w, track) = track.advance(w, &stair, self.moment);
                    self.after.push(track);
                    if old.is_autodiff() { Tensor::from_inner(w).set_require_grad(required) } else { w }
                })
            }
        }

        let mut mapper = Mapper { moment, before: self.weights.into_iter(), after: Vec::new() };
        let model = model.map(&mut mapper);
        (model, Self { weights: mapper.after })
    }

    #[cfg(test)]
    pub(super) fn tracks(&self) -> &[Track] {
        &self.weights
    }
}

impl Track {
    fn begin<const D: usize>(levels: Tensor<D>) -> Self {
        let level = levels.flatten::<1>(0, D - 1);
        let zeros = || constant(level.zeros_like());
        Self {
            direction: zeros(),
            frequency: zeros(),
            frozen: zeros(),
            mean: constant(level.clone()),
            level: constant(level),
        }
    }

    /// The latent weight after a step, and the track with that step; all tensors without autodiff.
    fn advance<const D: usize>(self, w: Tensor<D>, stair: &Stair, moment: Moment) -> (Tensor<D>, Self) {
        let dims = w.dims();
        let [before, direction, frequency, mean, frozen] =
            [&self.level, &self.direction, &self.frequency, &self.mean, &self.frozen]
                .map(|p| p.val().without_autodiff());
        let was_frozen = frozen.clone().greater_elem(0.5);
        let now = stair.levels(w.clone()).flatten::<1>(0, D - 1);
        let now = now.mask_where(was_frozen.clone(), before.clone());
        let turn = (now.clone() - before).sign();
        let back = (direction.clone() * turn.clone()).lower_elem(-0.5).float();
        let frequency = frequency * (1.0 - MOMENTUM) + back * MOMENTUM;
        let direction = turn.clone().mask_where(turn.equal_elem(0.0), direction);
        let (level, mean, frozen) = match moment.threshold {
            None => (now, mean, frozen),
            Some(threshold) => {
                let mean = if moment.first { now.clone() } else { mean };
                let newly = frequency.clone().greater_elem(threshold).bool_and(was_frozen.bool_not());
                let level = now.clone().mask_where(newly.clone(), stair.nearest(mean.clone()));
                (level, mean * (1.0 - MOMENTUM) + now * MOMENTUM, frozen.mask_fill(newly, 1.0))
            }
        };
        let held = frozen.clone().greater_elem(0.5).reshape(dims);
        let w = w.mask_where(held, stair.latent(level.clone().reshape(dims)));
        let track = Self {
            level: self.level.map(|_| level),
            direction: self.direction.map(|_| direction),
            frequency: self.frequency.map(|_| frequency),
            mean: self.mean.map(|_| mean),
            frozen: self.frozen.map(|_| frozen),
        };
        (w, track)
    }
}

fn constant(values: Tensor<1>) -> Param<Tensor<1>> {
    Param::from_tensor(values).set_require_grad(false)
}
