//! Every golden value within 10⁻⁹, in f64.
//!
//! The other program takes square roots of all eigenvalues, also of those that are 0 up to rounding: each of its
//! log-determinants is too large by up to κ√(s·λ) for every such λ ≈ 10⁻¹⁶·λ_max. This crate counts them as 0. The
//! tolerance of what contains log-determinants therefore has that amount added; eigenvalues and traces have not.
#![allow(missing_docs)]

mod common;

use common::golden::{Case, Mlp, Softmax, close, golden, split};
use stairs_capacity::{
    Activation, Chain, Draw, Draws, Head, Layer, LayerParameters, MarkovOptions, Method, Normalisation, Shape,
    Spectrum, gram_spectrum, layer_spectrum,
};

const TOLERANCE: f64 = 1e-9;

fn parameters(rows: &[Vec<f64>]) -> LayerParameters {
    let (weight, bias) = split(rows);
    LayerParameters { weight, bias, ..LayerParameters::default() }
}

/// Eigenvalues in ascending order, zeros in front, against those of the other program.
#[track_caller]
fn eigenvalues(spectrum: &Spectrum, raw: &[f64]) {
    let mut own = spectrum.eigenvalues().expect("exact").to_vec();
    own.sort_by(f64::total_cmp);
    let mut padded = vec![0.0; spectrum.dimension() - own.len()];
    padded.extend(own);
    assert_eq!(padded.len(), raw.len());
    let largest = raw.iter().copied().fold(0.0, f64::max);
    for (own, raw) in padded.iter().zip(raw) {
        assert!((own - raw).abs() <= 1e-12 * largest, "{own} against {raw}");
    }
}

/// How much too large a log-determinant of the other program can be: its zero eigenvalues.
fn excess(raw: &[f64], log_kappa: f64, log_scale: f64) -> f64 {
    let largest = raw.iter().copied().fold(0.0, f64::max);
    let zeros = raw.iter().filter(|value| value.abs() < 1e-12 * largest).count();
    zeros as f64 * (log_kappa + 0.5 * (log_scale + (2.0 * f64::EPSILON * largest).ln())).exp()
}

#[track_caller]
fn near(value: f64, expected: f64, excess: f64, what: &str) {
    let error = value - expected;
    assert!(
        error.abs() <= TOLERANCE * expected.abs() + excess,
        "{what}: {value} against {expected}, {error:e}, {excess:e}"
    );
}

/// Checks a log-determinant; returns the excess it may have.
#[track_caller]
fn logdet(spectrum: &Spectrum, raw: &[f64], (eps, zeta): (f64, f64), draws: &Draws, expected: f64) -> f64 {
    let log_kappa = (zeta - 1.0) * eps.ln();
    let excess = excess(raw, log_kappa, draws.log_scale());
    near(spectrum.log_det(log_kappa, draws.log_scale()).value, expected, excess, "log-determinant");
    excess
}

fn softmax(case: &Softmax) {
    let (features, classes) = (case.inputs[0].len(), case.thetas[0].len());
    let chain =
        Chain::new(Shape::vector(features), vec![Layer::dense(classes).with_bias()], Head::Categorical).unwrap();
    let inputs: Vec<f64> = case.inputs.concat();
    let spectra: Vec<Spectrum> = case
        .thetas
        .iter()
        .map(|theta| {
            let parameters = [parameters(theta)];
            let block = layer_spectrum(&chain, 0, &parameters[0], &inputs, &MarkovOptions::default(), 0).unwrap();
            let gram = gram_spectrum(&chain, &parameters, &inputs).unwrap();
            close(block.trace(), gram.trace(), 1e-12, "trace");
            block
        })
        .collect();
    for (spectrum, raw) in spectra.iter().zip(&case.raw_eigenvalues) {
        eigenvalues(spectrum, raw);
    }
    let draws = spectra.iter().map(|spectrum| Draw { hidden: vec![], last: vec![spectrum.clone()] }).collect();
    let draws = Draws::new(draws, Normalisation::MeanTrace).unwrap();
    assert_eq!(draws.dimension(), case.dimension);
    close(draws.mean_trace(), case.mean_trace, TOLERANCE, "mean trace");
    for value in &case.values {
        let (eps, zeta) = (value.eps, value.zeta);
        let mut most = 0.0f64;
        for ((spectrum, raw), expected) in spectra.iter().zip(&case.raw_eigenvalues).zip(&value.logdets) {
            most = most.max(logdet(spectrum, raw, (eps, zeta), &draws, *expected));
        }
        let most = most * (1.0 - zeta) / ((zeta - 1.0) * eps.ln());
        near(draws.two_scale(eps, zeta).unwrap().value, value.two_scale, most, "two_scale");
        near(draws.jensen(eps, zeta).unwrap().value, value.jensen_lower, most, "jensen");
    }
    for abbas in &case.abbas_effective_dimension {
        let value = draws.effective_dimension(abbas.n, abbas.gamma).unwrap().value;
        close(value, abbas.value, TOLERANCE, "effective dimension");
    }
}

