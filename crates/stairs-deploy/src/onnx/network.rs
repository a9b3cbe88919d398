//! Recorded networks as plain float ONNX: quantised weights as their values, quantisers of features as comparisons.

use stairs_infer::Op as Float;
use stairs_network::{Array, Comparison, Network, Op, Source, Stair, Weight, Window};
use stairs_quant::ThresholdValue;

use super::OnnxError;
use super::form::Form;
use super::graph::{Attr, Graph, Type};

/// A recorded network as ONNX in single precision: what its framework computes, sums in another order. Batches of any size; input
/// `input`, output `output`.
///
/// ```
/// use stairs_network::{Array, Network, Op, Source, Weight};
///
/// let mut builder = Network::builder(vec![3]);
/// let weight = Weight::Float(Array::new(vec![2, 3], vec![1.0, 0.0, -1.0, 0.5, 0.5, 0.5])?);
/// let dense = builder.push("fc", Op::Dense { weight, bias: None }, &[Source::Input])?;
/// let relu = builder.push("relu", Op::Relu, &[dense])?;
/// let bytes = stairs_deploy::onnx::float_onnx(&builder.finish(relu), "small")?;
/// assert!(bytes.len() > 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`OnnxError`] for operations known by name only, parameters without values, and results without numbers.
pub fn float_onnx(network: &Network, name: &str) -> Result<Vec<u8>, OnnxError> {
    let mut graph = Graph::new(name);
    let input = graph.input("input", network.input());
    let mut names: Vec<String> = Vec::with_capacity(network.nodes().len());
    let shapes = network.nodes().iter().map(|node| (&*node.path, &*node.shape));
    for (path, shape) in std::iter::once(("input", network.input())).chain(shapes) {
        if shape.contains(&0) {
            return Err(OnnxError::Empty { path: path.to_owned(), shape: shape.to_vec() });
        }
    }
    let at = |names: &[String], source: Source| match source {
        Source::Input => input.clone(),
        Source::Node(node) => names[node].clone(),
    };
    for node in network.nodes() {
        graph.enter(&node.path);
        let inputs: Vec<String> = node.inputs.iter().map(|source| at(&names, *source)).collect();
        let from = node.inputs.first().map_or(&[][..], |source| network.shape(*source));
        let name = match &node.op {
            Op::Norm { gamma, beta, mean, variance, epsilon } => {
                let parameters = [("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)];
                let mut all = vec![inputs[0].clone()];
                for (what, array) in parameters {
                    let values = values(&node.path, what, array)?;
                    all.push(graph.constant(what, &[values.len()], &values));
                }
                let all: Vec<&str> = all.iter().map(String::as_str).collect();
                graph.node("BatchNormalization", &all, &[Attr::Float("epsilon", *epsilon as f32)])
            }
            Op::Stair(stair) => graph.stair(&inputs[0], stair),
            Op::Dense { weight, bias: None } => {
                let weights = used(&node.path, weight)?;
                graph.dense(&inputs[0], &weights, None, weight.fan_in(), from.len())
            }
            Op::Other { name, .. } => {
                return Err(OnnxError::Unknown { path: node.path.clone(), operation: name.clone() });
            }
            op => graph.float(&node.path, &float(&node.path, op, from)?, &inputs, from, &node.shape)?,
        };
        names.push(name);
    }
    let output = at(&names, network.output());
    graph.output("output", &output, Type::Float, network.shape(network.output()));
    Ok(graph.finish())
}

/// The float operation of a program that a node is.
fn float(path: &str, op: &Op, from: &[usize]) -> Result<Float, OnnxError> {
    Ok(match op {
        Op::Dense { weight, bias } => {
            Float::FloatDense { weights: used(path, weight)?, bias: offsets(path, bias.as_ref(), weight)? }
        }
        Op::Conv { window: its, groups, weight, bias } => Float::FloatConv {
            window: window(its),
            groups: *groups,
            weights: used(path, weight)?,
            bias: offsets(path, bias.as_ref(), weight)?,
        },
        Op::Relu => Float::Clip { low: 0.0, high: f32::INFINITY },
        Op::Clip { low, high } => Float::Clip { low: *low as f32, high: *high as f32 },
        Op::MaxPool(its) => Float::MaxPool(window(its)),
        Op::MeanPool { window: its, counts_padding } => {
            Float::MeanPool { window: window(its), counts_padding: *counts_padding }
        }
        Op::AdaptiveMeanPool { size } => Float::AdaptiveMeanPool { size: *size },
        Op::Mean => Float::Mean,
        Op::PadChannels { before, behind } => Float::PadChannels { before: *before, behind: *behind },
        Op::Add => Float::Add,
        Op::Flatten => Float::Reshape { shape: vec![from.iter().product()] },
        Op::Reshape { shape } => Float::Reshape { shape: shape.clone() },
        other => return Err(OnnxError::Unknown { path: path.to_owned(), operation: other.to_string() }),
    })
}

fn window(window: &Window) -> stairs_infer::Window {
    stairs_infer::Window {
        kernel: window.kernel(),
        stride: window.stride(),
        padding: window.padding(),
        dilation: window.dilation(),
    }
}

fn missing(path: &str, what: &'static str) -> OnnxError {
    OnnxError::NoValues { path: path.to_owned(), what }
}

fn values(path: &str, what: &'static str, array: &Array) -> Result<Vec<f32>, OnnxError> {
    Ok(array.values().ok_or_else(|| missing(path, what))?.to_vec())
}

fn used(path: &str, weight: &Weight) -> Result<Vec<f32>, OnnxError> {
    let weights = weight.used().ok_or_else(|| missing(path, "weight"))?;
    Ok(weights.into_iter().map(|w| w as f32).collect())
}

fn offsets(path: &str, bias: Option<&Array>, weight: &Weight) -> Result<Vec<f32>, OnnxError> {
    bias.map_or_else(|| Ok(vec![0.0; weight.outputs()]), |bias| values(path, "bias", bias))
}

impl Graph {
    /// A quantiser of features, compared as its framework compares.
    fn stair(&mut self, x: &str, stair: &Stair) -> String {
        let quantum = stair.scales.quantum();
        let (x, of) = match stair.comparison {
            Comparison::Folded => (x.to_owned(), quantum),
            Comparison::Divided => {
                let (double, quantum) = (self.cast(x, Type::Double), self.scalar(quantum));
                let divided = self.node("Div", &[&double, &quantum], &[]);
                (self.cast(&divided, Type::Float), 1.0)
            }
        };
        let threshold = |threshold: &f64| {
            let exact = of * threshold;
            let rounded = exact as f32;
            // A quotient is compared with thresholds of double precision, so with the next number of single precision above.
            let above = stair.comparison == Comparison::Divided && f64::from(rounded) < exact;
            match stair.function.threshold_value() {
                ThresholdValue::Upper if above => rounded.next_up(),
                ThresholdValue::Upper => rounded,
                // x > t is x ≥ the next number.
                ThresholdValue::Lower if stair.comparison == Comparison::Divided && f64::from(rounded) > exact => {
                    rounded
                }
                ThresholdValue::Lower => rounded.next_up(),
            }
        };
        let thresholds: Vec<f32> = stair.function.thresholds().iter().map(threshold).collect();
        let levels: Vec<f64> = stair.function.levels().iter().map(|level| stair.scales.output() * level).collect();
        self.levels(&x, &thresholds, (&levels, Form::Single))
    }
}
