//! Stair functions: hand-computed values, the definition as a sum of unit steps, and files.

use proptest::prelude::*;
use stairs_quant::{RegularStair, StairError, StairFunction, ThresholdValue};

fn irregular() -> StairFunction {
    StairFunction::new(vec![-1.3, 0.1, 2.2], vec![-3.0, -0.5, 0.25, 4.0]).unwrap()
}

/// Any valid stair: up to eight thresholds, levels in any order.
fn stairs() -> impl Strategy<Value = StairFunction> {
    let convention = prop_oneof![Just(ThresholdValue::Upper), Just(ThresholdValue::Lower)];
    (prop::collection::vec((0.01f64..3.0, -5.0f64..5.0), 1..9), -5.0f64..5.0, -10.0f64..2.0, convention).prop_map(
        |(steps, base, start, convention)| {
            let thresholds = steps.iter().scan(start, |at, (gap, _)| {
                *at += gap;
                Some(*at)
            });
            let levels = [base].into_iter().chain(steps.iter().map(|(_, level)| *level));
            let stair = StairFunction::new(thresholds.collect(), levels.collect()).unwrap();
            stair.with_threshold_value(convention)
        },
    )
}

fn heaviside(u: f64, at_zero: ThresholdValue) -> f64 {
    match at_zero {
        ThresholdValue::Upper => f64::from(u >= 0.0),
        ThresholdValue::Lower => f64::from(u > 0.0),
    }
}

#[test]
fn values_by_hand() {
    let stair = irregular();
    let cases = [(-9.0, -3.0), (-1.3, -0.5), (0.0, -0.5), (0.1, 0.25), (2.1, 0.25), (2.2, 4.0), (99.0, 4.0)];
    for (x, y) in cases {
        assert_eq!(stair.eval(x), y, "{x}");
    }
    let lower = stair.with_threshold_value(ThresholdValue::Lower);
    for (x, y) in [(-1.3, -3.0), (0.1, -0.5), (2.2, 0.25), (2.3, 4.0)] {
        assert_eq!(lower.eval(x), y, "{x}");
    }
}

#[test]
fn non_finite_arguments() {
    for stair in [irregular(), irregular().with_threshold_value(ThresholdValue::Lower)] {
        assert_eq!(stair.eval(f64::INFINITY), 4.0);
        assert_eq!(stair.eval(f64::NEG_INFINITY), -3.0);
        assert!(stair.eval(f64::NAN).is_nan());
        assert_eq!(stair.level_index(f64::NAN), None);
        assert_eq!(stair.eval_with_quantum(f64::INFINITY, 0.5), 2.0);
        for quantum in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            assert!(stair.eval_with_quantum(1.0, quantum).is_nan());
        }
    }
}

#[test]
fn summaries_by_hand() {
    let stair = irregular();
    assert_eq!(stair.steps().collect::<Vec<_>>(), [2.5, 0.75, 3.75]);
    assert_eq!(stair.total_variation(), 7.0);
    assert_eq!(stair.oscillation(), 7.0);
    assert!((stair.min_gap().unwrap() - 1.4).abs() < 1e-12);
    assert_eq!(stair.min_level_gap(), Some(0.75));
    assert_eq!((stair.threshold_count(), stair.is_regular()), (3, None));
    let bump = StairFunction::new(vec![0.0, 1.0], vec![1.0, 3.0, 1.0]).unwrap();
    assert_eq!((bump.total_variation(), bump.oscillation(), bump.min_level_gap()), (4.0, 2.0, Some(2.0)));
    let flat = StairFunction::new(vec![0.0], vec![1.0, 1.0]).unwrap();
    assert_eq!((flat.min_gap(), flat.min_level_gap(), flat.total_variation()), (None, None, 0.0));
}

