//! Pictures of a regularised stair: σ_ν above its hard limit, and its derivative.
//!
//! Everything is in units of the quantum and comes from the exact f64 reference.

use stairs_noise::{Law, RegularisedStair};
use stairs_quant::StairFunction;

use super::{Axis, Ink, Layer, Panel};

/// Samples per curve.
const SAMPLES: usize = 600;

/// One law under which a stair is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct StairCurve {
    /// Colour.
    pub ink: Ink,
    /// Law of the noise.
    pub law: Law,
}

/// The interval that shows every step of `stair` with room for the noise of the study (half-width ½) on both sides.
pub(super) fn window(stair: &StairFunction) -> (f64, f64) {
    let (first, last) = (stair.thresholds()[0], stair.thresholds()[stair.threshold_count() - 1]);
    let room = 1.5f64.max(0.06 * (last - first));
    (first - room, last + room)
}

pub(super) fn samples((low, high): (f64, f64)) -> impl Iterator<Item = f64> {
    (0..=SAMPLES).map(move |i| low + (high - low) * i as f64 / SAMPLES as f64)
}

/// The hard stair as a step function over `window`.
pub(super) fn hard(stair: &StairFunction, window: (f64, f64)) -> Layer {
    let mut edges = vec![window.0];
    edges.extend_from_slice(stair.thresholds());
    edges.push(window.1);
    Layer::steps(&edges, stair.levels(), Ink::Grey)
}

/// σ_ν for every curve, over the hard stair in grey.
pub fn stair_panel(title: impl Into<String>, stair: &StairFunction, curves: &[StairCurve]) -> Panel {
    let window = window(stair);
    let mut panel = Panel::new(title, Axis::new("input / quantum").with_range(window.0, window.1), Axis::new("stair"));
    if stair.levels().len() <= 4 {
        panel.y = panel.y.with_ticks(stair.levels().to_vec());
    }
    let curves = curves.iter().filter(|curve| !curve.law.is_hard()).map(|curve| {
        let smooth = RegularisedStair::new(stair.clone(), curve.law.clone());
        Layer::line(samples(window).map(|x| (x, smooth.expectation(x))).collect(), curve.ink)
    });
    panel.with(hard(stair, window)).with_all(curves)
}

/// σ_ν′ for every curve; a law of scale 0 has none and is left out. `top` fixes the upper end of the axis, so that
/// panels can be compared.
pub fn derivative_panel(
    title: impl Into<String>,
    stair: &StairFunction,
    curves: &[StairCurve],
    top: Option<f64>,
) -> Panel {
    let window = window(stair);
    let x = Axis::new("input / quantum").with_range(window.0, window.1);
    let mut y = Axis::new("derivative");
    match top {
        Some(top) => y = y.with_range(-0.04 * top.abs(), 1.06 * top),
        None if curves.iter().all(|curve| curve.law.is_hard()) => y = y.with_range(-0.04, 1.06),
        None => {}
    }
    let zero =
        Layer::Line { points: vec![(window.0, 0.0), (window.1, 0.0)], ink: Ink::Grey, width: 1.2, dashed: false };
    let curves = curves.iter().filter(|curve| !curve.law.is_hard()).map(|curve| {
        let smooth = RegularisedStair::new(stair.clone(), curve.law.clone());
        Layer::line(samples(window).map(|x| (x, smooth.gradient(x))).collect(), curve.ink)
    });
    Panel::new(title, x, y).with(zero).with_all(curves)
}
