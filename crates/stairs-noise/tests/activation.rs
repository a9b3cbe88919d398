//! Regularised activations on tensors and as modules, against the closed forms.
#![allow(missing_docs)]

mod common;
#[path = "../../stairs-laws/tests/quadrature/mod.rs"]
mod quadrature;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use common::devices;
use quadrature::noises;
use stairs_noise::{
    Activation, Backward, Law, Laws, Noise, PiecewiseLinear, Policy, RegularisedActivation, Setting, SmoothActivation,
    SmoothActivationConfig, Strategy, TimeUnit, apply_plan, regularised_activation, set_settings, smooth_activations,
};

fn activations() -> Vec<Activation> {
    let own = PiecewiseLinear::new(vec![-1.5, -0.25, 0.5, 2.0], vec![0.3, -1.0, 2.0, 0.0, -0.5], 0.75).unwrap();
    let named = Activation::NAMED.into_iter();
    named.chain([Activation::LeakyRelu { slope: -0.5 }, Activation::Linear(own)]).collect()
}

fn corners(activation: &Activation) -> Vec<f64> {
    activation.piecewise_linear().map_or(vec![-3.0, 3.0], |f| f.knots().to_vec())
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
        assert_eq!(annealed.first.setting().laws().forward, law(0.125));
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
        [&model.first, &model.second].map(|act| act.setting().laws().forward.scale())
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
