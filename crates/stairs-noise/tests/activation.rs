//! Regularised activations: closed forms against quadrature and finite differences, modules against closed forms, bounds.
#![allow(missing_docs)]

mod common;
mod quadrature;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use common::devices;
use quadrature::{expectation, median, noises};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_noise::{
    Activation, ActivationCertificate, ActivationError, Backward, Law, Laws, Noise, PiecewiseLinear, Policy,
    RegularisedActivation, Setting, SmoothActivation, SmoothActivationConfig, Strategy, TimeUnit, apply_plan,
    regularised_activation, set_settings, smooth_activations,
};

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

fn tensor(x: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(x.to_vec(), [x.len()]), device)
}

fn values(x: Tensor<1>) -> Vec<f32> {
    x.into_data().try_into_vec::<f32>().unwrap()
}

/// Value and gradient with upstream 1.
fn run(x: &[f32], device: &Device, f: impl Fn(Tensor<1>) -> Tensor<1>) -> (Vec<f32>, Vec<f32>) {
    let x = tensor(x, &device.clone().autodiff()).require_grad();
    let y = f(x.clone());
    let gradients = y.clone().sum().backward();
    (values(y.without_autodiff()), values(x.grad(&gradients).unwrap()))
}

#[test]
fn tensors_agree_with_the_closed_forms() {
    let mut xs: Vec<f32> = (-240..=240).map(|i| 0.0371 * i as f32).collect();
    xs.extend([-3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 1e4, -1e4, 1e30, -1e30]);
    for (backend, device) in devices() {
        for noise in noises() {
            for activation in activations() {
                for (mean, scale) in [(0.0, 0.5), (0.25, 0.03125), (-0.5, 2.0), (0.0, 1e-30), (0.0, 1e-40), (0.5, 0.0)]
                {
                    let law = Law::new(noise.clone(), mean, scale).unwrap();
                    let exact = RegularisedActivation::new(activation.clone(), law.clone());
                    let (y, g) = run(&xs, &device, |x| regularised_activation(x, &activation, &law, &law));
                    for ((x, y), g) in xs.iter().zip(y).zip(g) {
                        let x = f64::from(*x);
                        let label = format!("{backend}: {activation}, {noise}, mean {mean}, scale {scale}, at {x}");
                        let (value, slope) = (exact.eval(x), exact.derivative(x));
                        let tolerance = 2e-6 * (1.0 + value.abs() + scale * scale);
                        assert!((f64::from(y) - value).abs() < tolerance, "{label}: {y} against {value}");
                        // At a knot of a law without width the slope is a matter of rounding x − m.
                        let at_jump = corners(&activation).iter().any(|k| (x - mean - k).abs() < 1e-6 && scale < 1e-6);
                        let tolerance = 3e-6 * (1.0 + scale) + 4e-7 / scale.max(1e-2);
                        assert!(at_jump || (f64::from(g) - slope).abs() < tolerance, "{label}: {g} against {slope}");
                    }
                }
            }
        }
    }
}

#[test]
fn special_values_of_tensors() {
    for (backend, device) in devices() {
        for noise in noises() {
            for activation in activations() {
                let law = Law::new(noise.clone(), 0.0, 0.5).unwrap();
                let xs = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN];
                let (y, g) = run(&xs, &device, |x| regularised_activation(x, &activation, &law, &law));
                let label = format!("{backend}: {activation}, {noise}: {y:?} {g:?}");
                assert!(y[0].is_nan() && g[0].is_nan(), "{label}");
                for (x, y) in xs.iter().zip(&y).skip(1) {
                    let exact = activation.eval(f64::from(*x)) as f32;
                    assert!(*y == exact || (y - exact).abs() <= 1e-5 * exact.abs() + 0.2, "{label}");
                }
                assert!(g[1..].iter().all(|g| g.is_finite()), "{label}");
            }
        }
    }
}

#[derive(Module, Debug)]
struct Pair {
    first: SmoothActivation,
    second: SmoothActivation,
}

