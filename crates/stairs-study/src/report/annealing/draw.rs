//! Figures of the grid.

use stairs_noise::{
    Policy, Strategy,
    plan::{Dynamics, Interval as Window},
};

use super::setup::{LAW, Setup, core, term_name};
use crate::{
    plot::{Axis, Figure, Ink, Layer, Panel},
    stats::{Share, Shares},
};

/// Inks of the laws of the study.
const INKS: [Ink; Policy::NOISES.len()] = [Ink::Blue, Ink::Orange, Ink::Green, Ink::Purple];

/// Accuracy by schedule, one panel a strategy and mean, coloured by the law.
pub(super) fn accuracy_figure(setups: &[Setup<'_>]) -> Option<Figure> {
    let ste = setups.iter().find(|setup| setup.is_ste()).map(|setup| setup.accuracy().mean);
    if !setups.iter().any(|setup| setup.accuracy().mean.is_finite()) {
        return None;
    }
    let ticks: Vec<(f64, String)> = Window::ALL
        .iter()
        .enumerate()
        .map(|(i, window)| (f64::from(2 * i as u32) + 0.5, window.name().replace('-', " ")))
        .collect();
    let mut panels = Vec::new();
    for mean in Dynamics::ALL {
        // An annealed mean costs tens of points: each row of panels has a range of its own.
        let drawn = setups.iter().filter(|setup| core(setup) && setup.config.policy.mean == mean);
        let drawn = drawn.map(|setup| setup.accuracy().mean).chain(ste).filter(|mean| mean.is_finite());
        let (low, high) = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let room = (0.05 * (high - low)).max(0.5);
        for strategy in Strategy::ALL {
            let title = format!("{strategy}, {} mean", mean.name());
            let x = Axis::new("").with_range(-0.6, 7.6).with_named_ticks(ticks.clone());
            let y = Axis::new("test accuracy, %").with_range(low - room, high + room);
            let mut panel = Panel::new(title, x, y);
            if let Some(ste) = ste {
                panel = panel.with_layer(Layer::dashed(vec![(-0.6, ste), (7.6, ste)], Ink::Grey));
            }
            for (law, ink) in INKS.into_iter().enumerate() {
                let here = |setup: &&Setup<'_>| {
                    core(setup)
                        && setup.levels[LAW] == law
                        && setup.config.policy.mean == mean
                        && setup.config.strategy == strategy
                };
                let points = setups.iter().filter(here).map(|setup| {
                    let at = (2 * setup.levels[4] + setup.levels[5]) as f64 + 0.14 * (law as f64 - 1.5);
                    (at, setup.accuracy().mean)
                });
                panel = panel.with_layer(Layer::Dots { points: points.collect(), ink, radius: 3.6 });
            }
            panels.push(panel);
        }
    }
    let figure = Figure::new("").with_columns(3).with_size(960.0, 270.0).with_panels(panels);
    let figure =
        Policy::NOISES.iter().zip(INKS).fold(figure, |figure, (law, ink)| figure.with_legend(ink, law.to_string()));
    Some(if ste.is_some() { figure.with_legend(Ink::Grey, "straight-through estimator") } else { figure })
}

/// ω² as bars, and beside them partial ω² with its interval.
pub(super) fn shares_figure(found: &Shares) -> Figure {
    let terms: Vec<&Share> = found.terms.iter().filter(|share| share.is_estimable()).take(8).collect();
    let last = terms.len() as f64 - 1.0;
    let ticks: Vec<_> = terms.iter().enumerate().map(|(i, share)| (last - i as f64, term_name(share))).collect();
    let names = || Axis::new("").with_range(-0.6, last + 0.6).with_named_ticks(ticks.clone());
    let percent = |title: &str, label: &str| Panel::new(title, Axis::new(label), names()).lying();
    let mut total = percent("Of the whole variance", "ω², %");
    let mut partial = percent("Against the seeds alone", "partial ω², % [95 %]");
    for (i, share) in terms.iter().enumerate() {
        let at = last - i as f64;
        let ink = if share.factors.contains(&LAW) { Ink::Orange } else { Ink::Blue };
        let bar = |value: f64| Layer::Bars { bars: vec![[0.0, 100.0 * value, at - 0.3, at + 0.3]], ink, opacity: 0.75 };
        total = total.with_layer(bar(share.omega.max(0.0)));
        if let Some(found) = share.partial {
            let ends = vec![(100.0 * found.low, at), (100.0 * found.high, at)];
            partial = partial.with_layer(bar(found.value.max(0.0))).with_layer(Layer::line(ends, Ink::Text));
        }
    }
    let figure = Figure::new("").with_columns(2).with_size(960.0, 270.0).with_panel(total);
    let figure = if found.has_intervals() { figure.with_panel(partial) } else { figure };
    figure.with_legend(Ink::Orange, "terms with the law").with_legend(Ink::Blue, "terms without it")
}
