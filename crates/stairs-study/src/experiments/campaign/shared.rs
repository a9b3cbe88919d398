//! What experiments of the campaign have in common, and what their tests hold them to.

#[cfg(test)]
use stairs_train::RunConfig;

use crate::report::Comparison;

/// Share of the training samples that is held out: 5,000 of CIFAR-10's 50,000, as the authors of both papers do.
pub(super) const HELD_OUT: f64 = 0.1;

pub(super) const fn against(first: &'static str, second: &'static str) -> Comparison {
    Comparison { first, second }
}

/// What every trial of an experiment has in common with every other, whatever its row is about.
#[cfg(test)]
pub(super) fn ground(config: &RunConfig) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        (
            config.dataset.clone(),
            config.epochs,
            config.validation,
            config.subset,
            config.augment,
            config.images.clone(),
        ),
        (config.optimiser, config.weight_decay.clone(), config.start, config.reestimate_norms, config.average),
    )
}

/// The configuration of a row; the campaign trains, and measures nothing.
#[cfg(test)]
pub(super) fn config(row: &crate::experiments::Row) -> &RunConfig {
    match &row.task {
        crate::experiments::Task::Train(config) => config,
        crate::experiments::Task::Measure(_) | crate::experiments::Task::Bound(_) => panic!("{} measures", row.name),
    }
}

/// Tests what all experiments of the campaign are held to: comparisons name rows, rows share their ground, the test part is read once.
#[cfg(test)]
pub(super) fn check(experiment: &crate::experiments::Experiment, comparisons: &[Comparison]) {
    let name = experiment.name;
    let known = |row: &str| experiment.rows.iter().any(|known| known.name == row);
    for Comparison { first, second } in comparisons {
        assert!(known(first) && known(second), "{name}: {first} {second}");
    }
    let first = config(&experiment.rows[0]);
    for row in &experiment.rows {
        assert_eq!(ground(config(row)), ground(first), "{name}: {}", row.name);
        assert_eq!(config(row).validation, Some(HELD_OUT), "{name}: {}", row.name);
        assert!(row.from.as_deref().is_none_or(known), "{name}: {}", row.name);
    }
}
