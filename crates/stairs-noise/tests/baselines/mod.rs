//! The published baselines against the numbers of an independent program (`benches/peers/golden_baselines.py`): forward,
//! gradient and gradient of the learned scale agree to 1e-6 on every compiled backend, and in f64.

use burn::module::{Module, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use serde::Deserialize;
use stairs_noise::op::reference;
use stairs_noise::walk::{Look, Place, look};
use stairs_noise::{
    AnnealingPlan, Backward, Dsq, Envelope, Estimator, FeatureScale, NoiseSchedule, Quantiser, QuantiserSchedule,
    RelaxationWindow, Scales, SigmoidWindow, StairActivationConfig, StairSpec, Strategy, TimeUnit, regularised_stair,
};

use crate::common::devices;

const TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct File {
    ewgs: Vec<Case>,
    dsq: Vec<Case>,
    parq: Vec<Case>,
    binary_relax: Vec<Case>,
    lsq: Vec<Case>,
    pact: Vec<Case>,
    schedules: Schedules,
}

#[derive(Deserialize)]
struct Case {
    quantiser: Quantiser,
    /// The quantum, or PACT's clip.
    quantum: f64,
    #[serde(default)]
    parameter: f64,
    x: Vec<f64>,
    upstream: Vec<f64>,
    y: Vec<f64>,
    /// DSQ's soft quantiser, of which the gradient is the derivative.
    #[serde(default)]
    soft: Vec<f64>,
    gradient: Vec<f64>,
    #[serde(default)]
    scale_gradient: Vec<f64>,
}

#[derive(Deserialize)]
struct Schedules {
    steps: usize,
    parq: Vec<f64>,
    binary_relax: Vec<f64>,
}

fn file() -> File {
    serde_json::from_str(include_str!("../golden/baselines.json")).unwrap()
}

fn tensor(values: &[f64], device: &Device) -> Tensor<2> {
    let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
    Tensor::from_data(TensorData::new(values.clone(), [1, values.len()]), device)
}

fn check(label: &str, found: Tensor<2>, expected: &[f64]) {
    let found = found.into_data().try_into_vec::<f32>().unwrap();
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        let error = (f64::from(found) - expected).abs();
        assert!(error <= TOLERANCE * expected.abs().max(1.0), "{label}, value {i}: {found}, golden {expected}");
    }
}

/// Forward and gradient of `spec` on every backend, and of the plain-tensor reference.
fn on_every_backend(rule: &str, case: &Case, estimator: &Estimator) {
    let scales = Scales::equal(case.quantum).unwrap();
    let spec = StairSpec::new(estimator.stair.clone(), estimator.laws());
    let spec = spec.with_strategy(estimator.strategy).with_scales(scales);
    for (i, ((x, y), (g, gradient))) in
        case.x.iter().zip(&case.y).zip(case.upstream.iter().zip(&case.gradient)).enumerate()
    {
        // Nine digits stand for a single-precision number.
        let u = f64::from(*x as f32) / case.quantum;
        let exact = (case.quantum * estimator.forward(u), g * estimator.factor(u, *g));
        assert!((exact.0 - y).abs() < 2e-8, "{rule} in f64, value {i}: {} {y}", exact.0);
        assert!((exact.1 - gradient).abs() < 1e-7, "{rule} in f64, gradient {i}: {} {gradient}", exact.1);
    }
    for (name, device) in devices() {
        let label = format!("{rule} on {name}: {} quantum {} {}", case.quantiser, case.quantum, case.parameter);
        let x = tensor(&case.x, &device.clone().autodiff()).require_grad();
        let g = tensor(&case.upstream, &device);
        let y = regularised_stair(x.clone(), &spec);
        check(&format!("{label}, forward"), y.clone().inner(), &case.y);
        let gradients = (y * Tensor::from_inner(g.clone())).sum().backward();
        check(&format!("{label}, gradient"), x.grad(&gradients).unwrap(), &case.gradient);
        let x = tensor(&case.x, &device);
        check(&format!("{label}, reference"), reference::forward(x.clone(), None, &spec), &case.y);
        check(&format!("{label}, reference gradient"), reference::backward(x, g, &spec), &case.gradient);
    }
}

#[test]
fn golden_rules_of_the_op() {
    let file = file();
    for case in &file.ewgs {
        on_every_backend("EWGS", case, &Estimator::ewgs(case.quantiser.stair(), case.parameter).unwrap());
    }
    for case in &file.dsq {
        let (stair, dsq) = (case.quantiser.stair(), Dsq::new(case.parameter).unwrap());
        for (x, soft) in case.x.iter().zip(&case.soft) {
            let value = case.quantum * dsq.value(&stair, f64::from(*x as f32) / case.quantum);
            assert!((value - soft).abs() < 2e-8, "{x}: {value} {soft}");
        }
        on_every_backend("DSQ", case, &Estimator::dsq(stair, case.parameter).unwrap());
    }
    // The proximal map is the expectation under uniform noise of half-width ρΔ/2, with an identity backward.
    for case in &file.parq {
        let estimator = Estimator::parq(case.quantiser.stair(), case.parameter).unwrap();
        let step = estimator.stair.levels()[1] - estimator.stair.levels()[0];
        assert_eq!(estimator.forward.scale(), 0.5 * step * case.parameter);
        assert_eq!(estimator.backward, Backward::Identity);
        on_every_backend("PARQ", case, &estimator);
    }
    for case in &file.binary_relax {
        let estimator = Estimator::binary_relax(case.quantiser.stair(), case.parameter).unwrap();
        on_every_backend("BinaryRelax", case, &estimator);
    }
}

