//! Learning curves: the hard network's test accuracy and the regularised training loss, over the seeds.

use stairs_train::EpochRecord;

use super::Study;
use crate::plot::{Axis, Figure, Layer, Panel};

/// Share of the epochs whose values decide the lower end of the accuracy axis; the steep start may run out below.
const SETTLED: f64 = 0.15;

pub(super) fn figure(study: &Study<'_>) -> Figure {
    let accuracy = |e: &EpochRecord| e.test_accuracy;
    let settled = study.groups.iter().flat_map(|group| {
        let curve = group.per_epoch(accuracy);
        let skip = ((curve.len() as f64) * SETTLED).ceil() as usize;
        curve.into_iter().skip(skip).map(|(_, stat)| stat.mean).collect::<Vec<_>>()
    });
    let (low, high) = settled
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let room = (0.08 * (high - low)).max(0.5);
    let accuracy_axis = Axis::new("percent").with_range((low - room).max(0.0), (high + room).min(100.4));

    let epochs = || Axis::new("epoch").whole();
    let accuracy_panel = Panel::new("Test accuracy of the hard network", epochs(), accuracy_axis);
    let loss_axis = Axis::new("cross entropy through the regularised network, nats");
    let loss_panel = Panel::new("Training loss", epochs(), loss_axis);
    let figure = Figure::new("")
        .with_columns(2)
        .with_size(960.0, 300.0)
        .with_panel(accuracy_panel.with_all(curves(study, accuracy)))
        .with_panel(loss_panel.with_all(curves(study, |e| e.train_loss)));
    study.groups.iter().fold(figure, |figure, group| figure.with_legend(group.ink, group.label.clone()))
}

/// Bands first, so that no band lies over a line.
fn curves(study: &Study<'_>, value: impl Fn(&EpochRecord) -> f64 + Copy) -> Vec<Layer> {
    let bands = study.groups.iter().map(|group| {
        let sd = |sd: f64| if sd.is_finite() { sd } else { 0.0 };
        let points = group.per_epoch(value).into_iter();
        Layer::band(points.map(|(x, s)| (x, s.mean - sd(s.sd), s.mean + sd(s.sd))).collect(), group.ink)
    });
    let lines = study.groups.iter().map(|group| {
        Layer::line(group.per_epoch(value).into_iter().map(|(x, stat)| (x, stat.mean)).collect(), group.ink)
    });
    bands.chain(lines).collect()
}
