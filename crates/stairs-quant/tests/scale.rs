//! What every scale policy must satisfy, whatever its formula.

use proptest::prelude::*;
use stairs_quant::{Granularity, Quantiser, ScaleError, ScalePolicy, Scales, StairFunction};

/// Every policy that looks at the data, each with a stair for which it is defined.
fn policies() -> Vec<(ScalePolicy, StairFunction)> {
    let stair = |name: &str| name.parse::<Quantiser>().unwrap().stair();
    vec![
        (ScalePolicy::MaxAbs, stair("int4")),
        (ScalePolicy::Percentile(90.0), stair("ternary")),
        (ScalePolicy::MseOptimal, stair("ternary")),
        (ScalePolicy::MseOptimal, stair("pow2-4")),
        (ScalePolicy::Twn, stair("ternary")),
        (ScalePolicy::Sawb, stair("ternary")),
        (ScalePolicy::Sawb, stair("int2")),
        (ScalePolicy::Lsq, stair("int8")),
    ]
}

#[test]
fn all_zero_values_get_unit_scales() {
    for (policy, stair) in policies() {
        assert_eq!(policy.scales(&[0.0, -0.0, 0.0], &stair), Scales::new(1.0, 1.0), "{policy}");
    }
}

#[test]
fn empty_and_non_finite_values_are_errors() {
    for (policy, stair) in policies() {
        assert_eq!(policy.scales(&[], &stair), Err(ScaleError::Empty), "{policy}");
        let infinite = policy.scales(&[1.0, f32::INFINITY], &stair);
        assert_eq!(infinite, Err(ScaleError::NotFinite { index: 1, value: f32::INFINITY }), "{policy}");
        assert!(matches!(policy.scales(&[f32::NAN], &stair), Err(ScaleError::NotFinite { index: 0, .. })), "{policy}");
    }
}

#[test]
fn extreme_magnitudes_have_scales() {
    for (policy, stair) in policies() {
        for value in [f32::MAX, f32::MIN_POSITIVE, 1e-45] {
            let scales = policy.scales(&[value, -value, 0.5 * value, 0.0], &stair).unwrap();
            assert!(scales.quantum() > 0.0 && scales.quantum().is_finite(), "{policy} {value}");
        }
    }
}

#[test]
fn per_channel_is_per_tensor_on_each_channel() {
    let stair = Quantiser::Ternary.stair();
    let values: Vec<f32> = (0..24).map(|k| ((k * 7 % 11) as f32 - 4.5) * (1.0 + k as f32)).collect();
    for policy in [ScalePolicy::MaxAbs, ScalePolicy::Twn, ScalePolicy::MseOptimal, ScalePolicy::Fixed(0.5)] {
        // Convolution: axis 0 of [2, 3, 2, 2] are contiguous blocks of 12.
        let filters = policy.scales_per_channel(&values, &[2, 3, 2, 2], Granularity::Axis(0), &stair).unwrap();
        let expected: Vec<Scales> = values.chunks(12).map(|filter| policy.scales(filter, &stair).unwrap()).collect();
        assert_eq!(filters, expected, "{policy}");
        // Dense: the last axis of [8, 3] are columns.
        let columns = policy.scales_per_channel(&values, &[8, 3], Granularity::Axis(1), &stair).unwrap();
        let column = |j: usize| values.iter().skip(j).step_by(3).copied().collect::<Vec<f32>>();
        let expected: Vec<Scales> = (0..3).map(|j| policy.scales(&column(j), &stair).unwrap()).collect();
        assert_eq!(columns, expected, "{policy}");
        let tensor = policy.scales_per_channel(&values, &[24], Granularity::Tensor, &stair).unwrap();
        assert_eq!(tensor, [policy.scales(&values, &stair).unwrap()], "{policy}");
    }
}

