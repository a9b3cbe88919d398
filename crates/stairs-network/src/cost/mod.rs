//! What a network costs: parameters, multiplications, bits, memory.
//!
//! | file | what |
//! |---|---|
//! | `precision` | float, or a quantiser |
//! | `memory` | which features exist at the same time |
//! | `totals` | sums over nodes |

mod memory;
mod precision;
mod totals;

pub use precision::Precision;
pub use totals::Totals;

use crate::{Network, Node, Op, Source, Weight};

/// What one node costs for one sample.
#[derive(Clone, Debug)]
pub struct Cost<'a> {
    /// The node.
    pub node: &'a Node,
    /// Shape of the first thing it reads.
    pub input: &'a [usize],
    /// Multiplications of a weight and a feature, each with its addition.
    pub macs: u64,
    /// Its weights; `None` where it has none.
    pub weights: Option<Precision>,
    /// The features that go in.
    pub input_features: Precision,
    /// The features that come out.
    pub output_features: Precision,
}

impl Network {
    /// What every node costs, in their order.
    pub fn costs(&self) -> Vec<Cost<'_>> {
        let mut costs: Vec<Cost<'_>> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let first = node.inputs.first().copied().unwrap_or(Source::Input);
            let input = self.shape(first);
            let input_features = match first {
                Source::Input => Precision::Float,
                Source::Node(node) => costs[node].output_features,
            };
            costs.push(Cost {
                node,
                input,
                macs: macs(node),
                weights: node.op.weight().map(|weight| match weight {
                    Weight::Float(_) => Precision::Float,
                    Weight::Stair(stair) => Precision::of(&stair.function),
                }),
                input_features,
                output_features: output_features(&node.op, input, &node.shape, input_features),
            });
        }
        costs
    }
}

fn output_features(op: &Op, input: &[usize], output: &[usize], features: Precision) -> Precision {
    match op {
        Op::Stair(stair) => Precision::of(&stair.function),
        Op::MaxPool(_) | Op::Flatten | Op::Reshape { .. } | Op::PadChannels { .. } => features,
        // Means of levels are levels only where every window is one pixel.
        Op::AdaptiveMeanPool { .. } if input == output => features,
        _ => Precision::Float,
    }
}

/// Weights of one output times the number of outputs.
fn macs(node: &Node) -> u64 {
    let outputs = node.shape.iter().fold(1u64, |product, size| product.saturating_mul(*size as u64));
    node.op.weight().map_or(0, |weight| outputs.saturating_mul(weight.fan_in() as u64))
}

impl Cost<'_> {
    /// Number of values of all parameters; running statistics are none.
    pub fn parameters(&self) -> u64 {
        self.node.op.parameters().iter().map(|(_, array)| array.count() as u64).sum()
    }

    /// Multiply-accumulates times the bits of a weight times the bits of a feature.
    pub fn bit_operations(&self) -> u64 {
        let bits = u64::from(self.weights.map_or(0, Precision::bits)) * u64::from(self.input_features.bits());
        self.macs.saturating_mul(bits)
    }

    /// Bytes of all parameters: weights packed, the others in 32 bits.
    pub fn parameter_bytes(&self) -> u64 {
        let bytes = |(name, array): (&str, &crate::Array)| match self.weights {
            Some(precision) if name == "weight" => precision.bytes(array.count() as u64),
            _ => Precision::Float.bytes(array.count() as u64),
        };
        self.node.op.parameters().into_iter().map(bytes).sum()
    }

    /// Whether an element of the result depends on the same element of the inputs alone, or is a zero beside them: what can be done
    /// to the result of the operation in front of it.
    pub fn is_elementwise(&self) -> bool {
        match self.node.op {
            Op::AdaptiveMeanPool { .. } => self.input == &self.node.shape[..],
            Op::PadChannels { .. } => true,
            ref op => op.is_elementwise(),
        }
    }
}
