//! `ana-grid`: which choices of the annealing study matter.

mod draw;
mod setup;
mod table;

use maud::html;

use self::{
    draw::{accuracy_figure, shares_figure},
    setup::{PAIRS, Setup, Sums, analysis, centred, core, setups, sums, term_name},
    table::{extremes, level_table, pair_table, shares_note, shares_table},
};
use super::{
    Page, ReportError, Results,
    number::{count, display_name, fixed},
    shell,
};
use crate::{plot::Figure, stats::Shares};

/// The page of the annealing grid.
#[derive(Clone, Copy, Debug)]
pub struct GridPage;

fn headline(setups: &[Setup<'_>], found: Option<&Shares>, centred: Option<&Shares>) -> String {
    let Some(found) = found else {
        return "There are not enough finished trials to compare yet.".into();
    };
    let verdict = match sums(found) {
        Sums { law: Some(law), schedule: Some(schedule) } => {
            let verdict = match (law, schedule) {
                (law, schedule) if schedule > 2.0 * law => {
                    "The schedule of the decay matters much more than the law of the noise"
                }
                (law, schedule) if schedule > law => "The schedule of the decay matters more than the law of the noise",
                (law, schedule) if law > 2.0 * schedule => {
                    "The law of the noise matters much more than the schedule of its decay"
                }
                _ => "The law of the noise matters more than the schedule of its decay",
            };
            format!(
                "{verdict}, where the scale is annealed: interval and power, with their interactions, explain {} % of the \
                 variance of the test accuracy (ω²), the law with all of its interactions {} %.",
                fixed(100.0 * schedule, 1),
                fixed(100.0 * law, 1)
            )
        }
        _ => "This part of the grid cannot tell what the law of the noise explains: interactions with it are not estimable."
            .into(),
    };
    let best = setups.iter().filter(|s| !s.is_ste()).max_by(|a, b| a.accuracy().mean.total_cmp(&b.accuracy().mean));
    let best = best.map_or(String::new(), |best| {
        format!(" The best setup ({}) ends at {} %.", best.name(), fixed(best.accuracy().mean, 2))
    });
    let ste = setups.iter().find(|setup| setup.is_ste()).map_or(String::new(), |ste| {
        format!(" The straight-through estimator, one point of the grid, ends at {} %.", fixed(ste.accuracy().mean, 2))
    });
    let most = found.terms.first().map_or(String::new(), |share| {
        format!(" The largest share is that of {}: {} %.", term_name(share), fixed(100.0 * share.omega, 1))
    });
    let centred = centred.map(sums).map_or(String::new(), |found| match (found.law, found.schedule) {
        (Some(law), Some(schedule)) => format!(
            " Where the mean of the noise is 0 throughout, the schedule explains {} % and the law {} %.",
            fixed(100.0 * schedule, 1),
            fixed(100.0 * law, 1)
        ),
        _ => String::new(),
    });
    format!("{verdict}{most}{centred}{best}{ste}")
}

fn figures(results: &Results) -> Vec<(String, Figure)> {
    let setups = setups(results);
    let accuracy = accuracy_figure(&setups).map(|figure| ("accuracy".into(), figure));
    let shares = analysis(&setups, core).map(|found| ("shares".into(), shares_figure(&found)));
    accuracy.into_iter().chain(shares).collect()
}

/// `LeNet 16-32-64 on digits, 24 epochs`.
fn subject(results: &Results) -> String {
    results.runs.first().map_or(String::new(), |(_, run)| {
        let config = &run.config;
        let (dataset, samples) = (display_name(&config.dataset), run.samples.0);
        format!("{} on {dataset}, {samples} training samples, {} epochs", config.model, config.epochs)
    })
}

impl Page for GridPage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let setups = setups(results);
        let drawn = |figure: Option<Figure>| figure.map(|figure| shell::figure(&figure)).transpose();
        let (core_shares, all_shares) = (analysis(&setups, core), analysis(&setups, |_| true));
        let centred_shares = analysis(&setups, centred);
        let accuracy = drawn(accuracy_figure(&setups))?;
        let bars = drawn(core_shares.as_ref().map(shares_figure))?;
        let content = html! {
            @if let Some(headline) = results.concluded(|_| headline(&setups, core_shares.as_ref(), centred_shares.as_ref())) {
                p.headline { (headline) }
            }
            @if !results.diverged.is_empty() {
                p.notice {
                    (count(results.diverged.len(), "training")) " diverged (a loss that is not finite) and count with the accuracy "
                    "of guessing."
                }
            }
            @if let Some(found) = &core_shares {
                section {
                    h2 { "What explains the accuracy" }
                    p.note {
                        (subject(results)) ". Shares of the variance of the final test accuracy over the setups with an annealed "
                        "scale and their seeds, of every factor and every pair: η² as it is in this sample, ω² without what noise "
                        "alone would give, and partial ω², the term against the noise of the seeds alone. Only of the last is the "
                        "distribution known, so that it has an interval. Strategy: what the forward pass computes. Interval and "
                        "power: when which layer's noise disappears. "
                        (shares_note(found))
                    }
                    @if let Some(bars) = bars { (bars) }
                    (shares_table(found).html())
                }
            }
            @if let Some(found) = &centred_shares {
                section {
                    h2 { "Where the mean of the noise is 0" }
                    p.note { "The same for the setups with an annealed scale and a static mean. " (shares_note(found)) }
                    (shares_table(found).html())
                }
            }
            @if let Some(accuracy) = accuracy {
                section {
                    h2 { "Accuracy by schedule" }
                    p.note {
                        "One dot a setup with an annealed scale, the mean over its seeds; of each pair left the homogeneous, right "
                        "the progressive decay. Dashed: the straight-through estimator. Axes of the two rows differ."
                    }
                    (accuracy)
                }
            }
            @if !setups.is_empty() {
                section {
                    h2 { "Level by level" }
                    p.note { "Means over the setups with an annealed scale." }
                    (level_table(&setups).html())
                }
                section {
                    h2 { "Two factors together" }
                    p.note { "Mean accuracy of the setups, and how many they are in parentheses." }
                    @for (title, factors, takes) in PAIRS {
                        h3 { (title) }
                        (pair_table(&setups, factors, takes).html())
                    }
                }
                section {
                    h2 { "The best and the worst" }
                    p.note { "Mean ± standard deviation over the seeds; of all setups." }
                    (extremes(&setups).html())
                }
            }
            @if let Some(found) = &all_shares {
                details {
                    summary { "The same shares over all setups, with and without an annealed scale" }
                    p.note {
                        "Not every combination exists there, so that shares do not add up: each is what a term adds to all others "
                        "of its order (sums of squares of type II). " (shares_note(found))
                    }
                    (shares_table(found).html())
                }
            }
        };
        let unfinished = results.unfinished();
        let kicker = "stairs · quantisation-aware training by noise annealing";
        Ok(shell::page(&results.title, kicker, unfinished.as_ref(), &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        let setups = setups(results);
        let found = analysis(&setups, core);
        let centred = analysis(&setups, centred);
        let mut text = String::new();
        for (title, found) in [("annealed scale", &found), ("annealed scale, mean 0", &centred)] {
            if let Some(found) = found {
                text += &format!("{title}: {}\n{}\n\n", shares_note(found), shares_table(found).text());
            }
        }
        for (title, factors, takes) in PAIRS.iter().filter(|_| !setups.is_empty()) {
            text += &format!("{title}\n{}\n\n", pair_table(&setups, *factors, takes).text());
        }
        text + &results.concluded(|_| headline(&setups, found.as_ref(), centred.as_ref())).unwrap_or_default()
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figures(results)
    }
}

#[cfg(test)]
mod tests;
