//! Pictures of a regularised stair: σ_ν above its hard limit, and its derivative.
//!
//! Everything is in units of the quantum and comes from the exact f64 reference.

use stairs_noise::{Law, RegularisedStair};
use stairs_quant::StairFunction;

use super::{Anchor, Axis, Ink, Layer, Panel};

/// Samples per curve on an even grid.
const SAMPLES: usize = 600;
/// Samples more around every threshold.
const FINE: i32 = 12;
/// Largest ratio of two peaks in one panel of derivatives.
const TALLEST: f64 = 10.0;
/// Stairs with more thresholds are shown in the middle only.
const MANY: usize = 16;

/// One law under which a stair is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct StairCurve {
    /// Colour.
    pub ink: Ink,
    /// Law of the noise.
    pub law: Law,
}

/// The interval that shows every step of `stair` (of a stair with many steps, the middle ones) with room for the noise
/// of the study (half-width ½) on both sides.
pub(super) fn window(stair: &StairFunction) -> (f64, f64) {
    let thresholds = stair.thresholds();
    let (first, last) = match thresholds.len() {
        count @ MANY.. => (thresholds[count / 2 - 4], thresholds[count / 2 + 4]),
        count => (thresholds[0], thresholds[count - 1]),
    };
    let room = 1.5f64.max(0.06 * (last - first));
    (first - room, last + room)
}

/// An even grid over the window.
pub(super) fn samples((low, high): (f64, f64)) -> impl Iterator<Item = f64> {
    (0..=SAMPLES).map(move |i| low + (high - low) * i as f64 / SAMPLES as f64)
}

/// The even grid, and points around every threshold as close together as the noise is narrow: on both sides of the
/// edges of compact noise, where its density may jump.
fn fine_samples(stair: &StairFunction, law: &Law, window: (f64, f64)) -> Vec<f64> {
    let mut points: Vec<f64> = samples(window).collect();
    let (mean, reach) = (law.mean(), 2.0 * law.scale() * law.noise().window());
    for threshold in stair.thresholds() {
        let around = (-FINE..=FINE).flat_map(|i| {
            let at = threshold + mean + reach * f64::from(i) / f64::from(FINE);
            [at - 1e-6 * reach, at + 1e-6 * reach]
        });
        points.extend(around.filter(|x| (window.0..=window.1).contains(x)));
    }
    points.sort_by(f64::total_cmp);
    points
}

/// The hard stair as a step function over `window`.
pub(super) fn hard(stair: &StairFunction, window: (f64, f64)) -> Layer {
    let inside = |threshold: &&f64| (window.0..=window.1).contains(*threshold);
    let edges: Vec<f64> =
        std::iter::once(window.0).chain(stair.thresholds().iter().filter(inside).copied()).chain([window.1]).collect();
    let levels: Vec<f64> = edges.windows(2).map(|edge| stair.eval(0.5 * (edge[0] + edge[1]))).collect();
    Layer::steps(&edges, &levels, Ink::Grey)
}

/// σ_ν for every curve, over the hard stair in grey.
pub fn stair_panel(title: impl Into<String>, stair: &StairFunction, curves: &[StairCurve]) -> Panel {
    let window = window(stair);
    let mut panel = Panel::new(title, Axis::new("input / quantum").with_range(window.0, window.1), Axis::new("stair"));
    if stair.levels().len() <= 4 {
        panel.y = panel.y.with_ticks(stair.levels().to_vec());
    }
    let curves = curves.iter().filter(|curve| !curve.law.is_hard()).map(|curve| {
        let points = fine_samples(stair, &curve.law, window);
        let smooth = RegularisedStair::new(stair.clone(), curve.law.clone());
        Layer::line(points.into_iter().map(|x| (x, smooth.expectation(x))).collect(), curve.ink)
    });
    panel.with_layer(hard(stair, window)).with_layers(curves)
}

/// σ_ν′ for every curve; a law of scale 0 has none and is left out. Where no noise is left the panel says so.
///
/// Peaks grow as the noise shrinks. Where the tallest is more than ten times the flattest the axis ends there,
/// so that the flat ones can be seen, and the panel says so.
pub fn derivative_panel(title: impl Into<String>, stair: &StairFunction, curves: &[StairCurve]) -> Panel {
    let window = window(stair);
    let lines: Vec<(Ink, Vec<(f64, f64)>)> = curves
        .iter()
        .filter(|curve| !curve.law.is_hard())
        .map(|curve| {
            let smooth = RegularisedStair::new(stair.clone(), curve.law.clone());
            let points = fine_samples(stair, &curve.law, window).into_iter().map(|x| (x, smooth.gradient(x)));
            (curve.ink, points.collect())
        })
        .collect();
    let peaks = lines.iter().map(|(_, points)| points.iter().map(|p| p.1).fold(0.0, f64::max)).filter(|p| *p > 0.0);
    let (flattest, tallest) = peaks.fold((f64::INFINITY, 0.0), |(a, b), p| (f64::min(a, p), f64::max(b, p)));
    let (top, label) = match tallest {
        0.0 => (1.0, "derivative"),
        _ if tallest > TALLEST * flattest => (TALLEST * flattest, "derivative, tall peaks cut off"),
        _ => (tallest, "derivative"),
    };
    let x = Axis::new("input / quantum").with_range(window.0, window.1);
    let y = Axis::new(label).with_range(-0.04 * top, 1.06 * top);
    let ends = vec![(window.0, 0.0), (window.1, 0.0)];
    let zero = Layer::Line { points: ends, ink: Ink::Grey, width: 1.2, dashed: false };
    let silent = lines.is_empty().then(|| Layer::Label {
        at: (0.5 * (window.0 + window.1), 0.5 * top),
        text: "no noise: 0 everywhere".into(),
        ink: Ink::Muted,
        anchor: Anchor::Centre,
    });
    Panel::new(title, x, y)
        .with_layer(zero)
        .with_layers(silent)
        .with_layers(lines.into_iter().map(|(ink, points)| Layer::line(points, ink)))
}