#[test]
fn display() {
    assert_eq!(irregular().to_string(), "-3 |-1.3| -0.5 |0.1| 0.25 |2.2| 4");
    let sign = StairFunction::new(vec![0.0], vec![-1.0, 1.0]).unwrap().with_threshold_value(ThresholdValue::Lower);
    assert_eq!(sign.to_string(), "-1 |0| 1 (H(0) = 0)");
}

#[test]
fn bad_stairs_are_refused_with_the_bad_value() {
    let error = |thresholds: &[f64], levels: &[f64]| StairFunction::new(thresholds.into(), levels.into()).unwrap_err();
    assert_eq!(error(&[], &[1.0]), StairError::NoThreshold);
    assert_eq!(error(&[0.0], &[1.0]), StairError::LevelCount { thresholds: 1, levels: 1 });
    assert_eq!(error(&[0.0, f64::INFINITY], &[1.0; 3]), StairError::Threshold { index: 1, value: f64::INFINITY });
    assert!(matches!(error(&[f64::NAN], &[1.0; 2]), StairError::Threshold { index: 0, .. }));
    assert!(matches!(error(&[0.0], &[1.0, f64::NAN]), StairError::Level { index: 1, .. }));
    assert_eq!(error(&[0.0, 2.0, 2.0], &[1.0; 4]), StairError::Order { index: 2, previous: 2.0, value: 2.0 });
    assert_eq!(
        error(&[0.0, 2.0, 1.0], &[1.0; 4]).to_string(),
        "thresholds must increase strictly, but threshold 2 is 1 after 2"
    );
}

