//! The verdict: does the regularised network converge to the quantised one under a plan, and if not, where does it break?
//!
//! Decided from the leading orders of means and scales, layer after layer, by the conditions of \[ANA22\] (arXiv 2203.11323,
//! section 3): for the network at the end of the plan, and for every quantiser at the end of its own law, where it jumps if
//! its conditions fail. The error of a layer whose conditions hold is 0 before the end (compact noise), or
//! falls faster than every power of the time that is left; such an error is o(|m|) for every mean that is still falling, but
//! not for one that is 0 already. The conditions are sufficient: where they fail, the network may converge by luck.

use std::fmt;

use serde::Serialize;
use stairs_laws::{AnnealingPlan, NoiseSchedule};
use stairs_quant::ThresholdValue;

use super::CertificateError;
use super::gaps::{self, LayerGaps};
use super::limit::{Limit, Order};
use super::network::Network;

/// What has a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The weights of a layer.
    Weights,
    /// Its features.
    Features,
}

/// Which condition fails.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// s = o(|m|) fails on a threshold: this share of the step is missing in the limit.
    ScaleNotFaster {
        /// T(lim |m|/s), in (0, 1].
        missing: f64,
    },
    /// δ = o(|m|) fails on a threshold: the mean is 0 while the error of what comes before is not.
    ErrorNotFaster,
    /// The noise does not vanish before the gap: this share of a step is wrong in the limit.
    TailStays {
        /// T((g − |m|)/s) in the limit, in (0, 1].
        missing: f64,
    },
}

/// The first thing that breaks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Break {
    /// Position of the layer.
    pub layer: usize,
    /// Its name.
    pub name: String,
    /// Weights or features.
    pub part: Part,
    /// When its own law ends; `None` if it never does.
    pub time: Option<f64>,
    /// Which condition.
    pub reason: Reason,
}

/// The verdict on a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The time at which the last law is the Dirac law at 0; `None` if there is none. The verdict is about the limit from
    /// below: at an end every network jumps to the quantised one.
    pub end: Option<f64>,
    /// Whether the regularised network converges to the quantised one.
    pub converges: bool,
    /// Whether it does so with an error that is exactly 0 before the end.
    pub exact: bool,
    /// The first condition that fails, in the order of the network. A network may converge all the same: one of its layers
    /// then jumps at the end of its own law, before the end of the plan.
    pub first_break: Option<Break>,
}

/// How an error vanishes.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Error {
    /// It is 0 before the limit.
    Zero,
    /// It falls faster than every power.
    Fast,
}

/// The verdict on `plan` for `network`, whose layers with stairs have these gaps.
pub(super) fn verdict(
    network: &Network,
    gaps: &[LayerGaps],
    plan: &AnnealingPlan,
) -> Result<Verdict, CertificateError> {
    let parts = parts(network, gaps, plan)?;
    let ends = parts.iter().map(|part| part.schedule.end());
    let end = ends.clone().try_fold(0.0, |latest: f64, end| Some(latest.max(end?)));
    let broken = |at: usize, reason| {
        let Quantiser { layer, part, schedule, .. } = &parts[at];
        let name = network.layers[*layer].name.clone();
        (at, Break { layer: *layer, name, part: *part, time: schedule.end(), reason })
    };
    // Each quantiser by itself, at its own end.
    let alone = |(at, part): (usize, &Quantiser<'_>)| Some((at, part.error(part.schedule.end(), Error::Zero).err()?));
    let alone = parts.iter().enumerate().find_map(alone).map(|(at, reason)| broken(at, reason));
    // The network, at the end of the plan.
    let mut errors = (Error::Zero, Ok(()));
    for (at, part) in parts.iter().enumerate() {
        // Weights add their error to that of the features before them.
        let before = if part.part == Part::Weights { Error::Zero } else { errors.0 };
        match part.error(end, before) {
            Ok(error) if part.part == Part::Weights => errors.0 = if error > errors.0 { error } else { errors.0 },
            Ok(error) => errors.0 = error,
            Err(reason) => {
                errors.1 = Err(broken(at, reason));
                break;
            }
        }
    }
    let converges = errors.1.is_ok();
    let breaks = errors.1.err().into_iter().chain(alone);
    let first_break = breaks.min_by_key(|(at, _)| *at).map(|(_, first)| first);
    Ok(Verdict { end, converges, exact: converges && errors.0 == Error::Zero, first_break })
}

/// One quantiser of a network, with what decides about it.
struct Quantiser<'a> {
    layer: usize,
    part: Part,
    schedule: &'a NoiseSchedule,
    gap: f64,
    on: bool,
    at: ThresholdValue,
}

