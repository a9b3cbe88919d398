//! Learning curves: the hard network's test accuracy and the regularised training loss, over the seeds.

use stairs_train::EpochRecord;

use super::{Group, Study};
use crate::plot::{Axis, Figure, Layer, Panel};

/// Share of the epochs whose values decide the lower end of the accuracy axis; the steep start may run out below.
const SETTLED: f64 = 0.15;

pub(super) fn figure(study: &Study<'_>) -> Figure {
    let accuracy = |e: &EpochRecord| e.held_out_accuracy;
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

    let epochs = || Axis::new("epoch").with_whole_ticks();
    let accuracy_panel = Panel::new("Test accuracy of the hard network", epochs(), accuracy_axis);
    let loss_panel = Panel::new("Training loss", epochs(), loss_axis(study));
    let figure = Figure::new("")
        .with_columns(2)
        .with_size(960.0, 300.0)
        .with_panel(accuracy_panel.with_layers(accuracy_curves(study, accuracy)))
        .with_panel(loss_panel.with_layers(loss_curves(study)));
    study.groups.iter().fold(figure, |figure, group| figure.with_legend(group.ink, group.label.clone()))
}

/// A logarithmic axis: positions are decimal logarithms, ticks say the value; closer ones where the losses span less than a
/// decade.
fn loss_axis(study: &Study<'_>) -> Axis {
    let losses = study.groups.iter().flat_map(|group| group.per_epoch(|epoch| epoch.train_loss));
    let (low, high) = losses
        .map(|(_, stat)| stat.mean)
        .filter(|loss| *loss > 0.0 && loss.is_finite())
        .fold((f64::INFINITY, 0.0_f64), |(low, high), loss| (low.min(loss), high.max(loss)));
    let (leading, digits): (&[f64], _) =
        if high < 10.0 * low { (&[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0], 2) } else { (&[1.0, 3.0], 1) };
    let ticks = (-8..4).flat_map(|power| leading.iter().map(move |leading| leading * 10f64.powi(power)));
    let named = ticks.map(|value| (value.log10(), number(value, digits)));
    Axis::new("cross entropy through the regularised network, nats (logarithmic)").with_named_ticks(named.collect())
}

/// So many significant digits, as on the axis.
fn number(value: f64, digits: i32) -> String {
    // The logarithm of a power of ten may come out a little too small.
    let magnitude = (value * (1.0 + 1e-9)).log10().floor() as i32;
    let decimals = (digits - 1 - magnitude).max(0) as usize;
    if decimals > 4 { format!("{value:.0e}") } else { format!("{value:.decimals$}") }
}

/// The mean over the seeds of every group's training loss. A loss of 0 has no logarithm and is left out.
fn loss_curves(study: &Study<'_>) -> Vec<Layer> {
    let line = |group: &Group<'_>| {
        let points = group.per_epoch(|epoch| epoch.train_loss).into_iter();
        Layer::line(points.map(|(epoch, stat)| (epoch, stat.mean.log10())).collect(), group.ink)
    };
    study.groups.iter().map(line).collect()
}

/// Bands first, so that no band lies over a line.
fn accuracy_curves(study: &Study<'_>, value: impl Fn(&EpochRecord) -> f64 + Copy) -> Vec<Layer> {
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

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn ticks_have_the_digits_they_need() {
        let shown = [(0.3, 1), (1e-3, 1), (10.0, 1), (1.2, 2), (0.12, 2), (1e-6, 1)].map(|(v, d)| number(v, d));
        assert_eq!(shown, ["0.3", "0.001", "10", "1.2", "0.12", "1e-6"]);
    }
}
