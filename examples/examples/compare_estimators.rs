//! Four published straight-through estimators on one layer: the same forward pass, four gradients.
//!
//! A dense layer with a sign unit looks at the digits; each estimator sends the same gradient back through the sign. The
//! table says how many units pass it on, how large the gradient of the weights becomes, and how far its direction is
//! from that of the clipped identity. The figure shows each estimator's forward pass and gradient.
//!
//! ```text
//! cargo run --release -p stairs-examples --example compare_estimators
//! ```

use std::{error::Error, path::PathBuf};

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use stairs::{
    noise::{Backward, Estimator, StairSpec, regularised_stair},
    prelude::*,
};
use stairs_study::plot::{Axis, Figure, Ink, Layer, Panel, write_svg};

/// Units of the layer.
const UNITS: usize = 64;

/// One row of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Share of the pre-activations that pass a gradient on, in percent.
    pub(crate) passing: f64,
    /// Euclidean norm of the gradient of the weights.
    pub(crate) norm: f64,
    /// Cosine of the angle between it and that of the first estimator.
    pub(crate) cosine: f64,
}

fn estimators() -> Result<[(Estimator, Ink); 4], Box<dyn Error>> {
    Ok([
        (Estimator::clipped_identity_sign(), Ink::Blue),
        (Estimator::approx_sign(), Ink::Orange),
        (Estimator::tanh_surrogate(2.0)?, Ink::Green),
        (Estimator::erf_surrogate(0.5)?, Ink::Purple),
    ])
}

/// Sends one gradient through the layer with every estimator; `samples` digits.
pub(crate) fn table(samples: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    let device = Device::flex().autodiff();
    device.seed(1);
    let digits = load(DatasetName::Digits, &DataRoot::default())?.train;
    let pixels: Vec<f32> = (0..samples.min(digits.len())).flat_map(|i| digits.sample(i).0).collect();
    let samples = pixels.len() / 64;
    let x = Tensor::<2>::from_data(TensorData::new(pixels, [samples, 64]), &device);
    // Fan-in 64 and standardised pixels: pre-activations of standard deviation about 1.
    let weight = Tensor::<2>::random([64, UNITS], Distribution::Normal(0.0, 0.125), &device);
    let upstream = Tensor::<2>::random([samples, UNITS], Distribution::Normal(0.0, 1.0), &device);

    let mut first: Option<Vec<f64>> = None;
    let mut rows = Vec::new();
    for (estimator, _) in estimators()? {
        let weight = weight.clone().require_grad();
        let spec = StairSpec::new(estimator.stair.clone(), estimator.laws()).with_strategy(estimator.strategy);
        let before = x.clone().matmul(weight.clone());
        let after = regularised_stair(before.clone(), &spec);
        let gradients = (after * upstream.clone()).sum().backward();
        let gradient = weight.grad(&gradients).ok_or("the weight has no gradient")?.into_data().try_to_vec::<f32>()?;
        let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
        let before = before.into_data().try_to_vec::<f32>()?;
        let passing = before.iter().filter(|x| estimator.derivative(f64::from(**x)) > 0.0).count();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let norm = dot(&gradient, &gradient).sqrt();
        let reference = first.get_or_insert_with(|| gradient.clone());
        rows.push(Row {
            name: estimator.name,
            passing: 100.0 * passing as f64 / before.len() as f64,
            norm,
            cosine: dot(reference, &gradient) / (norm * dot(reference, reference).sqrt()),
        });
    }
    Ok(rows)
}

/// Forward passes on the left, gradients on the right. Dashed: the smooth stair whose derivative the gradient is.
pub(crate) fn figure() -> Result<String, Box<dyn Error>> {
    let xs = || (0..=600).map(|i| -2.0 + 4.0 * f64::from(i) / 600.0);
    let x = || Axis::new("input").with_range(-2.0, 2.0);
    let mut forward = Panel::new("Forward", x(), Axis::new("output").with_range(-1.15, 1.15));
    let mut backward = Panel::new("Gradient", x(), Axis::new("factor").with_range(-0.1, 2.2));
    let mut figure = Figure::new("Four estimators of the sign").with_columns(2);
    forward = forward.with_layer(Layer::steps(&[-2.0, 0.0, 2.0], &[-1.0, 1.0], Ink::Grey));
    for (estimator, ink) in estimators()? {
        if let Backward::Law(law) = &estimator.backward {
            let smooth = RegularisedStair::new(estimator.stair.clone(), law.clone());
            forward = forward.with_layer(Layer::dashed(xs().map(|x| (x, smooth.expectation(x))).collect(), ink));
        }
        backward = backward.with_layer(Layer::line(xs().map(|x| (x, estimator.derivative(x))).collect(), ink));
        figure = figure.with_legend(ink, estimator.name);
    }
    Ok(figure.with_panel(forward).with_panel(backward).svg()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<24} {:>9} {:>9} {:>9}", "estimator", "passing", "norm", "cosine");
    for Row { name, passing, norm, cosine } in table(usize::MAX)? {
        println!("{name:<24} {passing:>7.1} % {norm:>9.2} {cosine:>9.4}");
    }
    let path = PathBuf::from("runs/estimators.svg");
    write_svg(&path, &figure()?)?;
    println!("figure {}", path.display());
    Ok(())
}
