//! The figures of paired trainings: the differences with their intervals, and learning curves.

use super::{
    PairedPage,
    accuracies::{Part, is_of, is_validated, pairs, rows},
};
use crate::{
    plot::{Anchor, Axis, Figure, Ink, Layer, Panel},
    report::{Group, Results},
};

/// Share of the epochs that does not decide the lower end of the accuracy axis.
const STEEP: f64 = 0.15;

impl PairedPage {
    /// Every pair, their mean and its interval, a line each comparison; `None` without pairs.
    pub(super) fn differences_figure(&self, results: &Results) -> Option<Figure> {
        let found = self.found(results, Part::Test);
        if found.is_empty() {
            return None;
        }
        let height = found.len() as f64;
        let ends = found.iter().flat_map(|(c, p)| {
            let each = pairs(results, *c, Part::Test).into_iter().map(|(a, b)| a - b);
            each.chain(p.interval.into_iter().flat_map(|i| [i.low, i.high])).collect::<Vec<_>>()
        });
        let (low, high) =
            ends.filter(|x| x.is_finite()).fold((-0.1_f64, 0.1_f64), |(low, high), x| (low.min(x), high.max(x)));
        let room = 0.05 * (high - low);
        let (low, high) = (low - room, high + room);
        let mut panel = Panel::new(
            "Paired differences",
            Axis::new("points of accuracy").with_range(low, high),
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
                    at: (low, y + 0.42),
                    text: format!("{} − {}", comparison.first, comparison.second),
                    ink: Ink::Text,
                    anchor: Anchor::Right,
                });
        }
        Some(
            Figure::new(results.title.clone()).with_columns(1).with_size(820.0, 70.0 + 44.0 * height).with_panel(panel),
        )
    }
}

/// Accuracy on the held-out part by epoch, the mean over the seeds, a line each row; `None` where records do not tell of epochs.
pub(super) fn curves(results: &Results) -> Option<Figure> {
    let names = rows(results);
    let mut curves = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let runs: Vec<_> = results.runs.iter().filter(|(id, _)| is_of(id, name)).map(|(_, run)| run).collect();
        if runs.is_empty() {
            continue;
        }
        let ink = Ink::CATEGORICAL.get(index).copied().unwrap_or(Ink::depth(index, names.len()));
        let group = Group { label: name.clone(), ink, runs };
        let points = group.per_epoch(|epoch| epoch.held_out_accuracy).into_iter().map(|(x, stat)| (x, stat.mean));
        let points: Vec<(f64, f64)> = points.filter(|(_, y)| y.is_finite()).collect();
        if points.len() > 1 {
            curves.push((group.label, ink, points));
        }
    }
    let settled = curves.iter().flat_map(|(_, _, points)| {
        let steep = (points.len() as f64 * STEEP).ceil() as usize;
        points.iter().skip(steep).map(|(_, y)| *y)
    });
    let (low, high) = settled.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    if !low.is_finite() {
        return None;
    }
    let room = (0.08 * (high - low)).max(0.5);
    let part = if is_validated(results) { "Validation" } else { "Test" };
    let percent = Axis::new("percent").with_range((low - room).max(0.0), (high + room).min(100.4));
    let panel =
        Panel::new(format!("{part} accuracy of the hard network"), Axis::new("epoch").with_whole_ticks(), percent);
    let lines = curves.iter().map(|(_, ink, points)| Layer::line(points.clone(), *ink));
    let figure = Figure::new(results.title.clone()).with_columns(1).with_size(820.0, 340.0);
    let figure = figure.with_panel(panel.with_layers(lines));
    Some(curves.into_iter().fold(figure, |figure, (label, ink, _)| figure.with_legend(ink, label)))
}
