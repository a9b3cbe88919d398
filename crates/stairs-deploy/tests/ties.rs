//! Sums that meet thresholds, corners of shapes, and every number of samples: a layer and a quantiser, made so that integers fall on
//! thresholds, in exact arithmetic by hand, as a program, and in the engine.

use stairs_deploy::{DeployOptions, deploy};
use stairs_infer::{Engine, Level, Options, Value};
use stairs_network::{Array, Comparison, Network, Op, Source, Stair, StairWeight, Weight, Window};
use stairs_quant::{Quantiser, Scales, StairFunction, ThresholdValue};

/// Quantisers of features, by name, and one of uneven levels.
fn functions() -> Vec<StairFunction> {
    let names = [
        "binary",
        "sign",
        "ternary",
        "uint2",
        "int2",
        "uint3",
        "int3",
        "int4",
        "uint4",
        "int8",
        "uint8",
        "balanced5",
        "pow2-4",
    ];
    let named = names.iter().map(|name| name.parse::<Quantiser>().unwrap().stair());
    let uneven = StairFunction::new(vec![-1.5, -0.25, 0.25, 2.0], vec![-3.0, -1.0, 0.0, 0.5, 4.0]).unwrap();
    named.chain([uneven]).flat_map(|f| [f.clone(), f.with_threshold_value(ThresholdValue::Lower)]).collect()
}

fn ternary(shape: Vec<usize>, seed: usize) -> Weight {
    let count = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..count).map(|i| ((i * 7 + seed * 5 + i / 3) % 3) as f32 - 1.0).collect();
    let scales = vec![Scales::new(1.0, 0.5).unwrap()];
    Weight::Stair(StairWeight {
        path: "layer.weight".into(),
        latent: Array::new(shape, values).unwrap(),
        function: Quantiser::Ternary.stair(),
        scales,
        comparison: Comparison::Folded,
    })
}

fn array(values: impl Iterator<Item = f32>) -> Array {
    let values: Vec<f32> = values.collect();
    Array::new(vec![values.len()], values).unwrap()
}

/// γ of both signs and 0, β and mean so that sums of halves meet the thresholds, multiples of a quarter.
fn norm(channels: usize) -> Op {
    Op::Norm {
        gamma: array((0..channels).map(|c| [1.0, -1.0, 2.0, 0.0, -0.5][c % 5])),
        beta: array((0..channels).map(|c| [0.0, 0.5, -0.5, 0.25, 1.0][c * 3 % 5])),
        mean: array((0..channels).map(|c| [0.0, 0.5, -1.0][c % 3])),
        variance: array((0..channels).map(|c| [1.0, 4.0, 0.25][c % 3])),
        epsilon: 0.0,
    }
}

fn stair(function: &StairFunction, quantum: f64) -> Op {
    let scales = Scales::new(quantum, 0.5).unwrap();
    Op::Stair(Stair { path: "stair".into(), function: function.clone(), scales, comparison: Comparison::Folded })
}

/// Samples on a grid of halves, so that sums of halves are in single precision what they are on paper.
fn samples(count: usize, size: usize) -> Vec<f32> {
    (0..count * size).map(|i| ((i * 31 + i / 7 * 13) % 13) as f32 / 2.0 - 3.0).collect()
}

/// The program gives what the network gives in doubles, which make no rounding here; the engine what the program gives, at every level,
/// for any number of samples. Returns how many values met a threshold.
fn check(network: &Network, what: &str) -> usize {
    let deployed = deploy(network, &DeployOptions::new("ties", 3.0)).unwrap();
    assert!(deployed.islands.is_empty(), "{what}: {:?}", deployed.islands);
    let size: usize = network.input().iter().product();
    let mut ties = 0;
    for batch in [1, 5, 64] {
        let samples = samples(batch, size);
        let mut want = Vec::new();
        for sample in samples.chunks(size) {
            let doubles: Vec<f64> = sample.iter().map(|x| f64::from(*x)).collect();
            let trace = network.trace(&doubles).unwrap();
            ties += network.nodes().iter().map(|node| met(node, &trace, &doubles)).sum::<usize>();
            want.extend(trace.last().unwrap().iter().map(|x| *x as f32));
            let program = deployed.program.run(sample).unwrap().to_floats();
            assert_eq!(program, want[want.len() - program.len()..], "{what}");
        }
        for level in Level::ALL.into_iter().filter(|level| level.is_here()) {
            let engine = Engine::new(&deployed.program, Options::default().with_level(level).with_threads(2)).unwrap();
            assert_eq!(engine.run(&samples, batch).unwrap(), Value::Floats(want.clone()), "{what}, {}", level.name());
        }
    }
    ties
}

