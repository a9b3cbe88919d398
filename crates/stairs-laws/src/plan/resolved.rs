//! A plan fitted to one model: every quantiser path with its schedule.

use super::{QuantiserSchedule, TimeUnit, print};
use crate::{Laws, Strategy};

/// The schedules of a model's quantisers, in the order of its paths. Made by
/// [`AnnealingPlan::resolve`](super::AnnealingPlan::resolve).
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedPlan {
    unit: TimeUnit,
    quantisers: Vec<(String, QuantiserSchedule)>,
}

impl ResolvedPlan {
    pub(super) fn new(unit: TimeUnit, quantisers: Vec<(String, QuantiserSchedule)>) -> Self {
        Self { unit, quantisers }
    }

    /// What the plan's time counts.
    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// Every quantiser path with its schedule.
    pub fn quantisers(&self) -> &[(String, QuantiserSchedule)] {
        &self.quantisers
    }

    /// The laws of every quantiser at time `t`.
    pub fn laws_at(&self, t: f64) -> impl Iterator<Item = (&str, Laws, Strategy)> {
        self.quantisers.iter().map(move |(path, schedule)| (path.as_str(), schedule.laws_at(t), schedule.strategy))
    }

    /// The schedule of the quantiser at exactly `path`.
    pub fn schedule(&self, path: &str) -> Option<&QuantiserSchedule> {
        self.quantisers.iter().find(|(known, _)| known == path).map(|(_, schedule)| schedule)
    }

    /// The laws at the given times, one row a quantiser, as text for a terminal.
    pub fn table(&self, times: &[f64]) -> String {
        print::table(self.unit, self.quantisers.iter().map(|(path, schedule)| (path.as_str(), schedule)), times)
    }
}
