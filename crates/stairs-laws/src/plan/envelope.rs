//! Envelopes: how a start value decays to 0.
//!
//! | envelope | e(t) on its window | before `start` | afterwards |
//! |---|---|---|---|
//! | constant | 1 | 1 | 1 |
//! | bounded window | ((end − t)/(end − start))^α | 1 | 0 from `end` on |
//! | until | 1 | 1 | 0 from `end` on |
//! | unbounded window | (1/(t − start + 1))^α | 1 | 0 once e(t) has come down to the cutoff |
//! | sigmoid window, relaxation window | see [`SigmoidWindow`], [`RelaxationWindow`] | 1 | 0 from `end` on |
//!
//! t counts epochs or optimiser steps. With α = 0 both windows are the constant 1 for ever: what is static stays static
//! to the end of training. Source: \[ANA22\] (arXiv 2203.11323), section 4; the cutoff and the meaning of α = 0 follow its
//! authors' public code.

use serde::{Deserialize, Serialize};

use super::{PlanError, RelaxationWindow, SigmoidWindow};

/// A non-increasing function of time with values in [0, 1].
///
/// ```
/// use stairs_laws::Envelope;
/// let envelope = Envelope::bounded_window(0.0, 10.0, 2.0).unwrap();
/// assert_eq!(envelope.at(5.0), 0.25);
/// assert_eq!(envelope.at(10.0), 0.0);
/// assert!(Envelope::bounded_window(10.0, 10.0, 1.0).is_err());
/// ```
///
/// In files: `{ kind = "bounded-window", start = 0, end = 10, power = 2 }`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Envelope {
    /// 1 for ever.
    #[default]
    Constant,
    /// From 1 at its start to 0 at its end.
    BoundedWindow(BoundedWindow),
    /// From 1 at its start towards 0.
    UnboundedWindow(UnboundedWindow),
    /// 1, then 0.
    Until(Until),
    /// From 1 at its start to 0 at its end along a logistic curve: PARQ.
    SigmoidWindow(SigmoidWindow),
    /// From 1 at its start to 0 at its end, with a jump at the end: BinaryRelax.
    RelaxationWindow(RelaxationWindow),
}

/// ((end − t)/(end − start))^power from `start` to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawBounded")]
pub struct BoundedWindow {
    start: f64,
    end: f64,
    power: f64,
}

/// (1/(t − start + 1))^power from `start` until the value has come down to `cutoff`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawUnbounded")]
pub struct UnboundedWindow {
    start: f64,
    power: f64,
    cutoff: f64,
}

/// 1 before `end`, 0 from there on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawUntil")]
pub struct Until {
    end: f64,
}

impl Envelope {
    /// 1 before `end`, in units of time, and 0 from there on.
    ///
    /// # Errors
    /// [`PlanError::Start`] unless `end` is finite.
    pub fn until(end: f64) -> Result<Self, PlanError> {
        Until::new(end).map(Self::Until)
    }

    /// A bounded window; `start < end` in units of time, `power ≥ 0`.
    ///
    /// # Errors
    /// [`PlanError::Window`] or [`PlanError::Power`].
    pub fn bounded_window(start: f64, end: f64, power: f64) -> Result<Self, PlanError> {
        BoundedWindow::new(start, end, power).map(Self::BoundedWindow)
    }

    /// An unbounded window; `start` in units of time, `power ≥ 0`, `cutoff` in [0, 1), 0 for none.
    ///
    /// # Errors
    /// [`PlanError::Start`], [`PlanError::Power`] or [`PlanError::Cutoff`].
    pub fn unbounded_window(start: f64, power: f64, cutoff: f64) -> Result<Self, PlanError> {
        UnboundedWindow::new(start, power, cutoff).map(Self::UnboundedWindow)
    }

    /// e(t), in [0, 1]. A `t` that is NaN counts as before the start.
    pub fn at(&self, t: f64) -> f64 {
        match self {
            Envelope::Constant => 1.0,
            Envelope::BoundedWindow(window) => window.at(t),
            Envelope::UnboundedWindow(window) => window.at(t),
            Envelope::Until(until) => until.at(t),
            Envelope::SigmoidWindow(window) => window.at(t),
            Envelope::RelaxationWindow(window) => window.at(t),
        }
    }

