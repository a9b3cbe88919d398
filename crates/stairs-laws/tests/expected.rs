//! Properties of the exact reference, and the estimators made of it.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_laws::{Backward, Estimator, EstimatorError, Law, LawError, Noise, RegularisedStair, Strategy as Forward};
use stairs_quant::{Quantiser, StairFunction, ThresholdValue};

fn stair(name: &str, noise: Noise, mean: f64, scale: f64) -> RegularisedStair {
    let quantiser: Quantiser = name.parse().unwrap();
    RegularisedStair::new(quantiser.stair(), Law::new(noise, mean, scale).unwrap())
}

/// Any stair of one to six steps: levels in any order, gaps of at least 0.05.
fn any_stair() -> impl Strategy<Value = StairFunction> {
    prop::collection::vec((0.05..2.0f64, -3.0..3.0f64), 1..7).prop_flat_map(|steps| {
        (-3.0..3.0f64, -3.0..3.0f64).prop_map(move |(first, level)| {
            let thresholds = steps.iter().scan(first, |at, (gap, _)| {
                *at += gap;
                Some(*at)
            });
            let levels = std::iter::once(level).chain(steps.iter().map(|(_, level)| *level)).collect();
            StairFunction::new(thresholds.collect(), levels).unwrap()
        })
    })
}

fn any_noise() -> impl Strategy<Value = Noise> {
    prop::sample::select(Noise::ALL.to_vec())
}

prop_compose! {
    fn any_regularised()(stair in any_stair(), noise in any_noise(), mean in -1.0..1.0f64, scale in 0.05..2.0f64, quantum in 0.1..4.0f64) -> RegularisedStair {
        RegularisedStair::new(stair, Law::new(noise, mean, scale).unwrap()).with_quantum(quantum).unwrap()
    }
}

