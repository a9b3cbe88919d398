//! Regularised activations: closed forms against quadrature, finite differences and published special cases.
#![allow(missing_docs)]

mod quadrature;

use quadrature::{expectation, noises};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_laws::{Activation, ActivationError, Law, Noise, PiecewiseLinear, RegularisedActivation};

fn activations() -> Vec<Activation> {
    let own = PiecewiseLinear::new(vec![-1.5, -0.25, 0.5, 2.0], vec![0.3, -1.0, 2.0, 0.0, -0.5], 0.75).unwrap();
    let named = Activation::NAMED.into_iter();
    named.chain([Activation::LeakyRelu { slope: -0.5 }, Activation::Linear(own)]).collect()
}

fn corners(activation: &Activation) -> Vec<f64> {
    activation.piecewise_linear().map_or(vec![-3.0, 3.0], |f| f.knots().to_vec())
}

#[test]
fn closed_forms_are_the_expectation() {
    for noise in noises() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for activation in activations() {
            let mut worst = (0.0f64, 0.0f64);
            for _ in 0..100 {
                let law = Law::new(noise.clone(), rng.random_range(-1.0..1.0), 10f64.powf(rng.random_range(-2.0..0.5)))
                    .unwrap();
                let smooth = RegularisedActivation::new(activation.clone(), law.clone());
                let x = rng.random_range(-8.0..9.0);
                let kinks: Vec<f64> = corners(&activation).iter().map(|k| x - k).collect();
                let value = expectation(&law, &kinks, &|v| activation.eval(x - v));
                let slope = expectation(&law, &kinks, &|v| activation.derivative(x - v));
                worst.0 = worst.0.max((smooth.eval(x) - value).abs());
                worst.1 = worst.1.max((smooth.derivative(x) - slope).abs());
                let h = 1e-5 * law.scale();
                let difference = (smooth.eval(x + h) - smooth.eval(x - h)) / (2.0 * h);
                assert!((difference - smooth.derivative(x)).abs() < 3e-5, "{activation}, {noise} at {x}");
                assert!((smooth.error(x) - (smooth.eval(x) - activation.eval(x))).abs() < 1e-13 * (1.0 + x.abs()));
            }
            assert!(worst.0 < 1e-10 && worst.1 < 1e-10, "{activation}, {noise}: {worst:?}");
        }
    }
}

#[test]
fn known_special_cases() {
    let relu = |noise, s, x| RegularisedActivation::new(Activation::Relu, Law::new(noise, 0.0, s).unwrap()).eval(x);
    for x in [-3.0, -0.4, 0.0, 0.7, 12.0] {
        let softplus = 0.5 * (x / 0.5f64).exp().ln_1p();
        assert!((relu(Noise::Logistic, 0.5, x) - softplus).abs() < 1e-14);
        let (cdf, pdf) = (Noise::Normal.cdf(x / 2.0), Noise::Normal.pdf(x / 2.0));
        assert!((relu(Noise::Normal, 2.0, x) - 2.0 * (x / 2.0 * cdf + pdf)).abs() < 1e-14);
    }
    assert_eq!(relu(Noise::Uniform, 2.0, 1.0), 2.0 * 1.5 * 1.5 / 4.0);
    // The derivative of hard-tanh is the regularised bump, that of a leaky ReLU a stair between its slopes.
    let tanh = RegularisedActivation::new(Activation::HardTanh, Law::new(Noise::Triangular, 0.1, 0.5).unwrap());
    assert_eq!((tanh.derivative(0.1), tanh.derivative(-0.9)), (1.0, 0.5));
    assert_eq!(Activation::HardSwish.slope_range(), (-0.5, 1.5));
}

#[test]
fn tails_and_tiny_scales_are_finite_and_right() {
    for noise in noises() {
        for activation in activations() {
            for scale in [0.0, 1e-300, 1e-30, 1e-8, 1.0, 1e6] {
                let smooth =
                    RegularisedActivation::new(activation.clone(), Law::new(noise.clone(), 0.0, scale).unwrap());
                for x in [1e30, 1e15, 1e9, -1e9, -1e15, -1e30, f64::INFINITY, f64::NEG_INFINITY] {
                    let (y, hard) = (smooth.eval(x), activation.eval(x));
                    let slope = smooth.derivative(x);
                    assert!(y == hard || (y - hard).abs() <= 1.01 * activation.lipschitz() * smooth.law().mean_abs());
                    assert!(!y.is_nan() && slope.is_finite(), "{activation}, {noise}, {scale} at {x}");
                    // A billion is far from every knot unless the scale is a million.
                    assert!((slope - activation.derivative(x)).abs() < 1e-9, "{activation}, {noise}, {scale} at {x}");
                }
                for x in [-4.0, -3.0, -1.0, 0.0, 0.5, 2.0, 3.0, 6.0] {
                    assert!(smooth.eval(x).is_finite() && smooth.derivative(x).is_finite());
                }
                assert!(smooth.eval(f64::NAN).is_nan() && smooth.derivative(f64::NAN).is_nan());
            }
        }
    }
}

#[test]
fn names_files_and_errors() {
    for activation in activations() {
        let text = serde_json::to_string(&activation).unwrap();
        assert_eq!(serde_json::from_str::<Activation>(&text).unwrap(), activation, "{text}");
    }
    for activation in Activation::NAMED {
        assert_eq!(activation.name().parse::<Activation>().unwrap(), activation);
    }
    assert_eq!("gelu".parse::<Activation>(), Err(ActivationError::Name("gelu".into())));
    let f = |knots: &[f64], slopes: &[f64], value| PiecewiseLinear::new(knots.to_vec(), slopes.to_vec(), value);
    assert_eq!(f(&[], &[1.0], 0.0), Err(ActivationError::NoKnot));
    assert_eq!(f(&[0.0], &[1.0], 0.0), Err(ActivationError::SlopeCount { knots: 1, slopes: 1 }));
    assert!(matches!(f(&[1.0, 1.0], &[0.0; 3], 0.0), Err(ActivationError::Order { index: 1, .. })));
    assert!(matches!(f(&[f64::NAN], &[0.0; 2], 0.0), Err(ActivationError::NotFinite { .. })));
    assert!(matches!(f(&[0.0], &[0.0, f64::INFINITY], 0.0), Err(ActivationError::NotFinite { .. })));
    assert!(matches!(f(&[0.0], &[0.0; 2], f64::NAN), Err(ActivationError::NotFinite { .. })));
}
