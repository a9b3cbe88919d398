//! One pass over a tensor, compiled from a [`StairSpec`] to single-precision constants that every backend evaluates.
//!
//! With c_k = ε(θ_k + m) and a = 1/(ε·s), forward and backward are
//!
//! ```text
//! y  = α·q₀ + Σ_k α·Δ_k · F((x − c_k)·a)          ∂y/∂x = Σ_k (α·Δ_k·a) · f((x − c_k)·a)
//! ```
//!
//! The subtraction comes first because it is exact near a threshold, where it matters. A regular stair of many levels
//! needs only the few thresholds within reach of x: the rest contribute a whole step or none (see [`Window`]).
//!
//! A scale below [`FINEST`] counts as 0. Single precision has no numbers within it next to thresholds of ±½, so that the
//! regularised stair *is* the hard one, and 1/s would overflow soon: 0·∞ is no number.

use stairs_quant::ThresholdValue;

use super::random::Key;
use crate::{Backward, Law, Noise, StairSpec, Strategy};

/// Scale in units of the quantum below which a law is taken to be hard: half the distance of single-precision numbers at 1.
pub(crate) const FINEST: f64 = 1.0 / (1u32 << 24) as f64;

/// Whether the law is hard in single precision.
fn is_sharp(law: &Law) -> bool {
    law.scale() < FINEST
}

/// The unit law of a pass.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Law(Noise),
    Dirac { upper: bool },
}

/// How the K equally spaced thresholds of a regular stair are visited when only `len` of them can be within reach of
/// one x: those from k₀ = clamp(⌈t − reach⌉ − 1, 0, K − len) on, with t = (x − first)/spacing. The k₀ thresholds before
/// contribute a whole step each. `len` counts one spare threshold on either side, so that a rounding of t is harmless.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) first: f32,
    pub(crate) spacing: f32,
    pub(crate) inverse_spacing: f32,
    pub(crate) reach: f32,
    pub(crate) len: usize,
    pub(crate) last_start: f32,
    pub(crate) step: f32,
}

/// Constants of one pass.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) shape: Shape,
    /// Value below all thresholds: α·q₀ forward, 0 backward.
    pub(crate) base: f32,
    /// c_k = ε(θ_k + m), ascending.
    pub(crate) thresholds: Vec<f32>,
    /// α·Δ_k forward, α·Δ_k/(ε·s) backward.
    pub(crate) steps: Vec<f32>,
    /// a = 1/(ε·s); 1 for the Dirac law.
    pub(crate) inverse_scale: f32,
    pub(crate) window: Option<Window>,
}

/// What the backward pass multiplies the gradient with.
pub(crate) enum BackwardPass {
    /// Nothing passes: a hard stair.
    Zero,
    /// The constant α/ε (identity estimator).
    Constant(f32),
    /// σ_ν′.
    Density(Pass),
}

impl Pass {
    fn new(spec: &StairSpec, law: &Law, backward: bool) -> Self {
        let (epsilon, alpha) = (spec.scales.quantum(), spec.scales.output());
        let stair = &spec.stair;
        let hard = is_sharp(law);
        let inverse_scale = if hard { 1.0 } else { 1.0 / (epsilon * law.scale()) };
        let factor = if backward { alpha * inverse_scale } else { alpha };
        let shape = if hard {
            Shape::Dirac { upper: stair.threshold_value() == ThresholdValue::Upper }
        } else {
            Shape::Law(law.noise().clone())
        };
        let window = stair.is_regular().and_then(|regular| {
            let reach = law.scale() * law.noise().reach() / regular.spacing;
            let len = 2.0 * reach + 3.0;
            (len < regular.count as f64).then(|| Window {
                first: (epsilon * (regular.first + law.mean())) as f32,
                spacing: (epsilon * regular.spacing) as f32,
                inverse_spacing: (1.0 / (epsilon * regular.spacing)) as f32,
                reach: reach as f32,
                len: len as usize,
                last_start: (regular.count - len as usize) as f32,
                step: (regular.step * factor) as f32,
            })
        });
        Self {
            shape,
            base: if backward { 0.0 } else { (alpha * stair.levels()[0]) as f32 },
            thresholds: stair.thresholds().iter().map(|t| (epsilon * (t + law.mean())) as f32).collect(),
            steps: stair.steps().map(|d| (factor * d) as f32).collect(),
            inverse_scale: inverse_scale as f32,
            window,
        }
    }

    pub(crate) fn forward(spec: &StairSpec) -> Self {
        Self::new(spec, &spec.laws.forward, false)
    }

    /// Count, thresholds and steps of a stair of at most three thresholds, the unused ones 0.
    pub(crate) fn few(&self) -> Option<(usize, [f32; 3], [f32; 3])> {
        let count = self.thresholds.len();
        let padded = |values: &[f32]| {
            let mut array = [0.0; 3];
            array[..count].copy_from_slice(values);
            array
        };
        (1..=3).contains(&count).then(|| (count, padded(&self.thresholds), padded(&self.steps)))
    }

    /// The strategy that really runs: at scale 0 all three are the hard stair.
    pub(crate) fn strategy(&self, spec: &StairSpec) -> Strategy {
        if matches!(self.shape, Shape::Dirac { .. }) { Strategy::Expectation } else { spec.strategy }
    }
}

impl BackwardPass {
    /// `None` for a rule with a factor of its own, see `rules`.
    pub(crate) fn new(spec: &StairSpec) -> Option<Self> {
        match &spec.laws.backward {
            Backward::Identity => Some(Self::Constant((spec.scales.output() / spec.scales.quantum()) as f32)),
            Backward::Law(law) if is_sharp(law) => Some(Self::Zero),
            Backward::Law(law) => Some(Self::Density(Pass::new(spec, law, true))),
            Backward::Dsq(_) | Backward::Ewgs(_) => None,
        }
    }
}

impl StairSpec {
    /// Whether the forward pass mixes x with its level: what no kernel does, see `rules`.
    pub(crate) fn is_relaxed(&self) -> bool {
        self.strategy == Strategy::Relaxed && !is_sharp(&self.laws.forward)
    }

    pub(crate) fn random_key(&self) -> Key {
        Key::new(self.key)
    }
}
