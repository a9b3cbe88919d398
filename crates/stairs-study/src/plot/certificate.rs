//! A certificate over time as a picture: one panel a layer, on a logarithmic axis.

use stairs_noise::TimeUnit;
use stairs_noise::certificate::{Convergence, LayerStep};

use super::{Axis, Figure, Ink, Layer, Panel};

/// Decades shown below the largest value at most; what is smaller, and 0, breaks a line.
const DECADES: f64 = 12.0;

/// ‖x^ν − x‖_∞ of every layer: measured, bounded by intervals until the next step, bounded by gaps alone. A line ends where
/// its value is exactly 0.
pub fn certificate_figure(title: &str, unit: TimeUnit, convergence: &Convergence) -> Figure {
    type Curve = (Ink, &'static str, fn(&LayerStep) -> f64);
    let curves: [Curve; 3] = [
        (Ink::Grey, "bound from gaps", |layer| layer.gap_bound),
        (Ink::Orange, "bound from intervals, until the next step", |layer| layer.window_bound),
        (Ink::Blue, "measured", |layer| layer.measured),
    ];
    let time = match unit {
        TimeUnit::Epochs => "epoch",
        TimeUnit::Steps => "step",
    };
    let end = convergence.steps.last().map_or(1.0, |step| step.time);
    let last = convergence.names.len().saturating_sub(1);
    let panels = convergence.names.iter().enumerate().map(|(layer, name)| {
        let points = |value: fn(&LayerStep) -> f64| -> Vec<(f64, f64)> {
            let at = convergence.steps.iter().filter_map(|step| Some((step.time, value(step.layers.get(layer)?))));
            at.map(|(t, value)| (t, if value > 0.0 { value.log10() } else { f64::NAN })).collect()
        };
        let lines: Vec<_> = curves.iter().map(|(ink, _, value)| (*ink, points(*value))).collect();
        let logs = lines.iter().flat_map(|(_, points)| points).map(|point| point.1).filter(|y| y.is_finite());
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
        let (low, high) = if low <= high { (low, high) } else { (-1.0, 0.0) };
        let high = (high + 0.1).ceil();
        let low = (low - 0.1).floor().max(high - DECADES);
        let unit = if layer == last { "distance of the logits" } else { "distance of the features in quanta" };
        let axis = Axis::new(unit).with_range(low, high).with_named_ticks(decades(low, high));
        let dashed = |ink: Ink, points| match ink {
            Ink::Grey => Layer::dashed(points, ink),
            _ => Layer::line(points, ink),
        };
        Panel::new(name, Axis::new(time).with_range(0.0, end.max(f64::MIN_POSITIVE)), axis)
            .with_layers(lines.into_iter().map(|(ink, points)| dashed(ink, points)))
    });
    let panels: Vec<Panel> = panels.collect();
    let figure = Figure::new(title).with_columns(panels.len().min(2)).with_size(900.0, 250.0).with_panels(panels);
    curves.iter().rev().fold(figure, |figure, (ink, name, _)| figure.with_legend(*ink, *name))
}

/// Powers of ten between two logarithms, about six of them.
fn decades(low: f64, high: f64) -> Vec<(f64, String)> {
    let stride = ((high - low) / 6.0).ceil().max(1.0) as usize;
    (low as i64..=high as i64).rev().step_by(stride).map(|power| (power as f64, format!("1e{power}"))).collect()
}