fn mlp(case: &Mlp) {
    let (features, hidden, classes) = (case.inputs[0].len(), case.theta1[0].len(), case.theta2[0][0].len());
    let layers =
        vec![Layer::dense(hidden).with_bias().with_activation(Activation::Relu), Layer::dense(classes).with_bias()];
    let chain = Chain::new(Shape::vector(features), layers, Head::Categorical).unwrap();
    assert_eq!([chain.layer_dimension(0), chain.layer_dimension(1)], case.dimensions);
    let options =
        MarkovOptions { noise_variance: case.noise_variance, method: Method::Exact, ..MarkovOptions::default() };
    let inputs: Vec<f64> = case.inputs.concat();
    let first = Chain::new(Shape::vector(features), vec![chain.layers()[0].clone()], Head::Gaussian { variance: 1.0 });
    let first = first.unwrap();
    let mut draws = Vec::new();
    for (a, theta1) in case.theta1.iter().enumerate() {
        let theta1 = parameters(theta1);
        let hidden = layer_spectrum(&chain, 0, &theta1, &inputs, &options, 0).unwrap();
        eigenvalues(&hidden, &case.raw_eigenvalues_layer1[a]);
        let mut states = first.forward(&[theta1], &inputs).unwrap();
        let noise: Vec<f64> = case.noise[a].concat();
        states.iter_mut().zip(noise).for_each(|(x, noise)| *x += case.noise_variance.sqrt() * noise);
        let spectrum =
            |theta2: &Vec<Vec<f64>>| layer_spectrum(&chain, 1, &parameters(theta2), &states, &options, 0).unwrap();
        let last: Vec<Spectrum> = case.theta2[a].iter().map(spectrum).collect();
        for (spectrum, raw) in last.iter().zip(&case.raw_eigenvalues_layer2[a]) {
            eigenvalues(spectrum, raw);
        }
        draws.push(Draw { hidden: vec![hidden], last });
    }
    let spectra = draws.clone();
    let draws = Draws::new(draws, Normalisation::MeanTrace).unwrap();
    close(draws.mean_trace(), case.mean_trace, TOLERANCE, "mean trace");
    for value in &case.values {
        let (eps, zeta) = (value.eps, value.zeta);
        let mut most = 0.0f64;
        for (a, draw) in spectra.iter().enumerate() {
            let raw = &case.raw_eigenvalues_layer1[a];
            let first = logdet(&draw.hidden[0], raw, (eps, zeta), &draws, value.logdets_layer1[a]);
            for ((spectrum, raw), expected) in
                draw.last.iter().zip(&case.raw_eigenvalues_layer2[a]).zip(&value.logdets_layer2[a])
            {
                most = most.max(first + logdet(spectrum, raw, (eps, zeta), &draws, *expected));
            }
        }
        let most = most * (1.0 - zeta) / ((zeta - 1.0) * eps.ln());
        near(draws.two_scale(eps, zeta).unwrap().value, value.two_scale, most, "two_scale");
        near(draws.jensen(eps, zeta).unwrap().value, value.jensen_lower, most, "jensen");
        let exact = draws.last_layer_exact(eps, zeta).unwrap().value;
        near(exact, value.last_layer_exact_lower, most, "last layer exact");
    }
}

#[test]
fn golden_values_in_f64() {
    let golden = golden();
    assert_eq!(golden.cases.len(), 4);
    for case in &golden.cases {
        match case {
            Case::SoftmaxRegression(case) => softmax(case),
            Case::MarkovMlpRelu(case) => mlp(case),
        }
    }
}
