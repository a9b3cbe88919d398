//! The published baselines as figures: what goes forward, what comes back, and what is annealed.

use stairs_noise::{Envelope, Estimator, EstimatorError, PlanError, RelaxationWindow, SigmoidWindow};
use stairs_quant::{Quantiser, StairFunction};

use super::{
    Axis, CatalogueError, Figure, Ink, Layer, Panel,
    stair::{hard, samples, window},
};

/// Growth of BinaryRelax's weight, and steepness of PARQ's schedule: those of a training.
const GROWTH: f64 = 359.0;
const STEEPNESS: f64 = 10.0;

/// Name (without `.svg`) and figure of every baseline.
pub(super) fn baseline_figures() -> Result<Vec<(String, Figure)>, CatalogueError> {
    let figures = [
        ("lsq", lsq()),
        ("pact", pact()),
        ("dsq", dsq()?),
        ("ewgs", ewgs()?),
        ("parq", parq()?),
        ("binary-relax", binary_relax()?),
        ("dampening", dampening()),
        ("freezing", freezing()),
    ];
    Ok(figures.map(|(name, figure)| (format!("baseline-{name}"), figure)).into())
}

fn ternary() -> StairFunction {
    Quantiser::Ternary.stair()
}

fn figure(title: &str, panels: Vec<Panel>) -> Figure {
    Figure::new(title).with_columns(panels.len()).with_size(900.0, 230.0).with_panels(panels)
}

/// A panel over the arguments of `stair`, with room above and below `range`.
fn panel(title: &str, stair: &StairFunction, y: &str, range: (f64, f64)) -> Panel {
    let (low, high) = window(stair);
    let room = 0.08 * (range.1 - range.0);
    let y = Axis::new(y).with_range(range.0 - room, range.1 + room);
    Panel::new(title, Axis::new("input / quantum").with_range(low, high), y)
}

fn curve(stair: &StairFunction, ink: Ink, f: impl Fn(f64) -> f64) -> Layer {
    Layer::line(samples(window(stair)).map(|x| (x, f(x))).collect(), ink)
}

fn forward(stair: &StairFunction) -> Panel {
    let levels = (stair.lowest_level(), stair.highest_level());
    panel("Forward", stair, "output / quantum", levels).with_layer(hard(stair, window(stair)))
}

/// 1 between the outermost levels.
fn inside(stair: &StairFunction, u: f64) -> f64 {
    f64::from(u8::from((stair.lowest_level()..stair.highest_level()).contains(&u)))
}

fn lsq() -> Figure {
    let stair = ternary();
    let on_step = |u: f64| stair.eval(u) - u * inside(&stair, u);
    figure(
        "LSQ",
        vec![
            forward(&stair),
            panel("Backward: to the input", &stair, "factor", (0.0, 1.0))
                .with_layer(curve(&stair, Ink::Blue, |u| inside(&stair, u))),
            panel("Backward: to the step", &stair, "factor, before 1/√(N·Q)", (-1.0, 1.0)).with_layer(curve(
                &stair,
                Ink::Blue,
                on_step,
            )),
        ],
    )
}

fn pact() -> Figure {
    let Ok(quantiser) = "uint2".parse::<Quantiser>() else { return figure("PACT", Vec::new()) };
    let stair = quantiser.stair();
    let highest = stair.highest_level();
    figure(
        "PACT with a clip of three quanta",
        vec![
            forward(&stair),
            panel("Backward: to the input", &stair, "factor", (0.0, 1.0))
                .with_layer(curve(&stair, Ink::Blue, |u| inside(&stair, u))),
            panel("Backward: to the clip", &stair, "factor", (0.0, 1.0))
                .with_layer(curve(&stair, Ink::Blue, |u| f64::from(u8::from(u >= highest)))),
        ],
    )
}

