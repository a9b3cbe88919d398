//! The table stair × scale × granularity × estimator × strategy × (weights | features): each cell is refused with a named reason, or its
//! values are finite and levels, every level is reached, and its gradients are finite, on every compiled backend.

mod refused;
mod selection;

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use stairs_noise::{
    Backward, Dsq, Ewgs, FeatureScale, Law, Laws, Noise, Quantiser, ScaleError, ScalePolicy, Setting, Stair,
    StairActivationConfig, StairFunction, StairWeights, Strategy, WeightGranularity, set_settings,
};

use crate::common::devices;

/// Laws and strategies that one cell of weights is tried with; prime to the number of all, so that neighbours differ.
const TURN: usize = 7;
/// Weights `[in, out]`.
const SHAPE: [usize; 2] = [24, 3];

fn policies() -> [ScalePolicy; 7] {
    [
        ScalePolicy::Fixed(0.25),
        ScalePolicy::MaxAbs,
        ScalePolicy::Percentile(90.0),
        ScalePolicy::MseOptimal,
        ScalePolicy::Twn,
        ScalePolicy::Sawb,
        ScalePolicy::Lsq,
    ]
}

/// The named ones, and stairs of a user's own: levels of one sign, a single level, steps that fall, steps of all sizes.
fn stairs() -> Vec<(String, StairFunction)> {
    let own = |name: &str, thresholds: &[f64], levels: &[f64]| {
        (name.to_string(), StairFunction::new(thresholds.into(), levels.into()).unwrap())
    };
    let named = Quantiser::catalogue().into_iter().filter(|q| q.bits() <= 4 || q.bits() == 8);
    let mut all: Vec<_> = named.map(|q| (q.to_string(), q.stair())).collect();
    all.push(own("negative", &[-1.5, -0.5], &[-2.0, -1.0, 0.0]));
    all.push(own("one-level", &[0.0], &[1.0, 1.0]));
    all.push(own("zero", &[0.0], &[0.0, 0.0]));
    all.push(own("bump", &[-1.0, 1.0], &[0.0, 1.0, 0.0]));
    all.push(own("irregular", &[-1.3, 0.1, 2.2], &[-3.0, -0.5, 0.25, 4.0]));
    all
}

/// What estimators and schedules come down to: a law for each pass, hard, soft or of one point.
fn laws() -> Vec<Laws> {
    let law = |noise, mean, scale| Law::new(noise, mean, scale).unwrap();
    let mut all: Vec<Laws> = Noise::ALL.into_iter().map(|noise| Laws::same(law(noise, -0.25, 0.5))).collect();
    all.push(Laws::hard());
    all.push(Laws::new(Law::hard(Noise::Uniform), law(Noise::Triangular, 0.0, 1.0)));
    all.push(Laws { forward: law(Noise::Logistic, 0.0, 0.3), backward: Backward::Identity });
    all.push(Laws { forward: Law::hard(Noise::Normal), backward: Backward::Identity });
    let rule = |backward| Laws { forward: Law::hard(Noise::Uniform), backward };
    all.push(rule(Backward::Dsq(Dsq::new(0.2).unwrap())));
    all.push(rule(Backward::Ewgs(Ewgs::new(0.5).unwrap())));
    all.push(Laws::same(law(Noise::Normal, 0.0, 1e-30)));
    all.push(Laws::same(law(Noise::Uniform, 1e30, 1e30)));
    all
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec::<f32>().unwrap()
}

fn layer(weights: &[f32], device: &Device) -> Linear {
    let mut layer = LinearConfig::new(SHAPE[0], SHAPE[1]).with_bias(false).init(device);
    layer.weight = Param::from_tensor(tensor(weights, SHAPE, device));
    layer
}

/// Weights of both signs, and such as a stair of one sign can hold.
fn weights(sign: Option<f32>) -> Vec<f32> {
    let wave = |i: usize| ((i * 37 % 71) as f32 / 71.0 - 0.49) * 0.2;
    (0..SHAPE[0] * SHAPE[1]).map(|i| sign.map_or(wave(i), |sign| sign * (wave(i).abs() + 0.001))).collect()
}

/// What must be refused, written down apart from the code that refuses: `None` for a cell that means something.
fn verdict(stair: &StairFunction, policy: ScalePolicy, learned: bool) -> Option<&'static str> {
    let levels = stair.levels();
    let positive = levels.iter().any(|level| *level > 0.0);
    let both = positive && levels.iter().any(|level| *level < 0.0);
    let even = levels.windows(2).all(|pair| pair[1] - pair[0] == levels[1] - levels[0]);
    let counted = levels.len().is_power_of_two() || (levels.len() + 1).is_power_of_two();
    if levels.iter().all(|level| *level == levels[0]) {
        return Some("needs");
    }
    match policy {
        ScalePolicy::Twn if levels.len() != 3 || levels[1] != 0.0 || !both => Some("policy `twn` needs"),
        ScalePolicy::Twn if learned => Some("exclude each other"),
        ScalePolicy::Sawb if !(both && even && counted) => Some("policy `sawb` needs"),
        ScalePolicy::Lsq if !positive => Some("policy `lsq` needs"),
        _ if learned && !positive => Some("policy `learned step` needs"),
        _ => None,
    }
}

