//! Every law, quantiser, schedule and estimator as a figure, and what quantised networks express, under fixed file names.
//!
//! | file | shows |
//! |---|---|
//! | `law-LAW.svg` | distribution function and density of a noise law |
//! | `stair-QUANTISER-LAW.svg` | a quantiser under a law: forward and derivative at three scales |
//! | `strategies-ternary.svg` | the three forward strategies of the ternary stair |
//! | `estimator-NAME.svg` | a published estimator: forward and derivative |
//! | `baseline-NAME.svg` | a published baseline: what goes forward, what comes back, what is annealed |
//! | `activation-NAME.svg` | a regularised activation under the four laws: value and derivative |
//! | `plan-INTERVAL-DECAY.svg` | mean and scale over time of a policy with three layers |
//! | `expressivity-sine.svg`, `-ring.svg` | functions of one and two variables with certified approximations |
//! | `expressivity-cost.svg` | units and weights of such networks against their error |
//! | `block-resnet.svg`, `block-mobilenet-v2.svg` | what is quantised where in residual blocks |

use stairs_noise::{
    Activation, AnnealingPlan, Estimator, Law, Noise, QuantiserSchedule, RegularisedStair, Strategy, TimeUnit,
    plan::{Decay, Interval, PlanError, Policy},
};
use stairs_quant::{Quantiser, StairFunction, expressivity::Target};

use super::{
    Axis, CatalogueError, Figure, Ink, Layer, Panel, StairCurve, Track, activation_figure,
    baseline::baseline_figures,
    cost_figure, derivative_panel, expressivity_figure, inverted_residual_figure, refinement_figure, residual_figure,
    schedule_panels,
    stair::{hard, samples, window},
    stair_panel,
};

/// Half-widths of the noise in the pictures, in units of the quantum; unbounded laws have 95 % of their mass there.
const WINDOWS: [f64; 3] = [0.5, 0.25, 0.1];
/// Epochs of the pictured plans.
const EPOCHS: usize = 30;
/// Layers of the pictured plans.
const LAYERS: usize = 3;

/// Name (without `.svg`) and figure, in a fixed order.
///
/// # Errors
/// None for the built-in policies and functions; the type is that of building a plan or a network.
pub fn catalogue() -> Result<Vec<(String, Figure)>, CatalogueError> {
    let mut figures = Vec::new();
    for noise in Noise::ALL {
        figures.push((format!("law-{noise}"), law_figure(&noise)));
    }
    for quantiser in Quantiser::catalogue() {
        // The ternary stair under every law, the others under those of the annealing study.
        let shown = |noise: &Noise| quantiser == Quantiser::Ternary || Policy::NOISES.contains(noise);
        for noise in Noise::ALL.into_iter().filter(shown) {
            figures.push((format!("stair-{quantiser}-{noise}"), quantiser_figure(quantiser, &noise)));
        }
    }
    figures.push(("strategies-ternary".into(), strategy_figure()));
    for estimator in estimators() {
        figures.push((format!("estimator-{}", estimator.name), estimator_figure(&estimator)));
    }
    figures.extend(baseline_figures()?);
    for activation in Activation::NAMED {
        figures.push((format!("activation-{}", activation.name()), activation_figure(&activation)));
    }
    for interval in Interval::ALL {
        for decay in Decay::GRID {
            let policy = Policy::dynamic(interval, decay);
            figures.push((format!("plan-{}-{}", interval.name(), decay.name()), policy_figure(&policy)?));
        }
    }
    let ring = Target::Ring.build(&Target::Ring.approximation(0.1))?;
    figures.push(("expressivity-sine".into(), refinement_figure(Target::Sine, &[0.5, 0.2])?));
    figures.push(("expressivity-ring".into(), expressivity_figure(Target::Ring, &ring)?));
    figures.push(("expressivity-cost".into(), cost_figure(&costs())?));
    figures.push(("block-resnet".into(), residual_figure()));
    figures.push(("block-mobilenet-v2".into(), inverted_residual_figure()));
    Ok(figures)
}

/// The errors for which costs are pictured.
fn costs() -> [(Target, Vec<f64>); 3] {
    let fine = vec![0.2, 0.1, 0.05, 0.02, 0.01, 0.005];
    [(Target::Sine, fine.clone()), (Target::Ring, fine), (Target::Bump, vec![0.4, 0.2, 0.1, 0.07])]
}

/// Scale at which `noise` has its mass in a window of this half-width.
fn scale(noise: &Noise, half_width: f64) -> f64 {
    half_width / noise.window()
}

