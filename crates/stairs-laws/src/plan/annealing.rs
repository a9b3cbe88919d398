//! The plan: (time, parameter path) → laws, for every quantiser of a model.
//!
//! # Synchronisation
//! Each quantiser's law converging to the Dirac law at 0 does not make the *network* converge: quantised pre-activations
//! land exactly on thresholds, and there the limit depends on how fast mean and scale vanish (\[ANA22\], arXiv 2203.11323,
//! section 3; in our words: *compositional convergence*). With symmetric noise and means m_ℓ ≤ 0 the regularised network
//! converges to the quantised one with H(0) = 1 if, for every layer ℓ,
//!
//! - s_ℓ = o(|m_ℓ|): the scale vanishes faster than the mean of its own layer, and
//! - δ_{ℓ−1} = o(|m_ℓ|): the error that the layers before it still make vanishes faster than its mean.
//!
//! So earlier layers must vanish first. Of the intervals of [`Policy`](super::Policy), `partition` and `same-start`
//! end the layers one after the other; where all end together (`overlapped`, `same-end`), a progressive decay makes the
//! earlier ones vanish faster. Every policy with dynamic mean and scale has α^s = 2α^m, hence s_ℓ = o(|m_ℓ|). For
//! compactly supported noise (uniform, triangular) the error is exactly 0 once |m_ℓ| exceeds s_ℓ and the error before it
//! is 0. A plan written by hand is not checked for this: a static mean or a common decay is a legitimate experiment.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{BackwardSchedule, Pattern, PlanError, QuantiserSchedule, ResolvedPlan, print};
use crate::{Laws, Strategy};

/// What the time of a plan counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeUnit {
    /// Passes over the training set; fractions are possible within an epoch.
    #[default]
    Epochs,
    /// Steps of the optimiser.
    Steps,
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TimeUnit::Epochs => "epochs",
            TimeUnit::Steps => "steps",
        })
    }
}

impl FromStr for TimeUnit {
    type Err = PlanError;

    fn from_str(name: &str) -> Result<Self, PlanError> {
        [TimeUnit::Epochs, TimeUnit::Steps]
            .into_iter()
            .find(|unit| unit.to_string() == name)
            .ok_or_else(|| PlanError::UnknownUnit(name.to_string()))
    }
}

/// One row of a plan: a pattern of quantiser paths and their schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanEntry {
    /// Which quantisers.
    pub pattern: Pattern,
    /// Their schedule.
    pub schedule: QuantiserSchedule,
}

/// The schedule of every quantiser of a model, addressed by parameter path; the first entry that matches counts.
///
/// ```
/// use stairs_laws::{AnnealingPlan, Envelope, Law, Noise, NoiseSchedule, QuantiserSchedule, Strategy, TimeUnit};
/// let start = Law::new(Noise::Triangular, -0.5, 0.5).unwrap();
/// let envelope = |power| Envelope::bounded_window(0.0, 20.0, power).unwrap();
/// let schedule = NoiseSchedule::new(start, envelope(1.0), envelope(2.0));
/// let schedule = QuantiserSchedule::new(schedule, Strategy::Expectation);
/// let plan = AnnealingPlan::new(TimeUnit::Epochs, vec![("*", schedule)]).unwrap();
/// assert_eq!(plan.laws_at("conv1.weight", 10.0).unwrap().forward.mean(), -0.25);
/// assert_eq!(plan.end(), Some(20.0));
/// ```
///
/// In files:
///
/// ```
/// let text = r#"
/// unit = "epochs"
/// [[entries]]
/// pattern = "*.weight"
/// [entries.schedule]
/// strategy = "expectation"
/// [entries.schedule.forward]
/// noise = "uniform"
/// mean = -0.5
/// scale = 0.5
/// mean-envelope = { kind = "bounded-window", start = 0, end = 10, power = 1 }
/// scale-envelope = { kind = "bounded-window", start = 0, end = 10, power = 2 }
/// "#;
/// let plan: stairs_laws::AnnealingPlan = toml::from_str(text).unwrap();
/// assert_eq!(plan.end(), Some(10.0));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPlan")]
pub struct AnnealingPlan {
    unit: TimeUnit,
    entries: Vec<PlanEntry>,
}

impl AnnealingPlan {
    /// A plan of `(pattern, schedule)` entries, in order of precedence.
    ///
    /// # Errors
    /// [`PlanError::Empty`], [`PlanError::Pattern`] or [`PlanError::DuplicatePattern`].
    pub fn new<P: Into<String>>(unit: TimeUnit, entries: Vec<(P, QuantiserSchedule)>) -> Result<Self, PlanError> {
        let entry = |(pattern, schedule): (P, _)| Ok(PlanEntry { pattern: Pattern::new(pattern)?, schedule });
        Self::from_entries(unit, entries.into_iter().map(entry).collect::<Result<_, PlanError>>()?)
    }