/// Values are finite everywhere, levels where they are hard, and all levels are reached; gradients are finite.
fn check_stair(label: &str, module: &Stair, unit: f32, device: &Device) {
    let stair = module.function();
    let reach = stair.thresholds().iter().fold(1.0_f32, |reach, t| reach.max((2.0 * t.abs() + 1.0) as f32));
    // One point in every step of the stair, and a grid across all of it.
    let edges: Vec<f32> =
        [-reach].into_iter().chain(stair.thresholds().iter().map(|t| *t as f32)).chain([reach]).collect();
    let middles = edges.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]));
    let grid = (0..=64).map(|i| reach * (i as f32 / 32.0 - 1.0));
    let xs: Vec<f32> = middles.chain(grid).map(|x| x * unit).collect();
    let count = stair.levels().len();

    let hard = values(module.forward(tensor(&xs, [xs.len()], device)));
    assert!(hard.iter().all(|y| y.is_finite()), "{label}: {hard:?}");
    let mut found = hard[..count].to_vec();
    found.sort_by(f32::total_cmp);
    found.dedup();
    let mut levels = stair.levels().to_vec();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    assert_eq!(found.len(), levels.len(), "{label}: levels that are not reached");

    let x = tensor(&xs, [xs.len()], &device.clone().autodiff()).require_grad();
    let y = module.forward(x.clone());
    let gradients = y.clone().sum().backward();
    assert!(values(y.inner()).iter().all(|y| y.is_finite()), "{label}: training value");
    let slopes = x.grad(&gradients).map_or(Vec::new(), values);
    assert!(slopes.iter().all(|slope| slope.is_finite()), "{label}: gradient");
}

#[test]
fn combinations_of_weights_are_refused_or_mean_something() {
    let (mut accepted, mut refused) = (0, 0);
    for (name, stair) in stairs() {
        let sign = match (stair.lowest_level() < 0.0, stair.highest_level() > 0.0) {
            (true, true) => None,
            (false, _) => Some(1.0),
            (true, false) => Some(-1.0),
        };
        let data = weights(sign);
        for policy in policies() {
            for (learned, granularity) in [
                (false, WeightGranularity::Tensor),
                (false, WeightGranularity::OutputChannel),
                (true, WeightGranularity::Tensor),
                (true, WeightGranularity::OutputChannel),
            ] {
                for (backend, device) in devices() {
                    let label = format!("{backend}: {name}, {policy}, {granularity:?}, learned {learned}");
                    let mut weights = StairWeights::new(stair.clone()).with_scale(policy).with_granularity(granularity);
                    if learned {
                        weights = weights.with_learned_scale();
                    }
                    let result = weights.quantise(layer(&data, &device.clone().autodiff()));
                    let expected = verdict(&stair, policy, learned);
                    let model = match (result, expected) {
                        (Ok(model), None) => model,
                        (Err(error), Some(reason)) => {
                            assert!(error.to_string().contains(reason), "{label}: {error}");
                            refused += 1;
                            continue;
                        }
                        // Steps of levels up to 2^63 are finer than a learned step may be.
                        (Err(error), None) => {
                            let range = learned && error.to_string().contains("learned step");
                            assert!(range && name == "pow2-8", "{label}: {error}");
                            refused += 1;
                            continue;
                        }
                        (Ok(_), Some(reason)) => panic!("{label} is accepted, and {reason}"),
                    };
                    accepted += 1;
                    check_weights(accepted, &label, &model, &device);
                }
            }
        }
    }
    assert!(accepted > 300 && refused > 100, "{accepted} accepted, {refused} refused");
}

fn check_weights(cell: usize, label: &str, model: &Linear, device: &Device) {
    let hard = values(model.valid().weight.val());
    assert!(hard.iter().all(|w| w.is_finite()), "{label}");
    // Estimators and strategies come in turn: which scale a stair has makes no difference to them.
    let pairs: Vec<_> = laws()
        .into_iter()
        .flat_map(|laws| Strategy::ALL.into_iter().chain([Strategy::Relaxed]).map(move |s| (laws.clone(), s)))
        .collect();
    for (laws, strategy) in pairs.iter().cycle().skip(TURN * cell).take(TURN) {
        let setting = Setting::new(laws.clone()).with_strategy(*strategy).with_key(5);
        let model = set_settings(model.clone(), |_| Some(setting.clone())).unwrap();
        let y = model.weight.val();
        let gradients = y.clone().sum().backward();
        let label = format!("{label}, {laws:?}, {strategy}");
        assert!(values(y.inner()).iter().all(|w| w.is_finite()), "{label}: value");
        let slopes = model.weight.base().grad(&gradients).map_or(Vec::new(), values);
        assert!(slopes.iter().all(|slope| slope.is_finite()), "{label}: gradient");
    }
    let stair = model.weight.reparameterization::<Stair>().unwrap();
    if let Some(scales) = stair.scales() {
        check_stair(label, stair, scales.quantum() as f32, device);
    }
}

#[test]
fn combinations_of_features_are_refused_or_mean_something() {
    for quantiser in Quantiser::catalogue() {
        let from_zero = matches!(quantiser, Quantiser::Binary | Quantiser::Unsigned(_));
        for (backend, device) in devices() {
            let highest = quantiser.stair().highest_level();
            for (scale, unit, means) in [
                (FeatureScale::Fixed(0.5), 0.5, true),
                (FeatureScale::LearnedStep(0.5), 0.5, true),
                (FeatureScale::LearnedClip(2.0), 2.0 / highest, from_zero),
            ] {
                for laws in laws() {
                    let label = format!("{backend}: {quantiser}, {scale:?}, {laws:?}");
                    let config = StairActivationConfig::new(quantiser).with_scale(scale).with_laws(laws);
                    match config.init(&device) {
                        Ok(module) if means => check_stair(&label, &module, unit as f32, &device),
                        Err(ScaleError::Stair { policy: "pact", .. }) if !means => {}
                        other => panic!("{label}: {other:?}"),
                    }
                }
            }
        }
    }
}