/// All quantisers in the order of the network.
fn parts<'a>(
    network: &Network,
    gaps: &[LayerGaps],
    plan: &'a AnnealingPlan,
) -> Result<Vec<Quantiser<'a>>, CertificateError> {
    let of = |path: &str| match plan.schedule(path) {
        Some(schedule) => Ok(&schedule.forward),
        None => Err(CertificateError::Uncovered(path.into())),
    };
    let mut all = Vec::new();
    for (layer, this) in network.layers.iter().enumerate() {
        if let (Some(path), Some((gap, on, at))) = (this.weight_path(), gaps::latent(network, layer)) {
            all.push(Quantiser { layer, part: Part::Weights, schedule: of(path)?, gap, on, at });
        }
        if let (Some(activation), Some(gaps)) = (&this.activation, gaps.get(layer)) {
            let (gap, on, at) = (gaps.smallest(), gaps.channels_on_threshold() > 0, activation.stair.threshold_value());
            all.push(Quantiser { layer, part: Part::Features, schedule: of(&activation.path)?, gap, on, at });
        }
    }
    Ok(all)
}

impl Quantiser<'_> {
    /// The error behind it as time comes to `end`, where its arguments come with the error `before`.
    fn error(&self, end: Option<f64>, before: Error) -> Result<Error, Reason> {
        error(&Limit::of(self.schedule, end), self.gap, self.on, self.at, before)
    }
}

/// The error behind a quantiser whose arguments come with the error `before`; `at` says on which side of a threshold a
/// component on it belongs.
fn error(limit: &Limit, gap: f64, on: bool, at: ThresholdValue, before: Error) -> Result<Error, Reason> {
    // Off thresholds: what is further away than the mean is left alone by noise that vanishes.
    let (room, scale) = (gap - limit.mean.value().abs(), limit.scale.value());
    let u = match scale > 0.0 {
        true => room / scale,
        false if room > 0.0 => f64::INFINITY,
        false => f64::NEG_INFINITY,
    };
    let missing = (1.0 - limit.cdf(u)).max(limit.cdf(-u));
    if missing > 0.0 && gap.is_finite() {
        return Err(Reason::TailStays { missing });
    }
    let mut edge = false;
    if on {
        match limit.push() {
            // The hard stair itself: any error before decides for it.
            None if before > Error::Zero => return Err(Reason::ErrorNotFaster),
            None => {}
            Some(push) => {
                let missing = match at {
                    ThresholdValue::Upper => 1.0 - limit.cdf(push),
                    ThresholdValue::Lower => limit.cdf(push),
                };
                if missing > 0.0 {
                    return Err(Reason::ScaleNotFaster { missing });
                }
                // With |m|/s at the edge of the support an error before shows, if only a little.
                edge = push.is_finite() && before > Error::Zero;
            }
        }
    }
    // What falls fast comes below gap and mean in the end. Compact noise then leaves nothing of it, nor does a hard stair.
    let exact = limit.scale == Order::Zero || (limit.noise.support().is_some() && !edge);
    Ok(if exact { Error::Zero } else { Error::Fast })
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Part::Weights => "weights",
            Part::Features => "features",
        })
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, part) = (&self.name, self.part);
        match self.reason {
            Reason::ScaleNotFaster { missing } => {
                let what = if part == Part::Weights { "latent weights" } else { "pre-activations" };
                write!(
                    f,
                    "layer `{name}`, {part}: s = o(|m|) fails. {what} lie exactly on thresholds, and up to {:.0} % of the \
                     step stays wrong there: the mean of the noise does not push them to their side, or its scale does not \
                     vanish faster",
                    100.0 * missing
                )
            }
            Reason::ErrorNotFaster => write!(
                f,
                "layer `{name}`, {part}: δ = o(|m|) fails. pre-activations lie exactly on thresholds, and the mean of the \
                 noise is 0 while the layers before still make an error: earlier layers must vanish first"
            ),
            Reason::TailStays { missing } => write!(
                f,
                "layer `{name}`, {part}: T((g − |m|)/s) does not vanish. the noise stays wide, or its mean large, against the \
                 gap to the nearest threshold: up to {:.0} % of a step stays wrong",
                100.0 * missing
            ),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end =
            self.end.map_or_else(|| "as time goes on".to_owned(), |end| format!("before its end at {}", short(end)));
        match &self.first_break {
            _ if self.end == Some(0.0) => f.write_str("hard: the forward pass has no noise at any time"),
            None if self.exact => write!(f, "synchronised: both networks are equal {end}"),
            None => write!(f, "synchronised: the regularised network converges to the quantised one {end}"),
            Some(first) if self.converges => {
                let time = first.time.map_or_else(String::new, |time| format!(" at {}", short(time)));
                write!(f, "synchronised {end}, but a layer jumps when its own noise ends{time}: {first}")
            }
            Some(first) => write!(f, "not synchronised {end}: {first}"),
        }
    }
}

/// Four decimals at most.
fn short(time: f64) -> f64 {
    (1e4 * time).round() / 1e4
}
