//! Networks that approximate Lipschitz functions: the function and its steps, where the error is, what it costs.
//!
//! Everything is computed, by [`stairs_quant::expressivity`].

use stairs_quant::{
    ExpressivityError,
    expressivity::{Certificate, Construction, StairNetwork, Target},
};

use super::{Axis, Figure, Ink, Layer, Panel};

/// Points of a curve.
const SAMPLES: usize = 800;
/// Points of an error map a side, about: a whole number in each cell.
const MAP: usize = 40;
/// Colours of an error map.
const SHADES: usize = 8;

/// A network and its function: for one variable the two curves, for two the error over the square and the curves along
/// its diagonal, for three the curves along the diagonal of the cube.
///
/// # Errors
/// None for a network of this function; the type is that of evaluating it.
pub fn expressivity_figure(target: Target, network: &StairNetwork) -> Result<Figure, ExpressivityError> {
    let panels = match target.dimension() {
        2 => vec![error_map(target, network)?, cut(target, network)?],
        _ => vec![cut(target, network)?],
    };
    let figure = Figure::new(format!("{target}, η = {}", network.certificate().eta));
    let figure = figure.with_columns(panels.len()).with_size(860.0, if panels.len() == 2 { 400.0 } else { 300.0 });
    let figure = figure.with_panels(panels).with_legend(Ink::Grey, "function").with_legend(Ink::Blue, "network");
    Ok(if target.dimension() == 2 {
        figure
            .with_legend(Ink::Depth(0), "no error")
            .with_legend(Ink::Depth(SHADES as u8 - 1), format!("error {:.3}, the bound", network.certificate().error()))
    } else {
        figure
    })
}

/// One function of one variable within several errors, a panel for each.
///
/// # Errors
/// As [`Target::build`].
pub fn refinement_figure(target: Target, etas: &[f64]) -> Result<Figure, ExpressivityError> {
    let networks = etas.iter().map(|eta| target.build(&target.approximation(*eta)));
    let panels = networks.map(|network| cut(target, &network?)).collect::<Result<Vec<_>, _>>()?;
    Ok(Figure::new(format!("{target}: certified approximations"))
        .with_columns(panels.len())
        .with_size(860.0, 260.0)
        .with_panels(panels)
        .with_legend(Ink::Grey, "function")
        .with_legend(Ink::Blue, "network"))
}

/// Hidden units and non-zero weights against η, both logarithmic; cells as solid, corners as dashed lines.
///
/// # Errors
/// As [`Target::build`].
pub fn cost_figure(targets: &[(Target, Vec<f64>)]) -> Result<Figure, ExpressivityError> {
    let mut curves: Vec<(Ink, Construction, Vec<Certificate>)> = Vec::new();
    for ((target, etas), ink) in targets.iter().zip(Ink::CATEGORICAL) {
        for construction in Construction::ALL {
            let build = |eta: &f64| target.build(&target.approximation(*eta).with_construction(construction));
            let certificates = etas.iter().map(|eta| build(eta).map(|network| network.certificate().clone()));
            curves.push((ink, construction, certificates.collect::<Result<_, _>>()?));
        }
    }
    let panel = |title: &str, cost: &dyn Fn(&Certificate) -> u64| {
        let point = |c: &Certificate| (c.eta.log10(), (cost(c).max(1) as f64).log10());
        let lines: Vec<_> = curves.iter().map(|(ink, c, list)| (*ink, *c, list.iter().map(point).collect())).collect();
        let tops = lines.iter().flat_map(|(_, _, points): &(Ink, Construction, Vec<(f64, f64)>)| points);
        let top = tops.map(|point| point.1).fold(0.0, f64::max).ceil() as i32;
        let x = Axis::new("η").with_named_ticks(
            [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].map(|v: f64| (v.log10(), v.to_string())).to_vec(),
        );
        let y = Axis::new("").with_named_ticks((0..=top).map(|p| (f64::from(p), power_of_ten(p))).collect());
        lines.into_iter().fold(Panel::new(title, x, y), |panel, (ink, construction, points)| {
            let dots = Layer::Dots { points: points.clone(), ink, radius: 2.5 };
            let dashed = construction == Construction::Corners;
            panel.with_layer(Layer::Line { points, ink, width: 1.6, dashed }).with_layer(dots)
        })
    };
    let figure = Figure::new("Cost of an error of η (solid: cells, dashed: corners)")
        .with_columns(2)
        .with_size(860.0, 330.0)
        .with_panel(panel("Hidden units", &Certificate::units))
        .with_panel(panel("Non-zero weights", &Certificate::nonzero_weights));
    Ok(targets.iter().zip(Ink::CATEGORICAL).fold(figure, |figure, ((target, _), ink)| {
        figure.with_legend(ink, format!("{target}, n = {}", target.dimension()))
    }))
}

