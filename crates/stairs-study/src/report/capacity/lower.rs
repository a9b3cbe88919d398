//! `2sed-lower`: how far the lower bounds are below 2sED.

use super::{Gap, KICKER, at, factorised, gap, power, subject, with_error};
use crate::{
    measure::Measurement,
    plot::{Figure, capacity_legend, capacity_panels},
    report::{Page, ReportError, Results, grid::Grid, number::fixed, shell},
};
use maud::html;

/// The page of 2sED against its lower bounds.
#[derive(Clone, Copy, Debug)]
pub struct LowerPage;

/// Radii in the table.
const RADII: [f64; 4] = [1e-1, 1e-2, 1e-4, 1e-6];

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
        let all = measurement.points.iter().filter_map(|point| gap(measurement, point));
        all.map(|gap| (gap, name(measurement)))
    });
    gaps.max_by(|a, b| a.0.whole.total_cmp(&b.0.whole))
}

fn headline(results: &Results) -> String {
    match largest(results) {
        None if results.measurements.is_empty() => "There is no finished measurement to show yet.".into(),
        None => "The unit-factorised bound was not measured: how close the other bounds are is not known.".into(),
        Some((gap, name)) => format!(
            "Jensen's lower bound is at most {} % below the unit-factorised one, over all networks and all ε where both were \
             measured (the largest gap: {name}). Most of either is ζd, which they share; of what the factorised bound adds to \
             it, that is {} %.",
            fixed(gap.whole, 2),
            fixed(gap.added, 1)
        ),
    }
}

fn table(results: &Results) -> Grid {
    let mut grid = Grid::new([
        "network, prior",
        "ε",
        "factorised",
        "effective draws of a unit",
        "mean of the draws",
        "SMC",
        "effective particles",
        "last layer exact",
        "Jensen",
        "gap, %",
        "of the rest, %",
    ]);
    for (_, measurement) in &results.measurements {
        for eps in RADII {
            let Some(point) = at(measurement, eps) else { continue };
            let smc = measurement.smc.iter().find(|smc| smc.eps == point.eps && smc.zeta == point.zeta);
            let (factorised, gap) = (factorised(measurement, point), gap(measurement, point));
            grid.row([
                name(measurement),
                power(point.eps),
                factorised.map_or(String::new(), |found| with_error(found.lower, 1)),
                factorised.map_or(String::new(), |found| fixed(found.unit_sample_size, 0)),
                with_error(point.two_scale, 1),
                smc.map_or(String::new(), |smc| with_error(smc.lower, 1)),
                smc.map_or(String::new(), |smc| fixed(smc.effective_sample_size, 1)),
                with_error(point.last_layer_exact, 1),
                with_error(point.jensen, 1),
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
            @if let Some(headline) = results.concluded(headline) { p.headline { (headline) } }
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
                    "± one standard error, which means little where few draws or particles count. All of them are lower bounds of "
                    "2sED in expectation, the logarithm of a mean over draws as well; the unit-factorised bound averages every "
                    "unit over its draws and is the closest. Gap: how far Jensen's bound is below it, in per cent of it; of the "
                    "rest, in per cent of what it adds to ζd."
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
        let unfinished = results.unfinished();
        Ok(shell::page(&results.title, KICKER, unfinished.as_ref(), &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        format!("{}\n\n{}", table(results).text(), results.concluded(headline).unwrap_or_default())
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figure(results).map(|figure| ("bounds".into(), figure)).into_iter().collect()
    }
}
