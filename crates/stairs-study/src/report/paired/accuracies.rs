//! Accuracies of the rows of an experiment, and their pairs.

use crate::report::{Comparison, Results};

/// The samples that an accuracy is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Part {
    /// The test part, at the epoch that was chosen.
    Test,
    /// The held-out training samples that chose it.
    Validation,
}

/// Whether a trial is of a row: `ROW-seedN`.
pub(super) fn is_of(id: &str, row: &str) -> bool {
    id.rsplit_once("-seed").is_some_and(|(name, _)| name == row)
}

/// The accuracies of a row: seed, percent. A training that diverged has the accuracy of guessing.
pub(in crate::report) fn accuracies(results: &Results, row: &str, part: Part) -> Vec<(u64, f64)> {
    let runs = results.runs.iter().filter(|(id, _)| is_of(id, row)).filter_map(|(_, run)| {
        let accuracy = match part {
            Part::Test => run.chosen().1,
            Part::Validation => run.validation.as_ref()?.accuracy,
        };
        Some((run.config.seed, accuracy))
    });
    let chance = |dataset: &str| {
        dataset.parse::<stairs_data::DatasetName>().map_or(0.0, |dataset| 100.0 / dataset.classes() as f64)
    };
    let diverged = results.diverged.iter().filter(|(id, _)| is_of(id, row));
    runs.chain(diverged.map(|(_, at)| (at.config.seed, chance(&at.config.dataset)))).collect()
}

/// Pairs of the same seed.
pub(super) fn pairs(results: &Results, comparison: Comparison, part: Part) -> Vec<(f64, f64)> {
    let of = |row| accuracies(results, row, part);
    pairs_of(&of(comparison.first), &of(comparison.second))
}

/// The same of accuracies with their seeds.
pub(in crate::report) fn pairs_of(first: &[(u64, f64)], second: &[(u64, f64)]) -> Vec<(f64, f64)> {
    let pair = |(seed, first): &(u64, f64)| Some((*first, second.iter().find(|(other, _)| other == seed)?.1));
    first.iter().filter_map(pair).collect()
}

/// Names of the rows in the order of the results.
pub(super) fn rows(results: &Results) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for id in results.runs.iter().map(|(id, _)| id).chain(results.diverged.iter().map(|(id, _)| id)) {
        if let Some((name, _)) = id.rsplit_once("-seed")
            && !rows.iter().any(|row| row == name)
        {
            rows.push(name.to_owned());
        }
    }
    rows
}

/// Whether the epochs were chosen on held-out samples.
pub(super) fn is_validated(results: &Results) -> bool {
    results.runs.iter().any(|(_, run)| run.validation.is_some())
}