/// Values of a quantiser's input that are at a threshold.
fn met(node: &stairs_network::Node, trace: &[Vec<f64>], sample: &[f64]) -> usize {
    let Op::Stair(stair) = &node.op else { return 0 };
    let x = match node.inputs[0] {
        Source::Input => sample,
        Source::Node(before) => &trace[before],
    };
    let at = |x: &&f64| stair.function.thresholds().iter().any(|t| stair.scales.quantum() * t == **x);
    x.iter().filter(at).count()
}

#[test]
fn sums_at_thresholds_of_every_quantiser_and_both_signs() {
    let mut ties = 0;
    for (i, function) in functions().iter().enumerate() {
        for channels in [1, 3, 65] {
            let mut builder = Network::builder(vec![6]);
            let dense = Op::Dense { weight: ternary(vec![channels, 6], i), bias: None };
            let sums = builder.push("layer", dense, &[Source::Input]).unwrap();
            let normed = builder.push("norm", norm(channels), &[sums]).unwrap();
            let levels = builder.push("stair", stair(function, 0.5), &[normed]).unwrap();
            let last = Op::Dense { weight: ternary(vec![2, channels], i + 1), bias: None };
            let output = builder.push("last", last, &[levels]).unwrap();
            ties += check(&builder.finish(output), &format!("function {i}, {channels} channels"));
        }
    }
    println!("{ties} values at thresholds");
    assert!(ties > 10_000);
}

#[test]
fn corners_of_convolutions() {
    // Channels, size, kernel, stride, padding, dilation, groups.
    let window = |kernel, stride, padding: usize, dilation| {
        let window = Window::new([kernel; 2]).unwrap().with_stride([stride; 2]).unwrap();
        window.with_padding([[padding; 2]; 2]).with_dilation([dilation; 2]).unwrap()
    };
    let cases = [
        (1, 1, window(1, 1, 0, 1), 1),
        (3, 1, window(3, 1, 1, 1), 3),
        (65, 1, window(1, 1, 0, 1), 1),
        (3, 7, window(2, 3, 0, 1), 1),
        (4, 7, window(1, 4, 0, 1), 2),
        (65, 4, window(3, 1, 1, 1), 65),
        (5, 8, window(3, 2, 2, 2), 1),
        (6, 9, window(3, 1, 2, 3), 3),
    ];
    let ternary_features = Quantiser::Ternary.stair();
    let mut ties = 0;
    for (i, (channels, size, window, groups)) in cases.into_iter().enumerate() {
        for function in [&ternary_features, &"int4".parse::<Quantiser>().unwrap().stair()] {
            let mut builder = Network::builder(vec![channels, size, size]);
            let first = builder.push("first", stair(function, 0.5), &[Source::Input]).unwrap();
            let [rows, columns] = window.kernel();
            let weight = ternary(vec![channels, channels / groups, rows, columns], i);
            let conv = Op::Conv { window, groups, weight, bias: None };
            let sums = builder.push("layer", conv, &[first]).unwrap();
            let normed = builder.push("norm", norm(channels), &[sums]).unwrap();
            let levels = builder.push("stair", stair(function, 0.25), &[normed]).unwrap();
            let mean = builder.push("pool", Op::Flatten, &[levels]).unwrap();
            ties += check(&builder.finish(mean), &format!("case {i}"));
        }
    }
    println!("{ties} values at thresholds");
    assert!(ties > 10_000);
}

#[test]
fn residual_sums_at_thresholds() {
    for (i, name) in ["ternary", "int4", "int8", "uint4"].iter().enumerate() {
        let function = name.parse::<Quantiser>().unwrap().stair();
        let stream = "int8".parse::<Quantiser>().unwrap().stair();
        let mut builder = Network::builder(vec![5, 4, 4]);
        let mut at = builder.push("first", stair(&stream, 0.25), &[Source::Input]).unwrap();
        for block in 0..3 {
            let read = builder.push("read", stair(&function, 0.5), &[at]).unwrap();
            let window = Window::new([3, 3]).unwrap().with_padding([[1, 1], [1, 1]]);
            let conv = Op::Conv { window, groups: 1, weight: ternary(vec![5, 5, 3, 3], i + block), bias: None };
            let sums = builder.push("layer", conv, &[read]).unwrap();
            let normed = builder.push("norm", norm(5), &[sums]).unwrap();
            let sum = builder.push("add", Op::Add, &[normed, at]).unwrap();
            at = builder.push("stream", stair(&stream, 0.25), &[sum]).unwrap();
        }
        assert!(check(&builder.finish(at), name) > 1_000, "{name}");
    }
}
