//! Figures: what a choice by each measure gains; 2sED before training and accuracy after it.

use super::{
    measure::Measure,
    set::{RADIUS, Set},
};
use crate::plot::{Axis, Figure, Ink, Layer, Panel};

/// The gains of all measures with their intervals, a panel a set.
pub(super) fn gains(sets: &[Set<'_>]) -> Figure {
    let panels = sets.iter().map(|set| {
        let all = Measure::all(set);
        let at = |index: usize| -(index as f64);
        let names = all.iter().enumerate().map(|(index, measure)| (at(index), measure.name())).collect();
        let (low, high) = (at(all.len()), 1.0);
        let y = Axis::new("").with_range(low, high).with_named_ticks(names);
        let panel = Panel::new(set.title(), Axis::new("gain over chance, points"), y)
            .with_layer(Layer::dashed(vec![(0.0, low), (0.0, high)], Ink::Grey))
            .with_layer(Layer::dashed(vec![(set.ceiling(), low), (set.ceiling(), high)], Ink::Green));
        all.iter().enumerate().fold(panel, |panel, (index, measure)| {
            let (found, y) = (set.gain(measure), at(index));
            let ink = if matches!(measure, Measure::Other(..)) { Ink::Orange } else { Ink::Blue };
            let interval = found.interval.map(|at| Layer::line(vec![(at.low, y), (at.high, y)], ink));
            let panel = panel.with_layers(interval);
            panel.with_layer(Layer::Dots { points: vec![(found.value, y)], ink, radius: 4.0 })
        })
    });
    let panels: Vec<Panel> = panels.collect();
    let figure = Figure::new("").with_columns(1).with_size(960.0, 420.0 * panels.len() as f64).with_panels(panels);
    let figure = figure.with_legend(Ink::Blue, "2sED").with_legend(Ink::Orange, "other measures");
    figure.with_legend(Ink::Green, "all accuracies known")
}

/// 2sED before training and accuracy after it.
pub(super) fn scatter(sets: &[Set<'_>]) -> Figure {
    let panels = sets.iter().map(|set| {
        let panel = Panel::new(set.title(), Axis::new("2sED, Jensen, ε = 10⁻³"), Axis::new("test accuracy, %"));
        set.networks.iter().fold(panel, |panel, network| {
            let depth: usize = network.factors[0].parse().unwrap_or(0);
            let point = (Measure::Jensen(RADIUS).of(network), network.accuracy().mean);
            panel.with_layer(Layer::Dots {
                points: vec![point],
                ink: Ink::depth(depth.saturating_sub(1), 8),
                radius: 4.5,
            })
        })
    });
    let figure = Figure::new("").with_columns(sets.len().max(1)).with_size(1100.0, 320.0);
    let figure = figure.with_panels(panels.collect::<Vec<_>>());
    figure.with_legend(Ink::depth(0, 8), "one hidden layer").with_legend(Ink::depth(7, 8), "eight")
}
