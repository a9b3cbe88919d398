//! A choice as a page: a plot of cost and measure, the front, all networks, what every measure took.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use maud::html;

use super::{
    Choice, ChooseError, Measured,
    text::{advice, grid, label},
};
use crate::{
    files::write_atomically,
    plot::{Anchor, Axis, Figure, Ink, Layer, Panel},
    report::{ReportError, grid::Grid, number::fixed, shell},
};

/// Names of all networks are shown beside their dots on fronts of at most this many.
const NAMED: usize = 8;

/// Cost against measure: all networks, the front, what was trained.
pub fn choice_figure(choice: &Choice) -> Figure {
    let (cost, by) = (choice.cost(), &choice.by);
    let at = |one: &Measured| Some((one.costs.of(cost)?.max(1e-12).log10(), one.value(by)?));
    let points = |numbers: &[usize]| numbers.iter().filter_map(|i| at(&choice.measured[*i])).collect::<Vec<_>>();
    let trained = |chosen: bool| {
        let networks =
            choice.trained.iter().flat_map(|trained| &trained.networks).filter(move |n| n.is_chosen == chosen);
        let found = networks.filter_map(|n| choice.measured.iter().find(|one| one.candidate == n.candidate));
        found.filter_map(at).collect::<Vec<_>>()
    };
    let front = points(&choice.front);
    let x = Axis::new(format!("{}, log₁₀", cost.unit()));
    let mut panel = Panel::new(format!("{} networks", choice.measured.len()), x, Axis::new(label(by)))
        .with_layer(Layer::Dots { points: points(&choice.ranked), ink: Ink::Grey, radius: 3.0 })
        .with_layer(Layer::line(front.clone(), Ink::Blue))
        .with_layer(Layer::Dots { points: front, ink: Ink::Blue, radius: 4.0 })
        .with_layer(Layer::Dots { points: trained(false), ink: Ink::Orange, radius: 6.0 })
        .with_layer(Layer::Dots { points: trained(true), ink: Ink::Green, radius: 6.0 });
    if choice.front.len() <= NAMED {
        panel = panel.with_layers(choice.front.iter().filter_map(|i| {
            let one = &choice.measured[*i];
            let text = one.candidate.model.to_string();
            Some(Layer::Label { at: at(one)?, text, ink: Ink::Muted, anchor: Anchor::Left })
        }));
    }
    let figure = Figure::new("").with_panel(panel).with_size(960.0, 420.0);
    let figure = figure.with_legend(Ink::Grey, "candidate").with_legend(Ink::Blue, "Pareto front");
    match choice.trained {
        None => figure,
        Some(_) => figure.with_legend(Ink::Green, "chosen and trained").with_legend(Ink::Orange, "random and trained"),
    }
}

/// Seconds of every measure a network: median, largest.
fn costs_of_measures(choice: &Choice) -> Grid {
    let mut seconds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (name, score) in choice.measured.iter().flat_map(|one| &one.scores) {
        seconds.entry(name).or_default().push(score.seconds);
    }
    let mut grid = Grid::new(["measure", "networks", "seconds a network, median", "largest"]);
    for (name, mut all) in seconds {
        all.sort_by(f64::total_cmp);
        let (median, most) = (all[all.len() / 2], all[all.len() - 1]);
        grid.row([name.to_owned(), all.len().to_string(), fixed(median, 4), fixed(most, 4)]);
    }
    grid
}

/// The page, one file without external resources.
///
/// # Errors
/// [`ChooseError::Page`] for a figure that cannot be drawn.
pub fn choice_page(choice: &Choice, commands: &[String]) -> Result<String, ChooseError> {
    let figure = shell::figure(&choice_figure(choice))?;
    let trained: Vec<usize> = match &choice.trained {
        None => Vec::new(),
        Some(trained) => {
            let number =
                |one: &super::TrainedNetwork| choice.measured.iter().position(|m| m.candidate == one.candidate);
            trained.networks.iter().filter_map(number).collect()
        }
    };
    let content = html! {
        p.headline { (advice(choice)) }
        section {
            h2 { "Cost and measure" }
            p.note {
                (choice.looked_at) " networks looked at, " (choice.measured.len()) " of them measured; " (choice.config.budget())
                ". On the front nothing costs less and ranks higher."
            }
            (figure)
        }
        @if !trained.is_empty() {
            section {
                h2 { "What was trained" }
                p.note { "Networks that the measure ranks first, then random ones among the others; equal trainings, accuracies of the validation part." }
                (grid(choice, &trained).html())
            }
        }
        section {
            h2 { "The Pareto front" }
            (grid(choice, &choice.front).html())
        }
        section {
            h2 { "What the measures took" }
            p.note { "Measures of the same draws share a time: those of the Fisher matrix, and each of the others its own." }
            (costs_of_measures(choice).html())
        }
        section {
            h2 { "All networks by " (label(&choice.by)) }
            details { summary { (choice.ranked.len()) " networks" } (grid(choice, &choice.ranked).html()) }
        }
    };
    let title = format!("A network for {}", choice.config.dataset);
    Ok(shell::page(&title, "stairs · choosing a network before training", None, &content, commands))
}

/// Writes the page and its figure to `dir`, and says where they are.
///
/// # Errors
/// As [`choice_page`], and [`ChooseError::Page`] for a file that cannot be written.
pub fn write_page(choice: &Choice, dir: &Path, commands: &[String]) -> Result<[PathBuf; 2], ChooseError> {
    let svg = choice_figure(choice).svg().map_err(ReportError::from)?;
    let files = [(dir.join("index.html"), choice_page(choice, commands)?), (dir.join("choice.svg"), svg)];
    let write = |(path, text): (PathBuf, String)| match write_atomically(&path, text.as_bytes()) {
        Ok(()) => Ok(path),
        Err(source) => Err(ChooseError::Page(ReportError::Write { path, source })),
    };
    let [page, figure] = files.map(write);
    Ok([page?, figure?])
}
