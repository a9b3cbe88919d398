//! `2sed-lower`: how far the lower bounds are below 2sED.

use maud::html;
use stairs_capacity::Estimate;

use super::{KICKER, at, power, subject, with_error};
use crate::{
    measure::Measurement,
    plot::{Figure, capacity_legend, capacity_panels},
    report::{Page, ReportError, Results, grid::Grid, number::fixed, shell},
};

/// The page of 2sED against its lower bounds.
#[derive(Clone, Copy, Debug)]
pub struct LowerPage;

/// Radii in the table.
const RADII: [f64; 4] = [1e-1, 1e-2, 1e-4, 1e-6];

/// How far a lower bound is below 2sED at one ε, in percent of 2sED and of what 2sED adds to ζd.
struct Gap {
    whole: f64,
    added: f64,
}

fn gap(measurement: &Measurement, eps: f64, bound: impl Fn(&Measurement, usize) -> Option<Estimate>) -> Option<Gap> {
    let point = at(measurement, eps)?;
    let index = measurement.points.iter().position(|other| other == point)?;
    let (two, lower) = (point.two_scale.value, bound(measurement, index)?.value);
    let added = two - point.zeta * measurement.dimension as f64;
    Some(Gap { whole: 100.0 * (two - lower) / two, added: 100.0 * (two - lower) / added })
}

fn jensen(measurement: &Measurement, index: usize) -> Option<Estimate> {
    Some(measurement.points.get(index)?.jensen)
}

fn name(measurement: &Measurement) -> String {
    let prior = match measurement.config.cube {
        None => "initialiser".into(),
        Some(radius) => format!("box ±{radius}"),
    };
    format!("{}, d = {}, {prior}", subject(&measurement.config), measurement.dimension)
}

/// The largest gap of Jensen's bound over all ε of all measurements.
fn largest(results: &Results) -> Option<(Gap, String)> {
    let gaps = results.measurements.iter().flat_map(|(_, measurement)| {
        let all = measurement.points.iter().filter_map(|point| gap(measurement, point.eps, jensen));
        all.map(|gap| (gap, name(measurement)))
    });
    gaps.max_by(|a, b| a.0.whole.total_cmp(&b.0.whole))
}

fn headline(results: &Results) -> String {
    match largest(results) {
        None => "There is no finished measurement to show yet.".into(),
        Some((gap, name)) => format!(
            "Jensen's lower bound is at most {} % below 2sED, over all ε and all networks (the largest gap: {name}). Most \
             of 2sED is ζd, which both share; of what 2sED adds to it, that is {} %.",
            fixed(gap.whole, 2),
            fixed(gap.added, 1)
        ),
    }
}

fn table(results: &Results) -> Grid {
    let mut grid =
        Grid::new(["network, prior", "ε", "2sED", "Jensen", "last layer exact", "SMC", "gap, %", "of the rest, %"]);
    for (_, measurement) in &results.measurements {
        for eps in RADII {
            let Some(point) = at(measurement, eps) else { continue };
            let smc = measurement.smc.iter().find(|smc| smc.eps == point.eps && smc.zeta == point.zeta);
            let gap = gap(measurement, eps, jensen);
            grid.row([
                name(measurement),
                power(point.eps),
                with_error(point.two_scale, 1),
                with_error(point.jensen, 1),
                with_error(point.last_layer_exact, 1),
                smc.map_or(String::new(), |smc| with_error(smc.lower, 1)),
                gap.as_ref().map_or(String::new(), |gap| fixed(gap.whole, 2)),
                gap.as_ref().map_or(String::new(), |gap| fixed(gap.added, 1)),
            ]);
        }
    }
    grid
}

fn figure(results: &Results) -> Option<Figure> {
    let first = &results.measurements.first()?.1;
    let panels = results.measurements.iter().flat_map(|(_, found)| capacity_panels(found, &name(found)));
    let figure = Figure::new("").with_columns(2).with_size(960.0, 280.0).with_panels(panels.collect::<Vec<_>>());
    Some(capacity_legend(figure, first))
}

impl Page for LowerPage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let drawn = figure(results).map(|figure| shell::figure(&figure)).transpose()?;
        let warnings: Vec<String> = results
            .measurements
            .iter()
            .flat_map(|(_, found)| found.warnings.iter().map(move |warning| format!("{}: {warning}", name(found))))
            .collect();
        let content = html! {
            p.headline { (headline(results)) }
            section {
                h2 { "Over ε" }
                p.note {
                    "Two-scale effective dimension and lower bounds before training; bands are one standard error over the "
                    "draws of the parameters."
                }
                @if let Some(drawn) = drawn { (drawn) }
            }
            section {
                h2 { "In numbers" }
                p.note {
                    "± one standard error. The estimate of 2sED is the logarithm of a mean over draws, and itself low where "
                    "few draws make up that mean; sequential Monte Carlo can then lie above it. Gap: how far Jensen's bound "
                    "is below 2sED, in per cent of 2sED; of the rest, in per cent of what 2sED adds to ζd."
                }
                (table(results).html())
            }
            @if !warnings.is_empty() {
                details {
                    summary { "Estimates that one draw dominates" }
                    ul { @for warning in &warnings { li { (warning) } } }
                }
            }
        };
        let missing = (results.missing(), results.planned);
        Ok(shell::page(&results.title, KICKER, missing, &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        format!("{}\n\n{}", table(results).text(), headline(results))
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figure(results).map(|figure| ("bounds".into(), figure)).into_iter().collect()
    }
}
