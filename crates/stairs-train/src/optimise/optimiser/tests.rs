//! Two steps of each optimiser against the formulas in f64.

use burn::{
    module::Param,
    nn::LinearConfig,
    optim::GradientsParams,
    tensor::{Device, Tensor},
};

use super::*;
use crate::WeightDecay;

const LR: f64 = 0.1;
const START: [f64; 3] = [0.5, -2.0, 1.5];
const GRADS: [[f64; 3]; 2] = [[0.2, -0.4, 1.0], [-0.1, 0.3, 0.5]];

/// One weight of three numbers and one bias of one, as a model in the field `model`.
#[derive(Module, Debug)]
struct Field {
    model: Net,
}

#[derive(Module, Debug)]
struct Net {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

/// The weight and the bias (which starts as the first weight) after two steps.
fn burn(optimiser: Optimiser, weight_decay: WeightDecay) -> ([f64; 3], f64) {
    let device = Device::flex().autodiff();
    let weight = Param::from_tensor(Tensor::from_floats([START.map(|x| x as f32)], &device));
    let bias = Param::from_tensor(Tensor::from_floats([START[0] as f32], &device));
    let mut field = Field { model: Net { weight, bias } };
    let config = RunConfig::default().with_optimiser(optimiser).with_weight_decay(weight_decay);
    let mut optimiser = super::optimiser(&config, &field.model).unwrap();
    let device = device.inner();
    for grad in GRADS {
        let mut grads = GradientsParams::new();
        grads.register(field.model.weight.id, Tensor::<2>::from_floats([grad.map(|x| x as f32)], &device));
        grads.register(field.model.bias.id, Tensor::<1>::from_floats([grad[0] as f32], &device));
        field = optimiser.step(LR, field, grads);
    }
    let numbers = |data: burn::tensor::TensorData| -> Vec<f32> { data.try_into_vec().unwrap() };
    let weight = numbers(field.model.weight.val().into_data());
    let bias = numbers(field.model.bias.val().into_data());
    ([0, 1, 2].map(|i| f64::from(weight[i])), f64::from(bias[0]))
}

/// Compares with `reference(start, gradients, λ)`; the bias is spared unless vectors decay.
fn compare(optimiser: Optimiser, reference: impl Fn(f64, [f64; 2], f64) -> f64) {
    for (rate, vectors) in [(0.0, false), (0.01, false), (0.01, true)] {
        let (weight, bias) = burn(optimiser, WeightDecay { vectors, ..WeightDecay::new(rate) });
        for i in 0..3 {
            let expected = reference(START[i], GRADS.map(|g| g[i]), rate);
            assert!((weight[i] - expected).abs() < 1e-6, "{optimiser:?} {rate}: {} {expected}", weight[i]);
        }
        let expected = reference(START[0], GRADS.map(|g| g[0]), if vectors { rate } else { 0.0 });
        assert!((bias - expected).abs() < 1e-6, "{optimiser:?} {rate} bias: {bias} {expected}");
    }
}

fn adam(mut w: f64, grads: [f64; 2], coupled: f64, decoupled: f64) -> f64 {
    let (mut m, mut v) = (0.0, 0.0);
    for (t, g) in (1..).zip(grads) {
        w *= 1.0 - LR * decoupled;
        let g = g + coupled * w;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        let (m, v): (f64, f64) = (m / (1.0 - 0.9f64.powi(t)), v / (1.0 - 0.999f64.powi(t)));
        w -= LR * m / (v.sqrt() + 1e-8);
    }
    w
}

#[test]
fn adam_is_the_formula() {
    compare(Optimiser::Adam, |w, grads, rate| adam(w, grads, rate, 0.0));
}

#[test]
fn adamw_is_the_formula() {
    compare(Optimiser::AdamW, |w, grads, rate| adam(w, grads, 0.0, rate));
}

#[test]
fn sgd_is_the_formula() {
    for (momentum, nesterov) in [(0.0, false), (0.9, false), (0.9, true)] {
        compare(Optimiser::Sgd { momentum, nesterov }, |mut w, grads, rate| {
            let mut u = 0.0;
            for (t, g) in grads.into_iter().enumerate() {
                let g = g + rate * w;
                u = if t == 0 { g } else { momentum * u + g };
                w -= LR * if nesterov { g + momentum * u } else { u };
            }
            w
        });
    }
}

/// The configuration of before there was a choice still makes the same optimiser.
#[test]
fn the_default_is_adam_as_before() {
    let device = Device::flex().autodiff();
    let layer = LinearConfig::new(4, 3).init(&device);
    let x = Tensor::<2>::ones([2, 4], &device);
    let step = |mut optimiser: ModuleOptimizer| -> Vec<f32> {
        let grads = GradientsParams::from_grads(layer.forward(x.clone()).powi_scalar(2).sum().backward(), &layer);
        optimiser.step(1e-3, layer.clone(), grads).weight.val().into_data().try_into_vec().unwrap()
    };
    let found = step(optimiser(&RunConfig::default(), &layer).unwrap());
    assert_eq!(found, step(AdamConfig::new().with_epsilon(1e-8).init()));
}

#[test]
fn impossible_momenta() {
    for (momentum, nesterov) in [(-0.1, false), (1.0, false), (f64::NAN, false), (0.0, true)] {
        let error = Optimiser::Sgd { momentum, nesterov }.validate().unwrap_err();
        assert!(error.to_string().starts_with("momentum must be"), "{error}");
    }
    assert!(Optimiser::Sgd { momentum: 0.9, nesterov: true }.validate().is_ok());
}
