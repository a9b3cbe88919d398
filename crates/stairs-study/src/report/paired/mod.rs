//! Trainings compared pair by pair: the same seeds, data, start and budget, one thing different.

mod accuracies;
mod figures;
mod tables;

use maud::html;

use super::{Page, ReportError, Results, number::signed, shell};
use crate::{
    plot::Figure,
    stats::{Paired, paired},
};
pub(super) use accuracies::{Part, accuracies, pairs_of};
use accuracies::{is_validated, pairs};

/// A comparison: accuracy of the row `first` minus that of the row `second`.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// Name of a row of the experiment.
    pub first: &'static str,
    /// Name of another one.
    pub second: &'static str,
}

/// The page of an experiment whose rows are compared in pairs.
#[derive(Clone, Copy, Debug)]
pub struct PairedPage {
    /// What the experiment asks, in one or two sentences.
    pub question: &'static str,
    /// The comparisons, the decisive one first.
    pub comparisons: &'static [Comparison],
}

impl PairedPage {
    /// Comparisons that have a pair.
    fn found(&self, results: &Results, part: Part) -> Vec<(Comparison, Paired)> {
        let found = self.comparisons.iter().map(|comparison| (*comparison, paired(&pairs(results, *comparison, part))));
        found.filter(|(_, paired)| paired.n > 0).collect()
    }

    fn headline(&self, results: &Results) -> String {
        let Some((comparison, found)) = self.found(results, Part::Test).into_iter().next() else {
            return "There are not enough finished trials to compare yet.".into();
        };
        let verdict = match found.interval {
            Some(interval) if interval.low > 0.0 => "is ahead of",
            Some(interval) if interval.high < 0.0 => "is behind",
            _ => "is not told apart from",
        };
        format!(
            "{} {verdict} {}: {} points, 95 % interval {}, over {}.",
            comparison.first,
            comparison.second,
            signed(found.mean, 2),
            tables::interval(&found),
            super::number::count(found.n, "pair")
        )
    }

    fn how(results: &Results) -> String {
        let Some((_, run)) = results.runs.first() else { return String::new() };
        let chosen = match &run.validation {
            Some(validation) => format!(
                "The epoch is that of the best accuracy on {} held-out training samples; the test part was read once.",
                validation.samples
            ),
            None => "Accuracies are those of the last epoch on the test part; nothing was chosen by them.".into(),
        };
        let config = &run.config;
        format!(
            "{} on {}, {} training samples, {} epochs. {chosen}",
            config.model, config.dataset, run.samples.0, config.epochs
        )
    }
}

impl Page for PairedPage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let inline = |figure: Option<Figure>| figure.map(|figure| shell::figure(&figure)).transpose();
        let (differences, curves) = (inline(self.differences_figure(results))?, inline(figures::curves(results))?);
        let content = html! {
            @if let Some(headline) = results.concluded(|results| self.headline(results)) { p.headline { (headline) } }
            p.note { (self.question) " " (Self::how(results)) }
            @if let Some(figure) = differences {
                section { h2 { "Differences" } (figure) (self.differences(results, Part::Test).html())
                @if is_validated(results) { (self.differences(results, Part::Validation).html()) }
                p.note { "Pairs share the seed, and with it start weights, order of the data and augmentation. The interval is Student's t "
                    "over the pairs; with n pairs no exact test can fall below 2·2⁻ⁿ." } }
            }
            section { h2 { "Rows" } (tables::rows(results).html()) }
            @if let Some(figure) = curves { section { h2 { "Learning curves" } (figure) } }
        };
        let unfinished = results.unfinished();
        let kicker = "stairs · quantisation-aware training by noise annealing";
        Ok(shell::page(&results.title, kicker, unfinished.as_ref(), &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        let mut parts = vec![results.title.clone(), Self::how(results)];
        parts.extend(results.concluded(|results| self.headline(results)));
        parts.push(self.differences(results, Part::Test).text());
        if is_validated(results) {
            parts.push(self.differences(results, Part::Validation).text());
        }
        parts.push(tables::rows(results).text());
        parts.join("\n") + "\n"
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        let named = |name: &str, figure: Option<Figure>| figure.map(|figure| (name.to_owned(), figure));
        let all = [("differences", self.differences_figure(results)), ("curves", figures::curves(results))];
        all.into_iter().filter_map(|(name, figure)| named(name, figure)).collect()
    }

    fn markdown(&self, results: &Results) -> String {
        let tables = [tables::rows(results), self.differences(results, Part::Test)];
        tables.map(|table| table.markdown()).join("\n")
    }
}