proptest! {
    #[test]
    fn the_expectation_is_the_sum_over_the_levels(stair in any_regularised(), x in -20.0..20.0f64) {
        let masses = stair.probabilities(x);
        prop_assert!((masses.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        prop_assert!(masses.iter().all(|mass| (0.0..=1.0).contains(mass)));
        let mean: f64 = masses.iter().zip(stair.stair().levels()).map(|(mass, level)| mass * level).sum();
        prop_assert!((stair.quantum() * mean - stair.expectation(x)).abs() < 1e-11);
    }

    #[test]
    fn the_expectation_stays_between_the_levels(stair in any_regularised(), x in -100.0..100.0f64) {
        let (low, high) = (stair.stair().lowest_level(), stair.stair().highest_level());
        let value = stair.expectation(x);
        prop_assert!(stair.quantum() * low <= value && value <= stair.quantum() * high);
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_expectation(stair in any_regularised(), x in -20.0..20.0f64) {
        // Where the density is smooth, the central difference; at the edges of compact noise it is only one-sided.
        let h = 1e-5 * stair.quantum();
        let u = x / stair.quantum() - stair.law().mean();
        let near_kink = |threshold: &f64| {
            let v = (u - threshold) / stair.law().scale();
            [-1.0, 0.0, 1.0].iter().any(|kink| (v - kink).abs() < 1e-3)
        };
        let smooth = stair.law().noise().support().is_none() || !stair.stair().thresholds().iter().any(near_kink);
        prop_assume!(smooth);
        let slope = (stair.expectation(x + h) - stair.expectation(x - h)) / (2.0 * h);
        let bound = stair.stair().total_variation() * stair.law().noise().sup_density() / stair.law().scale();
        prop_assert!((slope - stair.gradient(x)).abs() < 1e-5 * (1.0 + bound / stair.law().scale()));
        prop_assert!(stair.gradient(x).abs() <= bound * (1.0 + 1e-12));
    }

    #[test]
    fn a_draw_is_the_level_whose_mass_holds_the_uniform(stair in any_regularised(), x in -20.0..20.0f64, uniform in 0.0..1.0f64) {
        // Draws go through the levels from the last to the first as the uniform grows.
        let levels = stair.stair().levels();
        let value = stair.random(x, uniform);
        let at_least = |k: usize| (k..levels.len()).map(|j| stair.probability(j, x)).sum::<f64>();
        let found = (0..levels.len()).any(|k| {
            stair.quantum() * levels[k] == value && uniform < at_least(k) + 1e-12 && uniform >= at_least(k + 1) - 1e-12
        });
        prop_assert!(found, "{} at {uniform}", value);
    }

    #[test]
    fn a_quantum_scales_argument_and_value(stair in any_stair(), noise in any_noise(), x in -8.0..8.0f64, uniform in 0.0..1.0f64) {
        // A power of two, so that scaling is exact.
        let unit = RegularisedStair::new(stair, Law::new(noise, -0.25, 0.5).unwrap());
        let scaled = unit.clone().with_quantum(0.125).unwrap();
        let y = 0.125 * x;
        for strategy in Forward::ALL {
            prop_assert_eq!(scaled.forward(strategy, y, uniform), 0.125 * unit.forward(strategy, x, uniform));
        }
        prop_assert_eq!(scaled.gradient(y), unit.gradient(x));
        prop_assert_eq!(scaled.hard(y), 0.125 * unit.hard(x));
    }

    #[test]
    fn small_scales_approach_the_dirac_law(stair in any_stair(), noise in any_noise(), mean in -1.0..1.0f64, x in -8.0..8.0f64) {
        let gap = stair.thresholds().iter().map(|threshold| (x - mean - threshold).abs()).fold(f64::INFINITY, f64::min);
        prop_assume!(gap > 0.01);
        let small = RegularisedStair::new(stair.clone(), Law::new(noise.clone(), mean, 2e-4).unwrap());
        let dirac = RegularisedStair::new(stair.clone(), Law::new(noise, mean, 0.0).unwrap());
        prop_assert!((small.expectation(x) - stair.eval(x - mean)).abs() < 1e-9);
        prop_assert_eq!(small.mode(x), stair.eval(x - mean));
        for strategy in Forward::ALL {
            prop_assert_eq!(dirac.forward(strategy, x, 0.5), stair.eval(x - mean));
        }
        prop_assert_eq!(dirac.gradient(x), 0.0);
        prop_assert_eq!(dirac.hard(x), stair.eval(x));
    }
}

#[test]
fn hand_computed_ternary_uniform() {
    // Half-width 3/4: at x = 0.2, F₁ = F(0.7/0.75) = (0.7/0.75 + 1)/2 = 29/30 and F₂ = F(−0.4) = 3/10.
    let stair = stair("ternary", Noise::Uniform, 0.0, 0.75);
    for (mass, expected) in stair.probabilities(0.2).iter().zip([1.0 / 30.0, 2.0 / 3.0, 3.0 / 10.0]) {
        assert!((mass - expected).abs() < 1e-15);
    }
    assert!((stair.expectation(0.2) - 4.0 / 15.0).abs() < 1e-15);
    assert!((stair.gradient(0.2) - 4.0 / 3.0).abs() < 1e-15); // both steps: 2·½/0.75
    assert_eq!(stair.mode(0.2), 0.0);
    assert_eq!([0.2, 0.31, 0.97].map(|uniform| stair.random(0.2, uniform)), [1.0, 0.0, -1.0]);
}

#[test]
fn ties_of_the_mode_go_to_the_lower_level() {
    assert_eq!(stair("sign", Noise::Normal, 0.0, 1.0).mode(0.0), -1.0);
    assert_eq!(stair("ternary", Noise::Uniform, 0.0, 0.5).mode(0.5), 0.0);
}

#[test]
fn the_dirac_law_keeps_the_stairs_own_threshold_value() {
    let lower = Quantiser::Sign.stair().with_threshold_value(ThresholdValue::Lower);
    for (stair, expected) in [(Quantiser::Sign.stair(), 1.0), (lower, -1.0)] {
        let law = Law::new(Noise::Logistic, 0.25, 0.0).unwrap();
        let dirac = RegularisedStair::new(stair, law);
        for strategy in Forward::ALL {
            assert_eq!(dirac.forward(strategy, 0.25, 0.0), expected);
        }
        assert_eq!(dirac.probabilities(0.25), if expected > 0.0 { [0.0, 1.0] } else { [1.0, 0.0] });
    }
}

#[test]
fn special_values() {
    for (noise, scale) in Noise::ALL.into_iter().flat_map(|noise| [(noise.clone(), 0.0), (noise, 0.7)]) {
        let stair = stair("int4", noise, -0.3, scale).with_quantum(2.0).unwrap();
        for strategy in Forward::ALL {
            assert!(stair.forward(strategy, f64::NAN, 0.5).is_nan());
            assert_eq!(stair.forward(strategy, f64::INFINITY, 0.5), 14.0);
            assert_eq!(stair.forward(strategy, f64::NEG_INFINITY, 0.5), -16.0);
        }
        assert!(stair.gradient(f64::NAN).is_nan() && stair.hard(f64::NAN).is_nan());
        assert!(stair.probabilities(f64::NAN).iter().all(|mass| mass.is_nan()));
        assert_eq!((stair.gradient(f64::INFINITY), stair.gradient(f64::NEG_INFINITY)), (0.0, 0.0));
        assert_eq!(stair.probability(16, 0.0), 0.0);
    }
    let stair = stair("sign", Noise::Normal, 0.0, 1.0);
    for quantum in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(stair.clone().with_quantum(quantum), Err(LawError::Quantum(quantum)));
    }
    assert!(stair.with_quantum(f64::NAN).is_err());
}

#[test]
fn the_mean_of_draws_approaches_the_expectation() {
    const DRAWS: usize = 100_000;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for noise in Noise::ALL {
        let stair = stair("int2", noise.clone(), -0.2, 0.8);
        for x in [-1.4, 0.1, 0.9] {
            let masses = stair.probabilities(x);
            let mut counts = [0usize; 4];
            for _ in 0..DRAWS {
                let level = stair.random(x, rng.random::<f64>());
                counts[(level + 2.0) as usize] += 1;
            }
            for (count, mass) in counts.iter().zip(&masses) {
                let sigma = (mass * (1.0 - mass) / DRAWS as f64).sqrt();
                assert!((*count as f64 / DRAWS as f64 - mass).abs() <= 4.0 * sigma, "{noise} at {x}");
            }
            let mean = counts.iter().enumerate().map(|(k, count)| (k as f64 - 2.0) * *count as f64).sum::<f64>();
            assert!((mean / DRAWS as f64 - stair.expectation(x)).abs() < 4.0 * 3.0 / (DRAWS as f64).sqrt());
        }
    }
}

/// Points between the thresholds and support edges of every catalogue stair, on both sides of 0 and far out.
const POINTS: [f64; 10] = [-9.3, -1.7, -1.01, -0.99, -0.3, 0.2, 0.6, 0.99, 1.01, 4.3];

fn assert_hard_forward(estimator: &Estimator) {
    for x in POINTS.into_iter().chain([0.0, 0.5, -0.5]) {
        assert_eq!(estimator.forward(x), estimator.stair.eval(x), "{} at {x}", estimator.name);
    }
}

#[test]
fn clipped_identity_of_the_sign_is_binary_net() {
    let estimator = Estimator::clipped_identity_sign();
    assert_hard_forward(&estimator);
    assert_eq!(estimator.forward(0.0), 1.0);
    for x in POINTS.into_iter().chain([0.0]) {
        assert_eq!(estimator.derivative(x), if x.abs() <= 1.0 { 1.0 } else { 0.0 }, "at {x}");
    }
}

#[test]
fn clipped_identity_is_one_half_a_step_beyond_the_thresholds() {
    for name in ["binary", "ternary", "uint2", "int2", "int4", "balanced3", "int8"] {
        let estimator = Estimator::clipped_identity(name.parse().unwrap()).unwrap();
        assert_hard_forward(&estimator);
        let thresholds = estimator.stair.thresholds();
        let (low, high) = (thresholds[0] - 0.5, thresholds[thresholds.len() - 1] + 0.5);
        for x in POINTS {
            assert_eq!(estimator.derivative(x), if low < x && x < high { 1.0 } else { 0.0 }, "{name} at {x}");
        }
    }
    for quantiser in ["sign", "pow2-4"].map(|name| name.parse::<Quantiser>().unwrap()) {
        assert_eq!(Estimator::clipped_identity(quantiser), Err(EstimatorError::NotUnitStairs(quantiser)));
    }
}

#[test]
fn approx_sign_is_bi_real_net() {
    let estimator = Estimator::approx_sign();
    assert_hard_forward(&estimator);
    for x in POINTS.into_iter().chain([0.0, 1.0, -1.0]) {
        let expected = (2.0 - 2.0 * x.abs()).max(0.0);
        assert!((estimator.derivative(x) - expected).abs() < 1e-14, "at {x}");
    }
    // Its antiderivative is the published polynomial: −1 | 2x + x² | 2x − x² | 1.
    let Backward::Law(law) = &estimator.backward else { panic!("a law") };
    let soft = RegularisedStair::new(estimator.stair.clone(), law.clone());
    for x in POINTS {
        let v = x.clamp(-1.0, 1.0);
        let expected = if v < 0.0 { 2.0 * v + v * v } else { 2.0 * v - v * v };
        assert!((soft.expectation(x) - expected).abs() < 1e-14, "at {x}");
    }
}

#[test]
fn tanh_surrogate_is_the_sign_under_logistic_noise() {
    for k in [0.5, 1.0, 3.0] {
        let estimator = Estimator::tanh_surrogate(k).unwrap();
        assert_hard_forward(&estimator);
        let Backward::Law(law) = &estimator.backward else { panic!("a law") };
        assert_eq!(law.scale(), 0.5 / k);
        let soft = RegularisedStair::new(estimator.stair.clone(), law.clone());
        for x in POINTS {
            let tanh = (k * x).tanh();
            assert!((soft.expectation(x) - tanh).abs() < 1e-14);
            assert!((estimator.derivative(x) - k * (1.0 - tanh * tanh)).abs() < 1e-13);
        }
    }
    for k in [0.0, -1.0, f64::INFINITY, f64::MIN_POSITIVE / 16.0] {
        assert_eq!(Estimator::tanh_surrogate(k), Err(EstimatorError::Slope(k)));
    }
    assert!(Estimator::tanh_surrogate(f64::NAN).is_err());
}

#[test]
fn sigmoid_surrogate_is_a_sum_of_sigmoids_both_ways() {
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let k = 4.0;
    let estimator = Estimator::sigmoid_surrogate(Quantiser::Ternary.stair(), k).unwrap();
    for x in POINTS {
        let (a, b) = (sigmoid(k * (x + 0.5)), sigmoid(k * (x - 0.5)));
        assert!((estimator.forward(x) - (a + b - 1.0)).abs() < 1e-14);
        assert!((estimator.derivative(x) - k * (a * (1.0 - a) + b * (1.0 - b))).abs() < 1e-13);
    }
    assert_eq!(estimator.backward, Backward::Law(estimator.forward.clone()));
    assert!(Estimator::sigmoid_surrogate(Quantiser::Ternary.stair(), 0.0).is_err());
}

#[test]
fn erf_surrogate_is_the_sign_under_normal_noise() {
    let s = 0.6;
    let estimator = Estimator::erf_surrogate(s).unwrap();
    assert_hard_forward(&estimator);
    for x in POINTS {
        let expected = (2.0 / std::f64::consts::PI).sqrt() / s * (-0.5 * (x / s) * (x / s)).exp();
        assert!((estimator.derivative(x) - expected).abs() < 1e-14);
    }
    for s in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(Estimator::erf_surrogate(s), Err(EstimatorError::Scale(s)));
    }
}

#[test]
fn identity_passes_everything() {
    let estimator = Estimator::identity(Quantiser::Ternary.stair());
    assert_hard_forward(&estimator);
    for x in POINTS.into_iter().chain([1e30, f64::NEG_INFINITY]) {
        assert_eq!(estimator.derivative(x), 1.0);
    }
    assert!(estimator.derivative(f64::NAN).is_nan());
    assert!(!estimator.laws().is_hard());
}

#[test]
fn an_estimator_is_a_schedule_that_never_changes() {
    for estimator in [Estimator::approx_sign(), Estimator::identity(Quantiser::Sign.stair())] {
        let schedule = estimator.schedule();
        assert_eq!(schedule.laws_at(0.0), estimator.laws());
        assert_eq!(schedule.laws_at(1e6), estimator.laws());
        assert_eq!((schedule.forward_end(), schedule.end()), (Some(0.0), None));
    }
}
