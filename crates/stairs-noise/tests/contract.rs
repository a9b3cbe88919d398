//! The contract of the op: all laws × strategies × quantisers × compiled backends against the exact f64 mathematics, and
//! every shape and value an input can have.
#![allow(missing_docs)]

mod axes;
mod combinations;
mod common;
mod draws;
mod inputs;
#[cfg(feature = "flex")]
mod look_alikes;

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use common::devices;
use stairs_noise::op::reference;
use stairs_noise::{Backward, Law, Laws, Noise, NoiseTable, RegularisedStair, StairSpec, Strategy, regularised_stair};
use stairs_quant::{Quantiser, Scales, StairFunction, ThresholdValue};

fn noises() -> Vec<Noise> {
    let own = NoiseTable::from_density(129, |u| (1.0 - u * u).powi(2)).unwrap();
    Noise::ALL.into_iter().chain([Noise::from(own)]).collect()
}

/// Stairs of every kind: one threshold, few, many (windowed), irregular, descending steps, H(0) = 0.
fn stairs() -> Vec<(String, StairFunction)> {
    let irregular = StairFunction::new(vec![-1.3, 0.1, 2.2], vec![-3.0, -0.5, 0.25, 4.0]).unwrap();
    let bump = StairFunction::new(vec![-1.0, 1.0], vec![0.0, 1.0, 0.0]).unwrap();
    let lower = Quantiser::Ternary.stair().with_threshold_value(ThresholdValue::Lower);
    Quantiser::catalogue()
        .into_iter()
        .map(|q| (q.to_string(), q.stair()))
        .chain([("irregular".into(), irregular), ("bump".into(), bump), ("ternary, H(0)=0".into(), lower)])
        .collect()
}

fn values(x: Tensor<1>) -> Vec<f32> {
    x.into_data().try_into_vec::<f32>().unwrap()
}

fn tensor(x: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(x.to_vec(), [x.len()]), device)
}

/// Forward value and gradient with upstream 1.
fn run(x: &[f32], spec: &StairSpec, device: &Device) -> (Vec<f32>, Vec<f32>) {
    let x = tensor(x, &device.clone().autodiff()).require_grad();
    let y = regularised_stair(x.clone(), spec);
    let gradients = y.clone().sum().backward();
    (values(y.without_autodiff()), values(x.grad(&gradients).unwrap()))
}

/// Inputs around every threshold and beyond both ends.
fn inputs(stair: &StairFunction, law: &Law, scales: Scales) -> Vec<f32> {
    let (first, last) = (stair.thresholds()[0], stair.thresholds()[stair.threshold_count() - 1]);
    let reach = 1.0 + 3.0 * law.scale();
    let (low, high) = (first - reach, last + reach);
    (0..=400).map(|i| (scales.quantum() * (low + (high - low) * f64::from(i) / 400.0 + 0.0137)) as f32).collect()
}

#[test]
fn contract_laws_strategies_quantisers_backends() {
    let devices = devices();
    for (name, stair) in stairs() {
        for noise in noises() {
            for (mean, scale, scales) in [
                (0.0, 0.5, Scales::new(1.0, 1.0).unwrap()),
                (-0.25, 0.0625, Scales::new(0.1, 0.1).unwrap()),
                (0.4, 1.75, Scales::new(0.3, 2.0).unwrap()),
                (-0.5, 0.0, Scales::new(1.0, 1.0).unwrap()),
            ] {
                let law = Law::new(noise.clone(), mean, scale).unwrap();
                let exact = RegularisedStair::new(stair.clone(), law.clone());
                let spec = StairSpec::new(stair.clone(), Laws::same(law.clone())).with_scales(scales);
                let xs = inputs(&stair, &law, scales);
                for (backend, device) in &devices {
                    let label = format!("{backend}: {name}, {noise}, mean {mean}, scale {scale}, {scales:?}");
                    check(&label, &exact, &spec, &xs, device);
                }
            }
        }
    }
}