#[test]
fn a_bad_channel_is_named() {
    let stair = Quantiser::Ternary.stair();
    let values = [1.0, 2.0, 3.0, f32::NAN];
    let error = ScalePolicy::MaxAbs.scales_per_channel(&values, &[2, 2], Granularity::Axis(1), &stair).unwrap_err();
    assert_eq!(error.to_string(), "channel 1: value 1 is NaN: scales can only be chosen from finite values");
    let error = ScalePolicy::MaxAbs.scales_per_channel(&[], &[0, 2], Granularity::Axis(1), &stair);
    assert_eq!(error, Err(ScaleError::Channel { channel: 0, source: Box::new(ScaleError::Empty) }));
}

#[test]
fn names_and_files_round_trip() {
    let mut all: Vec<ScalePolicy> = policies().into_iter().map(|(policy, _)| policy).collect();
    all.extend([ScalePolicy::Fixed(0.1), ScalePolicy::Fixed(1e-30), ScalePolicy::Percentile(99.99)]);
    for policy in all {
        assert_eq!(policy.to_string().parse(), Ok(policy));
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<ScalePolicy>(&text).unwrap(), policy);
    }
    assert_eq!("percentile:99.9".parse(), Ok(ScalePolicy::Percentile(99.9)));
}

#[test]
fn bad_names_and_parameters_are_refused() {
    let parse = |text: &str| text.parse::<ScalePolicy>();
    for text in ["", "max", "mse:1", "fixed", "fixed:", "fixed:x", "percentile"] {
        assert_eq!(parse(text), Err(ScaleError::UnknownPolicy(text.into())));
    }
    assert_eq!(parse("fixed:-1"), Err(ScaleError::NotPositive { name: "quantum", value: -1.0 }));
    assert!(matches!(parse("fixed:inf"), Err(ScaleError::NotPositive { .. })));
    assert_eq!(parse("percentile:0"), Err(ScaleError::Percentile(0.0)));
    assert!(serde_json::from_str::<ScalePolicy>("\"percentile:101\"").is_err());
    let stair = Quantiser::Ternary.stair();
    for quantum in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(ScalePolicy::Fixed(quantum).scales(&[1.0], &stair), Err(ScaleError::NotPositive { .. })));
    }
    let scales = Scales::new(0.5, 1.25).unwrap();
    assert_eq!(serde_json::from_str::<Scales>(&serde_json::to_string(&scales).unwrap()).unwrap(), scales);
    assert!(serde_json::from_str::<Scales>(r#"{"quantum":-1.0,"output":1.0}"#).is_err());
    assert!(Scales::new(1.0, 0.0).is_err() && Scales::new(f64::NAN, 1.0).is_err());
}

proptest! {
    /// Scales of c·x are c times the scales of x; exactly so for powers of two, which round nothing.
    #[test]
    fn scales_follow_the_data(
        values in prop::collection::vec(-4.0f32..4.0, 8..60),
        exponent in -20i32..20,
    ) {
        for (policy, stair) in policies() {
            let Ok(scales) = policy.scales(&values, &stair) else { continue };
            let factor = 2f64.powi(exponent);
            let scaled: Vec<f32> = values.iter().map(|x| x * factor as f32).collect();
            let of_scaled = policy.scales(&scaled, &stair).unwrap();
            prop_assert!((of_scaled.quantum() / (factor * scales.quantum()) - 1.0).abs() < 1e-9, "{policy}");
            prop_assert!((of_scaled.output() / (factor * scales.output()) - 1.0).abs() < 1e-9, "{policy}");
        }
    }

    /// On symmetric stairs, scales do not see signs or order.
    #[test]
    fn scales_ignore_signs_and_order(values in prop::collection::vec(-4.0f32..4.0, 8..60)) {
        for (policy, stair) in policies() {
            if stair.lowest_level() != -stair.highest_level() {
                continue;
            }
            let Ok(scales) = policy.scales(&values, &stair) else { continue };
            let flipped: Vec<f32> = values.iter().rev().map(|x| -x).collect();
            let of_flipped = policy.scales(&flipped, &stair).unwrap();
            prop_assert!((of_flipped.quantum() / scales.quantum() - 1.0).abs() < 1e-9, "{policy}");
        }
    }
}
