//! Envelopes of published relaxations of the quantiser, each from 1 at its start to 0 at its end.
//!
//! With τ = (t − start)/(end − start) in [0, 1]:
//!
//! | envelope | e(τ) | used for | source |
//! |---|---|---|---|
//! | [`SigmoidWindow`] | (S(c/2 − cτ) − S(−c/2))/(S(c/2) − S(−c/2)), S the logistic function, c the steepness | the inverse slope of PARQ | Jin et al. 2025 (arXiv 2503.15748), as its authors' code has it: c = 10 |
//! | [`RelaxationWindow`] | 2/(1 + γ^τ), 0 for τ = 1 | the float share 1/(1 + λ) of BinaryRelax, λ = γ^τ growing geometrically from 1 | Yin et al. 2018 (arXiv 1801.06313), as its authors' code has it: λ grows by 1.04 in each of 150 epochs, γ = 1.04^150 |
//!
//! The second is half the share: multiply by ½. It ends with a jump, as the second phase of that paper begins with one.

use serde::{Deserialize, Serialize};

use super::PlanError;

/// A logistic curve turned around, from 1 to 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawSigmoid")]
pub struct SigmoidWindow {
    start: f64,
    end: f64,
    steepness: f64,
}

/// Two over one plus a geometrically growing weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawRelaxation")]
pub struct RelaxationWindow {
    start: f64,
    end: f64,
    growth: f64,
}

impl SigmoidWindow {
    /// `start < end` in units of time; `steepness` in (0, 100], towards 0 a straight line.
    ///
    /// # Errors
    /// [`PlanError::Window`] or [`PlanError::Steepness`].
    pub fn new(start: f64, end: f64, steepness: f64) -> Result<Self, PlanError> {
        valid_window(start, end)?;
        // Below, the difference of the two ends drowns in rounding.
        if !(1e-3..=100.0).contains(&steepness) {
            return Err(PlanError::Steepness(steepness));
        }
        Ok(Self { start, end, steepness })
    }

    /// First time of the window: 1 up to here.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Last time of the window: 0 from here on.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// Steepness c.
    pub fn steepness(&self) -> f64 {
        self.steepness
    }

    pub(super) fn at(&self, t: f64) -> f64 {
        let Some(share) = share(self.start, self.end, t) else { return 1.0 };
        let logistic = |z: f64| 1.0 / (1.0 + (-z).exp());
        let (high, low) = (logistic(0.5 * self.steepness), logistic(-0.5 * self.steepness));
        ((logistic(self.steepness * (0.5 - share)) - low) / (high - low)).clamp(0.0, 1.0)
    }
}

impl RelaxationWindow {
    /// `start < end` in units of time; `growth` in [1, 10⁶⁰], what the weight of the quantised value grows by from start to end.
    ///
    /// # Errors
    /// [`PlanError::Window`] or [`PlanError::Growth`].
    pub fn new(start: f64, end: f64, growth: f64) -> Result<Self, PlanError> {
        valid_window(start, end)?;
        if !(1.0..=1e60).contains(&growth) {
            return Err(PlanError::Growth(growth));
        }
        Ok(Self { start, end, growth })
    }

    /// First time of the window: 1 up to here.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Last time of the window: 0 from here on.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// Growth γ over the window.
    pub fn growth(&self) -> f64 {
        self.growth
    }

    /// The value that the jump to 0 starts from.
    pub fn last(&self) -> f64 {
        2.0 / (1.0 + self.growth)
    }

    pub(super) fn at(&self, t: f64) -> f64 {
        match share(self.start, self.end, t) {
            None => 1.0,
            Some(share) if share >= 1.0 => 0.0,
            Some(share) => 2.0 / (1.0 + self.growth.powf(share)),
        }
    }
}

/// (t − start)/(end − start), at most 1; `None` before the start and for a t that is no number.
fn share(start: f64, end: f64, t: f64) -> Option<f64> {
    if t >= end {
        return Some(1.0);
    }
    // Halves, so that a window as wide as the number range does not overflow.
    (t > start).then(|| (0.5 * t - 0.5 * start) / (0.5 * end - 0.5 * start))
}

fn valid_window(start: f64, end: f64) -> Result<(), PlanError> {
    let valid = start.is_finite() && end.is_finite() && start < end;
    if valid { Ok(()) } else { Err(PlanError::Window { start, end }) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSigmoid {
    start: f64,
    end: f64,
    steepness: f64,
}

impl TryFrom<RawSigmoid> for SigmoidWindow {
    type Error = PlanError;

    fn try_from(raw: RawSigmoid) -> Result<Self, PlanError> {
        Self::new(raw.start, raw.end, raw.steepness)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRelaxation {
    start: f64,
    end: f64,
    growth: f64,
}

impl TryFrom<RawRelaxation> for RelaxationWindow {
    type Error = PlanError;

    fn try_from(raw: RawRelaxation) -> Result<Self, PlanError> {
        Self::new(raw.start, raw.end, raw.growth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fall_from_one_to_zero() {
        let sigmoid = SigmoidWindow::new(2.0, 12.0, 10.0).unwrap();
        let relaxation = RelaxationWindow::new(2.0, 12.0, 256.0).unwrap();
        for at in [&(|t| sigmoid.at(t)) as &dyn Fn(f64) -> f64, &|t| relaxation.at(t)] {
            assert_eq!([at(f64::NAN), at(-1e300), at(2.0), at(12.0), at(1e300)], [1.0, 1.0, 1.0, 0.0, 0.0]);
            assert!((0..100).all(|i| at(2.0 + 0.1 * f64::from(i)) >= at(2.1 + 0.1 * f64::from(i))));
        }
        assert!((sigmoid.at(7.0) - 0.5).abs() < 1e-15);
        assert_eq!(relaxation.at(7.0), 2.0 / 17.0);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(SigmoidWindow::new(1.0, 1.0, 10.0), Err(PlanError::Window { .. })));
        assert!(matches!(RelaxationWindow::new(0.0, f64::NAN, 2.0), Err(PlanError::Window { .. })));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e3] {
            assert!(matches!(SigmoidWindow::new(0.0, 1.0, bad), Err(PlanError::Steepness(_))), "{bad}");
        }
        for bad in [0.5, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(RelaxationWindow::new(0.0, 1.0, bad), Err(PlanError::Growth(_))), "{bad}");
        }
    }
}
