//! The zoo's networks under torchvision's weights give torchvision's logits.
//!
//! `tests/golden/torchvision.json` has the logits, names and shapes of torchvision's models under weights that a formula gives
//! (`benches/peers/golden_logits.py`). The same weights are written here to a safetensors file under torchvision's names, imported
//! and run.

mod weights;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;
use stairs_noise::walk::{self, Parameter};
use stairs_zoo::pretrained::{Head, PretrainedError, WeightFile, parameters, torchvision};
use stairs_zoo::{Architecture, Model};
use weights::{header, values};

/// Largest difference, as a share of the largest logit, and of the norms.
const TOLERANCE: f64 = 1e-4;

#[derive(Deserialize)]
struct Golden {
    gain: f64,
    models: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    model: String,
    parameters: usize,
    buffers: usize,
    indices: Vec<usize>,
    outputs: Vec<Output>,
    tensors: BTreeMap<String, Vec<usize>>,
}

#[derive(Deserialize)]
struct Output {
    shape: [usize; 4],
    norm: f64,
    largest: f64,
    logits: Vec<f64>,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/torchvision.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Writes the state dict of a case; the tensor `key` gets the numbers of `source(key)`.
fn write<'a>(path: &Path, case: &'a Case, gain: f64, source: impl Fn(&'a str) -> &'a str) {
    let tensors = || case.tensors.iter().map(|(name, shape)| (name.as_str(), shape.as_slice()));
    let mut text = header(tensors());
    text += &" ".repeat(text.len().next_multiple_of(8) - text.len());
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(&(text.len() as u64).to_le_bytes()).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    for (name, shape) in tensors() {
        let bytes: Vec<u8> = values(source(name), shape, gain).into_iter().flat_map(f32::to_le_bytes).collect();
        file.write_all(&bytes).unwrap();
    }
    file.flush().unwrap();
}

fn imported(path: &Path, model: &str) -> Model {
    let architecture: Architecture = model.parse().unwrap();
    let file = WeightFile::open(path).unwrap();
    let (model, classes) = torchvision(&architecture, &file, Head::Kept, &Device::flex()).unwrap();
    assert_eq!(classes, 1000);
    model
}

/// Numbers in parameters and batch statistics.
fn numbers(model: &Model) -> usize {
    walk::parameters(model).iter().map(Parameter::count).sum()
}

/// The largest deviation from the golden logits, as a share of the largest, and that of the norm.
fn deviations(model: &Model, case: &Case, output: &Output, number: usize) -> (f64, f64) {
    let input = values(&format!("input.{number}"), &output.shape, 1.0);
    let input = Tensor::<4>::from_data(TensorData::new(input, output.shape), &Device::flex());
    let logits = model.forward(input).into_data().try_to_vec::<f32>().unwrap();
    let logit = |index: usize| f64::from(logits[index]);
    let off = case.indices.iter().zip(&output.logits).map(|(index, expected)| (logit(*index) - expected).abs());
    let norm = logits.iter().map(|logit| f64::from(*logit).powi(2)).sum::<f64>().sqrt();
    (off.fold(0.0, f64::max) / output.largest, (norm - output.norm).abs() / output.norm)
}

/// Imports the case and compares all its outputs.
fn check(name: &str) {
    let golden = golden();
    let case = golden.models.iter().find(|case| case.model == name).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    write(&path, case, golden.gain, |key| key);
    let model = imported(&path, name);
    assert_eq!(numbers(&model), case.parameters + case.buffers);
    assert_eq!(parameters(&model), case.parameters);
    for (number, output) in case.outputs.iter().enumerate() {
        let (logits, norm) = deviations(&model, case, output, number);
        println!("{name} {:?}: logits {logits:.1e}, norm {norm:.1e}", output.shape);
        assert!(logits <= TOLERANCE && norm <= TOLERANCE, "{name} {:?}: {logits:e} {norm:e}", output.shape);
    }
}

#[test]
fn alexnet() {
    check("alexnet");
}

#[test]
fn mobilenet_v2() {
    check("mobilenet-v2");
}

#[test]
fn narrow_mobilenet_v2() {
    check("mobilenet-v2:0.35");
}

#[test]
fn resnet18() {
    check("resnet18");
}

#[test]
fn resnet34() {
    check("resnet34");
}

#[test]
fn resnet50() {
    check("resnet50");
}

#[test]
fn vgg16_bn() {
    check("vgg16-bn");
}

/// Any two tensors of one shape that change places are noticed: here norms, statistics and convolutions of a ResNet-18.
#[test]
fn swapped_tensors_are_noticed() {
    let golden = golden();
    let case = golden.models.iter().find(|case| case.model == "resnet18").unwrap();
    let dir = tempfile::tempdir().unwrap();
    for (one, other) in [
        ("layer1.0.bn1.weight", "layer1.0.bn2.weight"),
        ("layer4.1.bn1.bias", "layer4.1.bn1.running_mean"),
        ("layer3.1.conv1.weight", "layer3.1.conv2.weight"),
    ] {
        assert_eq!(case.tensors[one], case.tensors[other]);
        let path = dir.path().join(format!("{one}.safetensors"));
        let source = |key| {
            if key == one {
                other
            } else if key == other {
                one
            } else {
                key
            }
        };
        write(&path, case, golden.gain, source);
        let (logits, _) = deviations(&imported(&path, "resnet18"), case, &case.outputs[1], 1);
        assert!(logits > 10.0 * TOLERANCE, "{one} for {other}: {logits:e}");
    }
}

/// The key maps reach every tensor of torchvision's models, and a tensor more or less is an error that names it.
#[test]
fn key_maps_are_complete_and_strict() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    for case in golden().models.iter().filter(|case| case.parameters < 20_000_000) {
        let architecture: Architecture = case.model.parse().unwrap();
        let mut tensors = case.tensors.clone();
        let removed = tensors.pop_first().unwrap();
        let (changed, shape) = tensors.last_entry().map(|last| (last.key().clone(), last.get().clone())).unwrap();
        tensors.insert(changed.clone(), [&shape[..], &[1]].concat());
        tensors.insert("classifier.9.weight".into(), vec![2]);
        let text = header(tensors.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())));
        let count: usize = tensors.values().map(|shape| shape.iter().product::<usize>()).sum();
        std::fs::write(&path, weights::safetensors(&text, &vec![0; 4 * count])).unwrap();
        let file = WeightFile::open(&path).unwrap();
        let error = torchvision(&architecture, &file, Head::Kept, &Device::flex()).unwrap_err();
        let text = error.to_string();
        let PretrainedError::Mismatch { missing, unexpected, misshapen, .. } = error else { panic!("{text}") };
        assert_eq!(missing, [removed.0]);
        assert_eq!(unexpected, ["classifier.9.weight"]);
        let names: BTreeSet<&str> = misshapen.iter().map(|tensor| tensor.name.as_str()).collect();
        assert!(names.contains(changed.as_str()) && names.len() == 1, "{text}");
        assert!(text.contains(&format!("{shape:?} in the model")), "{text}");
    }
}
