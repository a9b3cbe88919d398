//! Gradients through modules and networks, on every compiled backend: against finite differences of the expected stair
//! and against the closed forms of the learned scales.
#![allow(missing_docs)]

mod common;

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use common::devices;
use stairs_noise::walk::{Look, Place, look};
use stairs_noise::{
    FeatureScale, Law, Laws, Noise, RegularisedStair, Setting, StairActivationConfig, StairSpec, StairWeights,
    Strategy, WeightGranularity, WeightInit, quantisers, regularised_stair, set_settings,
};
use stairs_quant::{Quantiser, ScalePolicy, lsq_gradient, lsq_gradient_scale, pact_gradient};

fn tensor<const D: usize>(values: &[f64], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.iter().map(|v| *v as f32).collect::<Vec<_>>(), shape), device)
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f64> {
    x.into_data().try_into_vec::<f32>().unwrap().into_iter().map(f64::from).collect()
}

/// Every float parameter's value and gradient by path.
fn gradients<M: Module>(model: &M, gradients: &burn::tensor::Gradients) -> Vec<(String, Vec<f64>)> {
    struct Read<'a>(&'a burn::tensor::Gradients, Vec<(String, Vec<f64>)>);
    impl Look for Read<'_> {
        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.0) {
                self.1.push((place.path().to_owned(), values(gradient)));
            }
        }
    }
    look(model, Read(gradients, Vec::new())).1
}

#[test]
fn gradient_of_a_two_layer_network_matches_finite_differences() {
    // Smooth laws, f64 differences of the exact expectation: y = v · σ_ν(W x), latent W and v regularised too.
    let (n_in, n_hidden) = (3, 2);
    let w = [0.31, -0.42, 0.17, 0.83, -0.66, 0.05];
    let v = [0.45, -0.3];
    let x = [0.7, -1.1, 0.4];
    for noise in [Noise::Normal, Noise::Logistic, Noise::Triangular] {
        let law = Law::new(noise.clone(), -0.07, 0.6).unwrap();
        let soft = RegularisedStair::new(Quantiser::Ternary.stair(), law.clone());
        let quantum = 0.5;
        let weight = |w: f64| quantum * soft.expectation(w / quantum);
        let network = |w: &[f64], v: &[f64]| -> f64 {
            (0..n_hidden)
                .map(|j| {
                    let z: f64 = (0..n_in).map(|i| x[i] * weight(w[i * n_hidden + j])).sum();
                    weight(v[j]) * soft.expectation(z)
                })
                .sum()
        };
        for (backend, device) in devices() {
            let device = device.autodiff();
            let mut first: Linear = LinearConfig::new(n_in, n_hidden).with_bias(false).init(&device);
            let mut second: Linear = LinearConfig::new(n_hidden, 1).with_bias(false).init(&device);
            first.weight = Param::from_tensor(tensor(&w, [n_in, n_hidden], &device));
            second.weight = Param::from_tensor(tensor(&v, [n_hidden, 1], &device));
            let weights =
                StairWeights::ternary().with_scale(ScalePolicy::Fixed(quantum)).with_laws(Laws::same(law.clone()));
            let activation = StairActivationConfig::new(Quantiser::Ternary).with_laws(Laws::same(law.clone()));
            let model = (first, second);
            let model = weights.quantise(model).unwrap();
            let activation = activation.init(&device).unwrap();
            let y = model.1.forward(activation.forward(model.0.forward(tensor(&x, [1, n_in], &device))));
            assert!((values(y.clone())[0] - network(&w, &v)).abs() < 1e-5, "{backend}, {noise}");
            let found = gradients(&model, &y.sum().backward());
            let h = 1e-5;
            let difference = |list: &[f64], other: &dyn Fn(&[f64]) -> f64| -> Vec<f64> {
                (0..list.len())
                    .map(|i| {
                        let shifted = |d: f64| {
                            let mut copy = list.to_vec();
                            copy[i] += d;
                            other(&copy)
                        };
                        (shifted(h) - shifted(-h)) / (2.0 * h)
                    })
                    .collect()
            };
            let expected = [difference(&w, &|w| network(w, &v)), difference(&v, &|v| network(&w, v))];
            assert_eq!(found.len(), 2, "{backend}: {found:?}");
            for ((path, found), expected) in found.iter().zip(&expected) {
                for (a, b) in found.iter().zip(expected) {
                    assert!((a - b).abs() < 2e-4, "{backend}, {noise}, {path}: {a} against {b}");
                }
            }
        }
    }
}

#[test]
fn gradient_of_a_learned_step_is_lsqs() {
    let quantiser: Quantiser = "balanced3".parse().unwrap();
    let highest = quantiser.stair().highest_level();
    let xs = [-2.3, -0.9, -0.31, 0.02, 0.44, 0.77, 1.3, 5.0];
    for (backend, device) in devices() {
        let device = device.autodiff();
        let config = StairActivationConfig::new(quantiser).with_scale(FeatureScale::LearnedStep(0.4));
        let module = config.init(&device).unwrap();
        let y = module.forward(tensor(&xs, [1, xs.len()], &device));
        let found = gradients(&module, &y.sum().backward());
        let step = f64::from(0.4f32);
        let sum: f64 = xs.iter().map(|x| lsq_gradient(f64::from(*x as f32), step, highest, highest)).sum();
        let expected = sum * lsq_gradient_scale(xs.len(), highest);
        let (path, gradient) = &found[0];
        assert!((gradient[0] - expected).abs() < 1e-4, "{backend}, {path}: {} against {expected}", gradient[0]);
    }
}

