//! What a forward pass makes of the masses F_k = P(x − ν ≥ θ_k) it sees threshold by threshold: the three strategies as
//! small state machines on one element, branch-free so that loops over elements vectorise.

use crate::op::random::{Key, uniform};

/// One strategy.
pub(crate) trait Emit: Copy {
    /// What is carried from threshold to threshold.
    type State: Copy;
    /// State before the first threshold; `level` is the value there, `index` the position of the element in the tensor.
    fn start(self, level: f32, index: u32) -> Self::State;
    /// Takes F_k and the step Δ_k of the next threshold.
    fn step(self, state: Self::State, cdf: f32, step: f32) -> Self::State;
    /// The value emitted.
    fn finish(self, state: Self::State) -> f32;
}

/// Σ p_k q_k.
#[derive(Clone, Copy)]
pub(crate) struct Expectation;

impl Emit for Expectation {
    type State = f32;

    #[inline(always)]
    fn start(self, level: f32, _index: u32) -> f32 {
        level
    }

    #[inline(always)]
    fn step(self, value: f32, cdf: f32, step: f32) -> f32 {
        value + step * cdf
    }

    #[inline(always)]
    fn finish(self, value: f32) -> f32 {
        value
    }
}

/// A level drawn by inverse transform: the steps with U < F_k are taken.
#[derive(Clone, Copy)]
pub(crate) struct Random(pub(crate) Key);

impl Emit for Random {
    /// Value and U.
    type State = (f32, f32);

    #[inline(always)]
    fn start(self, level: f32, index: u32) -> Self::State {
        (level, uniform(self.0, index))
    }

    #[inline(always)]
    fn step(self, (value, u): Self::State, cdf: f32, step: f32) -> Self::State {
        (value + if u < cdf { step } else { 0.0 }, u)
    }

    #[inline(always)]
    fn finish(self, (value, _): Self::State) -> f32 {
        value
    }
}

/// The level of largest mass, the lower one of equals.
#[derive(Clone, Copy)]
pub(crate) struct Mode;

/// State of [`Mode`].
#[derive(Clone, Copy)]
pub(crate) struct Best {
    /// Level of the largest mass so far.
    value: f32,
    /// That mass.
    mass: f32,
    /// The level between the previous threshold and the next.
    level: f32,
    /// F of the previous threshold.
    above: f32,
}

impl Emit for Mode {
    type State = Best;

    #[inline(always)]
    fn start(self, level: f32, _index: u32) -> Best {
        Best { value: level, mass: -1.0, level, above: 1.0 }
    }

    #[inline(always)]
    fn step(self, best: Best, cdf: f32, step: f32) -> Best {
        let mass = best.above - cdf;
        let better = mass > best.mass;
        Best {
            value: if better { best.level } else { best.value },
            mass: if better { mass } else { best.mass },
            level: best.level + step,
            above: cdf,
        }
    }

    #[inline(always)]
    fn finish(self, best: Best) -> f32 {
        if best.above > best.mass { best.level } else { best.value }
    }
}