#[test]
fn golden_learned_scales() {
    let file = file();
    for (rule, cases) in [("LSQ", &file.lsq), ("PACT", &file.pact)] {
        for case in cases {
            let scale = if rule == "LSQ" { FeatureScale::LearnedStep } else { FeatureScale::LearnedClip };
            for (name, device) in devices() {
                let label = format!("{rule} on {name}: {}", case.quantiser);
                let device = device.autodiff();
                let config = StairActivationConfig::new(case.quantiser).with_scale(scale(case.quantum));
                let module = config.init(&device).unwrap();
                let x = tensor(&case.x, &device).require_grad();
                let y = module.forward(x.clone());
                check(&format!("{label}, forward"), y.clone().inner(), &case.y);
                let gradients = (y * tensor(&case.upstream, &device)).sum().backward();
                check(&format!("{label}, gradient"), x.grad(&gradients).unwrap(), &case.gradient);
                let by_scale = scale_gradient(&module, &gradients).unwrap().reshape([1, 1]);
                check(&format!("{label}, gradient of the scale"), by_scale, &case.scale_gradient);
            }
        }
    }
}

/// The gradient of the one trainable parameter of a quantiser.
fn scale_gradient<M: Module>(module: &M, gradients: &Gradients) -> Option<Tensor<1>> {
    struct Read<'a>(&'a Gradients, Option<Tensor<1>>);

    impl Look for Read<'_> {
        fn float<const D: usize>(&mut self, _place: &Place, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.0) {
                self.1 = Some(gradient.flatten::<1>(0, D - 1));
            }
        }
    }

    look(module, Read(gradients, None)).1
}

#[test]
fn golden_schedules() {
    let Schedules { steps, parq, binary_relax } = file().schedules;
    let slope = Envelope::SigmoidWindow(SigmoidWindow::new(0.0, steps as f64, 10.0).unwrap());
    let share = Envelope::RelaxationWindow(RelaxationWindow::new(0.0, steps as f64, 359.0).unwrap());
    for t in 0..=steps {
        assert!((slope.at(t as f64) - parq[t]).abs() < 1e-9, "PARQ {t}");
        // λ grows from 1: the share starts at one half.
        assert!((0.5 * share.at(t as f64) - binary_relax[t]).abs() < 1e-9, "BinaryRelax {t}");
    }
}

#[test]
fn golden_rules_keep_what_is_no_number() {
    let x = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let estimators =
        [Estimator::ewgs(Quantiser::Ternary.stair(), 0.5), Estimator::dsq(Quantiser::Ternary.stair(), 0.2)];
    for estimator in estimators.map(Result::unwrap) {
        let spec = StairSpec::new(estimator.stair.clone(), estimator.laws());
        for (name, device) in devices() {
            let x = tensor(&x, &device.autodiff()).require_grad();
            let gradients = regularised_stair(x.clone(), &spec).sum().backward();
            let gradient = x.grad(&gradients).unwrap().into_data().try_into_vec::<f32>().unwrap();
            assert!(gradient[0].is_nan() && gradient[1..] == [0.0, 0.0], "{} on {name}: {gradient:?}", estimator.name);
        }
    }
}

#[test]
fn golden_rules_survive_files() {
    let ternary = || Quantiser::Ternary.stair();
    let mut schedules: Vec<QuantiserSchedule> = [
        Estimator::ewgs(ternary(), 0.5).unwrap(),
        Estimator::dsq(ternary(), 0.2).unwrap(),
        Estimator::parq(ternary(), 0.5).unwrap(),
        Estimator::binary_relax(ternary(), 1.0).unwrap(),
    ]
    .iter()
    .map(Estimator::schedule)
    .collect();
    let start = Estimator::parq(ternary(), 1.0).unwrap().forward;
    for envelope in [
        Envelope::SigmoidWindow(SigmoidWindow::new(0.0, 9.0, 10.0).unwrap()),
        Envelope::RelaxationWindow(RelaxationWindow::new(0.0, 9.0, 359.0).unwrap()),
    ] {
        let forward = NoiseSchedule::new(start.clone(), Envelope::Constant, envelope);
        schedules.push(QuantiserSchedule::new(forward, Strategy::Relaxed));
    }
    for schedule in schedules {
        let plan = AnnealingPlan::uniform(TimeUnit::Steps, schedule);
        let (toml, json) = (toml::to_string(&plan).unwrap(), serde_json::to_string(&plan).unwrap());
        assert_eq!(toml::from_str::<AnnealingPlan>(&toml).unwrap(), plan, "{toml}");
        assert_eq!(serde_json::from_str::<AnnealingPlan>(&json).unwrap(), plan, "{json}");
    }
    for bad in [r#"{"dsq":{"alpha":0}}"#, r#"{"ewgs":{"delta":-1}}"#, r#"{"dsq":{"alpha":0.2,"k":1}}"#] {
        assert!(serde_json::from_str::<Backward>(bad).is_err(), "{bad}");
    }
    let pow2 = "pow2-4".parse::<Quantiser>().unwrap().stair();
    let error = Estimator::parq(pow2, 1.0).unwrap_err().to_string();
    assert!(error.starts_with("PARQ needs equal steps"), "{error}");
}
