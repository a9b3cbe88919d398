//! Every fault has a name: the part of the file, what was expected, what was found.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};
use stairs_infer::{FileError, Limits, Op, Pixels, Program, Source, Thresholds, Weights, Window};

use crate::memory::most;
use crate::networks;
use crate::parts::Parts;

/// A convolution with falling channels, a residual sum and a float layer: a tensor of every kind.
fn program() -> Program {
    let mut builder = Program::builder("small", vec![1, 4, 4]).expect("a shape");
    let mut at = Source::Input;
    let mut push = |path: &str, op: Op, inputs: &[Source]| builder.push(path, op, inputs).expect("a node");
    at = push("input", Op::Fix { fraction: 8, low: -128, high: 127 }, &[at]);
    let weights = Weights::new(vec![2, 1, 3, 3], (0..18).map(|i| (i % 3) as i8 - 1).collect()).expect("weights");
    let conv = push("conv", Op::Conv { window: Window::new([3; 2]), groups: 1, weights }, &[at]);
    let (values, falling) = (vec![-3, i32::MAX, 5, -700], vec![false, true]);
    let codes = push("act", Op::Thresholds(Thresholds { values, falling, levels: vec![-1, 0, 1] }), &[conv]);
    let rescale = Op::Rescale {
        factors: vec![vec![300, -2], vec![1, 1]],
        offsets: vec![1 << 40, 0],
        shift: 8,
        low: -128,
        high: 127,
    };
    let stream = push("sum", rescale, &[conv, codes]);
    let flat = push("flat", Op::Reshape { shape: vec![8] }, &[stream]);
    let weights = Weights::new(vec![20, 8], (0..160).map(|i| (i % 20) as i8).collect()).expect("weights");
    let dense = push("dense", Op::Dense { weights }, &[flat]);
    let floats = push("scale", Op::Affine { factors: vec![vec![0.5; 20]], offsets: vec![0.0; 20] }, &[dense]);
    let clip = push("clip", Op::Clip { low: 0.0, high: f32::INFINITY }, &[floats]);
    let table = (0..256).map(|x| x as f32 / 255.0).collect();
    builder.finish(clip).with_pixels(Pixels { table }).expect("a table")
}

/// What is said of the file after its header has been changed.
fn header(change: impl FnOnce(&mut Value)) -> String {
    let mut parts = Parts::of(&program().to_bytes());
    change(&mut parts.header);
    refused(&parts.raw())
}

/// What is said of the file after its graph has been changed.
fn graph(change: impl FnOnce(&mut Value)) -> String {
    let mut parts = Parts::of(&program().to_bytes());
    change(&mut parts.graph);
    refused(&parts.file())
}

/// What is said of the file after the bytes of a tensor have been changed.
fn data(tensor: &str, change: impl FnOnce(&mut [u8])) -> String {
    let mut parts = Parts::of(&program().to_bytes());
    let offsets = &parts.header[tensor]["data_offsets"];
    let [from, to] = [0, 1].map(|i| offsets[i].as_u64().expect("an offset") as usize);
    change(&mut parts.data[from..to]);
    refused(&parts.raw())
}

fn refused(file: &[u8]) -> String {
    let (result, memory) = most(|| Program::from_bytes(file));
    assert!(memory < 1 << 17, "{memory} bytes for a refusal");
    let Err(error) = result else { panic!("this file was loaded") };
    error.to_string()
}

fn all(cases: &[(String, &str)]) {
    for (said, expected) in cases {
        assert!(said.contains(expected), "\n    said: {said}\nexpected: {expected}");
    }
}

#[test]
fn files_that_are_none() {
    let tensor = TensorView::new(Dtype::BF16, vec![2], &[0; 4]).expect("a tensor");
    let foreign = serialize([("w", tensor)], Some(HashMap::from([("format".into(), "pt".into())]))).expect("a file");
    let whole = program().to_bytes();
    all(&[
        (refused(b""), "must have 8 bytes by its header, got 0: it is truncated"),
        (refused(&whole[..7]), "must have 8 bytes by its header, got 7"),
        (
            refused(&whole[..whole.len() - 1]),
            &format!("must have {} bytes by its header, got {}", whole.len(), whole.len() - 1),
        ),
        (refused(&[&whole[..], &[0]].concat()), &format!("must have {} bytes", whole.len())),
        (refused(&[255; 100]), "must have 18446744073709551615 bytes"),
        (refused(b"\x03\0\0\0\0\0\0\0abc"), "the header cannot be read: expected value at line 1 column 1"),
        (
            refused(b"\x02\0\0\0\0\0\0\0[]"),
            "the header cannot be read: invalid type: sequence, expected a map of tensors",
        ),
        (refused(b"\x02\0\0\0\0\0\0\0\xff\xff"), "the header cannot be read"),
        (refused(b"\x02\0\0\0\0\0\0\0{}"), "the metadata must have an entry `stairs.version`"),
        (refused(&foreign), "these are tensors, but not a program that `stairs` exported"),
        (refused(&[&2_000_000u64.to_le_bytes()[..], &[b'['; 2_000_000]].concat()[..]), "the header cannot be read"),
    ]);
}

