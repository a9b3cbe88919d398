//! The policies of the annealing study: which layer's noise decays when, and how fast.
//!
//! A policy says for mean and scale whether they are annealed, over which interval every layer's decay runs, and with
//! which power. With L layers ℓ = 0 … L−1 and a period P (the span P·L is when everything has decayed):
//!
//! | interval | window of layer ℓ | | decay | powers |
//! |---|---|---|---|---|
//! | overlapped | [0, PL] | | homogeneous | α^m = 1, α^s = 2 |
//! | same-start | [0, P(ℓ+1)] | | progressive | α^m = L−ℓ, α^s = 2(L−ℓ) |
//! | same-end | [P(L−ℓ−1), PL] | | linear | α^m = 1, α^s = 1 |
//! | partition | [Pℓ, P(ℓ+1)] | | | |
//!
//! Start values, in units of the quantum: β^m = −½ if the mean is dynamic, else 0; β^s = ½ over the noise's
//! [`window`](Noise::window), so that uniform and triangular noise have half-width ½ and the unbounded laws 95 % of
//! their mass there. What is static has the constant envelope. Source: \[ANA22\] (arXiv 2203.11323), section 4, as its
//! authors' public code runs it; `linear` is the decay of \[ANA19\] (arXiv 1905.10452), which the study grid does not
//! have.
//!
//! # Names
//! `MEAN-SCALE-INTERVAL-DECAY`, for instance `dynamic-dynamic-partition-progressive` or
//! `static-dynamic-same-start-homogeneous`. Shorter on input: `MEAN-SCALE-` left out means both dynamic, `-DECAY` left
//! out means homogeneous; so `partition` is `dynamic-dynamic-partition-homogeneous` and `overlapped-progressive` is
//! `dynamic-dynamic-overlapped-progressive`. `static` alone is `static-static-overlapped-homogeneous`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{AnnealingPlan, Envelope, NoiseSchedule, PlanError, QuantiserSchedule, TimeUnit};
use crate::{Law, Noise, Strategy};

/// Whether a parameter of the law is annealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dynamics {
    /// The start value for ever.
    Static,
    /// The start value decays to 0.
    Dynamic,
}

/// When the layers' noise decays, relative to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interval {
    /// All layers over the whole span.
    Overlapped,
    /// All begin at 0, earlier layers end earlier.
    SameStart,
    /// All end with the span, later layers begin earlier.
    SameEnd,
    /// One layer after the other.
    Partition,
}

/// How fast the layers' noise decays within its interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decay {
    /// The same power for all layers.
    Homogeneous,
    /// Higher powers for earlier layers.
    Progressive,
    /// Power 1 for mean and scale of all layers: both fall along a line.
    Linear,
}

/// A row of the study grid; see the module's documentation for what it means and how it is named.
///
/// ```
/// use stairs_laws::{Noise, Policy, Strategy, TimeUnit};
/// let policy: Policy = "partition-progressive".parse().unwrap();
/// assert_eq!(policy.to_string(), "dynamic-dynamic-partition-progressive");
/// let layers = [vec!["conv1".to_string()], vec!["fc1".to_string()]];
/// let plan = policy.plan(Noise::Uniform, Strategy::Expectation, &layers, 20.0, TimeUnit::Epochs).unwrap();
/// assert!(plan.laws_at("conv1.weight", 10.0).unwrap().is_hard());
/// assert_eq!(plan.laws_at("fc1.weight", 15.0).unwrap().forward.mean(), -0.25);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Policy {
    /// Whether the mean is annealed from −½; static means it is 0.
    pub mean: Dynamics,
    /// Whether the scale is annealed.
    pub scale: Dynamics,
    /// When each layer decays.
    pub interval: Interval,
    /// How fast each layer decays.
    pub power: Decay,
}

impl Dynamics {
    /// Both, static first.
    pub const ALL: [Dynamics; 2] = [Dynamics::Static, Dynamics::Dynamic];

    /// `static` or `dynamic`.
    pub fn name(self) -> &'static str {
        match self {
            Dynamics::Static => "static",
            Dynamics::Dynamic => "dynamic",
        }
    }
}

impl Interval {
    /// All four, in the order of the table above.
    pub const ALL: [Interval; 4] = [Interval::Overlapped, Interval::SameStart, Interval::SameEnd, Interval::Partition];

