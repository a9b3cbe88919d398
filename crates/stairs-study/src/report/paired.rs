//! Trainings compared pair by pair: the same seeds, data, start and budget, one thing different.

use maud::html;

use super::{
    Page, ReportError, Results, Stat,
    grid::Grid,
    number::{count, fixed, signed},
    shell,
};
use crate::{
    plot::{Anchor, Axis, Figure, Ink, Layer, Panel},
    stats::{Paired, paired},
};

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

/// The samples that an accuracy is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The test part, at the epoch that was chosen.
    Test,
    /// The held-out training samples that chose it.
    Validation,
}

/// The accuracies of a row: seed, percent. A training that diverged has the accuracy of guessing.
fn accuracies(results: &Results, row: &str, part: Part) -> Vec<(u64, f64)> {
    let of_row = |id: &str| id.rsplit_once("-seed").is_some_and(|(name, _)| name == row);
    let runs = results.runs.iter().filter(|(id, _)| of_row(id)).filter_map(|(_, run)| {
        let accuracy = match part {
            Part::Test => run.chosen().1,
            Part::Validation => run.validation.as_ref()?.accuracy,
        };
        Some((run.config.seed, accuracy))
    });
    let chance = |dataset: &str| {
        dataset.parse::<stairs_data::DatasetName>().map_or(0.0, |dataset| 100.0 / dataset.classes() as f64)
    };
    let diverged = results.diverged.iter().filter(|(id, _)| of_row(id));
    runs.chain(diverged.map(|(_, at)| (at.config.seed, chance(&at.config.dataset)))).collect()
}

/// Pairs of the same seed.
fn pairs(results: &Results, comparison: Comparison, part: Part) -> Vec<(f64, f64)> {
    let second = accuracies(results, comparison.second, part);
    let pair = |(seed, first): (u64, f64)| Some((first, second.iter().find(|(other, _)| *other == seed)?.1));
    accuracies(results, comparison.first, part).into_iter().filter_map(pair).collect()
}

/// Names of the rows in the order of the results.
fn rows(results: &Results) -> Vec<String> {
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

fn interval(found: &Paired) -> String {
    found.interval.map_or("not known".into(), |i| format!("[{}, {}]", signed(i.low, 2), signed(i.high, 2)))
}

impl PairedPage {
    fn found(&self, results: &Results, part: Part) -> Vec<(Comparison, Paired)> {
        let found = self.comparisons.iter().map(|comparison| (*comparison, paired(&pairs(results, *comparison, part))));
        found.filter(|(_, paired)| paired.n > 0).collect()
    }

    /// Whether the epochs were chosen on held-out samples.
    fn is_validated(results: &Results) -> bool {
        results.runs.iter().any(|(_, run)| run.validation.is_some())
    }

    fn differences(&self, results: &Results, part: Part) -> Grid {
        let what = match part {
            Part::Test => "difference, points",
            Part::Validation => "difference on validation, points",
        };
        let mut grid = Grid::new([what, "pairs", "mean", "95 % interval", "sign-flip p", "sign-test p"]);
        for (comparison, found) in self.found(results, part) {
            grid.row([
                format!("{} − {}", comparison.first, comparison.second),
                found.n.to_string(),
                signed(found.mean, 2),
                interval(&found),
                found.sign_flip_p.map_or("–".into(), |p| fixed(p, 3)),
                fixed(found.sign_p, 3),
            ]);
        }
        grid
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
            interval(&found),
            count(found.n, "pair")
        )
    }

    fn figure(&self, results: &Results) -> Option<Figure> {
        let found = self.found(results, Part::Test);
        if found.is_empty() {
            return None;
        }
        let height = found.len() as f64;
        let ends = found.iter().flat_map(|(c, p)| {
            let each = pairs(results, *c, Part::Test).into_iter().map(|(a, b)| a - b);
            each.chain(p.interval.into_iter().flat_map(|i| [i.low, i.high])).collect::<Vec<_>>()
        });
        let reach = ends.filter(|x| x.is_finite()).fold(0.1_f64, |reach, x| reach.max(x.abs())) * 1.1;
        let mut panel = Panel::new(
            "Paired differences",
            Axis::new("points of accuracy").with_range(-reach, reach),
            Axis::new("").with_range(-0.5, height + 0.1).with_ticks(Vec::new()),
        )
        .with_layer(Layer::dashed(vec![(0.0, -0.5), (0.0, height + 0.1)], Ink::Grey));
        for (index, (comparison, paired)) in found.iter().enumerate() {
            let y = height - 1.0 - index as f64;
            let each: Vec<(f64, f64)> =
                pairs(results, *comparison, Part::Test).into_iter().map(|(a, b)| (a - b, y)).collect();
            if let Some(interval) = paired.interval {
                panel = panel.with_layer(Layer::line(vec![(interval.low, y), (interval.high, y)], Ink::Blue));
            }
            panel = panel
                .with_layer(Layer::Dots { points: each, ink: Ink::Grey, radius: 2.5 })
                .with_layer(Layer::Dots { points: vec![(paired.mean, y)], ink: Ink::Blue, radius: 4.5 })
                .with_layer(Layer::Label {
                    at: (-reach, y + 0.42),
                    text: format!("{} − {}", comparison.first, comparison.second),
                    ink: Ink::Text,
                    anchor: Anchor::Right,
                });
        }
        Some(
            Figure::new(results.title.clone()).with_columns(1).with_size(820.0, 70.0 + 44.0 * height).with_panel(panel),
        )
    }

    fn rows_table(results: &Results) -> Grid {
        let validated = Self::is_validated(results);
        let mut grid = Grid::new(["row", "seeds", "test accuracy, %", "validation accuracy, %"]);
        let text = |stat: Stat| match (stat.n, stat.sd.is_finite()) {
            (0, _) => "–".to_string(),
            (_, true) => format!("{} ± {}", fixed(stat.mean, 2), fixed(stat.sd, 2)),
            (_, false) => fixed(stat.mean, 2),
        };
        for row in rows(results) {
            let test = accuracies(results, &row, Part::Test);
            let validation = accuracies(results, &row, Part::Validation).into_iter().map(|(_, x)| x);
            let validation = if validated { text(Stat::of(validation)) } else { "–".into() };
            grid.row([row, test.len().to_string(), text(Stat::of(test.into_iter().map(|(_, x)| x))), validation]);
        }
        grid
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
        let figure = self.figure(results).map(|figure| shell::figure(&figure)).transpose()?;
        let content = html! {
            p.headline { (self.headline(results)) }
            p.note { (self.question) " " (Self::how(results)) }
            @if let Some(figure) = figure { section { h2 { "Differences" } (figure) (self.differences(results, Part::Test).html())
                @if Self::is_validated(results) { (self.differences(results, Part::Validation).html()) }
                p.note { "Pairs share the seed, and with it start weights, order of the data and augmentation. The interval is Student's t "
                    "over the pairs; with n pairs no exact test can fall below 2·2⁻ⁿ." } } }
            section { h2 { "Rows" } (Self::rows_table(results).html()) }
        };
        let missing = (results.missing(), results.planned);
        let kicker = "stairs · quantisation-aware training by noise annealing";
        Ok(shell::page(&results.title, kicker, missing, &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        let mut parts = vec![results.title.clone(), Self::how(results), self.headline(results)];
        parts.push(self.differences(results, Part::Test).text());
        if Self::is_validated(results) {
            parts.push(self.differences(results, Part::Validation).text());
        }
        parts.push(Self::rows_table(results).text());
        parts.join("\n") + "\n"
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        self.figure(results).map(|figure| ("differences".into(), figure)).into_iter().collect()
    }
}