fn check(label: &str, exact: &RegularisedStair, spec: &StairSpec, xs: &[f32], device: &Device) {
    let (quantum, output) = (spec.scales().quantum(), spec.scales().output());
    let u = |x: f32| f64::from(x) / quantum;
    // Level sums and positions round in f32: tolerances relative to the size of the levels and of x/ε.
    let size = exact.stair().levels().iter().fold(1.0, |a: f64, b| a.max(b.abs()));
    let position = xs.iter().fold(1.0, |a: f64, x| a.max(u(*x).abs()));
    let scale = if exact.law().is_hard() { 1.0 } else { exact.law().scale().min(1.0) };
    let step = exact.stair().steps().fold(0.0, |a: f64, b| a.max(b.abs()));
    let rounding = 4.0 * f64::from(f32::EPSILON);
    let value_tolerance = output * (rounding * (size + step * position / scale) + 2e-6 * step);
    let slope_tolerance = output / quantum * step / scale * (rounding * position / scale * 2.0 + 1e-5);

    let hard = exact.law().is_hard();
    let near_threshold = |x: f32| {
        let shifted = u(x) - exact.law().mean();
        exact.stair().thresholds().iter().any(|t| (shifted - t).abs() < 1e-5 * position)
    };
    let near_edge = |x: f32| {
        // Where a compact density jumps or kinks, rounding decides the side.
        exact.stair().thresholds().iter().any(|t| {
            (((u(x) - exact.law().mean() - t) / exact.law().scale()).abs() - 1.0).abs() < 1e-4 / scale * position
        })
    };
    for strategy in Strategy::ALL {
        let spec = spec.clone().with_strategy(strategy).with_key(3);
        let (y, gradient) = run(xs, &spec, device);
        for ((x, y), slope) in xs.iter().zip(&y).zip(&gradient) {
            if hard && near_threshold(*x) {
                continue;
            }
            let mut masses = exact.probabilities(u(*x));
            let level =
                |value: f64| exact.stair().levels().iter().any(|q| (output * q - value).abs() < 1e-5 * output * size);
            match strategy {
                Strategy::Expectation => {
                    let expected = output * exact.expectation(u(*x));
                    let error = (f64::from(*y) - expected).abs();
                    assert!(error <= value_tolerance, "{label} at {x}: {y}, exact {expected}, off by {error:e}");
                }
                Strategy::Mode => {
                    masses.sort_by(f64::total_cmp);
                    let tie = masses[masses.len() - 1] - masses[masses.len() - 2] < 1e-4 * position / scale;
                    let expected = output * exact.mode(u(*x));
                    let same = (f64::from(*y) - expected).abs() < 1e-5 * output * size;
                    assert!(level(f64::from(*y)), "{label} at {x}: mode {y} is no level");
                    assert!(tie || same, "{label} at {x}: mode {y}, exact {expected}");
                }
                Strategy::Relaxed => unreachable!("not a strategy of regularised stairs"),
                Strategy::Random => assert!(level(f64::from(*y)), "{label} at {x}: draw {y} is no level"),
            }
            let expected = output / quantum * exact.gradient(u(*x));
            let error = (f64::from(*slope) - expected).abs();
            assert!(
                error <= slope_tolerance || (!hard && near_edge(*x)),
                "{label}, {strategy} at {x}: gradient {slope}, exact {expected}, off by {error:e} of {slope_tolerance:e}"
            );
        }
    }
}

#[test]
fn contract_plain_tensor_reference_agrees() {
    for (backend, device) in devices() {
        let x = Tensor::<1>::random([513], Distribution::Normal(0.0, 2.0), &device);
        let g = Tensor::<1>::random([513], Distribution::Normal(0.0, 1.0), &device);
        for (name, stair) in stairs() {
            for noise in noises() {
                for strategy in [Strategy::Expectation, Strategy::Mode] {
                    let law = Law::new(noise.clone(), -0.2, 0.7).unwrap();
                    let spec = StairSpec::new(stair.clone(), Laws::same(law)).with_strategy(strategy);
                    let (op, plain) = (
                        values(regularised_stair(x.clone(), &spec)),
                        values(reference::forward(x.clone(), None, &spec)),
                    );
                    let size = stair.levels().iter().fold(1.0, |a: f64, b| a.max(b.abs())) as f32;
                    // Where two levels have the same mass up to rounding, either is right.
                    let off = op.iter().zip(&plain).filter(|(a, b)| (*a - *b).abs() > 4e-6 * size).count();
                    let allowed = if strategy == Strategy::Mode { 3 } else { 0 };
                    assert!(off <= allowed, "{backend}: {name}, {noise}, {strategy}: {off} of 513 differ");
                    let gradient = values(reference::backward(x.clone(), g.clone(), &spec));
                    let own = {
                        let x = x.clone().autodiff().require_grad();
                        let y = regularised_stair(x.clone(), &spec) * g.clone().autodiff();
                        values(x.grad(&y.sum().backward()).unwrap())
                    };
                    let off = own.iter().zip(&gradient).filter(|(a, b)| (*a - *b).abs() > 2e-4).count();
                    assert!(off <= 1, "{backend}: {name}, {noise}: {off} gradients of 513 differ");
                }
            }
        }
    }
}

