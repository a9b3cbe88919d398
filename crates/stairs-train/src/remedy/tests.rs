//! The remedies against the numbers of an independent program, `benches/peers/golden_baselines.py`.

use burn::{
    module::{Module, Param},
    nn::{Linear, LinearConfig},
    optim::GradientsParams,
    tensor::{Device, Tensor, TensorData},
};
use serde::Deserialize;
use stairs_noise::{
    Stair, StairWeights,
    walk::{Change, Place, change},
};
use stairs_quant::{Quantiser, ScalePolicy};

use super::{
    freezing::{Moment, Oscillation},
    *,
};

const TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct File {
    dampening: Vec<Dampened>,
    freezing: Vec<Frozen>,
    schedules: Schedules,
}

#[derive(Deserialize)]
struct Dampened {
    quantiser: Quantiser,
    quantum: f64,
    x: Vec<f32>,
    parameter: f64,
    values: usize,
    gradient: Vec<f64>,
}

#[derive(Deserialize)]
struct Frozen {
    quantiser: Quantiser,
    quantum: f64,
    threshold: f64,
    begin: usize,
    start: Vec<f32>,
    moves: Vec<Vec<f32>>,
    trace: Vec<Traced>,
}

#[derive(Deserialize)]
struct Traced {
    step: usize,
    w: Vec<f64>,
    frequency: Vec<f64>,
    frozen: Vec<bool>,
}

#[derive(Deserialize)]
struct Schedules {
    steps: u64,
    dampening: Vec<f64>,
    freezing: Vec<f64>,
}

fn file() -> File {
    serde_json::from_str(include_str!("../../../stairs-noise/tests/golden/baselines.json")).unwrap()
}

/// A layer with these weights, quantised; `inputs` values an output.
fn layer(quantiser: Quantiser, quantum: f64, values: &[f32], inputs: usize) -> Linear {
    let device = Device::flex().autodiff();
    let shape = [inputs, values.len() / inputs];
    let mut layer = LinearConfig::new(shape[0], shape[1]).with_bias(false).init(&device);
    layer.weight = Param::from_tensor(Tensor::from_data(TensorData::new(values.to_vec(), shape), &device));
    StairWeights::of(quantiser).with_scale(ScalePolicy::Fixed(quantum)).quantise(layer).unwrap()
}

/// Adds to the latent weight, as an optimiser does.
struct Add(Vec<f32>);

impl Change for Add {
    fn float<const D: usize>(&mut self, _place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D != 2 {
            return param;
        }
        param.map(|w| {
            let inner = w.without_autodiff();
            let moves = Tensor::from_data(TensorData::new(self.0.clone(), inner.dims()), &inner.device());
            Tensor::from_inner(inner + moves).require_grad()
        })
    }
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec::<f32>().unwrap()
}

fn check(label: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((f64::from(*found) - expected).abs() <= TOLERANCE, "{label}, value {i}: {found}, golden {expected}");
    }
}

#[test]
fn dampening_is_the_gradient_of_its_loss() {
    for case in file().dampening {
        let layer = layer(case.quantiser, case.quantum, &case.x, case.values);
        let grads = dampening::dampen(GradientsParams::new(), &layer, case.parameter);
        let found = values(grads.get::<2>(layer.weight.id).unwrap());
        check(&format!("{} quantum {}", case.quantiser, case.quantum), &found, &case.gradient);
        // What is there already is added to.
        let mut grads = GradientsParams::new();
        grads.register::<2>(layer.weight.id, layer.weight.base().without_autodiff().ones_like());
        let grads = dampening::dampen(grads, &layer, case.parameter);
        let more: Vec<f64> = case.gradient.iter().map(|g| g + 1.0).collect();
        check("added", &values(grads.get::<2>(layer.weight.id).unwrap()), &more);
    }
}

#[test]
fn freezing_follows_the_algorithm_step_by_step() {
    for case in file().freezing {
        let mut layer = layer(case.quantiser, case.quantum, &case.start, 1);
        let mut oscillation = Oscillation::begin(&layer);
        let mut trace = case.trace.iter();
        for (t, moves) in case.moves.iter().enumerate() {
            layer = change(layer, Add(moves.clone())).0;
            let threshold = (t >= case.begin).then_some(case.threshold);
            (layer, oscillation) = oscillation.advance(layer, Moment { threshold, first: t == case.begin });
            if t == 120 {
                // A run that is resumed loads what its checkpoint has, into another object.
                let record = oscillation.into_record();
                oscillation = Oscillation::begin(&layer).try_load_record(record).unwrap();
            }
            if (t + 1) % 50 == 0 {
                let label = format!("{} after step {}", case.quantiser, t + 1);
                let expected = trace.next().unwrap();
                assert_eq!(expected.step, t + 1);
                check(&label, &values(layer.weight.base()), &expected.w);
                let track = &oscillation.tracks()[0];
                check(&label, &values(track.frequency.val()), &expected.frequency);
                let frozen: Vec<bool> = values(track.frozen.val()).into_iter().map(|f| f > 0.5).collect();
                assert_eq!(frozen, expected.frozen, "{label}");
            }
        }
        assert!(layer.weight.is_require_grad() && layer.weight.reparameterization::<Stair>().is_some());
        // What the network computes with is the level it was frozen at.
        let (hard, w) = (values(layer.valid().weight.val()), values(layer.weight.base()));
        let frozen = &case.trace[case.trace.len() - 1].frozen;
        assert!(hard.iter().zip(w).zip(frozen).all(|((hard, w), frozen)| !frozen || *hard == w));
    }
}

#[test]
fn remedies_begin_after_a_quarter_and_follow_a_cosine() {
    let Schedules { steps, dampening, freezing } = file().schedules;
    let of = |method| Remedy::of(&RunConfig::default().with_method(method), steps);
    assert_eq!(of(Method::Ste), None);
    let (damp, freeze) = (of(Method::Dampening).unwrap(), of(Method::Freezing).unwrap());
    for step in 0..=steps {
        let t = step as usize;
        assert!((damp.weight(step) - dampening[t]).abs() < 1e-9, "{step}");
        assert_eq!((damp.threshold(step), freeze.weight(step)), (None, 0.0));
        match freeze.threshold(step) {
            // Nothing is frozen in the first quarter, where the authors' threshold is off too.
            None => assert!(4 * step < steps, "{step}"),
            Some(threshold) => assert!((threshold - freezing[t]).abs() < 1e-9, "{step}"),
        }
    }
}