#[test]
fn gradient_of_a_learned_clip_is_pacts() {
    let xs = [-1.0, 0.2, 0.9, 1.49, 1.5, 1.8, 7.0];
    for (backend, device) in devices() {
        let device = device.autodiff();
        let config = StairActivationConfig::new("uint2".parse().unwrap()).with_scale(FeatureScale::LearnedClip(1.5));
        let module = config.init(&device).unwrap();
        let y = module.forward(tensor(&xs, [xs.len(), 1], &device));
        assert_eq!(values(y.clone()), [0.0, 0.0, 1.0, 1.5, 1.5, 1.5, 1.5], "{backend}");
        let found = gradients(&module, &y.sum().backward());
        let expected: f64 = xs.iter().map(|x| pact_gradient(*x, 1.5)).sum();
        // At x = c exactly the clip is not differentiable: autodiff may give 0 or 1 there.
        assert!((found[0].1[0] - expected).abs() <= 1.0, "{backend}: {} against {expected}", found[0].1[0]);
        assert!(found[0].1[0] >= 2.0, "{backend}");
    }
}

#[test]
fn gradient_reaches_every_latent_weight_inside_the_support() {
    for (backend, device) in devices() {
        let device = device.autodiff();
        for granularity in [WeightGranularity::Tensor, WeightGranularity::OutputChannel] {
            let law = Law::new(Noise::Uniform, -0.5, 0.5).unwrap();
            let weights = StairWeights::ternary()
                .with_laws(Laws::same(law))
                .with_granularity(granularity)
                .with_init(WeightInit::InsideSupport { seed: 5 });
            let layer = weights.quantise(LinearConfig::new(64, 16).init(&device)).unwrap();
            let loss = layer.weight.val().sum();
            let (_, gradient) = gradients(&layer, &loss.backward()).into_iter().next().unwrap();
            assert!(gradient.iter().all(|g| *g > 0.0), "{backend}, {granularity:?}");
        }
    }
}

#[test]
fn gradient_strategies_differ_in_value_and_agree_in_gradient() {
    for (backend, device) in devices() {
        let device = device.autodiff();
        let layer = StairWeights::ternary().quantise(LinearConfig::new(20, 7).init(&device)).unwrap();
        let paths: Vec<_> = quantisers(&layer).into_iter().map(|q| q.path).collect();
        assert_eq!(paths, ["weight.stair"]);
        let law = Law::new(Noise::Logistic, 0.0, 0.3).unwrap();
        let results: Vec<_> = Strategy::ALL
            .into_iter()
            .map(|strategy| {
                let setting = Setting::new(Laws::same(law.clone())).with_strategy(strategy).with_key(11);
                let layer = set_settings(layer.clone(), |_| Some(setting.clone())).unwrap();
                let value = layer.weight.val();
                let gradient = gradients(&layer, &value.clone().sum().backward()).remove(0).1;
                (values(value), gradient)
            })
            .collect();
        assert_ne!(results[0].0, results[1].0, "{backend}");
        assert_ne!(results[1].0, results[2].0, "{backend}");
        assert_eq!(results[0].1, results[1].1, "{backend}");
        assert_eq!(results[1].1, results[2].1, "{backend}");
        // Evaluation: the hard stair, whatever the setting.
        let hard = values(layer.valid().weight.val());
        let quantum = layer.weight.reparameterization::<stairs_noise::Stair>().unwrap().scales().unwrap().quantum();
        assert!(hard.iter().all(|w| (w / quantum - (w / quantum).round()).abs() < 1e-6), "{backend}");
    }
}

#[test]
fn noise_finer_than_single_precision_is_hard() {
    // The last moments of an annealing with a high power: 1/s is beyond single precision, inputs lie on thresholds.
    let x = [-1.5, -0.5, -0.25, 0.0, 0.5, 0.75];
    for (name, device) in devices() {
        for noise in Noise::ALL {
            for (scale, strategy) in [(1e-40, Strategy::Expectation), (1e-9, Strategy::Mode), (1e-30, Strategy::Random)]
            {
                let laws = Laws::same(Law::new(noise.clone(), 0.0, scale).unwrap());
                let spec = StairSpec::new(Quantiser::Ternary.stair(), laws).with_strategy(strategy);
                let input = tensor(&x, [6], &device.clone().autodiff()).require_grad();
                let y = regularised_stair(input.clone(), &spec);
                let gradient = y.clone().sum().backward();
                assert_eq!(values(y.inner()), [-1.0, 0.0, 0.0, 0.0, 1.0, 1.0], "{noise} {scale} on {name}");
                let slopes = input.grad(&gradient).map_or(vec![0.0; 6], values);
                assert_eq!(slopes, [0.0; 6], "{noise} {scale} on {name}");
            }
        }
    }
}