fn centred(noise: &Noise, scale: f64) -> Law {
    Law::new(noise.clone(), 0.0, scale).unwrap_or_else(|_| Law::hard(noise.clone()))
}

fn law_figure(noise: &Noise) -> Figure {
    let reach = noise.support().map_or(2.2 * noise.window(), |support| 1.6 * support);
    let x = || Axis::new("ξ").with_range(-reach, reach);
    let panel = |title: &str, y: Axis, f: &dyn Fn(f64) -> f64| {
        Panel::new(title, x(), y)
            .with_layer(Layer::line(samples((-reach, reach)).map(|u| (u, f(u))).collect(), Ink::Blue))
    };
    Figure::new(format!("{} noise, unit scale", capital(noise.name())))
        .with_columns(2)
        .with_size(820.0, 230.0)
        .with_panel(panel("Distribution function", Axis::new("F").with_range(-0.04, 1.06), &|u| noise.cdf(u)))
        .with_panel(panel(
            "Density",
            Axis::new("f").with_range(-0.04 * noise.sup_density(), 1.1 * noise.sup_density()),
            &|u| noise.pdf(u),
        ))
}

fn quantiser_figure(quantiser: Quantiser, noise: &Noise) -> Figure {
    let stair = quantiser.stair();
    let curves: Vec<StairCurve> = WINDOWS
        .iter()
        .enumerate()
        .map(|(i, w)| StairCurve { ink: Ink::depth(i, WINDOWS.len()), law: centred(noise, scale(noise, *w)) })
        .collect();
    let figure = Figure::new(format!("{quantiser} under {noise} noise"))
        .with_columns(2)
        .with_size(820.0, 250.0)
        .with_panel(stair_panel("Expected output", &stair, &curves))
        .with_panel(derivative_panel("Derivative", &stair, &curves))
        .with_legend(Ink::Grey, "hard");
    WINDOWS.iter().enumerate().fold(figure, |figure, (i, w)| {
        figure.with_legend(Ink::depth(i, WINDOWS.len()), format!("s = {:.3}", scale(noise, *w)))
    })
}

/// Draws per pixel column would be noise: the random strategy is shown by evenly spaced quantiles.
fn strategy_figure() -> Figure {
    let stair = Quantiser::Ternary.stair();
    let window = window(&stair);
    let soft = RegularisedStair::new(stair.clone(), centred(&Noise::Normal, 0.3));
    let golden = 0.618_033_988_749_895_f64;
    let panel = |strategy: Strategy| {
        let levels = || Axis::new("output").with_range(-1.25, 1.25).with_ticks(vec![-1.0, 0.0, 1.0]);
        let panel =
            Panel::new(capital(strategy.name()), Axis::new("input / quantum").with_range(window.0, window.1), levels());
        let points = samples(window);
        match strategy {
            Strategy::Expectation => panel
                .with_layer(hard(&stair, window))
                .with_layer(Layer::line(points.map(|x| (x, soft.expectation(x))).collect(), Ink::Blue)),
            Strategy::Relaxed => {
                panel.with_layer(Layer::line(points.map(|x| (x, soft.relaxed(x))).collect(), Ink::Blue))
            }
            Strategy::Mode => panel.with_layer(Layer::line(points.map(|x| (x, soft.mode(x))).collect(), Ink::Blue)),
            Strategy::Random => panel.with_layer(hard(&stair, window)).with_layer(Layer::Dots {
                points: points
                    .enumerate()
                    .step_by(3)
                    .map(|(i, x)| (x, soft.random(x, (golden * i as f64 + 0.5).fract())))
                    .collect(),
                ink: Ink::Blue,
                radius: 1.8,
            }),
        }
    };
    Figure::new("Forward strategies: ternary under normal noise, s = 0.3")
        .with_columns(3)
        .with_size(900.0, 230.0)
        .with_panels(Strategy::ALL.map(panel))
}

/// The estimators of the catalogue, at slopes and scales that make them comparable.
fn estimators() -> Vec<Estimator> {
    let ternary = || Quantiser::Ternary.stair();
    let mut all = vec![Estimator::clipped_identity_sign()];
    all.extend(Estimator::clipped_identity(Quantiser::Ternary));
    all.push(Estimator::approx_sign());
    all.extend(Estimator::tanh_surrogate(2.0));
    all.extend(Estimator::sigmoid_surrogate(ternary(), 6.0));
    all.extend(Estimator::erf_surrogate(0.5));
    all.push(Estimator::identity(ternary()));
    all
}