    /// The same schedule for every quantiser.
    pub fn uniform(unit: TimeUnit, schedule: QuantiserSchedule) -> Self {
        let pattern = Pattern::everything();
        Self { unit, entries: vec![PlanEntry { pattern, schedule }] }
    }

    fn from_entries(unit: TimeUnit, entries: Vec<PlanEntry>) -> Result<Self, PlanError> {
        if entries.is_empty() {
            return Err(PlanError::Empty);
        }
        for (index, entry) in entries.iter().enumerate() {
            if entries[..index].iter().any(|earlier| earlier.pattern == entry.pattern) {
                return Err(PlanError::DuplicatePattern(entry.pattern.to_string()));
            }
        }
        Ok(Self { unit, entries })
    }

    /// What the plan's time counts.
    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// The entries, in order of precedence.
    pub fn entries(&self) -> &[PlanEntry] {
        &self.entries
    }

    /// The same plan with this backward rule for every quantiser, for example a static law under annealed forward laws.
    #[must_use]
    pub fn with_backward(mut self, backward: BackwardSchedule) -> Self {
        for entry in &mut self.entries {
            entry.schedule.backward = Some(backward.clone());
        }
        self
    }

    /// The schedule of the quantiser at `path`: that of the first entry that matches, `None` if none does.
    pub fn schedule(&self, path: &str) -> Option<&QuantiserSchedule> {
        self.position(path).map(|index| &self.entries[index].schedule)
    }

    /// The laws of the quantiser at `path` at time `t`; `None` if no entry matches.
    pub fn laws_at(&self, path: &str, t: f64) -> Option<Laws> {
        self.schedule(path).map(|schedule| schedule.laws_at(t))
    }

    /// The forward strategy of the quantiser at `path`; `None` if no entry matches.
    pub fn strategy(&self, path: &str) -> Option<Strategy> {
        self.schedule(path).map(|schedule| schedule.strategy)
    }

    /// The time from which every law, forward and backward, is the Dirac law at 0: from then on the network trains on
    /// the stairs of evaluation and its quantisers pass no gradient. `None` if that never comes.
    pub fn end(&self) -> Option<f64> {
        self.latest(QuantiserSchedule::end)
    }

    /// The time from which every forward law is the Dirac law at 0; 0 for a straight-through estimator.
    pub fn forward_end(&self) -> Option<f64> {
        self.latest(QuantiserSchedule::forward_end)
    }

    /// Fits the plan to a model's quantiser paths. From here on nothing can fail.
    ///
    /// # Errors
    /// [`PlanError::UnmatchedPattern`] where an entry matches no path, [`PlanError::ShadowedPattern`] where earlier
    /// entries leave it none, [`PlanError::UncoveredQuantiser`] where no entry matches a path.
    pub fn resolve(&self, paths: &[String]) -> Result<ResolvedPlan, PlanError> {
        let mut used = vec![false; self.entries.len()];
        let mut first_uncovered = None;
        for path in paths {
            match self.position(path) {
                Some(index) => used[index] = true,
                None => first_uncovered = first_uncovered.or(Some(path)),
            }
        }
        // A misspelt pattern usually leaves a quantiser uncovered too; the pattern is the better thing to name.
        if let Some(entry) = used.iter().position(|used| !used).map(|index| &self.entries[index]) {
            let pattern = entry.pattern.to_string();
            let taken: Vec<_> = paths.iter().filter(|path| entry.pattern.matches(path)).cloned().collect();
            return Err(if taken.is_empty() {
                PlanError::UnmatchedPattern { pattern, known: paths.to_vec() }
            } else {
                PlanError::ShadowedPattern { pattern, taken }
            });
        }
        if let Some(path) = first_uncovered {
            let patterns = self.entries.iter().map(|entry| entry.pattern.to_string()).collect();
            return Err(PlanError::UncoveredQuantiser { path: path.clone(), patterns });
        }
        let quantisers = paths.iter().filter_map(|path| Some((path.clone(), self.schedule(path)?.clone())));
        Ok(ResolvedPlan::new(self.unit, quantisers.collect()))
    }

    /// The laws at the given times, one row an entry, as text for a terminal.
    pub fn table(&self, times: &[f64]) -> String {
        print::table(self.unit, self.entries.iter().map(|entry| (entry.pattern.as_str(), &entry.schedule)), times)
    }

    fn position(&self, path: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.pattern.matches(path))
    }

    fn latest(&self, end: impl Fn(&QuantiserSchedule) -> Option<f64>) -> Option<f64> {
        self.entries.iter().try_fold(0.0, |latest: f64, entry| Some(latest.max(end(&entry.schedule)?)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    #[serde(default)]
    unit: TimeUnit,
    entries: Vec<PlanEntry>,
}

impl TryFrom<RawPlan> for AnnealingPlan {
    type Error = PlanError;

    fn try_from(raw: RawPlan) -> Result<Self, PlanError> {
        Self::from_entries(raw.unit, raw.entries)
    }
}
