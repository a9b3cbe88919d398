//! Accuracy over the budget, a line each rule, a panel each network.

use super::{Against, MixedPage};
use crate::{
    plot::{Axis, Figure, Ink, Layer, Panel},
    report::{
        Results, Stat,
        paired::{Part, accuracies},
    },
};

/// The figure; `None` without trainings.
pub(super) fn figure(page: &MixedPage, results: &Results) -> Option<Figure> {
    let mean = |row: &str| Stat::of(accuracies(results, row, Part::Test).into_iter().map(|(_, x)| x)).mean;
    let finite =
        |points: Vec<(f64, f64)>| -> Vec<(f64, f64)> { points.into_iter().filter(|(_, y)| y.is_finite()).collect() };
    let ink = |index: usize| Ink::CATEGORICAL.get(index).copied().unwrap_or(Ink::depth(index, page.rules.len()));
    let mut panels = Vec::new();
    for (network, title) in page.networks {
        let mut panel = Panel::new(*title, Axis::new("mean bits of a weight"), Axis::new("test accuracy, %"));
        let uniform = |width: &super::Width| (width.mean, mean(&Against::Uniform.row(network, *width)));
        let uniform = finite(page.widths.iter().map(uniform).collect());
        let mut any = !uniform.is_empty();
        panel = panel.with_layer(Layer::dashed(uniform, Ink::Grey));
        for (index, rule) in page.rules.iter().enumerate() {
            let point = |width: &super::Width| (width.mean, mean(&MixedPage::row(network, rule, width.mean)));
            let points = finite(page.widths.iter().map(point).collect());
            any |= !points.is_empty();
            panel = panel.with_layer(Layer::line(points, ink(index)));
        }
        if any {
            panels.push(panel);
        }
    }
    if panels.is_empty() {
        return None;
    }
    let figure = Figure::new(results.title.clone()).with_columns(panels.len()).with_size(960.0, 320.0);
    let figure = figure.with_panels(panels).with_legend(Ink::Grey, "uniform");
    Some(page.rules.iter().enumerate().fold(figure, |figure, (index, rule)| figure.with_legend(ink(index), *rule)))
}
