//! Certificates of regularised activations: they hold, and how tight the bounds are.
#![allow(missing_docs)]

#[path = "../../stairs-laws/tests/quadrature/mod.rs"]
mod quadrature;

use quadrature::{median, noises};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_certificate::ActivationCertificate;
use stairs_laws::{Activation, Law, PiecewiseLinear, RegularisedActivation};

fn activations() -> Vec<Activation> {
    let own = PiecewiseLinear::new(vec![-1.5, -0.25, 0.5, 2.0], vec![0.3, -1.0, 2.0, 0.0, -0.5], 0.75).unwrap();
    let named = Activation::NAMED.into_iter();
    named.chain([Activation::LeakyRelu { slope: -0.5 }, Activation::Linear(own)]).collect()
}

fn corners(activation: &Activation) -> Vec<f64> {
    activation.piecewise_linear().map_or(vec![-3.0, 3.0], |f| f.knots().to_vec())
}

#[test]
fn error_bounds_hold_and_are_reported() {
    for activation in activations() {
        for noise in noises() {
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let mut ratios: [Vec<f64>; 4] = Default::default();
            let few = activation == Activation::HardSwish || !Activation::NAMED.contains(&activation);
            let count = if few { 2_000 } else { 10_000 };
            for i in 0..count {
                let mean = if i % 2 == 0 { 0.0 } else { rng.random_range(-1.0..1.0) };
                let law = Law::new(noise.clone(), mean, 10f64.powf(rng.random_range(-2.0..0.7))).unwrap();
                let smooth = RegularisedActivation::new(activation.clone(), law);
                let c = ActivationCertificate::new(&smooth);
                assert!(c.error.upper <= c.centred * (1.0 + 1e-10) + 1e-15, "{c}");
                assert!(c.centred <= c.published * (1.0 + 1e-12), "{c}");
                assert!(c.error.width() <= 3e-9 * c.published + 1e-15, "{c}");
                let mut seen = 0.0f64;
                let reach = 6.0 + 4.0 * smooth.law().scale();
                for _ in 0..12 {
                    seen = seen.max(smooth.error(rng.random_range(-reach..reach)).abs());
                }
                for k in corners(&activation) {
                    seen = seen.max(smooth.error(k).abs()).max(smooth.error(k + mean).abs());
                }
                assert!(seen <= c.error.upper * (1.0 + 1e-12) + 1e-14, "{c}: {seen}");
                ratios[2 * (i % 2)].push(c.error.upper / c.published);
                ratios[2 * (i % 2) + 1].push(c.error.upper / c.centred);
            }
            let [a, b, c, d] = ratios.each_mut().map(|list| median(list));
            println!(
                "{:<10} {:<10} error / bound, median of {count}: without mean {a:.3} (centred bound {b:.3}), with mean \
                 {c:.3} ({d:.3})",
                activation.name(),
                noise.name()
            );
        }
    }
}

#[test]
fn the_error_of_a_relu_is_known() {
    for noise in noises() {
        for (mean, scale) in [(0.0, 0.5), (0.3, 0.5), (-0.3, 0.1), (0.4, 0.0)] {
            let law = Law::new(noise.clone(), mean, scale).unwrap();
            // At the corner E(−ν)₊, far to the right |E ν|.
            let expected = law.ramp(0.0).max(law.expectation().abs());
            let c = ActivationCertificate::new(&RegularisedActivation::new(Activation::Relu, law));
            assert!((c.error.upper - expected).abs() < 1e-14, "{c}: {expected}");
            if mean == 0.0 && noise.centre() == 0.0 {
                assert!((c.error.upper - 0.5 * c.published).abs() < 1e-14, "{c}");
                assert!((c.error.upper - c.centred).abs() < 1e-14, "{c}");
            }
        }
    }
}