#[test]
fn versions() {
    let version = |version: &str| header(|header| header["__metadata__"]["stairs.version"] = version.into());
    all(&[
        (version("2"), "the file has format version 2, and this crate reads versions 1 to 1: use a newer stairs-infer"),
        (version("0"), "format version 0"),
        (version("one"), "format version one"),
        (
            header(|header| header["__metadata__"]["stairs.program"] = Value::Null),
            "the header cannot be read: invalid type: null",
        ),
    ]);
}

#[test]
fn tensors() {
    let info = |tensor: &str, key: &str, value: Value| header(|header| header[tensor][key] = value);
    let conv = "1.conv.weights";
    let remove = |tensor: &str| {
        let mut parts = Parts::of(&program().to_bytes());
        let info = parts.header.as_object_mut().expect("a map").remove(tensor).expect("a tensor");
        parts.header["other"] = info;
        refused(&parts.raw())
    };
    let unused = header(|header| header["more"] = json!({"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}));
    let twice = {
        let file = program().to_bytes();
        let text = String::from_utf8_lossy(&file[8..]).into_owned();
        let header = &text[..text.find("  ").unwrap_or(text.rfind('}').expect("an end") + 1)];
        let header = header[..=header.rfind("}}").expect("an end") + 1].to_owned();
        let again = format!(
            "{},\"{conv}\":{{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}}}",
            &header[..header.len() - 1]
        );
        refused(&[&(again.len() as u64).to_le_bytes(), again.as_bytes()].concat())
    };
    all(&[
        (remove(conv), "tensor `1.conv.weights` is missing"),
        (unused, "tensor `more` belongs to no node"),
        (twice, "tensor `1.conv.weights` is there twice"),
        (info(conv, "dtype", "BF16".into()), "tensor `1.conv.weights` must be of type U8, got BF16"),
        (info("5.dense.weights", "dtype", "U8".into()), "tensor `5.dense.weights` must be of type I8, got U8"),
        (info("2.act.thresholds", "dtype", "F32".into()), "must be of type I8, I16 or I32, got F32"),
        (info("3.sum.offsets", "dtype", "F64".into()), "must be of type I8, I16, I32 or I64, got F64"),
        (
            info(conv, "shape", json!([5])),
            "tensor `1.conv.weights` must be of a shape that takes its 4 bytes, got U8 of [5]",
        ),
        (info(conv, "shape", json!([1u64 << 40, 1u64 << 40])), "takes its 4 bytes"),
        (info(conv, "shape", json!([-1])), "tensor `1.conv.weights`: invalid value: integer `-1`, expected usize"),
        (info(conv, "more", json!(1)), "tensor `1.conv.weights`: unknown field `more`"),
        (info(conv, "data_offsets", json!([0, u64::MAX])), "tensor `1.conv.weights` must begin at byte"),
        (info(conv, "data_offsets", json!([9, 3])), "where the one before ends, got bytes 9 to 3"),
        (info("3.sum.factors", "shape", json!([4])), "must be of shape [2, channels], got [4]"),
        (info("3.sum.factors", "shape", json!([4, 1])), "must be of shape [2, channels], got [4, 1]"),
        (info("7.clip.bounds", "shape", json!([1, 2])), "tensor `7.clip.bounds` must be of shape [2], got [1, 2]"),
    ]);
}

#[test]
fn contents_of_tensors() {
    all(&[
        (
            data("1.conv.weights", |bytes| bytes[1] = 243),
            "byte 1 of tensor `1.conv.weights` must be digits of base 3, got 243",
        ),
        (data("1.conv.weights", |bytes| bytes[3] = 242), "byte 3 of tensor `1.conv.weights`"),
        (
            data("2.act.falling", |bytes| bytes[0] = 4),
            "byte 0 of tensor `2.act.falling` must be digits of base 2, got 4",
        ),
        (
            data("2.act.thresholds", |bytes| bytes[5] = 0x80),
            "node 2 (`act`): the thresholds of `act` must be ascending",
        ),
        (data("7.clip.bounds", |bytes| bytes.reverse()), "node 7 (`clip`): the bounds of `clip` must be in order"),
        (
            data("pixels", |bytes| bytes.fill(255)),
            "the sample: the table of pixels of `input` must be numbers, not NaN",
        ),
        (
            data("3.sum.offsets", |bytes| bytes[..8].copy_from_slice(&i64::MAX.to_le_bytes())),
            "node 3 (`sum`): sums of `sum` reach",
        ),
    ]);
}

#[test]
fn graphs() {
    let node = |index: usize, change: fn(&mut Value)| graph(|graph| change(&mut graph["nodes"][index]));
    let conv = |key: &str, value: Value| graph(|graph| graph["nodes"][1]["op"]["conv"][key] = value);
    let weights = |key: &str, value: Value| graph(|graph| graph["nodes"][1]["op"]["conv"]["weights"][key] = value);
    all(&[
        (node(4, |node| node["op"] = json!("think")), "the graph cannot be read: node 4: unknown variant `think`"),
        (node(4, |node| node["more"] = json!(1)), "node 4: unknown field `more`"),
        (node(4, |node| node["op"] = json!({"reshape": {}})), "node 4: missing field `shape`"),
        (
            node(4, |node| node["inputs"] = json!([5])),
            "node 4 (`flat`): `flat` reads node 4, but only the 4 nodes before it",
        ),
        (node(4, |node| node["inputs"] = json!([])), "node 4 (`flat`): `flat` (reshape) needs an input"),
        (node(4, |node| node["op"]["reshape"]["shape"] = json!([9])), "needs as many numbers as its shape has"),
        (node(4, |node| node["op"]["reshape"]["shape"] = json!([1, 1, 1, 1, 1, 1, 1, 1, 8])), "at most 8 axes"),
        (
            node(2, |node| node["op"]["thresholds"]["falling"] = json!(9)),
            "must be 2 bytes for 9 digits of 2 values, got [1]",
        ),
        (node(2, |node| node["op"]["thresholds"]["falling"] = json!(1)), "byte 0 of tensor `2.act.falling`"),
        (node(2, |node| node["op"]["thresholds"]["falling"] = json!(u64::MAX)), "must be 2305843009213693952 bytes"),
        (node(2, |node| node["op"]["thresholds"]["levels"] = json!([])), "the levels of `act` must be at least one"),
        (
            graph(|graph| graph["output"] = json!(9)),
            "the output must be 0 for the sample, or at most 8, the last node, got 9",
        ),
        (graph(|graph| graph["input"] = json!([1, 0, 4])), "the sample: a shape must have"),
        (
            graph(|graph| graph["input"] = json!([1u64 << 40, 1u64 << 40])),
            "as many positions as this machine can count",
        ),
        (conv("groups", json!(0)), "channels, in and out, that its groups divide"),
        (conv("window", json!({"kernel": [0, 3]})), "the window of `conv` must be at least 1"),
        (
            conv("window", json!({"kernel": [1u64 << 40, 1u64 << 40], "padding": [[1u64 << 41, 0], [1u64 << 41, 0]]})),
            "shape",
        ),
        (weights("values", json!([])), "the number of values of the weights of node 1 (`conv`) must be 1 to 16, got 0"),
        (
            weights("values", json!([1, 2])),
            "tensor `1.conv.weights` must be 3 bytes for 18 digits of 2 values, got [4]",
        ),
        (weights("values", json!([1, 2, 300])), "node 1: invalid value: integer `300`, expected i8"),
        (
            weights("shape", json!([1_000_000_000, 1_000_000_000])),
            "must be 200000000000000000 bytes for 1000000000000000000 digits",
        ),
        (weights("shape", json!([1u64 << 63, 2])), "node 1 (`conv`): a shape must have"),
        (
            graph(|graph| graph["pixels"] = json!("numbers")),
            "the sample: the table of pixels of `input` must be 256 numbers, got 2",
        ),
        (graph(|graph| graph["pixels"] = Value::Null), "tensor `pixels` belongs to no node"),
    ]);
}

#[test]
fn programs_that_would_take_too_much() {
    let shape = |shape: Value| {
        let mut parts =
            Parts::of(&Program::builder("large", vec![1, 1, 1]).expect("a shape").finish(Source::Input).to_bytes());
        parts.graph["input"] = shape;
        parts.graph["nodes"] = json!([{"path": "pool", "op": {"mean_pool": {
            "window": {"kernel": [1000, 1000], "padding": [[999, 0], [999, 0]]}, "counts_padding": true}}, "inputs": [0]}]);
        parts.file()
    };
    all(&[
        (
            refused(&shape(json!([1, 1_000_000_000, 1_000_000_000]))),
            "takes 2000000000000000000 activations, and the limit is 268435456",
        ),
        (
            refused(&shape(json!([1, 1000, 1000]))),
            "takes 1000000000000 operations, and the limit is 274877906944: raise it in `Limits`",
        ),
    ]);
    let file = networks::lenet().to_bytes();
    let limits = |activations, operations| Program::from_bytes_within(&file, &Limits { activations, operations });
    let (activations, operations) = (networks::lenet().activations(), networks::lenet().operations());
    assert!(limits(activations, operations).is_ok());
    assert!(matches!(limits(activations - 1, operations), Err(FileError::Limit { what: "activations", .. })));
    assert!(matches!(limits(activations, operations - 1), Err(FileError::Limit { what: "operations", .. })));
}