#[test]
fn bad_files_are_refused() {
    let bad = [
        r#"{"thresholds":[],"levels":[0.0]}"#,
        r#"{"thresholds":[1.0,0.0],"levels":[0.0,1.0,2.0]}"#,
        r#"{"thresholds":[0.0],"levels":[0.0]}"#,
        r#"{"thresholds":[0.0],"levels":[0.0,null]}"#,
        r#"{"thresholds":[0.0],"levels":[0.0,1.0],"threshold_value":"middle"}"#,
        r#"{"thresholds":[0.0],"levels":[0.0,1.0],"unknown":1}"#,
    ];
    for text in bad {
        assert!(serde_json::from_str::<StairFunction>(text).is_err(), "{text}");
    }
    let error = serde_json::from_str::<StairFunction>(bad[1]).unwrap_err().to_string();
    assert!(error.contains("thresholds must increase strictly"), "{error}");
    let default: StairFunction = serde_json::from_str(r#"{"thresholds":[0.0],"levels":[-1.0,1.0]}"#).unwrap();
    assert_eq!(default.threshold_value(), ThresholdValue::Upper);
}

#[test]
fn regular_stairs_by_hand() {
    let regular =
        |thresholds: &[f64], levels: &[f64]| StairFunction::new(thresholds.into(), levels.into()).unwrap().is_regular();
    let expected = RegularStair { first: -0.5, spacing: 1.0, base: -1.0, step: 1.0, count: 2 };
    assert_eq!(regular(&[-0.5, 0.5], &[-1.0, 0.0, 1.0]), Some(expected));
    let expected = RegularStair { first: 0.25, spacing: 1.0, base: 3.0, step: -4.0, count: 1 };
    assert_eq!(regular(&[0.25], &[3.0, -1.0]), Some(expected));
    assert_eq!(regular(&[0.0, 1.0, 2.0 + 1e-9], &[0.0, 1.0, 2.0, 3.0]), None);
    assert_eq!(regular(&[0.0, 1.0, 2.0], &[0.0, 1.0, 2.0, 3.0 + 1e-9]), None);
    // Rounding of the spacing itself is no irregularity.
    assert!(regular(&[0.1, 0.2, 0.3, 0.1 + 0.3], &[0.0, 1.0, 2.0, 3.0, 4.0]).is_some());
    // Finite numbers whose distance is not.
    assert_eq!(regular(&[-f64::MAX, f64::MAX], &[0.0, 1.0, 2.0]), None);
}

proptest! {
    #[test]
    fn eval_is_the_sum_of_unit_steps(stair in stairs(), x in -12.0f64..30.0, at in any::<prop::sample::Index>()) {
        for x in [x, stair.thresholds()[at.index(stair.threshold_count())]] {
            let pairs = stair.steps().zip(stair.thresholds());
            let sum: f64 = pairs.map(|(step, threshold)| step * heaviside(x - threshold, stair.threshold_value())).sum();
            prop_assert!((stair.eval(x) - (stair.levels()[0] + sum)).abs() < 1e-12);
        }
    }

    #[test]
    fn monotone_where_no_step_is_negative(stair in stairs(), x in -12.0f64..30.0, y in -12.0f64..30.0) {
        let mut levels = stair.levels().to_vec();
        levels.sort_by(f64::total_cmp);
        let stair = StairFunction::new(stair.thresholds().to_vec(), levels).unwrap();
        prop_assert!(stair.eval(x.min(y)) <= stair.eval(x.max(y)));
        prop_assert!((stair.total_variation() - stair.oscillation()).abs() < 1e-12);
    }

    #[test]
    fn the_quantum_stretches_both_axes(stair in stairs(), x in -12.0f64..30.0, quantum in 0.01f64..10.0) {
        // Powers of two are exact in floating point.
        let exact = 2f64.powi(quantum.log2() as i32);
        prop_assert_eq!(stair.eval_with_quantum(x * exact, exact), exact * stair.eval(x));
        let near = stair.thresholds().iter().any(|threshold| (x / quantum - threshold).abs() < 1e-9);
        prop_assume!(!near);
        let stretched = StairFunction::new(
            stair.thresholds().iter().map(|threshold| threshold * quantum).collect(),
            stair.levels().iter().map(|level| level * quantum).collect(),
        ).unwrap();
        prop_assert_eq!(stair.eval_with_quantum(x, quantum), stretched.eval(x));
    }

    #[test]
    fn the_two_conventions_differ_on_thresholds_only(stair in stairs(), x in -12.0f64..30.0) {
        let upper = stair.clone().with_threshold_value(ThresholdValue::Upper);
        let lower = stair.with_threshold_value(ThresholdValue::Lower);
        prop_assume!(!upper.thresholds().contains(&x));
        prop_assert_eq!(upper.eval(x), lower.eval(x));
        for (k, &threshold) in upper.thresholds().iter().enumerate() {
            prop_assert_eq!(upper.level_index(threshold), Some(k + 1));
            prop_assert_eq!(lower.level_index(threshold), Some(k));
        }
    }

    #[test]
    fn files_hold_every_bit(stair in stairs()) {
        let text = serde_json::to_string(&stair).unwrap();
        prop_assert_eq!(serde_json::from_str::<StairFunction>(&text).unwrap(), stair);
    }

    #[test]
    fn regular_stairs_are_recognised(
        first in -10.0f64..10.0, spacing in 0.01f64..3.0, base in -5.0f64..5.0, step in -2.0f64..2.0, count in 1usize..300,
        bent in any::<prop::sample::Index>(), bend in 1e-6f64..1e-3,
    ) {
        let mut thresholds: Vec<f64> = (0..count).map(|k| first + k as f64 * spacing).collect();
        let levels: Vec<f64> = (0..=count).map(|k| base + k as f64 * step).collect();
        let stair = StairFunction::new(thresholds.clone(), levels.clone()).unwrap();
        let regular = stair.is_regular().unwrap();
        prop_assert_eq!((regular.first, regular.base, regular.count), (first, base, count));
        prop_assert!((regular.step - step).abs() < 1e-9);
        prop_assert!(count == 1 || (regular.spacing - spacing).abs() < 1e-9);
        if count > 2 {
            thresholds[bent.index(count)] += bend * spacing;
            let irregular = StairFunction::new(thresholds, levels).unwrap();
            prop_assert_eq!(irregular.is_regular(), None);
        }
    }
}
