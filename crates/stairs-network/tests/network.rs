//! Operations against numbers worked out by hand, and networks that cannot be.
#![allow(missing_docs)]

use proptest::prelude::*;
use stairs_network::{
    Array, Comparison, Network, NetworkError, Op, RunError, Source, Stair, StairWeight, Weight, Window,
};
use stairs_quant::{Quantiser, Scales};

fn array(shape: &[usize], values: &[f32]) -> Array {
    Array::new(shape.to_vec(), values.to_vec()).unwrap()
}

/// The result of one operation on one sample.
fn one(shape: &[usize], op: Op, sample: &[f64]) -> Vec<f64> {
    let mut builder = Network::builder(shape.to_vec());
    let output = builder.push("x", op, &[Source::Input]).unwrap();
    builder.finish(output).run(sample).unwrap()
}

fn window(kernel: [usize; 2], stride: [usize; 2], padding: [[usize; 2]; 2]) -> Window {
    Window::new(kernel).unwrap().with_stride(stride).unwrap().with_padding(padding)
}

#[test]
fn operations_are_what_their_definitions_say() {
    let image = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // 2 × 3
    let pool = window([2, 2], [1, 2], [[1, 0], [0, 1]]);
    assert_eq!(one(&[1, 2, 3], Op::MaxPool(pool), &image), [2.0, 3.0, 5.0, 6.0]);
    let mean = |counts_padding| Op::MeanPool { window: pool, counts_padding };
    assert_eq!(one(&[1, 2, 3], mean(true), &image), [0.75, 0.75, 3.0, 2.25]);
    assert_eq!(one(&[1, 2, 3], mean(false), &image), [1.5, 3.0, 3.0, 4.5]);
    assert_eq!(one(&[1, 2, 3], Op::AdaptiveMeanPool { size: [1, 2] }, &image), [3.0, 4.0]);
    assert_eq!(one(&[1, 2, 3], Op::Mean, &image), [3.5]);
    assert_eq!(one(&[2, 1, 3], Op::Mean, &image), [2.0, 5.0]);
    assert_eq!(one(&[1, 1, 2], Op::PadChannels { before: 1, behind: 1 }, &[7.0, 8.0]), [0.0, 0.0, 7.0, 8.0, 0.0, 0.0]);
    assert_eq!(one(&[3], Op::Clip { low: 0.0, high: 6.0 }, &[-1.0, 3.0, 9.0]), [0.0, 3.0, 6.0]);

    // Two groups of one channel: kernel 1 × 2 from left to right, a zero behind.
    let weight = Weight::Float(array(&[2, 1, 1, 2], &[1.0, 10.0, -1.0, 2.0]));
    let window = window([1, 2], [1, 1], [[0, 0], [0, 1]]);
    let conv = Op::Conv { window, groups: 2, weight, bias: Some(array(&[2], &[0.5, 0.0])) };
    assert_eq!(one(&[2, 1, 2], conv, &[1.0, 2.0, 3.0, 4.0]), [21.5, 2.5, 5.0, -4.0]);

    // Along the last axis, row by row.
    let weight = Weight::Float(array(&[1, 2], &[2.0, -1.0]));
    assert_eq!(one(&[3, 2], Op::Dense { weight, bias: None }, &image), [0.0, 2.0, 4.0]);

    let of = |value: f32| array(&[2], &[value, value]);
    let norm = Op::Norm { gamma: of(3.0), beta: of(1.0), mean: of(2.0), variance: of(3.0), epsilon: 1.0 };
    assert_eq!(one(&[2, 1], norm, &[4.0, 2.0]), [4.0, 1.0]);
}

