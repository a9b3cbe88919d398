//! 2sED and its lower bounds over ε as a picture: one panel for every ζ.

use stairs_capacity::Estimate;

use super::{Axis, Figure, Ink, Layer, Panel};
use crate::measure::Measurement;

/// The curves of a measurement, in parameters, with bands of one standard error; dashed the number of parameters.
pub fn capacity_figure(title: impl Into<String>, measurement: &Measurement) -> Figure {
    let columns = measurement.config.zeta.len().min(3);
    capacity_legend(Figure::new(title).with_columns(columns), measurement)
        .with_panels(panels(measurement, "", true))
        .with_legend(Ink::Grey, "all parameters")
}

/// One panel for every ζ of a measurement; titles are `name`, with ζ where there are several or no name.
pub fn capacity_panels(measurement: &Measurement, name: &str) -> Vec<Panel> {
    panels(measurement, name, false)
}

fn panels(measurement: &Measurement, name: &str, dimension: bool) -> Vec<Panel> {
    let zetas = &measurement.config.zeta;
    let title = |zeta: f64| match (name, zetas.len()) {
        ("", _) => format!("ζ = {zeta:.3}"),
        (name, 1) => name.to_string(),
        (name, _) => format!("{name}, ζ = {zeta:.3}"),
    };
    zetas.iter().map(|zeta| panel(measurement, *zeta, title(*zeta), dimension)).collect()
}

fn panel(measurement: &Measurement, zeta: f64, title: String, dimension: bool) -> Panel {
    let points: Vec<_> = measurement.points.iter().filter(|point| point.zeta == zeta).collect();
    let factorised = measurement.factorised.iter().filter(|point| point.zeta == zeta);
    let smc: Vec<_> = measurement.smc.iter().filter(|point| point.zeta == zeta).collect();
    let mut panel = Panel::new(title, Axis::new("−log₁₀ ε"), Axis::new("parameters"));
    if dimension {
        let ends = [points.first(), points.last()].into_iter().flatten();
        let line = ends.map(|point| (-point.eps.log10(), measurement.dimension as f64));
        panel = panel.with_layer(Layer::dashed(line.collect(), Ink::Grey));
    }
    let curves: [(Ink, Vec<(f64, Estimate)>); 5] = [
        (Ink::Red, factorised.map(|point| (point.eps, point.lower)).collect()),
        (Ink::Green, smc.iter().map(|point| (point.eps, point.lower)).collect()),
        (Ink::Purple, points.iter().map(|point| (point.eps, point.last_layer_exact)).collect()),
        (Ink::Orange, points.iter().map(|point| (point.eps, point.jensen)).collect()),
        (Ink::Blue, points.iter().map(|point| (point.eps, point.two_scale)).collect()),
    ];
    for (ink, curve) in curves.into_iter().filter(|(ink, curve)| shown(*ink, measurement) && !curve.is_empty()) {
        let at = |eps: f64| -eps.log10();
        let band = curve.iter().map(|(eps, estimate)| {
            let error = estimate.standard_error().unwrap_or(0.0);
            (at(*eps), estimate.value - error, estimate.value + error)
        });
        panel = panel.with_layer(Layer::band(band.collect(), ink));
        let line = curve.iter().map(|(eps, estimate)| (at(*eps), estimate.value));
        panel = panel.with_layer(Layer::line(line.collect(), ink));
    }
    panel
}

/// Adds what the colours of [`capacity_panels`] mean.
pub fn capacity_legend(figure: Figure, measurement: &Measurement) -> Figure {
    let legend = [
        (Ink::Blue, "2sED, mean of the draws"),
        (Ink::Red, "factorised by units"),
        (Ink::Orange, "Jensen"),
        (Ink::Purple, "last layer exact"),
        (Ink::Green, "SMC"),
    ];
    let legend = legend.into_iter().filter(|(ink, _)| shown(*ink, measurement));
    legend.fold(figure, |figure, (ink, name)| figure.with_legend(ink, name))
}

/// With one inner draw the last layer is not exact but Jensen's; without particles there is no SMC; the factorised bound is on request.
fn shown(ink: Ink, measurement: &Measurement) -> bool {
    match ink {
        Ink::Purple => measurement.config.inner > 1,
        Ink::Green => !measurement.smc.is_empty(),
        Ink::Red => !measurement.factorised.is_empty(),
        _ => true,
    }
}
