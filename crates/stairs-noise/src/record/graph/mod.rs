//! From recorded operations to nodes.
//!
//! | file | what |
//! |---|---|
//! | `constants` | operations on parameters alone |
//! | `operations` | operations on features, by Burn's names |
//! | `layers` | what several operations make together: dense layers, biases, stairs, means |
//! | `nodes` | nodes and their paths |
//! | `names` | numbers and names of operations |

mod constants;
mod layers;
mod names;
mod nodes;
mod operations;

use std::collections::BTreeMap;

use burn::backend::capture::TensorId;
use burn::backend::ir::{OperationIr, TensorIr};
use stairs_network::{Network, NetworkBuilder, Source};

use super::RecordError;
use super::capture::Recording;
use super::constant::Constant;
use super::feature::{Feature, Form, sample};
use names::name;

/// A recorded tensor.
#[derive(Clone, Debug)]
enum Value {
    Constant(Constant),
    Feature(Feature),
}

/// What an operation turned out to be.
enum Found {
    /// A result that is a node already, or a view of one, with the sizes that the operation gives it.
    View(Source, Form),
    /// A constant.
    Constant(Constant),
    /// Nothing that is known.
    Unknown,
}

/// The network of two recordings of one pass.
pub(super) fn network(input: &[usize], two: &Recording, three: &Recording) -> Result<Network, RecordError> {
    let (operations, others) = (&two.graph.graph.operations, &three.graph.graph.operations);
    if operations.len() != others.len() {
        return Err(RecordError::Batch(format!("{} and {} operations", operations.len(), others.len())));
    }
    let mut translation = Translation {
        recording: two,
        values: BTreeMap::new(),
        builder: Network::builder(input.to_vec()),
        place: Vec::new(),
    };
    if let Some(id) = two.graph.graph.inputs.first() {
        let feature = Feature { source: Source::Input, view: input.to_vec(), skipped: 1, form: Form::Plain };
        translation.values.insert(*id, Value::Feature(feature));
    }
    for (operation, other) in operations.iter().zip(others) {
        translation.take(operation, other)?;
    }
    let output = two.graph.graph.outputs.first().and_then(|id| translation.values.get(id)).cloned();
    match output {
        Some(Value::Feature(feature)) => {
            let output = translation.plain(&feature, "result")?;
            Ok(translation.builder.finish(output))
        }
        _ => Err(RecordError::Stopped("its result does not depend on the sample".into())),
    }
}

struct Translation<'a> {
    recording: &'a Recording,
    values: BTreeMap<TensorId, Value>,
    builder: NetworkBuilder,
    /// Path of the module that the last node with a path of its own stands in.
    place: Vec<String>,
}

impl Translation<'_> {
    /// Adds what one operation does.
    fn take(&mut self, operation: &OperationIr, other: &OperationIr) -> Result<(), RecordError> {
        if matches!(operation, OperationIr::Drop(_)) {
            return Ok(());
        }
        let outputs: Vec<(&TensorIr, &TensorIr)> = operation.outputs().zip(other.outputs()).collect();
        let inputs: Vec<Value> = operation.inputs().map(|tensor| self.value(tensor)).collect();
        if std::mem::discriminant(operation) != std::mem::discriminant(other) || inputs.len() != other.inputs().count()
        {
            return Err(RecordError::Batch(format!("{} and {}", name(operation), name(other))));
        }
        let depends = inputs.iter().any(|value| matches!(value, Value::Feature(_)));
        let found = if depends { self.feature(operation)? } else { Found::Constant(self.constant(operation)) };
        for (tensor, other) in outputs {
            if self.values.contains_key(&tensor.id) {
                // The sample is an output of its own transfer.
                continue;
            }
            let (two, three) = (&tensor.shape[..], &other.shape[..]);
            let value = match &found {
                Found::Constant(constant) => Value::Constant(constant.clone()),
                Found::View(source, form) => match sample(two, three) {
                    Some((view, skipped)) => Value::Feature(Feature { source: *source, view, skipped, form: *form }),
                    None => self.unknown(operation, &inputs, two, three)?,
                },
                Found::Unknown => self.unknown(operation, &inputs, two, three)?,
            };
            self.values.insert(tensor.id, value);
        }
        Ok(())
    }

    fn value(&self, tensor: &TensorIr) -> Value {
        self.values.get(&tensor.id).cloned().unwrap_or_else(|| Value::Constant(self.given(tensor)))
    }

    /// A tensor that no operation has made: a parameter, or one that was moved to the device.
    fn given(&self, tensor: &TensorIr) -> Constant {
        let path = self.recording.parameters.get(&tensor.id).cloned();
        let values = self.recording.graph.values.get(&tensor.id);
        let values = values.and_then(|data| data.clone().try_into_vec_as::<f32>().ok());
        Constant::new(path, tensor.shape.to_vec(), values)
    }
}