#[test]
fn quantised_weights_are_levels_times_scales() {
    let weight = Weight::Stair(StairWeight {
        path: "fc.weight.stair".into(),
        latent: array(&[2, 2], &[0.2, -0.3, 0.24, 9.0]),
        function: Quantiser::Ternary.stair(),
        scales: vec![Scales::new(0.5, 2.0).unwrap()],
        comparison: Comparison::Folded,
    });
    // |w| ≥ ½·0.5 is ±1, times 2.
    assert_eq!(one(&[2], Op::Dense { weight, bias: None }, &[1.0, 10.0]), [-20.0, 20.0]);
    let scales = Scales::new(2.0, 0.25).unwrap();
    let stair =
        Stair { path: "a".into(), function: Quantiser::Ternary.stair(), scales, comparison: Comparison::Folded };
    assert_eq!(one(&[4], Op::Stair(stair), &[-1.1, -1.0, 1.0, 0.99]), [-0.25, 0.0, 0.25, 0.0]);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let mut builder = Network::builder(vec![2, 3, 3]);
    let weight = || Weight::Float(array(&[4, 3], &[0.0; 12]));
    let dense = builder.push("fc", Op::Dense { weight: weight(), bias: None }, &[Source::Input]).unwrap();
    let wrong = builder.push("fc2", Op::Dense { weight: weight(), bias: None }, &[dense]).unwrap_err();
    let expected = "the weight of `fc2` must have shape [4, 4], got [4, 3]";
    assert_eq!(wrong.to_string(), expected);
    assert!(matches!(builder.push("add", Op::Add, &[Source::Input, dense]), Err(NetworkError::Input { .. })));
    assert!(matches!(builder.push("relu", Op::Relu, &[Source::Node(7)]), Err(NetworkError::Order { before: 1, .. })));
    let pool = Op::MaxPool(Window::new([4, 1]).unwrap());
    assert!(matches!(builder.push("pool", pool, &[Source::Input]), Err(NetworkError::Input { .. })));
    let bias = Some(array(&[3], &[0.0; 3]));
    assert!(matches!(
        builder.push("b", Op::Dense { weight: weight(), bias }, &[Source::Input]),
        Err(NetworkError::Parameter { what: "bias", .. })
    ));

    let network = builder.finish(dense);
    assert_eq!(network.run(&[0.0; 17]).unwrap_err(), RunError::Sample { expected: 18, got: 17 });
    let mut builder = Network::builder(vec![3]);
    let weight = Weight::Float(Array::unknown(vec![4, 3]).unwrap());
    let fc = builder.push("fc", Op::Dense { weight, bias: None }, &[Source::Input]).unwrap();
    assert!(matches!(builder.finish(fc).run(&[0.0; 3]), Err(RunError::NoValues { what: "weight", .. })));
    assert!(Array::unknown(vec![usize::MAX, 2]).is_err() && Array::new(vec![2, 3], vec![0.0; 5]).is_err());
}

/// What no quantiser of the catalogue has, costs the bits of its levels.
#[test]
fn costs_of_a_network_by_hand() {
    let mut builder = Network::builder(vec![1, 4, 4]);
    let weight = Weight::Float(array(&[2, 1, 3, 3], &[0.5; 18]));
    let conv = Op::Conv { window: Window::new([3, 3]).unwrap(), groups: 1, weight, bias: None };
    let conv = builder.push("conv", conv, &[Source::Input]).unwrap();
    let scales = Scales::equal(1.0).unwrap();
    let function = stairs_quant::StairFunction::new(vec![0.0, 1.0, 5.0], vec![0.0, 1.0, 2.0, 7.0]).unwrap();
    let stair = Stair { path: "act".into(), function, scales, comparison: Comparison::Folded };
    let act = builder.push("act", Op::Stair(stair), &[conv]).unwrap();
    let flat = builder.push("flatten", Op::Flatten, &[act]).unwrap();
    let weight = Weight::Float(array(&[3, 8], &[0.5; 24]));
    let fc = builder.push("fc", Op::Dense { weight, bias: None }, &[flat]).unwrap();
    let totals = builder.finish(fc).totals();
    assert_eq!((totals.parameters, totals.macs), (18 + 24, 4 * 18 + 24));
    assert_eq!(totals.bit_operations, 72 * 32 * 32 + 24 * 32 * 2);
    // Written: eight features of two bits, three floats; at once: the sample and the features.
    assert_eq!((totals.feature_bytes, totals.peak_feature_bytes), (2 + 12, 64 + 2));
}

proptest! {
    /// No text makes reading a network panic, and what is read can be written and read again.
    #[test]
    fn damaged_files_are_errors(at in 0usize..2000, byte in any::<u8>()) {
        let mut builder = Network::builder(vec![1, 4, 4]);
        let weight = Weight::Float(array(&[2, 1, 3, 3], &[0.5; 18]));
        let conv = Op::Conv { window: Window::new([3, 3]).unwrap(), groups: 1, weight, bias: None };
        let conv = builder.push("conv", conv, &[Source::Input]).unwrap();
        let mean = builder.push("mean", Op::Mean, &[conv]).unwrap();
        let mut text = serde_json::to_vec(&builder.finish(mean)).unwrap();
        let at = at % text.len();
        text[at] = byte;
        if let Ok(network) = serde_json::from_slice::<Network>(&text) {
            let again = serde_json::to_vec(&network).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Network>(&again).unwrap(), network);
        }
    }
}
