//! Numbers and values that no cell of the table takes.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use stairs_noise::{
    FeatureScale, Law, Noise, Quantiser, ScaleError, ScalePolicy, StairActivationConfig, StairWeights,
    WeightGranularity, WeightInit, WeightsError,
};

use super::{layer, policies, values, weights};

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