/// The same on what lesser processors have: in processes of their own.
#[test]
#[cfg(debug_assertions)]
fn contract_holds_on_lesser_processors() {
    if std::env::var_os("STAIRS_NOISE_LEVEL").is_some() {
        return;
    }
    for level in ["base", "avx2"] {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        let tests = [
            "contract_plain_tensor_reference_agrees",
            "contract_special_values",
            "inputs::contract_shapes_and_strides",
        ];
        let output = command.arg("--exact").args(tests).env("STAIRS_NOISE_LEVEL", level).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("3 passed"), "{level}: {text}");
    }
}

#[test]
fn contract_special_values() {
    let xs = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5, f32::MAX, f32::MIN, f32::MIN_POSITIVE, -0.0];
    for (backend, device) in devices() {
        for noise in noises() {
            for quantiser in [Quantiser::Ternary, "int8".parse().unwrap()] {
                let stair = quantiser.stair();
                let (low, high) = (stair.levels()[0] as f32, *stair.levels().last().unwrap() as f32);
                let law = Law::new(noise.clone(), 0.0, 0.25).unwrap();
                for strategy in Strategy::ALL {
                    let label = format!("{backend}: {quantiser}, {noise}, {strategy}");
                    let spec = StairSpec::new(stair.clone(), Laws::same(law.clone())).with_strategy(strategy);
                    let (y, gradient) = run(&xs, &spec, &device);
                    assert!(y[0].is_nan() && gradient[0].is_nan(), "{label}: NaN becomes {} and {}", y[0], gradient[0]);
                    assert_eq!((y[1], y[2], y[4], y[5]), (high, low, high, low), "{label}");
                    for i in [1, 2, 4, 5] {
                        assert!(gradient[i].abs() < 1e-30, "{label}: gradient {} at {}", gradient[i], xs[i]);
                    }
                }
                let (y, gradient) = run(&xs, &StairSpec::hard(stair.clone()), &device);
                assert!(y[0].is_nan(), "{backend}: hard {quantiser} of NaN is {}", y[0]);
                assert_eq!((y[1], y[2]), (high, low));
                assert_eq!(gradient, [0.0; 8], "{backend}: a hard stair passes no gradient");
            }
        }
    }
}

#[test]
fn contract_forward_and_backward_laws_are_independent() {
    for (backend, device) in devices() {
        let stair = Quantiser::Ternary.stair();
        let (soft, wide) =
            (Law::new(Noise::Uniform, 0.0, 0.25).unwrap(), Law::new(Noise::Triangular, 0.1, 1.5).unwrap());
        let xs: Vec<f32> = (-20..=20).map(|i| i as f32 / 8.0 + 0.01).collect();
        let (y, gradient) = run(&xs, &StairSpec::new(stair.clone(), Laws::new(soft.clone(), wide.clone())), &device);
        let (forward, backward) =
            (RegularisedStair::new(stair.clone(), soft), RegularisedStair::new(stair.clone(), wide));
        for ((x, y), g) in xs.iter().zip(&y).zip(&gradient) {
            assert!((f64::from(*y) - forward.expectation(f64::from(*x))).abs() < 1e-6, "{backend} at {x}");
            assert!((f64::from(*g) - backward.gradient(f64::from(*x))).abs() < 1e-6, "{backend} at {x}");
        }
        let identity = Laws { forward: Law::hard(Noise::Uniform), backward: Backward::Identity };
        let (y, gradient) = run(&xs, &StairSpec::new(stair.clone(), identity), &device);
        assert!(y.iter().zip(&xs).all(|(y, x)| f64::from(*y) == stair.eval(f64::from(*x))), "{backend}");
        assert!(gradient.iter().all(|g| *g == 1.0), "{backend}");
    }
}
