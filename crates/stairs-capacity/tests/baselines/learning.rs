//! The local learning coefficient: regular and singular models whose coefficient is known.

use stairs_capacity::baseline::{LearningCoefficient, SgldOptions, local_learning_coefficient};
use stairs_capacity::{Batch, Chain, Head, Layer, LayerParameters, MeasureError, Shape};

use super::super::{inputs, random, weights};

/// Within 4 standard errors and a share for the steps' and the batch's own bias.
#[track_caller]
fn near(found: &LearningCoefficient, exact: f64, share: f64) {
    let error = found.value.sampling_error.unwrap();
    println!("{} ± {error}, exact {exact}, step {:e}", found.value.value, found.step);
    assert!(error < 0.1 * exact, "{found:?}");
    assert!((found.value.value - exact).abs() < 4.0 * error + share * exact, "{found:?}: {exact}");
}

/// Linear regression: the tempered posterior is normal with precision nβH + γ, and λ̂ → ½ Σ nβh/(nβh + γ) → d/2.
#[test]
fn a_regular_model_has_half_its_parameters() {
    let chain = Chain::new(Shape::vector(3), vec![Layer::dense(1)], Head::Gaussian { variance: 0.5 }).unwrap();
    let x = random(3 * 200);
    let truth = [1.0, -2.0, 0.5];
    let values: Vec<f64> = x.chunks(3).map(|x| x.iter().zip(truth).map(|(x, w)| x * w).sum()).collect();
    let batch = Batch::valued(&x, &values);
    let options = SgldOptions { steps: 3000, burn_in: 200, localisation: 1e-3, seed: 1, ..SgldOptions::default() };
    let found = local_learning_coefficient(&chain, &[weights(&truth)], &batch, &options).unwrap();
    near(&found, 1.5, 0.03);
    assert!(found.loss < 1e-30);
    // Localised so strongly that no direction is free.
    let tight = SgldOptions { localisation: 1e6, steps: 500, burn_in: 50, ..options };
    let found = local_learning_coefficient(&chain, &[weights(&truth)], &batch, &tight).unwrap();
    assert!(found.value.value < 1e-2, "{found:?}");
}

/// Softmax regression with c classes has d = c·f weights, of which f change all logits alike: λ = (c − 1)·f/2. Every input with
/// every label puts the minimum at 0.
#[test]
fn softmax_regression_has_a_class_less() {
    let (classes, features) = (3, 2);
    let chain = Chain::new(Shape::vector(features), vec![Layer::dense(classes)], Head::Categorical).unwrap();
    let points = inputs(200 * features);
    let x: Vec<f64> = points.chunks(features).flat_map(|x| x.repeat(classes)).collect();
    let labels: Vec<usize> = (0..200 * classes).map(|i| i % classes).collect();
    let options = SgldOptions { steps: 2000, burn_in: 300, localisation: 0.05, batch: 200, ..SgldOptions::default() };
    let found =
        local_learning_coefficient(&chain, &[weights(&[0.0; 6])], &Batch::labelled(&x, &labels), &options).unwrap();
    near(&found, 2.0, 0.08);
    assert!((found.loss - 3f64.ln()).abs() < 1e-12);
}

/// f(x) = a·b·x with f = 0 the truth: K = h(ab)²/2, λ = ½ with two parameters.
fn product(variance: f64) -> Chain {
    Chain::new(Shape::vector(1), vec![Layer::dense(1), Layer::dense(1)], Head::Gaussian { variance }).unwrap()
}

/// The exact λ̂ of the product, localised around (centre, 0). The integral over b is in closed form, that over a is a sum: with
/// r = nβh a²/γ, ∫ ½r(1 + r)^{−3/2} e^{−γ(a − centre)²/2} da over ∫ (1 + r)^{−1/2} e^{−γ(a − centre)²/2} da.
fn exact(x: &[f64], variance: f64, gamma: f64, centre: f64) -> f64 {
    let scale = x.iter().map(|x| x * x).sum::<f64>() / variance / (x.len() as f64).ln() / gamma;
    let sums = (-200_000..200_000).fold([0.0; 2], |[above, below], i| {
        let a = 1e-5 * (f64::from(i) + 0.5) + centre;
        let (r, weight) = (scale * a * a, (-0.5 * gamma * (a - centre).powi(2)).exp());
        [above + 0.5 * r * (1.0 + r).powf(-1.5) * weight, below + (1.0 + r).powf(-0.5) * weight]
    });
    sums[0] / sums[1]
}