fn estimator_figure(estimator: &Estimator) -> Figure {
    let window = window(&estimator.stair);
    let x = || Axis::new("input / quantum").with_range(window.0, window.1);
    let soft = !estimator.forward.is_hard();
    let forward = Panel::new("Forward", x(), Axis::new("output")).with_layer(hard_in(&estimator.stair, window, soft));
    let curve = |f: &dyn Fn(f64) -> f64| Layer::line(samples(window).map(|x| (x, f(x))).collect(), Ink::Blue);
    let forward = if soft { forward.with_layer(curve(&|x| estimator.forward(x))) } else { forward };
    let top = samples(window).map(|x| estimator.derivative(x)).fold(0.0, f64::max);
    let y = Axis::new("factor on the gradient").with_range(-0.04 * top, 1.1 * top);
    Figure::new(capital(&estimator.name.replace('-', " ")))
        .with_columns(2)
        .with_size(820.0, 230.0)
        .with_panel(forward)
        .with_panel(Panel::new("Backward", x(), y).with_layer(curve(&|x| estimator.derivative(x))))
}

/// The hard stair: in grey below a soft forward pass, in blue where it is the forward pass.
fn hard_in(stair: &StairFunction, window: (f64, f64), grey: bool) -> Layer {
    match hard(stair, window) {
        Layer::Line { points, width, dashed, .. } if !grey => Layer::Line { points, ink: Ink::Blue, width, dashed },
        layer => layer,
    }
}

fn policy_figure(policy: &Policy) -> Result<Figure, PlanError> {
    let layers: Vec<Vec<String>> = (1..=LAYERS).map(|layer| vec![format!("layer{layer}")]).collect();
    let plan = policy.plan(Noise::Uniform, Strategy::Expectation, &layers, EPOCHS as f64, TimeUnit::Epochs)?;
    let title = format!("{}, {}", capital(policy.interval.name()), policy.power.name());
    Ok(plan_figure(&title, &plan, EPOCHS as f64))
}

/// Mean and scale over `0..=end` of every entry of a plan; entries with the same schedule share a line.
pub fn plan_figure(title: &str, plan: &AnnealingPlan, end: f64) -> Figure {
    let mut families: Vec<(&QuantiserSchedule, Vec<&str>)> = Vec::new();
    for entry in plan.entries() {
        match families.iter_mut().find(|(schedule, _)| **schedule == entry.schedule) {
            Some((_, paths)) => paths.push(entry.pattern.as_str()),
            None => families.push((&entry.schedule, vec![entry.pattern.as_str()])),
        }
    }
    let count = families.len();
    let time = |i: usize| end * i as f64 / 300.0;
    let tracks: Vec<Track> = families
        .iter()
        .enumerate()
        .map(|(i, (schedule, _))| {
            let law = |t: f64| schedule.laws_at(t).forward;
            let points = (0..=300).map(|k| (time(k), law(time(k)).mean(), law(time(k)).scale())).collect();
            Track { ink: Ink::depth(i, count), points }
        })
        .collect();
    let axis = match plan.unit() {
        TimeUnit::Epochs => "epoch",
        TimeUnit::Steps => "step",
    };
    let panels = schedule_panels(axis, &tracks);
    let figure = Figure::new(title).with_columns(panels.len()).with_size(900.0, 260.0).with_panels(panels);
    families
        .into_iter()
        .enumerate()
        .fold(figure, |figure, (i, (_, paths))| figure.with_legend(Ink::depth(i, count), paths.join(", ")))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_figure_draws_and_has_its_own_name() {
        let figures = catalogue().unwrap();
        let names: HashSet<&String> = figures.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), figures.len());
        // A law, and the ternary stair under it; every other quantiser under the laws of the study.
        let (laws, studied, quantisers) = (Noise::ALL.len(), Policy::NOISES.len(), Quantiser::catalogue().len());
        let stairs = laws + studied * (quantisers - 1);
        assert_eq!(figures.len(), laws + stairs + 1 + 7 + 8 + Activation::NAMED.len() + 8 + 3 + 2);
        for (name, figure) in &figures {
            let svg = figure.svg().unwrap();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
        }
    }

    #[test]
    fn figures_are_the_same_every_time() {
        let draw = || catalogue().unwrap().into_iter().take(12).map(|(_, f)| f.svg().unwrap()).collect::<Vec<_>>();
        assert_eq!(draw(), draw());
    }
}
