//! ONNX files read back: their structure. What they compute is held against the reference by `benches/peers/onnx_check.py`.

use std::collections::BTreeSet;

use prost::Message;
use stairs_deploy::onnx::{OnnxError, float_onnx, onnx, proto, qonnx};
use stairs_infer::{Op, Program, Source, Thresholds, Weights, Window, testing};
use stairs_network::{Array, Network, NetworkError, Op as Layer, Source as From, Weight};

fn model(bytes: &[u8]) -> proto::Model {
    proto::Model::decode(bytes).expect("a file")
}

/// A graph as text: constants with their sizes, nodes with what they read.
fn text(bytes: &[u8]) -> String {
    let graph = model(bytes).graph.expect("a graph");
    let mut text = String::new();
    for tensor in &graph.initializer {
        let kind = ["", "f32", "u8", "i8", "", "", "i32", "i64", "", "", "", "f64"][tensor.data_type() as usize];
        text += &format!("{} {kind} {:?}\n", tensor.name(), tensor.dims);
    }
    for node in &graph.node {
        let attribute = |attribute: &proto::Attribute| match attribute.r#type() {
            1 => format!("{}={}", attribute.name(), attribute.f()),
            2 => format!("{}={}", attribute.name(), attribute.i()),
            3 => format!("{}={}", attribute.name(), String::from_utf8_lossy(attribute.s())),
            _ => format!("{}={:?}", attribute.name(), attribute.ints),
        };
        let attributes: Vec<String> = node.attribute.iter().map(attribute).collect();
        text += &format!("{} = {}({})", node.output[0], node.op_type(), node.input.join(", "));
        text += &if attributes.is_empty() { "\n".to_owned() } else { format!(" {{{}}}\n", attributes.join(", ")) };
    }
    text
}

/// A ternary convolution of ternary codes, a pool, a dense layer whose sums are the result.
fn small() -> Program {
    let mut builder = Program::builder("small", vec![1, 4, 4]).unwrap();
    let steps = Op::Steps { thresholds: vec![-0.5, 0.5], levels: vec![-1, 0, 1] };
    let codes = builder.push("in", steps, &[Source::Input]).unwrap();
    let weights =
        Weights::new(vec![2, 1, 3, 3], vec![1, 0, -1, 1, 1, 0, 0, -1, 1, 0, 1, 1, -1, 0, 1, 0, 0, -1]).unwrap();
    let window = Window { padding: [[1; 2]; 2], ..Window::new([3; 2]) };
    let sums = builder.push("conv", Op::Conv { window, groups: 1, weights }, &[codes]).unwrap();
    let thresholds = Thresholds { values: vec![-1, 2, 1, -1], falling: vec![false, true], levels: vec![-1, 0, 1] };
    let stair = builder.push("stair", Op::Thresholds(thresholds), &[sums]).unwrap();
    let pool = builder.push("pool", Op::MaxPool(Window { stride: [2; 2], ..Window::new([2; 2]) }), &[stair]).unwrap();
    let flat = builder.push("flat", Op::Reshape { shape: vec![8] }, &[pool]).unwrap();
    let weights = Weights::new(vec![1, 8], vec![1, -1, 1, 1, 0, 0, 1, -1]).unwrap();
    let sums = builder.push("fc", Op::Dense { weights }, &[flat]).unwrap();
    builder.finish(sums)
}

#[test]
fn a_small_program_is_written_as_this() {
    let file = onnx(&small()).unwrap();
    assert_eq!(text(&file.bytes), include_str!("onnx/small.txt"));
    let names: Vec<(usize, &str)> = file.tensors.iter().map(|tensor| (tensor.node, tensor.name.as_str())).collect();
    assert_eq!(names, [(0, "in.Where.2"), (3, "pool.Clip"), (4, "flat.Reshape"), (5, "fc.Gemm")]);
    assert_eq!(text(&qonnx(&small()).unwrap().bytes), include_str!("onnx/small.qonnx.txt"));
}

#[test]
fn a_file_says_what_it_is() {
    let model = model(&onnx(&small()).unwrap().bytes);
    assert_eq!((model.ir_version(), model.producer_name()), (10, "stairs"));
    assert_eq!((model.opset_import.len(), model.opset_import[0].version()), (1, 21));
    let graph = model.graph.unwrap();
    assert_eq!(graph.name(), "small");
    let value = |value: &proto::ValueInfo| {
        let tensor = value.r#type.clone().unwrap().tensor_type.unwrap();
        let dims = tensor.shape.clone().unwrap().dim;
        (
            value.name().to_owned(),
            tensor.elem_type(),
            dims[0].param().to_owned(),
            dims[1..].iter().map(|dim| dim.value()).collect(),
        )
    };
    let inputs: Vec<(String, i32, String, Vec<i64>)> = graph.input.iter().map(value).collect();
    assert_eq!(inputs, [("input".to_owned(), 1, "N".to_owned(), vec![1, 4, 4])]);
    let outputs: Vec<(String, i32, String, Vec<i64>)> = graph.output.iter().map(value).collect();
    assert_eq!(outputs, [("output".to_owned(), 6, "N".to_owned(), vec![1])]);
    // Weights of the second channel, which falls, have changed their sign.
    let weights = graph.initializer.iter().find(|tensor| tensor.name() == "pool.weight").unwrap();
    let bytes: Vec<i8> = weights.raw_data().iter().map(|byte| *byte as i8).collect();
    assert_eq!(bytes, [1, 0, -1, 1, 1, 0, 0, -1, 1, 0, -1, -1, 1, 0, -1, 0, 0, 1]);
    let sets: Vec<String> = self::model(&qonnx(&small()).unwrap().bytes)
        .opset_import
        .iter()
        .map(|set| format!("{} {}", set.domain(), set.version()))
        .collect();
    assert_eq!(sets, [" 21", "qonnx.custom_op.general 1"]);
}