#[test]
fn a_product_of_two_weights_is_singular() {
    let (x, zeros) = (random(400), vec![0.0; 400]);
    let batch = Batch::valued(&x, &zeros);
    // At (1, 0), on one of the two lines of minima: one direction counts, and the other does not.
    let options = SgldOptions { steps: 3000, burn_in: 300, localisation: 20.0, batch: 400, ..SgldOptions::default() };
    let found =
        local_learning_coefficient(&product(0.01), &[weights(&[1.0]), weights(&[0.0])], &batch, &options).unwrap();
    let value = exact(&x, 0.01, 20.0, 1.0);
    assert!((value - 0.5).abs() < 0.01, "{value}");
    near(&found, value, 0.04);
    // At the crossing, the lines meet: ½ with multiplicity 2, which is approached as slowly as 1/log n.
    let limit = [1.0, 1e-2, 1e-4, 1e-6].map(|variance| exact(&x, variance, 20.0, 0.0));
    assert!(limit.is_sorted() && limit[0] < 0.1 && limit[3] > 0.42 && limit[3] < 0.5, "{limit:?}");
    let options = SgldOptions { step: Some(1.5e-3), steps: 6000, ..options };
    let centre = [weights(&[0.0]), weights(&[0.0])];
    let found = local_learning_coefficient(&product(1.0), &centre, &batch, &options).unwrap();
    near(&found, limit[0], 0.05);
}

#[test]
fn chains_that_diverge_are_reported_and_options_are_checked() {
    let chain = Chain::new(Shape::vector(2), vec![Layer::dense(2).with_bias()], Head::Categorical).unwrap();
    let x = inputs(60);
    let labels: Vec<usize> = (0..30).map(|i| i % 2).collect();
    let batch = Batch::labelled(&x, &labels);
    let centre = [LayerParameters { bias: vec![0.0; 2], ..weights(&[0.1; 4]) }];
    let run = |options: &SgldOptions| local_learning_coefficient(&chain, &centre, &batch, options);
    let good = SgldOptions { steps: 20, burn_in: 5, batch: 8, ..SgldOptions::default() };
    for step in [1e1, 1e9, 1e300] {
        let error = run(&SgldOptions { step: Some(step), ..good }).unwrap_err();
        assert!(matches!(error, MeasureError::Diverged { .. }), "{error}");
        assert!(error.to_string().contains("diverged at step size"), "{error}");
    }
    for (bad, text) in [
        (SgldOptions { chains: 1, ..good }, "at least 2 chains, got 1"),
        (SgldOptions { steps: 0, ..good }, "at least 1 steps, got 0"),
        (SgldOptions { batch: 0, ..good }, "at least 1 samples of a minibatch, got 0"),
        (SgldOptions { localisation: 0.0, ..good }, "the localisation must be positive and finite, got 0"),
        (SgldOptions { localisation: f64::NAN, ..good }, "the localisation must be positive and finite, got NaN"),
        (SgldOptions { step: Some(-1.0), ..good }, "the step size must be positive and finite, got -1"),
    ] {
        let error = run(&bad).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
    assert_eq!(run(&good).unwrap(), run(&good).unwrap());
    assert_ne!(run(&good).unwrap().chains, run(&SgldOptions { seed: 1, ..good }).unwrap().chains);
    let one = local_learning_coefficient(&chain, &centre, &Batch::labelled(&x[..2], &labels[..1]), &good);
    assert!(one.unwrap_err().to_string().contains("at least 2 samples, got 1"));
}
