//! Two remedies against latent weights that swing about a threshold. Nagel, Fournarakis, Bondarenko, Blankevoort,
//! *Overcoming Oscillations in Quantization-Aware Training*, ICML 2022 (arXiv 2203.11086).
//!
//! - [`dampening`]: a term of the loss draws latent weights to the middles of their steps;
//! - [`freezing`]: weights that change their level back and forth too often stay where they were on average.
//!
//! Both get stronger along half a cosine, which begins after a quarter of the training; before, nothing is dampened or
//! frozen. The numbers are the defaults of the authors' code.

pub(crate) mod dampening;
pub(crate) mod freezing;
mod levels;

use crate::{Method, RunConfig};

/// Share of the training after which a remedy begins.
const BEGIN: f64 = 0.25;
/// Weight of the dampening in the loss: at first, and at the end.
const DAMPENING: (f64, f64) = (0.0, 0.1);
/// Frequency above which a weight is frozen: at first, and at the end.
const THRESHOLD: (f64, f64) = (0.1, 0.01);

/// A remedy and the steps of the run it is scheduled by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Remedy {
    kind: Kind,
    steps: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Dampening,
    Freezing,
}

impl Remedy {
    /// The remedy of a run of `steps` optimiser steps, if it has one.
    pub(crate) fn of(config: &RunConfig, steps: u64) -> Option<Self> {
        let kind = match config.method {
            Method::Dampening => Kind::Dampening,
            Method::Freezing => Kind::Freezing,
            _ => return None,
        };
        Some(Self { kind, steps: steps as f64 })
    }

    /// Whether it needs to know what weights did before.
    pub(crate) fn freezes(self) -> bool {
        self.kind == Kind::Freezing
    }

    /// Weight of the dampening for the gradient after `step` steps; 0 for none.
    pub(crate) fn weight(self, step: u64) -> f64 {
        match self.kind {
            Kind::Dampening => self.cosine(step, DAMPENING).unwrap_or(DAMPENING.0),
            Kind::Freezing => 0.0,
        }
    }

    /// Threshold of the freezing after `step` steps; `None` before it begins.
    pub(crate) fn threshold(self, step: u64) -> Option<f64> {
        if self.kind == Kind::Freezing { self.cosine(step, THRESHOLD) } else { None }
    }

    /// last + (first − last)·(1 + cos πτ)/2, τ from 0 at the beginning to 1 after the last step.
    fn cosine(self, step: u64, (first, last): (f64, f64)) -> Option<f64> {
        let begin = BEGIN * self.steps;
        let share = (step as f64 - begin) / (self.steps - begin);
        (share >= 0.0).then(|| last + 0.5 * (first - last) * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos()))
    }
}

#[cfg(test)]
mod tests;