#[test]
fn random_programs_are_graphs_in_order() {
    for seed in 0..150 {
        let program = testing::program(seed);
        for bytes in [onnx(&program).unwrap().bytes, qonnx(&program).unwrap().bytes] {
            let graph = model(&bytes).graph.unwrap();
            let mut known: BTreeSet<String> = graph.input.iter().map(|input| input.name().to_owned()).collect();
            for tensor in &graph.initializer {
                let size: i64 = tensor.dims.iter().product();
                let bytes = [0, 4, 1, 1, 0, 0, 4, 8, 0, 0, 0, 8][tensor.data_type() as usize];
                assert_eq!(tensor.raw_data().len() as i64, size * bytes, "{seed}: {}", tensor.name());
                assert!(known.insert(tensor.name().to_owned()), "{seed}: {} twice", tensor.name());
            }
            for node in &graph.node {
                let missing = node.input.iter().find(|name| !known.contains(*name));
                assert_eq!(missing, None, "{seed}: {}", node.name());
                assert!(known.insert(node.output[0].clone()), "{seed}: {} twice", node.name());
            }
            assert!(graph.output.iter().all(|output| known.contains(output.name())), "{seed}");
        }
    }
}

#[test]
fn what_cannot_be_written_is_named() {
    let network = Network::builder(vec![0]).finish(From::Input);
    let error = float_onnx(&network, "none").unwrap_err();
    assert_eq!(error, OnnxError::Empty { path: "input".into(), shape: vec![0] });

    let side = 300;
    let mut builder = Program::builder("wide", vec![1, side, side]).unwrap();
    let fixed = builder.push("fix", Op::Fix { fraction: 0, low: -50, high: 50 }, &[Source::Input]).unwrap();
    let weights = Weights::new(vec![1, 1, side, side], vec![127; side * side]).unwrap();
    let conv = Op::Conv { window: Window::new([side; 2]), groups: 1, weights };
    let wide = builder.push("wide", conv, &[fixed]).unwrap();
    let error = onnx(&builder.finish(wide)).unwrap_err();
    assert_eq!(error, OnnxError::Wide { path: "wide".into(), magnitude: 127 * (side * side) as i64 });
}

fn float(op: Layer) -> Result<Network, NetworkError> {
    let mut builder = Network::builder(vec![2]);
    let layer = builder.push("layer", op, &[From::Input])?;
    Ok(builder.finish(layer))
}

#[test]
fn float_networks_are_written_or_refused() {
    let weight = Weight::Float(Array::new(vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap());
    let bytes = float_onnx(&float(Layer::Dense { weight, bias: None }).unwrap(), "one").unwrap();
    let expected =
        "layer.weight f32 [2, 2]\nlayer.Gemm = Gemm(input, layer.weight) {transB=1}\noutput = Identity(layer.Gemm)\n";
    assert_eq!(text(&bytes), expected);

    let other = float(Layer::Other { name: "sort".into(), shape: vec![2] }).unwrap();
    let unknown = OnnxError::Unknown { path: "layer".into(), operation: "sort".into() };
    assert_eq!(float_onnx(&other, "one"), Err(unknown));
    let weight = Weight::Float(Array::unknown(vec![2, 2]).unwrap());
    let unknown = float(Layer::Dense { weight, bias: None }).unwrap();
    let missing = OnnxError::NoValues { path: "layer".into(), what: "weight" };
    assert_eq!(float_onnx(&unknown, "one"), Err(missing));
}

/// Sums of more than 24 binary digits whose thresholds are far apart: single precision would round sums at thresholds.
#[test]
fn thresholds_that_are_far_apart_are_compared_in_double_precision() {
    let mut builder = Program::builder("far apart", vec![1, 4, 4]).unwrap();
    let fix = Op::Fix { fraction: 24, low: -(1 << 26), high: 1 << 26 };
    let fixed = builder.push("input", fix, &[Source::Input]).unwrap();
    let weights = Weights::new(vec![2, 1, 3, 3], (0..18).map(|i| (i % 3) as i8 - 1).collect()).unwrap();
    let conv = Op::Conv { window: Window::new([3, 3]), groups: 1, weights };
    let sums = builder.push("conv", conv, &[fixed]).unwrap();
    let values = (0..2).flat_map(|_| (-127..128).map(|t| t * 1_000_003)).collect();
    let stair = Thresholds { values, falling: Vec::new(), levels: (-128..128).collect() };
    let stream = builder.push("stair", Op::Thresholds(stair), &[sums]).unwrap();
    let text = text(&qonnx(&builder.finish(stream)).unwrap().bytes);
    let thresholds = text.lines().find(|line| line.contains("255]")).unwrap();
    assert!(thresholds.contains(" f64 "), "{thresholds}");
}
