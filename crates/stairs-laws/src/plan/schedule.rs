//! Schedules: the laws of one quantiser as functions of time.
//!
//! (m(t), s(t)) = (β^m e^m(t), β^s e^s(t)) in units of the quantum, with envelopes e^m, e^s. Source: \[ANA22\]
//! (arXiv 2203.11323), section 4.

use serde::{Deserialize, Serialize};

use super::{Envelope, PlanError};
use crate::{Backward, Dsq, Ewgs, Law, Laws, Noise, Strategy};

/// A law whose mean and scale decay by envelopes of their own.
///
/// ```
/// use stairs_laws::{Envelope, Law, Noise, NoiseSchedule};
/// let start = Law::new(Noise::Uniform, -0.5, 0.5).unwrap();
/// let mean = Envelope::bounded_window(0.0, 10.0, 1.0).unwrap();
/// let scale = Envelope::bounded_window(0.0, 10.0, 2.0).unwrap();
/// let law = NoiseSchedule::new(start, mean, scale).law_at(5.0);
/// assert_eq!((law.mean(), law.scale()), (-0.25, 0.125));
/// ```
///
/// In files: `noise`, `mean` and `scale` (β^m and β^s), `mean-envelope` and `scale-envelope` (constant where left out).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawSchedule", into = "RawSchedule")]
pub struct NoiseSchedule {
    start: Law,
    mean: Envelope,
    scale: Envelope,
}

impl NoiseSchedule {
    /// The law `start` with its mean multiplied by `mean(t)` and its scale by `scale(t)`.
    pub fn new(start: Law, mean: Envelope, scale: Envelope) -> Self {
        Self { start, mean, scale }
    }

    /// The same law for ever.
    pub fn constant(law: Law) -> Self {
        Self::new(law, Envelope::Constant, Envelope::Constant)
    }

    /// The law both of whose envelopes are 1: β^m and β^s.
    pub fn start(&self) -> &Law {
        &self.start
    }

    /// Envelope of the mean.
    pub fn mean_envelope(&self) -> Envelope {
        self.mean
    }

    /// Envelope of the scale.
    pub fn scale_envelope(&self) -> Envelope {
        self.scale
    }

    /// The law at time `t`.
    pub fn law_at(&self, t: f64) -> Law {
        // Adding 0 turns the −0 of a decayed negative mean into 0.
        let mean = self.start.mean() * self.mean.at(t) + 0.0;
        let scale = self.start.scale() * self.scale.at(t);
        Law::known(self.start.noise().clone(), mean, scale)
    }

    /// The time, at least 0, from which the law is the Dirac law at 0, that is: the stair is the one of evaluation.
    /// `None` if that never comes, as under a constant envelope.
    pub fn end(&self) -> Option<f64> {
        let of = |value: f64, envelope: Envelope| if value == 0.0 { Some(0.0) } else { envelope.end() };
        let (mean, scale) = (of(self.start.mean(), self.mean)?, of(self.start.scale(), self.scale)?);
        Some(mean.max(scale).max(0.0))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawSchedule {
    noise: Noise,
    mean: f64,
    scale: f64,
    #[serde(default)]
    mean_envelope: Envelope,
    #[serde(default)]
    scale_envelope: Envelope,
}

impl TryFrom<RawSchedule> for NoiseSchedule {
    type Error = PlanError;

    fn try_from(raw: RawSchedule) -> Result<Self, PlanError> {
        Ok(Self::new(Law::new(raw.noise, raw.mean, raw.scale)?, raw.mean_envelope, raw.scale_envelope))
    }
}

impl From<NoiseSchedule> for RawSchedule {
    fn from(schedule: NoiseSchedule) -> Self {
        Self {
            noise: schedule.start.noise().clone(),
            mean: schedule.start.mean(),
            scale: schedule.start.scale(),
            mean_envelope: schedule.mean,
            scale_envelope: schedule.scale,
        }
    }
}

/// A backward rule of its own, independent of the forward schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackwardSchedule {
    /// The derivative of the stair regularised by this schedule's law.
    Schedule(NoiseSchedule),
    /// Derivative 1, see [`Backward::Identity`].
    Identity,
    /// The derivative of DSQ's soft stair, see [`Backward::Dsq`].
    Dsq(Dsq),
    /// The clipped identity with EWGS's scaling, see [`Backward::Ewgs`].
    Ewgs(Ewgs),
}

/// Everything one quantiser needs to know of the annealing.
///
/// ```
/// use stairs_laws::{Backward, Law, Noise, NoiseSchedule, QuantiserSchedule, Strategy};
/// let law = Law::new(Noise::Logistic, 0.0, 0.5).unwrap();
/// let schedule = QuantiserSchedule::new(NoiseSchedule::constant(law.clone()), Strategy::Mode);
/// assert_eq!(schedule.laws_at(3.0).backward, Backward::Law(law));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantiserSchedule {
    /// What the forward pass emits.
    #[serde(default)]
    pub strategy: Strategy,
    /// Law of the forward pass.
    pub forward: NoiseSchedule,
    /// Rule of the backward pass; `None`: that of the forward law at every time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backward: Option<BackwardSchedule>,
}

impl QuantiserSchedule {
    /// One schedule for both passes.
    pub fn new(forward: NoiseSchedule, strategy: Strategy) -> Self {
        Self { strategy, forward, backward: None }
    }

    /// With a backward schedule of its own.
    #[must_use]
    pub fn with_backward(mut self, backward: BackwardSchedule) -> Self {
        self.backward = Some(backward);
        self
    }

    /// The same laws for ever, such as those of a straight-through estimator.
    pub fn constant(laws: Laws, strategy: Strategy) -> Self {
        let backward = match laws.backward {
            Backward::Law(law) if law == laws.forward => None,
            Backward::Law(law) => Some(BackwardSchedule::Schedule(NoiseSchedule::constant(law))),
            Backward::Identity => Some(BackwardSchedule::Identity),
            Backward::Dsq(dsq) => Some(BackwardSchedule::Dsq(dsq)),
            Backward::Ewgs(ewgs) => Some(BackwardSchedule::Ewgs(ewgs)),
        };
        Self { strategy, forward: NoiseSchedule::constant(laws.forward), backward }
    }

    /// The laws at time `t`.
    pub fn laws_at(&self, t: f64) -> Laws {
        let forward = self.forward.law_at(t);
        match &self.backward {
            None => Laws::same(forward),
            Some(BackwardSchedule::Schedule(schedule)) => Laws::new(forward, schedule.law_at(t)),
            Some(BackwardSchedule::Identity) => Laws { forward, backward: Backward::Identity },
            Some(BackwardSchedule::Dsq(dsq)) => Laws { forward, backward: Backward::Dsq(*dsq) },
            Some(BackwardSchedule::Ewgs(ewgs)) => Laws { forward, backward: Backward::Ewgs(*ewgs) },
        }
    }

    /// The time from which both passes have the Dirac law at 0: training as in evaluation, and no gradient any more.
    /// `None` if that never comes; a backward rule that is no law never ends.
    pub fn end(&self) -> Option<f64> {
        let forward = self.forward.end()?;
        match &self.backward {
            None => Some(forward),
            Some(BackwardSchedule::Schedule(schedule)) => Some(forward.max(schedule.end()?)),
            Some(BackwardSchedule::Identity | BackwardSchedule::Dsq(_) | BackwardSchedule::Ewgs(_)) => None,
        }
    }

    /// The time from which the forward pass is the one of evaluation, whatever gradient still passes.
    pub fn forward_end(&self) -> Option<f64> {
        self.forward.end()
    }
}
