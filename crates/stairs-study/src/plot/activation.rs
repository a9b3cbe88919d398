//! Pictures of regularised activations: φ_ν above φ, and its derivative, under the four laws of the
//! annealing study.
//!
//! Scales are chosen so that every law has the same E|ν|, and with it the same bound on the error.

use stairs_noise::{Activation, Law, Policy, RegularisedActivation};

use super::{Axis, Figure, Ink, Layer, Panel, stair::samples};

/// E|ν| of the pictured laws.
const MEAN_ABS: f64 = 0.4;

/// Value and derivative of one activation under uniform, triangular, normal and logistic noise.
pub fn activation_figure(activation: &Activation) -> Figure {
    let window = match activation {
        Activation::HardTanh => (-2.5, 2.5),
        Activation::Relu6 => (-1.5, 7.5),
        Activation::HardSwish => (-5.0, 5.0),
        _ => (-2.0, 2.0),
    };
    let curves: Vec<(Ink, RegularisedActivation)> = Policy::NOISES
        .into_iter()
        .zip(Ink::CATEGORICAL)
        .map(|(noise, ink)| {
            let scale = MEAN_ABS / noise.mean_abs();
            let law = Law::new(noise.clone(), 0.0, scale).unwrap_or_else(|_| Law::hard(noise));
            (ink, RegularisedActivation::new(activation.clone(), law))
        })
        .collect();
    let x = || Axis::new("input").with_range(window.0, window.1);
    let line = |ink, f: &dyn Fn(f64) -> f64| Layer::line(samples(window).map(|x| (x, f(x))).collect(), ink);
    let value = Panel::new("Value", x(), Axis::new("output")).with_layer(line(Ink::Grey, &|x| activation.eval(x)));
    let slope =
        Panel::new("Derivative", x(), Axis::new("slope")).with_layer(line(Ink::Grey, &|x| activation.derivative(x)));
    let (value, slope) = curves.iter().fold((value, slope), |(value, slope), (ink, smooth)| {
        (value.with_layer(line(*ink, &|x| smooth.eval(x))), slope.with_layer(line(*ink, &|x| smooth.derivative(x))))
    });
    let figure = Figure::new(format!("{activation} under noise of E|ν| = {MEAN_ABS}"))
        .with_columns(2)
        .with_size(820.0, 250.0)
        .with_panel(value)
        .with_panel(slope)
        .with_legend(Ink::Grey, "hard");
    curves.iter().fold(figure, |figure, (ink, smooth)| {
        figure.with_legend(*ink, format!("{}, s = {:.3}", smooth.law().noise(), smooth.law().scale()))
    })
}