    /// Name as in the table above.
    pub fn name(self) -> &'static str {
        match self {
            Interval::Overlapped => "overlapped",
            Interval::SameStart => "same-start",
            Interval::SameEnd => "same-end",
            Interval::Partition => "partition",
        }
    }

    /// Start and end of the window of layer `layer` of `layers`, over the span from 0 to `span`.
    pub fn window(self, layer: usize, layers: usize, span: f64) -> (f64, f64) {
        // Fractions of the span rather than multiples of a period, so that the last end is `span` exactly.
        let at = |periods: usize| span * (periods as f64 / layers as f64);
        match self {
            Interval::Overlapped => (0.0, span),
            Interval::SameStart => (0.0, at(layer + 1)),
            Interval::SameEnd => (at(layers.saturating_sub(layer + 1)), span),
            Interval::Partition => (at(layer), at(layer + 1)),
        }
    }
}

impl Decay {
    /// All three, in the order of the table above.
    pub const ALL: [Decay; 3] = [Decay::Homogeneous, Decay::Progressive, Decay::Linear];

    /// The two of the study grid.
    pub const GRID: [Decay; 2] = [Decay::Homogeneous, Decay::Progressive];

    /// `homogeneous`, `progressive` or `linear`.
    pub fn name(self) -> &'static str {
        match self {
            Decay::Homogeneous => "homogeneous",
            Decay::Progressive => "progressive",
            Decay::Linear => "linear",
        }
    }

    /// The powers (α^m, α^s) of the decay of mean and scale in layer `layer` of `layers`.
    pub fn powers(self, layer: usize, layers: usize) -> (f64, f64) {
        let progressive = layers.saturating_sub(layer) as f64;
        match self {
            Decay::Homogeneous => (1.0, 2.0),
            Decay::Progressive => (progressive, 2.0 * progressive),
            Decay::Linear => (1.0, 1.0),
        }
    }
}

impl Policy {
    /// The laws of the study, in its order.
    pub const NOISES: [Noise; 4] = [Noise::Uniform, Noise::Triangular, Noise::Normal, Noise::Logistic];

    /// A policy from its four choices.
    pub fn new(mean: Dynamics, scale: Dynamics, interval: Interval, power: Decay) -> Self {
        Self { mean, scale, interval, power }
    }

    /// The usual case: mean and scale dynamic.
    pub fn dynamic(interval: Interval, power: Decay) -> Self {
        Self::new(Dynamics::Dynamic, Dynamics::Dynamic, interval, power)
    }

    /// All 2·2·4·3 = 48 combinations, sensible or not.
    pub fn all() -> Vec<Policy> {
        let mut policies = Vec::new();
        for mean in Dynamics::ALL {
            for scale in Dynamics::ALL {
                for interval in Interval::ALL {
                    policies.extend(Decay::ALL.map(|power| Policy::new(mean, scale, interval, power)));
                }
            }
        }
        policies
    }

    /// The pairs of strategy and policy that the study runs for every kind of noise: 66.
    ///
    /// Counting: a dynamic scale goes with every strategy, mean, interval and decay, 3·2·4·2 = 48. A static scale under
    /// the expectation is dropped, for there the training network never becomes a quantised one; under mode and random
    /// it stays with a dynamic mean, 2·4·2 = 16. Of the fully static policies, all of which are the same, only one is
    /// kept, overlapped and homogeneous, under mode and random: 2. Together 48 + 16 + 2 = 66.
    pub fn grid() -> Vec<(Strategy, Policy)> {
        let pairs =
            Strategy::ALL.into_iter().flat_map(|strategy| Policy::all().into_iter().map(move |p| (strategy, p)));
        pairs.filter(|(strategy, policy)| policy.in_grid(*strategy)).collect()
    }

    /// The whole study: [`grid`](Self::grid) for each of its four [`NOISES`](Self::NOISES), 264 rows.
    pub fn full_grid() -> Vec<(Noise, Strategy, Policy)> {
        let rows = Self::NOISES.into_iter().flat_map(|noise| {
            Policy::grid().into_iter().map(move |(strategy, policy)| (noise.clone(), strategy, policy))
        });
        rows.collect()
    }

