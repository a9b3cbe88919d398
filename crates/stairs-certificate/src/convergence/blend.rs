//! The expectation of a stair from the probabilities that its thresholds are passed.

use stairs_quant::StairFunction;

/// q_j + Σ_{k>j} Δ_k F_k, where thresholds up to j are passed for certain: exactly a level where every F is 0 or 1.
pub(super) struct Blend<'a> {
    stair: &'a StairFunction,
    value: f64,
    certain: bool,
}

impl<'a> Blend<'a> {
    pub(super) fn new(stair: &'a StairFunction) -> Self {
        Self { stair, value: stair.levels()[0], certain: true }
    }

    /// Adds step `k`, counted from 0, passed with probability `passed`.
    pub(super) fn add(&mut self, k: usize, passed: f64) {
        let levels = self.stair.levels();
        if passed == 1.0 && self.certain {
            self.value = levels[k + 1];
        } else if passed != 0.0 {
            self.certain = false;
            self.value += (levels[k + 1] - levels[k]) * passed;
        } else {
            self.certain = false;
        }
    }

    /// The value, inside the range of the levels.
    pub(super) fn value(&self) -> f64 {
        self.value.clamp(self.stair.lowest_level(), self.stair.highest_level())
    }
}