    /// The first time at which e(t) = 0; `None` if there is none.
    pub fn end(&self) -> Option<f64> {
        match self {
            Envelope::Constant => None,
            Envelope::BoundedWindow(window) => (window.power > 0.0).then_some(window.end),
            Envelope::UnboundedWindow(window) => window.end(),
            Envelope::Until(until) => Some(until.end),
            Envelope::SigmoidWindow(window) => Some(window.end()),
            Envelope::RelaxationWindow(window) => Some(window.end()),
        }
    }
}

impl BoundedWindow {
    /// See [`Envelope::bounded_window`].
    ///
    /// # Errors
    /// [`PlanError::Window`] or [`PlanError::Power`].
    pub fn new(start: f64, end: f64, power: f64) -> Result<Self, PlanError> {
        if !(start.is_finite() && end.is_finite() && start < end) {
            return Err(PlanError::Window { start, end });
        }
        Ok(Self { start, end, power: valid_power(power)? })
    }

    /// First time of the window: 1 up to here.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Last time of the window: 0 from here on, unless the power is 0.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// Power α of the decay.
    pub fn power(&self) -> f64 {
        self.power
    }

    fn at(&self, t: f64) -> f64 {
        if self.power == 0.0 || t <= self.start || t.is_nan() {
            1.0
        } else if t >= self.end {
            0.0
        } else {
            // Halves, so that a window as wide as the number range does not overflow.
            let (start, end, t) = (0.5 * self.start, 0.5 * self.end, 0.5 * t);
            ((end - t) / (end - start)).powf(self.power)
        }
    }
}

impl UnboundedWindow {
    /// See [`Envelope::unbounded_window`].
    ///
    /// # Errors
    /// [`PlanError::Start`], [`PlanError::Power`] or [`PlanError::Cutoff`].
    pub fn new(start: f64, power: f64, cutoff: f64) -> Result<Self, PlanError> {
        if !start.is_finite() {
            return Err(PlanError::Start(start));
        }
        if !(0.0..1.0).contains(&cutoff) {
            return Err(PlanError::Cutoff(cutoff));
        }
        Ok(Self { start, power: valid_power(power)?, cutoff })
    }

    /// First time of the decay: 1 up to here.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Power α of the decay.
    pub fn power(&self) -> f64 {
        self.power
    }

    /// Value at which the envelope is set to 0.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    fn end(&self) -> Option<f64> {
        if self.power == 0.0 || self.cutoff == 0.0 {
            return None;
        }
        let end = self.start + (self.cutoff.powf(-1.0 / self.power) - 1.0);
        end.is_finite().then_some(end)
    }

    fn at(&self, t: f64) -> f64 {
        if t <= self.start || t.is_nan() {
            1.0
        } else if self.end().is_some_and(|end| t >= end) {
            0.0
        } else {
            (t - self.start + 1.0).powf(-self.power)
        }
    }
}

impl Until {
    /// See [`Envelope::until`].
    ///
    /// # Errors
    /// [`PlanError::Start`].
    pub fn new(end: f64) -> Result<Self, PlanError> {
        if end.is_finite() { Ok(Self { end }) } else { Err(PlanError::Start(end)) }
    }

    /// 0 from here on.
    pub fn end(&self) -> f64 {
        self.end
    }

    fn at(&self, t: f64) -> f64 {
        if t >= self.end { 0.0 } else { 1.0 }
    }
}

fn valid_power(power: f64) -> Result<f64, PlanError> {
    if power.is_finite() && power >= 0.0 { Ok(power) } else { Err(PlanError::Power(power)) }
}

fn one() -> f64 {
    1.0
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBounded {
    start: f64,
    end: f64,
    #[serde(default = "one")]
    power: f64,
}

impl TryFrom<RawBounded> for BoundedWindow {
    type Error = PlanError;

    fn try_from(raw: RawBounded) -> Result<Self, PlanError> {
        BoundedWindow::new(raw.start, raw.end, raw.power)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUntil {
    end: f64,
}

impl TryFrom<RawUntil> for Until {
    type Error = PlanError;

    fn try_from(raw: RawUntil) -> Result<Self, PlanError> {
        Until::new(raw.end)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnbounded {
    start: f64,
    #[serde(default = "one")]
    power: f64,
    #[serde(default)]
    cutoff: f64,
}

impl TryFrom<RawUnbounded> for UnboundedWindow {
    type Error = PlanError;

    fn try_from(raw: RawUnbounded) -> Result<Self, PlanError> {
        UnboundedWindow::new(raw.start, raw.power, raw.cutoff)
    }
}