fn dsq() -> Result<Figure, EstimatorError> {
    let (stair, alphas) = (ternary(), [0.4, 0.2, 0.05]);
    let mut panels = [forward(&stair), panel("Backward", &stair, "factor on the gradient", (0.0, 2.1))];
    for (i, alpha) in alphas.into_iter().enumerate() {
        let (ink, rule) = (Ink::depth(i, alphas.len()), Estimator::dsq(stair.clone(), alpha)?);
        let soft = stairs_noise::Dsq::new(alpha)?;
        let [forward, backward] = panels;
        let points = samples(window(&stair)).map(|u| (u, soft.value(&stair, u))).collect();
        panels = [
            forward.with_layer(Layer::dashed(points, ink)),
            backward.with_layer(curve(&stair, ink, |u| rule.derivative(u))),
        ];
    }
    let figure = figure("DSQ: hard forward, the soft stair's derivative backward", panels.into());
    let figure = figure.with_legend(Ink::Grey, "forward");
    Ok(alphas
        .iter()
        .enumerate()
        .fold(figure, |figure, (i, alpha)| figure.with_legend(Ink::depth(i, alphas.len()), format!("α = {alpha}"))))
}

fn ewgs() -> Result<Figure, EstimatorError> {
    let (stair, delta) = (ternary(), 0.5);
    let rule = Estimator::ewgs(stair.clone(), delta)?;
    let backward = panel("Backward", &stair, "factor on the gradient", (0.0, 1.125))
        .with_layer(curve(&stair, Ink::Blue, |u| rule.factor(u, 1.0)))
        .with_layer(curve(&stair, Ink::Orange, |u| rule.factor(u, -1.0)));
    Ok(figure("EWGS with δ = 0.5, five hundred times that of a training", vec![forward(&stair), backward])
        .with_legend(Ink::Blue, "gradient > 0")
        .with_legend(Ink::Orange, "gradient < 0"))
}

fn parq() -> Result<Figure, CatalogueError> {
    let (stair, slopes) = (ternary(), [1.0, 0.5, 0.1]);
    let envelope = Envelope::SigmoidWindow(SigmoidWindow::new(0.0, 1.0, STEEPNESS)?);
    let mut map = forward(&stair);
    for (i, slope) in slopes.into_iter().enumerate() {
        let rule = Estimator::parq(stair.clone(), slope)?;
        map = map.with_layer(curve(&stair, Ink::depth(i, slopes.len()), |u| rule.forward(u)));
    }
    let figure = figure("PARQ", vec![map, straight_through(&stair), schedule("inverse slope ρ", 1.0, &envelope)?]);
    Ok(slopes.iter().enumerate().fold(figure.with_legend(Ink::Grey, "hard"), |figure, (i, slope)| {
        figure.with_legend(Ink::depth(i, slopes.len()), format!("ρ = {slope}"))
    }))
}

fn binary_relax() -> Result<Figure, CatalogueError> {
    let (stair, weights) = (ternary(), [1.0, 4.0, 19.0]);
    let envelope = Envelope::RelaxationWindow(RelaxationWindow::new(0.0, 1.0, GROWTH)?);
    let (low, high) = window(&stair);
    let mut map = panel("Forward", &stair, "output / quantum", (-1.5, 1.5)).with_layer(hard(&stair, (low, high)));
    for (i, weight) in weights.into_iter().enumerate() {
        let rule = Estimator::binary_relax(stair.clone(), weight)?;
        map = map.with_layer(curve(&stair, Ink::depth(i, weights.len()), |u| rule.forward(u)));
    }
    let share = schedule("float share 1/(1 + λ)", 0.5, &envelope)?;
    let figure = figure("BinaryRelax", vec![map, straight_through(&stair), share]);
    Ok(weights.iter().enumerate().fold(figure.with_legend(Ink::Grey, "hard"), |figure, (i, weight)| {
        figure.with_legend(Ink::depth(i, weights.len()), format!("λ = {weight}"))
    }))
}

