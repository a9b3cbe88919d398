//! One rule on one network against uniform bits or chance, budget by budget.

use super::{MixedPage, RANDOM, Width};
use crate::{
    report::{
        Results,
        paired::{Part, accuracies, pairs_of},
    },
    stats::{Paired, holm, paired, paired_t_p},
};

/// What a rule is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// The most uniform bits within the budget.
    Uniform,
    /// Bits at random that fill it.
    Random,
}

/// Differences of a rule, a budget each.
pub(super) struct Compared {
    pub(super) network: &'static str,
    pub(super) rule: &'static str,
    /// The budget, the difference, and Holm's p over the budgets.
    pub(super) at: Vec<(Width, Paired, f64)>,
    /// Means over the budgets, a pair a seed.
    means: Vec<(f64, f64)>,
}

/// Accuracies with their seeds.
type Seeds = Vec<(u64, f64)>;

impl Against {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform bits",
            Self::Random => "random bits",
        }
    }

    /// Name of the row that a rule is compared with.
    pub(super) fn row(self, network: &str, width: Width) -> String {
        match self {
            Self::Uniform => format!("{network}-uniform-{}", width.uniform),
            Self::Random => MixedPage::row(network, RANDOM, width.mean),
        }
    }
}

impl Compared {
    pub(super) fn of(
        page: &MixedPage,
        results: &Results,
        network: &'static str,
        rule: &'static str,
        against: Against,
    ) -> Self {
        let accuracies = |row: String| -> Seeds { accuracies(results, &row, Part::Test) };
        let both = |width: &Width| {
            let (first, second) = (MixedPage::row(network, rule, width.mean), against.row(network, *width));
            (*width, accuracies(first), accuracies(second))
        };
        let found: Vec<(Width, Seeds, Seeds)> = page.widths.iter().map(both).collect();
        let pairs: Vec<Vec<(f64, f64)>> = found.iter().map(|(_, first, second)| pairs_of(first, second)).collect();
        let corrected = holm(&pairs.iter().map(|pairs| paired_t_p(pairs).unwrap_or(f64::NAN)).collect::<Vec<_>>());
        let at = found.iter().zip(&pairs).zip(corrected);
        let at = at.map(|(((width, _, _), pairs), p)| (*width, paired(pairs), p));
        let at = at.filter(|(_, paired, _)| paired.n > 0).collect();
        Self { network, rule, at, means: means(&found) }
    }

    pub(super) fn is_some(&self) -> bool {
        !self.at.is_empty()
    }

    /// The mean over all budgets, of the seeds that have all of them.
    pub(super) fn over_all(&self) -> Option<Paired> {
        (!self.means.is_empty()).then(|| paired(&self.means))
    }

    pub(super) fn budgets(&self) -> usize {
        self.at.len()
    }

    fn count(&self, holds: impl Fn(&Paired, f64) -> bool) -> usize {
        self.at.iter().filter(|(_, paired, p)| holds(paired, *p)).count()
    }

    pub(super) fn ahead(&self) -> usize {
        self.count(|paired, _| paired.interval.is_some_and(|interval| interval.low > 0.0))
    }

    pub(super) fn behind(&self) -> usize {
        self.count(|paired, _| paired.interval.is_some_and(|interval| interval.high < 0.0))
    }

    pub(super) fn ahead_corrected(&self) -> usize {
        self.count(|paired, p| p < 0.05 && paired.mean > 0.0)
    }

    pub(super) fn behind_corrected(&self) -> usize {
        self.count(|paired, p| p < 0.05 && paired.mean < 0.0)
    }
}

/// Mean accuracy over the budgets, of both rows, for every seed that all budgets have.
fn means(found: &[(Width, Seeds, Seeds)]) -> Vec<(f64, f64)> {
    let Some((_, first, _)) = found.first() else { return Vec::new() };
    let mean = |rows: Vec<&Seeds>, seed: u64| -> Option<f64> {
        let at = |seeds: &&Seeds| seeds.iter().find(|(other, _)| *other == seed).map(|(_, accuracy)| *accuracy);
        let all = rows.iter().map(at).collect::<Option<Vec<f64>>>()?;
        Some(all.iter().sum::<f64>() / all.len() as f64)
    };
    let firsts = || found.iter().map(|(_, first, _)| first).collect();
    let seconds = || found.iter().map(|(_, _, second)| second).collect();
    first.iter().filter_map(|(seed, _)| Some((mean(firsts(), *seed)?, mean(seconds(), *seed)?))).collect()
}
