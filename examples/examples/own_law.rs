//! A noise law of your own: a density in one line, used in a single call and in a training.
//!
//! The law here is the raised cosine, (1 + cos πu)/2 on [−1, 1]: smooth, with a support that ends. (It is among the closed
//! forms too, as `raised-cosine`, so that one can be checked against the other.) The table is piecewise linear, so the gradient is exactly the derivative of the forward pass, and every backend
//! evaluates the same numbers.
//!
//! ```text
//! cargo run --release -p stairs-examples --example own_law
//! ```

use std::{error::Error, f64::consts::PI, path::PathBuf};

use burn::tensor::{Device, Tensor};
use stairs::{
    noise::{NoiseTable, StairSpec, regularised_stair},
    prelude::*,
    train::Display,
};

/// The law: any function ≥ 0 on [−1, 1]; it need not be normalised.
pub(crate) fn raised_cosine() -> Result<Noise, Box<dyn Error>> {
    Ok(NoiseTable::from_density(257, |u| 1.0 + (PI * u).cos())?.into())
}

/// Value and gradient of the ternary stair under the law, at `points`.
pub(crate) fn stair(law: &Law, points: &[f32]) -> Result<(Vec<f32>, Vec<f32>), Box<dyn Error>> {
    let device = Device::flex().autodiff();
    let x = Tensor::<1>::from_floats(points, &device).require_grad();
    let spec = StairSpec::new(Quantiser::Ternary.stair(), Laws::same(law.clone()));
    let y = regularised_stair(x.clone(), &spec);
    let gradients = y.clone().sum().backward();
    let gradient = x.grad(&gradients).ok_or("the input has no gradient")?;
    Ok((y.into_data().try_to_vec()?, gradient.into_data().try_to_vec()?))
}

/// How long and where.
pub(crate) struct Settings {
    pub(crate) config: RunConfig,
    pub(crate) dir: PathBuf,
    pub(crate) display: Display,
}

impl Default for Settings {
    fn default() -> Self {
        let config = RunConfig::new("mlp").with_epochs(20).with_batch(32);
        Self { config, dir: "runs/own_law".into(), display: Display::Auto }
    }
}

/// Anneals a model of the zoo under the law. A model of your own takes it by `StairWeights::with_laws` and
/// `StairActivationConfig::with_laws`, so that its checkpoints know the table.
pub(crate) fn run(settings: Settings) -> Result<RunRecord, Box<dyn Error>> {
    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    let config = settings.config.with_law(raised_cosine()?);
    Ok(Trainer::new(config, &digits, settings.dir).with_display(settings.display).with_resume(true).run()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    stairs::allocator::keep_memory();
    let law = Law::new(raised_cosine()?, 0.0, 0.5)?;
    println!("standard deviation {:.4} quanta", law.std());
    let points = [-0.75, -0.25, 0.0, 0.25, 0.75];
    let (values, gradients) = stair(&law, &points)?;
    for ((x, y), g) in points.iter().zip(values).zip(gradients) {
        println!("x {x:>5.2}   stair {y:>7.4}   gradient {g:.4}");
    }
    let record = run(Settings::default())?;
    println!("test accuracy {:.2} %", record.test_accuracy);
    Ok(())
}