/// Function and network along the diagonal of the cube, which for one variable is all of it.
fn cut(target: Target, network: &StairNetwork) -> Result<Panel, ExpressivityError> {
    let n = target.dimension();
    // Away from multiples of 1/N, so that jumps are drawn upright.
    let at = |i: usize| (i as f64 + 0.5) / SAMPLES as f64;
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for i in 0..SAMPLES {
        let y = network.eval(&vec![at(i); n])?;
        // Upright between two samples, and a point only where something happens.
        if let Some((_, before)) = steps.last().copied().filter(|(_, before)| *before != y) {
            steps.extend([(i as f64 / SAMPLES as f64, before), (i as f64 / SAMPLES as f64, y)]);
        } else if i == 0 {
            steps.push((0.0, y));
        }
    }
    steps.extend(steps.last().map(|(_, y)| (1.0, *y)));
    let function = (0..=SAMPLES).map(|i| i as f64 / SAMPLES as f64).map(|x| (x, target.eval(&vec![x; n]))).collect();
    let certificate = network.certificate();
    let title = match n {
        1 => format!("η = {}: N = {}, {} levels", certificate.eta, certificate.side, certificate.levels),
        _ => "Along the diagonal".to_string(),
    };
    let x = Axis::new(if n == 1 { "x" } else { "all coordinates" }).with_range(0.0, 1.0);
    Ok(Panel::new(title, x, Axis::new("")).with_layer(Layer::line(function, Ink::Grey)).with_layer(Layer::Line {
        points: steps,
        ink: Ink::Blue,
        width: 1.6,
        dashed: false,
    }))
}

/// |f − network| over the square in eight shades, the bound being the last; equal neighbours are one rectangle.
fn error_map(target: Target, network: &StairNetwork) -> Result<Panel, ExpressivityError> {
    let bound = network.certificate().error();
    let side = network.certificate().side;
    let points = if side >= MAP { MAP } else { side * (MAP / side) };
    let at = |i: usize| (i as f64 + 0.5) / points as f64;
    let edge = |i: usize| i as f64 / points as f64;
    let mut bars = vec![Vec::new(); SHADES];
    for row in 0..points {
        let mut run: Option<(usize, usize)> = None;
        for column in 0..=points {
            let shade = if column < points {
                let point = [at(column), at(row)];
                let error = (target.eval(&point) - network.eval(&point)?).abs();
                Some(((SHADES as f64 * error / bound) as usize).min(SHADES - 1))
            } else {
                None
            };
            match run {
                Some((_, old)) if shade == Some(old) => {}
                _ => {
                    if let Some((from, old)) = run {
                        bars[old].push([edge(from), edge(column), edge(row), edge(row + 1)]);
                    }
                    run = shade.map(|shade| (column, shade));
                }
            }
        }
    }
    let layers = bars.into_iter().enumerate().filter(|(_, bars)| !bars.is_empty());
    let layers = layers.map(|(shade, bars)| Layer::Bars { bars, ink: Ink::depth(shade, SHADES), opacity: 1.0 });
    let certificate = network.certificate();
    let title = format!("Error, N = {}, {} levels", certificate.side, certificate.levels);
    let axis = |label: &str| Axis::new(label).with_range(0.0, 1.0);
    Ok(Panel::new(title, axis("x"), axis("y")).with_layers(layers))
}

/// 10ᵖ.
fn power_of_ten(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = power.to_string();
    let raised = digits.bytes().filter_map(|digit| DIGITS.get(usize::from(digit.wrapping_sub(b'0'))));
    std::iter::once("10".to_string()).chain(raised.map(char::to_string)).collect()
}
