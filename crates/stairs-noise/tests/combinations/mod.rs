//! The table stair × scale × granularity × estimator × strategy × (weights | features): each cell is refused with a named reason, or its
//! values are finite and levels, every level is reached, and its gradients are finite, on every compiled backend.

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use stairs_noise::{
    Backward, Dsq, Ewgs, FeatureScale, Law, Laws, Noise, Quantiser, ScaleError, ScalePolicy, Setting, Stair,
    StairActivationConfig, StairFunction, StairWeights, Strategy, WeightGranularity, WeightInit, WeightsError,
    set_settings,
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

#[test]
fn combinations_with_numbers_that_single_precision_has_not_are_refused() {
    let device = Device::flex();
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-45, 1e-31, 1e31, 1e39, 1e300] {
        for scale in [FeatureScale::Fixed(value), FeatureScale::LearnedStep(value), FeatureScale::LearnedClip(value)] {
            let error = StairActivationConfig::new(Quantiser::Binary).with_scale(scale).init(&device).unwrap_err();
            let named = matches!(error, ScaleError::NotPositive { .. } | ScaleError::Range { .. });
            assert!(named, "{scale:?}: {error}");
        }
        let weights = StairWeights::ternary().with_scale(ScalePolicy::Fixed(value));
        assert!(matches!(weights.quantise(layer(&self::weights(None), &device)), Err(WeightsError::Scale { .. })));
    }
    // A step that would be held at the smallest one.
    let small = StairActivationConfig::new(Quantiser::Ternary).with_scale(FeatureScale::LearnedStep(1e-9));
    assert!(matches!(small.init(&device), Err(ScaleError::Range { name: "learned step", .. })));
    for percent in [0.0, -1.0, 100.5, f64::NAN] {
        let weights = StairWeights::ternary().with_scale(ScalePolicy::Percentile(percent));
        assert!(weights.quantise(layer(&self::weights(None), &device)).is_err());
    }
    for (mean, scale) in [(0.0, -1.0), (0.0, f64::NAN), (0.0, f64::INFINITY), (f64::NAN, 1.0), (f64::INFINITY, 1.0)] {
        assert!(Law::new(Noise::Normal, mean, scale).is_err(), "{mean} {scale}");
    }
}

#[test]
fn combinations_with_values_that_are_none_are_refused() {
    let device = Device::flex();
    let all = || policies().into_iter().flat_map(|policy| [(policy, false), (policy, true)]);
    for (policy, fresh) in all() {
        let init = if fresh { WeightInit::InsideSupport { seed: 1 } } else { WeightInit::Keep };
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut data = weights(None);
            data[17] = bad;
            let error = StairWeights::ternary().with_scale(policy).with_init(init).quantise(layer(&data, &device));
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with("weight `weight`: value 17 is"), "{policy}: {error}");
        }
        for granularity in [WeightGranularity::Tensor, WeightGranularity::OutputChannel] {
            for shape in [[0, 3], [3, 0]] {
                let mut empty = layer(&weights(None), &device);
                empty.weight = Param::from_tensor(Tensor::zeros(shape, &device));
                let weights = StairWeights::ternary().with_scale(policy).with_init(init).with_granularity(granularity);
                let error = weights.quantise(empty).unwrap_err();
                assert!(matches!(error, WeightsError::Scale { source: ScaleError::Empty, .. }), "{policy}: {error}");
            }
        }
    }
    // All zero: no scale tells the values apart, and 1 is finite. The same for a channel of zeros.
    for policy in policies() {
        for granularity in [WeightGranularity::Tensor, WeightGranularity::OutputChannel] {
            let weights = StairWeights::ternary().with_scale(policy).with_granularity(granularity);
            let hard = weights.quantise(layer(&[0.0; 72], &device)).unwrap().materialize();
            assert_eq!(values(hard.weight.val()), [0.0; 72], "{policy}");
        }
    }
    // All the same: the levels hold the value, where the rule has an answer.
    for policy in [ScalePolicy::MaxAbs, ScalePolicy::MseOptimal, ScalePolicy::Percentile(50.0), ScalePolicy::Twn] {
        let hard = StairWeights::ternary().with_scale(policy).quantise(layer(&[-0.3; 72], &device));
        let hard = values(hard.unwrap().materialize().weight.val());
        assert!(hard.iter().all(|w| (w + 0.3).abs() < 1e-6), "{policy}: {hard:?}");
    }
}

