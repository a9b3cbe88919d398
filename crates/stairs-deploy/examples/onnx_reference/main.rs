//! Writes programs as ONNX and QONNX with the integers they must give, for `benches/peers/onnx_check.py`.
//!
//! `onnx_reference FOLDER FIRST LAST` writes the random programs of these seeds, `onnx_reference FOLDER shapes [NAME]` those of usual
//! shapes whose names begin so. Each is a folder of four files: `model.onnx`, `qonnx.onnx`, `reference.json` (shapes, names of
//! tensors, where numbers are) and `reference.bin` (samples and the results of all nodes, little-endian, 32 bits each). With those of
//! usual shapes come float networks of the same layers as `float.onnx`, the outputs of these in double precision as `float.json`, and
//! the quantised networks in single precision as `quantised.onnx`.

mod shapes;

use std::{env, error::Error, fs, path::Path};

use serde_json::json;
use stairs_deploy::onnx::{IntegerTensor, float_onnx, onnx, qonnx};
use stairs_infer::testing::{self, Dice};
use stairs_infer::{Kind, Op, Program, Source, Value};

/// Samples of each random program.
const SAMPLES: usize = 64;
/// Samples of each network of usual shape, which the reference takes seconds for.
const FEW: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [folder, "shapes", prefix @ ..] => {
            for shape in shapes::named(prefix.first().unwrap_or(&"")) {
                let shape = shape?;
                let folder = Path::new(folder).join(shape.name);
                let mut dice = Dice::new(1);
                let count = FEW * shape.program.input().iter().product::<usize>();
                let samples: Vec<f32> = (0..count).map(|_| shapes::REACH as f32 * dice.unit()).collect();
                write(&folder, &shape.program, &samples)?;
                fs::write(folder.join("float.onnx"), float_onnx(&shape.float, shape.name)?)?;
                fs::write(folder.join("quantised.onnx"), float_onnx(&shape.quantised, shape.name)?)?;
                let size = samples.len() / FEW;
                let exact = |sample: &[f32]| {
                    let sample: Vec<f64> = sample.iter().map(|x| f64::from(*x)).collect();
                    shape.float.run(&sample)
                };
                let outputs = samples.chunks(size).map(exact).collect::<Result<Vec<_>, _>>()?;
                fs::write(folder.join("float.json"), serde_json::to_vec(&outputs)?)?;
            }
        }
        [folder, first, last] => {
            for seed in first.parse()?..=last.parse()? {
                let program = testing::program(seed);
                let samples = testing::samples(&program, seed, SAMPLES);
                write(&Path::new(folder).join(seed.to_string()), &program, &samples)?;
            }
        }
        _ => return Err("onnx_reference FOLDER FIRST LAST, or onnx_reference FOLDER shapes [NAME]".into()),
    }
    Ok(())
}

/// The four files of a program.
fn write(folder: &Path, program: &Program, samples: &[f32]) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let (file, custom) = (onnx(program)?, qonnx(program)?);
    fs::write(folder.join("model.onnx"), &file.bytes)?;
    fs::write(folder.join("qonnx.onnx"), &custom.bytes)?;
    let size = program.input().iter().product::<usize>();
    let traces = samples.chunks(size).map(|sample| program.trace(sample)).collect::<Result<Vec<_>, _>>()?;
    // Float layers make NaN of infinities, which kernels pass on as they like.
    let finite = |value: &Value| match value {
        Value::Floats(values) => values.iter().all(|v| v.is_finite()),
        Value::Integers(_) => true,
    };
    let wild: Vec<bool> = traces.iter().map(|trace| !trace.iter().all(finite)).collect();
    let mut bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    let mut ordered = Vec::new();
    let mut nodes = Vec::new();
    for (index, node) in program.nodes().iter().enumerate() {
        // Float sums are taken in an order of onnxruntime's own, and what reads them may differ too.
        let sums = matches!(
            node.op,
            Op::FloatDense { .. } | Op::FloatConv { .. } | Op::MeanPool { .. } | Op::AdaptiveMeanPool { .. } | Op::Mean
        );
        let exact = node.inputs.iter().all(|source| match *source {
            Source::Input => true,
            Source::Node(before) => ordered[before],
        });
        ordered.push(exact && !sums);
        let tensor = |tensors: &[IntegerTensor]| {
            tensors.iter().find(|tensor| tensor.node == index).map(|t| json!([t.name, t.zero, t.step]))
        };
        nodes.push(json!({
            "path": node.path, "op": node.op.name(), "float": node.kind == Kind::Float, "exact": ordered[index],
            "shape": node.shape, "at": bytes.len(), "tensor": tensor(&file.tensors), "custom": tensor(&custom.tensors),
        }));
        for trace in &traces {
            match &trace[index] {
                Value::Integers(values) => bytes.extend(values.iter().flat_map(|v| v.to_le_bytes())),
                Value::Floats(values) => bytes.extend(values.iter().flat_map(|v| v.to_le_bytes())),
            }
        }
    }
    let output = match program.output() {
        Source::Input => None,
        Source::Node(node) => Some(node),
    };
    let reference = json!({
        "name": program.name(), "input": program.input(), "samples": traces.len(), "wild": wild, "output": output, "nodes": nodes,
    });
    fs::write(folder.join("reference.json"), serde_json::to_vec(&reference)?)?;
    fs::write(folder.join("reference.bin"), bytes)?;
    Ok(())
}