    fn in_grid(&self, strategy: Strategy) -> bool {
        let canonical = self.interval == Interval::Overlapped && self.power == Decay::Homogeneous;
        match (self.mean, self.scale) {
            _ if !Decay::GRID.contains(&self.power) => false,
            (_, Dynamics::Dynamic) => true,
            (Dynamics::Dynamic, Dynamics::Static) => strategy != Strategy::Expectation,
            (Dynamics::Static, Dynamics::Static) => strategy != Strategy::Expectation && canonical,
        }
    }

    /// The schedule of one layer of `layers`, the decay of all layers ending with `span`, in the plan's unit of time.
    ///
    /// # Errors
    /// [`PlanError::Span`] unless `span` is finite and positive, [`PlanError::EmptyLayer`] unless `layer < layers`.
    pub fn schedule(&self, noise: Noise, layer: usize, layers: usize, span: f64) -> Result<NoiseSchedule, PlanError> {
        if !(span.is_finite() && span > 0.0) {
            return Err(PlanError::Span(span));
        }
        if layer >= layers {
            return Err(PlanError::EmptyLayer(layer));
        }
        let (start, end) = self.interval.window(layer, layers, span);
        let (mean_power, scale_power) = self.power.powers(layer, layers);
        let envelope = |dynamics, power| match dynamics {
            Dynamics::Static => Ok(Envelope::Constant),
            Dynamics::Dynamic => Envelope::bounded_window(start, end, power),
        };
        let mean = match self.mean {
            Dynamics::Static => 0.0,
            Dynamics::Dynamic => -0.5,
        };
        let scale = 0.5 / noise.window();
        let law = Law::new(noise, mean, scale)?;
        Ok(NoiseSchedule::new(law, envelope(self.mean, mean_power)?, envelope(self.scale, scale_power)?))
    }

    /// The plan of a model whose layers, from input to output, hold the quantisers at these paths (a layer's weights and
    /// its activation belong together). `span` = P·L is the time at which everything dynamic has decayed.
    ///
    /// Paths are taken as [patterns](super::Pattern), so a layer may also name a module.
    ///
    /// # Errors
    /// [`PlanError::Span`], [`PlanError::EmptyLayer`], [`PlanError::Empty`] without layers, [`PlanError::Pattern`] or
    /// [`PlanError::DuplicatePattern`] where a path occurs twice.
    pub fn plan(
        &self,
        noise: Noise,
        strategy: Strategy,
        layers: &[Vec<String>],
        span: f64,
        unit: TimeUnit,
    ) -> Result<AnnealingPlan, PlanError> {
        let mut entries = Vec::new();
        for (layer, paths) in layers.iter().enumerate() {
            if paths.is_empty() {
                return Err(PlanError::EmptyLayer(layer));
            }
            let schedule = QuantiserSchedule::new(self.schedule(noise.clone(), layer, layers.len(), span)?, strategy);
            entries.extend(paths.iter().map(|path| (path.clone(), schedule.clone())));
        }
        AnnealingPlan::new(unit, entries)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&[self.mean.name(), self.scale.name(), self.interval.name(), self.power.name()].join("-"))
    }
}

impl FromStr for Policy {
    type Err = PlanError;

    fn from_str(name: &str) -> Result<Self, PlanError> {
        if name == "static" {
            return Ok(Policy::new(Dynamics::Static, Dynamics::Static, Interval::Overlapped, Decay::Homogeneous));
        }
        let takes = |candidate: &Policy| {
            let tail = format!("{}-{}", candidate.interval.name(), candidate.power.name());
            let short = candidate.interval.name();
            let head = format!("{}-{}-", candidate.mean.name(), candidate.scale.name());
            let both_dynamic = candidate.mean == Dynamics::Dynamic && candidate.scale == Dynamics::Dynamic;
            let rest = name.strip_prefix(head.as_str()).or(both_dynamic.then_some(name));
            rest.is_some_and(|rest| rest == tail || (candidate.power == Decay::Homogeneous && rest == short))
        };
        Policy::all().into_iter().find(takes).ok_or_else(|| PlanError::UnknownPolicy(name.to_string()))
    }
}

impl TryFrom<String> for Policy {
    type Error = PlanError;

    fn try_from(name: String) -> Result<Self, PlanError> {
        name.parse()
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.to_string()
    }
}