#[test]
fn weights_of_a_sign_without_a_level_are_refused_where_they_stay() {
    let device = Device::flex();
    for quantiser in [Quantiser::Binary, "uint4".parse().unwrap()] {
        let error = StairWeights::of(quantiser).quantise(layer(&weights(None), &device)).unwrap_err();
        let WeightsError::OneSided { path, count, of, side, .. } = &error else { panic!("{error}") };
        let below = weights(None).iter().filter(|w| **w < 0.0).count();
        assert_eq!((path.as_str(), *count, *of, *side), ("weight", below, 72, "below"));
        assert!(StairWeights::of(quantiser).quantise(layer(&weights(Some(1.0)), &device)).is_ok());
        let fresh = StairWeights::of(quantiser).with_init(WeightInit::InsideSupport { seed: 2 });
        let hard = values(fresh.quantise(layer(&weights(None), &device)).unwrap().materialize().weight.val());
        assert!(hard.contains(&0.0) && hard.iter().any(|w| *w > 0.0));
    }
}

#[test]
fn a_selection_of_nothing_is_an_error_that_says_what_there_is() {
    #[derive(Module, Debug)]
    struct Mine {
        kernel: Param<Tensor<2>>,
        shift: Param<Tensor<1>>,
    }
    let device = Device::flex();
    let mine = || Mine {
        kernel: Param::from_tensor(tensor(&weights(None), SHAPE, &device)),
        shift: Param::from_tensor(Tensor::zeros([3], &device)),
    };
    let error = StairWeights::ternary().quantise(mine()).unwrap_err().to_string();
    assert!(error.contains("parameters named `weight` are (name others with `only`)"), "{error}");
    assert!(error.ends_with("the float parameters of rank 2 or more are: kernel"), "{error}");
    assert!(StairWeights::ternary().selected(&mine()).unwrap().is_empty());
    let quantised = StairWeights::ternary().only("kernel").unwrap().quantise(mine()).unwrap();
    assert!(quantised.kernel.reparameterization::<Stair>().is_some());
    // A vector is no weight: no pattern finds it.
    let error = StairWeights::ternary().only("shift").unwrap().quantise(mine()).unwrap_err();
    assert_eq!(error.to_string(), "`shift` matches no weight; the weights of this model are: kernel");

    let dense = || layer(&weights(None), &device);
    for (weights, words) in [
        (StairWeights::ternary().except_last(), "nor the last of them (`except_last`)"),
        (StairWeights::ternary().except_first(), "nor the first of them (`except_first`)"),
        (StairWeights::ternary().except("weight").unwrap(), "but not `weight` (`except`)"),
    ] {
        let error = weights.quantise(dense()).unwrap_err();
        assert!(matches!(error, WeightsError::NothingSelected { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let two = StairWeights::ternary().except_first().except_last().quantise((dense(), dense())).unwrap_err();
    assert!(two.to_string().ends_with("are: 0.weight, 1.weight"), "{two}");
}

#[test]
fn a_second_quantiser_on_a_weight_is_an_error() {
    let device = Device::flex();
    let dense = || layer(&weights(None), &device);
    let first = StairWeights::ternary().except_last().quantise((dense(), dense())).unwrap();
    let error = StairWeights::binary().quantise(first.clone()).unwrap_err();
    let WeightsError::Taken { path, found } = &error else { panic!("{error}") };
    assert_eq!((path.as_str(), found.as_str()), ("0.weight", "stair"));
    // Another quantiser for another weight is what two calls are for.
    let both = StairWeights::binary().only("1.weight").unwrap().quantise(first).unwrap();
    let levels = |w: Tensor<2>| {
        let mut levels = values(w);
        levels.sort_by(f32::total_cmp);
        levels.dedup();
        levels.len()
    };
    let hard = both.clone().materialize();
    assert_eq!((levels(hard.0.weight.val()), levels(hard.1.weight.val())), (3, 2));
    // Baked in, the weights are free again.
    assert!(StairWeights::binary().quantise(hard).is_ok());
    assert!(StairWeights::binary().quantise(both).is_err());
}
