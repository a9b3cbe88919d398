//! A choice as a table for the terminal, and as one sentence of advice.

use super::{Choice, Measured, Resource, TWO_SCALE, Trained};
use crate::{
    report::{
        grid::Grid,
        number::{fixed, signed},
    },
    stats::Interval,
    summary::{bytes, short},
};

/// The Pareto front as a table: costs and the measure, and what became of those that were trained.
pub fn choice_table(choice: &Choice) -> String {
    grid(choice, &choice.front).text()
}

/// Networks of a choice by number, as a table.
pub(super) fn grid(choice: &Choice, networks: &[usize]) -> Grid {
    let resources = shown(choice);
    let by = &choice.by;
    let mut head = vec!["network".to_owned()];
    head.extend(resources.iter().map(|resource| resource.name().to_owned()));
    if !resources.iter().any(|resource| resource.name() == *by) {
        head.push(label(by));
    }
    if choice.trained.is_some() {
        head.push("validation, %".to_owned());
    }
    let mut grid = Grid::new(head);
    for network in networks {
        let one = &choice.measured[*network];
        let mut row = vec![one.candidate.to_string()];
        row.extend(resources.iter().map(|resource| amount(*resource, one.costs.of(*resource))));
        if !resources.iter().any(|resource| resource.name() == *by) {
            row.push(measure(one, by));
        }
        if let Some(trained) = &choice.trained {
            row.push(validation(trained, one));
        }
        grid.row(row);
    }
    grid
}

/// Parameters, what is bounded, and flash and RAM.
fn shown(choice: &Choice) -> Vec<Resource> {
    let always = [Resource::Parameters, Resource::Macs, Resource::Flash, Resource::Ram];
    let is_shown = |resource: &Resource| {
        always.contains(resource)
            || choice.config.budgets.iter().any(|budget| budget.resource == *resource)
            || (*resource == Resource::Seconds && choice.config.timed)
    };
    Resource::ALL.into_iter().map(|(resource, _, _)| resource).filter(is_shown).collect()
}

/// A measure as people write it: `2sED`, `gradient norm`.
pub(super) fn label(name: &str) -> String {
    if name == TWO_SCALE { "2sED".to_owned() } else { name.replace('_', " ") }
}

/// A measure of one network with its standard error, for people.
pub(super) fn measure(one: &Measured, name: &str) -> String {
    match (one.scores.get(name), one.value(name)) {
        (Some(score), _) => score.text(),
        (None, Some(value)) => fixed(value, 2),
        (None, None) => "–".into(),
    }
}

fn validation(trained: &Trained, one: &Measured) -> String {
    let found = trained.networks.iter().find(|network| network.candidate == one.candidate);
    found.map_or_else(String::new, |network| match network.validation {
        Some(validation) => fixed(validation, 2),
        None => "diverged".into(),
    })
}

/// An amount of a resource, for people: `87.3 kB`.
pub(super) fn amount(resource: Resource, value: Option<f64>) -> String {
    let Some(value) = value else { return "–".into() };
    match resource {
        Resource::Flash | Resource::Ram => bytes(value as u64),
        Resource::Seconds if value < 1e-3 => format!("{} µs", fixed(value * 1e6, 1)),
        Resource::Seconds => format!("{} ms", fixed(value * 1e3, 2)),
        _ => short(value as u64),
    }
}

/// What to do, in a sentence or two.
pub fn advice(choice: &Choice) -> String {
    let Some(best) = choice.best() else { return "No network has this measure: choose by another one.".into() };
    let resource = choice.cost();
    let within = match choice.config.budgets.is_empty() {
        true => String::new(),
        false => format!(" within {}", choice.config.budget()),
    };
    let instead = match choice.by == choice.config.by {
        true => String::new(),
        false => format!(" ({} is not defined for any of them)", label(&choice.config.by)),
    };
    let first = format!(
        "Train {}: of {} networks{within} it ranks first by {}{instead} ({}), at {} ({}).",
        best.candidate,
        choice.measured.len(),
        label(&choice.by),
        measure(best, &choice.by),
        amount(resource, best.costs.of(resource)),
        resource.unit(),
    );
    match &choice.trained {
        None if choice.config.budgets.is_empty() => {
            format!("{first} Measures grow with size: without --budget the first is one of the largest.")
        }
        None => first,
        Some(trained) => format!("{first} {}", worth(trained)),
    }
}

/// Whether the choice was worth it, in a sentence.
pub(super) fn worth(trained: &Trained) -> String {
    let count = trained.networks.iter().filter(|network| network.is_chosen).count();
    let others = trained.networks.len() - count;
    let said = match trained.interval {
        Some(Interval { low, .. }) if low > 0.0 => "the choice was worth it",
        Some(Interval { high, .. }) if high < 0.0 => "a random choice would have been better",
        Some(_) => "which these trainings cannot tell from chance",
        None => "too few trainings to tell that from chance",
    };
    let interval = match trained.interval {
        Some(interval) => format!(" [{}, {}]", signed(interval.low, 2), signed(interval.high, 2)),
        None => String::new(),
    };
    let best = trained.best().map_or(String::new(), |best| {
        let test = best.test.map_or(String::new(), |test| format!(", {} % on the test part", fixed(test, 2)));
        format!(" Best of all on the validation part: {}{test}.", best.candidate)
    });
    format!(
        "Trained, the first {count} are {}{interval} points of validation accuracy from {others} random ones: {said}.{best}",
        signed(trained.gain, 2)
    )
}
