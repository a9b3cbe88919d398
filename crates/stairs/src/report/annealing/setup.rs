//! The setups of a grid, their levels, and the shares of their factors.

use std::collections::BTreeMap;

use stairs_data::DatasetName;
use stairs_noise::{
    Noise, Policy, Strategy,
    plan::{Decay, Dynamics, Interval as Window},
};
use stairs_train::RunConfig;

use crate::{
    report::{Results, Stat},
    stats::{Layout, Share, Shares, shares},
};

/// Names of the factors, in the order of [`levels`].
pub(super) const FACTORS: [&str; 6] = ["law", "strategy", "mean", "scale", "interval", "power"];
/// Levels of the factors.
pub(super) const COUNTS: [usize; 6] = [Policy::NOISES.len(), 3, 2, 2, 4, 2];
pub(super) const LAW: usize = 0;
/// The factors that say when which layer's noise disappears.
pub(super) const SCHEDULE: [usize; 2] = [4, 5];

/// A setup with its accuracies, one a seed.
pub(super) struct Setup<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) levels: Vec<usize>,
    pub(super) accuracies: Vec<f64>,
}

impl Setup<'_> {
    pub(super) fn accuracy(&self) -> Stat {
        Stat::of(self.accuracies.iter().copied())
    }

    /// Hard forward, clipped identity backward: the straight-through estimator.
    pub(super) fn is_ste(&self) -> bool {
        let fixed = self.config.policy.mean == Dynamics::Static && self.config.policy.scale == Dynamics::Static;
        fixed && self.config.strategy == Strategy::Mode && self.config.law == Noise::Uniform
    }

    pub(super) fn name(&self) -> String {
        format!("{}, {}, {}", self.config.law, self.config.strategy, self.config.policy)
    }
}

/// The level of every factor, in the order of [`FACTORS`]; `None` for a law that is none of the study's.
pub(super) fn levels(config: &RunConfig) -> Option<Vec<usize>> {
    fn level<T: PartialEq>(all: &[T], value: &T) -> Option<usize> {
        all.iter().position(|other| other == value)
    }
    Some(vec![
        level(&Policy::NOISES, &config.law)?,
        level(&Strategy::ALL, &config.strategy)?,
        level(&Dynamics::ALL, &config.policy.mean)?,
        level(&Dynamics::ALL, &config.policy.scale)?,
        level(&Window::ALL, &config.policy.interval)?,
        level(&Decay::GRID, &config.policy.power)?,
    ])
}

pub(super) fn level_name(factor: usize, level: usize) -> String {
    match factor {
        0 => Policy::NOISES[level].to_string(),
        1 => Strategy::ALL[level].to_string(),
        2 | 3 => Dynamics::ALL[level].name().into(),
        4 => Window::ALL[level].name().into(),
        _ => Decay::GRID[level].name().into(),
    }
}

pub(super) fn setups(results: &Results) -> Vec<Setup<'_>> {
    let mut setups: BTreeMap<Vec<usize>, Setup<'_>> = BTreeMap::new();
    let trained = results.runs.iter().map(|(_, run)| (&run.config, run.chosen().1));
    let diverged = results.diverged.iter().map(|(_, at)| (&at.config, chance(&at.config)));
    for (config, accuracy) in trained.chain(diverged) {
        let Some(levels) = levels(config) else { continue };
        let setup = setups.entry(levels.clone()).or_insert_with(|| Setup { config, levels, accuracies: Vec::new() });
        setup.accuracies.push(accuracy);
    }
    setups.into_values().collect()
}

/// Accuracy in percent of guessing, which a training that diverged counts with.
pub(super) fn chance(config: &RunConfig) -> f64 {
    config.dataset.parse::<DatasetName>().map_or(0.0, |dataset| 100.0 / dataset.classes() as f64)
}

/// Shares over the setups that `takes` takes; none where they do not vary.
pub(super) fn analysis(setups: &[Setup<'_>], takes: impl Fn(&Setup<'_>) -> bool) -> Option<Shares> {
    let taken: Vec<_> =
        setups.iter().filter(|setup| takes(setup)).map(|s| (s.levels.clone(), s.accuracies.clone())).collect();
    let found = shares(&Layout { levels: COUNTS.to_vec(), setups: taken });
    found.terms.first()?.eta.is_finite().then_some(found)
}

/// Setups with an annealed scale: there every choice of one factor goes with every choice of the others.
pub(super) fn core(setup: &Setup<'_>) -> bool {
    setup.config.policy.scale == Dynamics::Dynamic
}

/// Of them those whose noise has mean 0 throughout.
pub(super) fn centred(setup: &Setup<'_>) -> bool {
    core(setup) && setup.config.policy.mean == Dynamics::Static
}

/// Two-factor tables that are shown: title, factors of rows and columns, and which setups.
#[allow(clippy::type_complexity)]
pub(super) const PAIRS: [(&str, [usize; 2], fn(&Setup<'_>) -> bool); 4] = [
    ("Mean × scale, mode", [2, 3], |setup| setup.config.strategy == Strategy::Mode),
    ("Strategy × interval, annealed scale, mean 0", [1, 4], |setup| centred(setup)),
    ("Mean × interval, annealed scale", [2, 4], |setup| core(setup)),
    ("Law × mean, annealed scale", [0, 2], |setup| core(setup)),
];

/// Sums of ω² over terms: of those with the law, and of those of the schedule without it. `None` where one of them cannot
/// be estimated: of a sum with a gap nothing is known.
pub(super) struct Sums {
    pub(super) law: Option<f64>,
    pub(super) schedule: Option<f64>,
}

pub(super) fn sums(found: &Shares) -> Sums {
    let sum = |takes: &dyn Fn(&[usize]) -> bool| -> Option<f64> {
        let taken = found.terms.iter().filter(|share| takes(&share.factors));
        taken.map(|share| share.is_estimable().then_some(share.omega)).sum()
    };
    Sums {
        law: sum(&|factors| factors.contains(&LAW)),
        schedule: sum(&|factors| !factors.contains(&LAW) && factors.iter().any(|f| SCHEDULE.contains(f))),
    }
}

pub(super) fn term_name(share: &Share) -> String {
    share.factors.iter().map(|factor| FACTORS[*factor]).collect::<Vec<_>>().join(" × ")
}