fn straight_through(stair: &StairFunction) -> Panel {
    panel("Backward", stair, "factor on the gradient", (0.0, 1.0)).with_layer(curve(stair, Ink::Blue, |_| 1.0))
}

fn schedule(name: &str, from: f64, envelope: &Envelope) -> Result<Panel, PlanError> {
    let points = (0..=300).map(|i| f64::from(i) / 300.0).map(|t| (t, from * envelope.at(t))).collect();
    let axis = Axis::new("share of the annealing").with_range(0.0, 1.0);
    Ok(Panel::new("Schedule", axis, Axis::new(name).with_range(0.0, 1.05 * from))
        .with_layer(Layer::line(points, Ink::Blue)))
}

/// last + (first − last)·(1 + cos πτ)/2 from a quarter of the training on; `first` before.
fn cosine(share: f64, first: f64, last: f64) -> f64 {
    let tau = ((share - 0.25) / 0.75).max(0.0);
    last + 0.5 * (first - last) * (1.0 + (std::f64::consts::PI * tau).cos())
}

fn over_training(title: &str, y: &str, top: f64, layers: Vec<Layer>) -> Panel {
    let panel = Panel::new(
        title,
        Axis::new("share of the training").with_range(0.0, 1.0),
        Axis::new(y).with_range(-0.05 * top, 1.1 * top),
    );
    layers.into_iter().fold(panel, Panel::with_layer)
}

fn dampening() -> Figure {
    let stair = ternary();
    let pull = |u: f64| (u - stair.eval(u)) * inside(&stair, u);
    let weight = (0..=300).map(|i| f64::from(i) / 300.0).map(|t| (t, cosine(t, 0.0, 0.1))).collect();
    figure(
        "Dampening",
        vec![
            forward(&stair),
            panel("Added to the gradient", &stair, "times 2λ·quantum/n", (-0.5, 0.5)).with_layer(curve(
                &stair,
                Ink::Blue,
                pull,
            )),
            over_training("Schedule", "λ", 0.1, vec![Layer::line(weight, Ink::Blue)]),
        ],
    )
}

/// A weight that changes its level every fifty steps, and from the middle of the training on every tenth.
fn freezing() -> Figure {
    let (steps, momentum) = (3000, 0.001);
    let (mut level, mut direction, mut frequency, mut mean) = (0.0, 0.0, 0.0, None);
    let mut frozen = None;
    let (mut levels, mut frequencies, mut thresholds) = (Vec::new(), Vec::new(), Vec::new());
    for step in 0..=steps {
        let share = f64::from(step) / f64::from(steps);
        let period = if share < 0.5 { 50 } else { 10 };
        let now = frozen.unwrap_or(f64::from(step / period % 2));
        let change: f64 = now - level;
        let back = change * direction < 0.0;
        frequency = (1.0 - momentum) * frequency + if back { momentum } else { 0.0 };
        if change != 0.0 {
            direction = change;
        }
        level = now;
        if share >= 0.25 {
            let average = *mean.get_or_insert(now);
            if frequency > cosine(share, 0.1, 0.01) && frozen.is_none() {
                frozen = Some(ternary().eval(average));
            }
            mean = Some((1.0 - momentum) * average + momentum * now);
            thresholds.push((share, cosine(share, 0.1, 0.01)));
        }
        levels.push((share, level));
        frequencies.push((share, frequency));
    }
    figure(
        "Iterative freezing of a weight that swings between 0 and 1",
        vec![
            over_training("Level", "level / quantum", 1.0, vec![Layer::line(levels, Ink::Blue)]),
            over_training(
                "Frequency of its turns",
                "turns a step, averaged",
                0.1,
                vec![Layer::line(frequencies, Ink::Blue), Layer::line(thresholds, Ink::Orange)],
            ),
        ],
    )
    .with_legend(Ink::Blue, "the weight")
    .with_legend(Ink::Orange, "threshold")
}