#[test]
fn the_module_smooths_in_training_only_and_takes_its_law_by_path() {
    let law = |scale| Law::new(Noise::Logistic, 0.0, scale).unwrap();
    let config = SmoothActivationConfig::new(Activation::Relu).with_laws(Laws::same(law(0.5)));
    let swish = SmoothActivationConfig::new(Activation::HardSwish).init();
    let model = Pair { first: config.init(), second: swish };
    assert_eq!(smooth_activations(&model), ["first", "second"]);
    assert!(stairs_noise::quantisers(&model).is_empty());
    let xs = [-1.0, 0.0, 0.5];
    for (_, device) in devices() {
        let at = |act: &SmoothActivation, device: &Device| values(act.forward(tensor(&xs, device)));
        let soft = at(&model.first, &device.clone().autodiff());
        assert!((soft[1] - 0.5 * 2f32.ln()).abs() < 1e-6);
        assert_eq!(at(&model.first, &device), [0.0, 0.0, 0.5]);
        assert_eq!(at(&model.valid().first, &device.clone().autodiff()), [0.0, 0.0, 0.5]);
        // Without a law it is the hard function.
        let hard = at(&model.second, &device.clone().autodiff());
        assert!(
            hard.iter().zip(xs).all(|(y, x)| (f64::from(*y) - Activation::HardSwish.eval(f64::from(x))).abs() < 1e-6)
        );
        let annealed =
            set_settings(model.clone(), |path| (path == "first").then(|| Setting::new(Laws::same(law(0.125)))));
        let annealed = annealed.unwrap();
        assert_eq!(annealed.first.setting().laws.forward, law(0.125));
        assert_eq!(annealed.second.setting(), model.second.setting());
        let soft = at(&annealed.first, &device.clone().autodiff());
        assert!((soft[1] - 0.125 * 2f32.ln()).abs() < 1e-6);
    }
}

#[test]
fn a_plan_anneals_activations_whose_paths_it_covers() {
    let init = |activation| SmoothActivationConfig::new(activation).init();
    let model = Pair { first: init(Activation::Relu), second: init(Activation::HardTanh) };
    let paths = smooth_activations(&model);
    let layers: Vec<Vec<String>> = paths.iter().map(|path| vec![path.clone()]).collect();
    let policy: Policy = "partition-homogeneous".parse().unwrap();
    let plan = policy.plan(Noise::Normal, Strategy::Expectation, &layers, 4.0, TimeUnit::Epochs).unwrap();
    let plan = plan.resolve(&paths).unwrap();
    let scales = |t: f64| {
        let model = apply_plan(model.clone(), &plan, t, |_| 0).unwrap();
        [&model.first, &model.second].map(|act| act.setting().laws.forward.scale())
    };
    let ([a0, b0], [a1, b1], end) = (scales(0.0), scales(1.5), scales(100.0));
    assert!(a0 > 0.0 && a0 == b0, "{a0} {b0}");
    assert!(a1 < b1 && b1 <= b0, "the first goes before the second: {a1} {b1}");
    assert_eq!(end, [0.0, 0.0]);
}

#[test]
fn forward_and_backward_laws_may_differ() {
    let (hard, soft) = (Law::hard(Noise::Uniform), Law::new(Noise::Uniform, 0.0, 1.0).unwrap());
    for (_, device) in devices() {
        let init = |laws| SmoothActivationConfig::new(Activation::Relu).with_laws(laws).init();
        let act = init(Laws::new(hard.clone(), soft.clone()));
        let (y, g) = run(&[-0.5, 0.0, 0.5, 2.0], &device, |x| act.forward(x));
        assert_eq!((y, g), (vec![0.0, 0.0, 0.5, 2.0], vec![0.25, 0.5, 0.75, 1.0]));
        let act = init(Laws { forward: soft.clone(), backward: Backward::Identity });
        let (y, g) = run(&[-2.0, 0.0], &device, |x| act.forward(x));
        assert_eq!((y, g), (vec![0.0, 0.25], vec![1.0, 1.0]));
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
