//! `2sed-variance`: 2sED over the variance of the hidden noise.

use std::collections::BTreeMap;

use maud::html;
use stairs_capacity::{Estimate, Point};

use super::{KICKER, at, factorised, gap, power, subject, with_error};
use crate::{
    measure::Measurement,
    plot::{Axis, Figure, Ink, Layer, Panel},
    report::{Page, ReportError, Results, grid::Grid, number::fixed, shell},
};

/// The page of 2sED against the variance of the noise in the hidden layers.
#[derive(Clone, Copy, Debug)]
pub struct VariancePage;

/// ε of the table.
const EPS: f64 = 1e-3;

/// Measurements by network, ascending in the variance.
fn families(results: &Results) -> Vec<(String, Vec<&Measurement>)> {
    let mut families: BTreeMap<String, Vec<&Measurement>> = BTreeMap::new();
    for (_, measurement) in &results.measurements {
        families.entry(subject(&measurement.config)).or_default().push(measurement);
    }
    for family in families.values_mut() {
        family.sort_by(|a, b| a.config.noise_variance.total_cmp(&b.config.noise_variance));
    }
    // The order of the experiment, not of the alphabet.
    let mut ordered: Vec<_> = families.into_iter().collect();
    ordered.sort_by_key(|(name, _)| results.measurements.iter().position(|(_, found)| subject(&found.config) == *name));
    ordered
}

/// The closest estimate there is at ε of the table: the unit-factorised bound, or the mean of the draws without it.
fn best(found: &Measurement) -> Option<Estimate> {
    let point = at(found, EPS)?;
    Some(factorised(found, point).map_or(point.two_scale, |factorised| factorised.lower))
}

fn headline(results: &Results) -> String {
    let families = families(results);
    let parts = families.iter().filter_map(|(name, family)| {
        let values: Vec<(f64, f64)> = family
            .iter()
            .filter_map(|found| Some((found.config.noise_variance, best(found)?.value / found.dimension as f64)))
            .collect();
        let largest = values.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let smallest = values.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(format!(
            "{name}: from {} of d (σ² = {}) to {} (σ² = {})",
            fixed(smallest.1, 3),
            power(smallest.0),
            fixed(largest.1, 3),
            power(largest.0)
        ))
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return "There is no finished measurement to show yet.".into();
    }
    let what = if results.measurements.iter().all(|(_, found)| !found.factorised.is_empty()) {
        "The unit-factorised lower bound of 2sED"
    } else {
        "The mean of the draws, for want of the unit-factorised lower bound of 2sED,"
    };
    format!("{what} at ε = {} over the variance of the hidden noise. {}.", power(EPS), parts.join("; "))
}

fn table(results: &Results) -> Grid {
    let mut grid =
        Grid::new(["network", "d", "σ²", "factorised", "of d", "mean of the draws", "Jensen", "gap of the rest, %"]);
    for (name, family) in families(results) {
        for found in family {
            let Some(point) = at(found, EPS) else { continue };
            let (factorised, d) = (factorised(found, point), found.dimension as f64);
            grid.row([
                name.clone(),
                found.dimension.to_string(),
                power(found.config.noise_variance),
                factorised.map_or(String::new(), |factorised| with_error(factorised.lower, 1)),
                factorised.map_or(String::new(), |factorised| fixed(factorised.lower.value / d, 4)),
                with_error(point.two_scale, 1),
                with_error(point.jensen, 1),
                gap(found, point).map_or(String::new(), |gap| fixed(gap.added, 1)),
            ]);
        }
    }
    grid
}

fn figure(results: &Results) -> Option<Figure> {
    let families = families(results);
    let count = families.iter().map(|(_, family)| family.len()).max()?;
    let mut panels = Vec::new();
    for (name, family) in &families {
        let mut panel = Panel::new(format!("{name}: over ε"), Axis::new("−log₁₀ ε"), Axis::new("2sED / d"));
        for (index, found) in family.iter().enumerate() {
            let line = found.points.iter().map(|p| (-p.eps.log10(), p.two_scale.value / found.dimension as f64));
            panel = panel.with_layer(Layer::line(line.collect(), Ink::depth(index, count)));
        }
        panels.push(panel);
    }
    for (name, family) in &families {
        let mut panel = Panel::new(
            format!("{name}: ε = {}", power(EPS)),
            Axis::new("log₁₀ σ²").with_whole_ticks(),
            Axis::new("2sED / d"),
        );
        let points = |pick: &dyn Fn(&Measurement, &Point) -> Option<Estimate>| -> Vec<(f64, f64, f64)> {
            family
                .iter()
                .filter_map(|found| {
                    let (estimate, d) = (pick(found, at(found, EPS)?)?, found.dimension as f64);
                    let error = estimate.standard_error().unwrap_or(0.0);
                    Some((found.config.noise_variance.log10(), estimate.value / d, error / d))
                })
                .collect()
        };
        for (ink, curve) in [
            (Ink::Orange, points(&|_, p| Some(p.jensen))),
            (Ink::Blue, points(&|_, p| Some(p.two_scale))),
            (Ink::Red, points(&|found, p| Some(factorised(found, p)?.lower))),
        ] {
            panel = panel
                .with_layer(Layer::band(curve.iter().map(|(x, y, e)| (*x, y - e, y + e)).collect(), ink))
                .with_layer(Layer::line(curve.iter().map(|(x, y, _)| (*x, *y)).collect(), ink))
                .with_layer(Layer::Dots { points: curve.iter().map(|(x, y, _)| (*x, *y)).collect(), ink, radius: 3.0 });
        }
        panels.push(panel);
    }
    let figure = Figure::new("").with_columns(families.len()).with_size(960.0, 270.0).with_panels(panels);
    let variances = &families.iter().max_by_key(|(_, family)| family.len())?.1;
    let figure = variances.iter().enumerate().fold(figure, |figure, (index, found)| {
        figure.with_legend(Ink::depth(index, count), format!("σ² = {}", power(found.config.noise_variance)))
    });
    let figure =
        figure.with_legend(Ink::Blue, "2sED, mean of the draws").with_legend(Ink::Orange, "Jensen's lower bound");
    let measured = families.iter().any(|(_, family)| family.iter().any(|found| !found.factorised.is_empty()));
    Some(if measured { figure.with_legend(Ink::Red, "factorised by units") } else { figure })
}

impl Page for VariancePage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let drawn = figure(results).map(|figure| shell::figure(&figure)).transpose()?;
        let content = html! {
            @if let Some(headline) = results.concluded(headline) { p.headline { (headline) } }
            section {
                h2 { "2sED over ε and over σ²" }
                p.note {
                    "The Fisher matrix of a hidden layer falls with 1/σ², that of the last layer does not; the mean trace is "
                    "normalised to d. With little noise the hidden layers have all the trace, with much noise the last one."
                }
                @if let Some(drawn) = drawn { (drawn) }
            }
            section {
                h2 { "In numbers" }
                p.note {
                    "At ε = " (power(EPS)) "; ± one standard error. Gap of the rest: how far Jensen's bound is below the "
                    "unit-factorised one, in per cent of what that adds to ζd."
                }
                (table(results).html())
            }
        };
        let unfinished = results.unfinished();
        Ok(shell::page(&results.title, KICKER, unfinished.as_ref(), &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        format!("{}\n\n{}", table(results).text(), results.concluded(headline).unwrap_or_default())
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figure(results).map(|figure| ("variance".into(), figure)).into_iter().collect()
    }
}
