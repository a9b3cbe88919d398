//! Sums over the nodes of a network.
//!
//! ```text
//! bit operations  Σ MACs · (bits of a weight) · (bits of a feature)        float counts 32 bits
//! ```
//!
//! as van Baalen, Louizos, Nagel, Amjad, Wang, Blankevoort, Welling count them (*Bayesian Bits*, NeurIPS 2020). Baskin et al.
//! (*UNIQ*, arXiv 1804.10969) add terms for the accumulators, which are left out here. Convolutions and dense layers are
//! counted; biases, norms, activations, pools and sums are not.

use serde::Serialize;

use super::memory::{Activations, Step};
use super::{Cost, Network, Op, Precision, Source};

/// What a network costs for one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Number of parameters.
    pub parameters: u64,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Multiply-accumulates times bits of a weight times bits of a feature.
    pub bit_operations: u64,
    /// Bytes of all parameters: quantised weights packed, all others in 32 bits; scales, one a quantiser, not counted.
    pub parameter_bytes: u64,
    /// Bytes of all features that are written, one after another.
    pub feature_bytes: u64,
    /// Largest number of bytes of features that exist at the same time, input and skip connections included.
    pub peak_feature_bytes: u64,
}

impl Network {
    /// The sums over all nodes. A parameter that several nodes share counts once a node.
    ///
    /// Features are those of an integer engine, one sample at a time: norm, activation, quantiser and sum are part of the
    /// layer whose result they change, so that accumulators are never stored unless a projection has to wait for them.
    pub fn totals(&self) -> Totals {
        let costs = self.costs();
        let sum = |of: &dyn Fn(&Cost<'_>) -> u64| costs.iter().map(of).fold(0, u64::saturating_add);
        let memory = self.activations(&costs);
        Totals {
            parameters: sum(&|cost| cost.parameters()),
            macs: sum(&|cost| cost.macs),
            bit_operations: sum(&|cost| cost.bit_operations()),
            parameter_bytes: sum(&|cost| cost.parameter_bytes()),
            feature_bytes: memory.written(),
            peak_feature_bytes: memory.peak(),
        }
    }

    /// Steps and bytes of the features: number 0 is the sample, number i + 1 the result of node i, unless that is another view of what
    /// it reads.
    fn activations(&self, costs: &[Cost<'_>]) -> Activations {
        let count = |shape: &[usize]| shape.iter().fold(1u64, |product, size| product.saturating_mul(*size as u64));
        let mut memory = Activations { bytes: vec![Precision::Float.bytes(count(self.input()))], steps: Vec::new() };
        // Where the result of every node is.
        let mut numbers: Vec<usize> = Vec::with_capacity(costs.len());
        for (index, cost) in costs.iter().enumerate() {
            let number = |source: &Source| match *source {
                Source::Input => 0,
                Source::Node(node) => numbers[node],
            };
            let reads: Vec<usize> = cost.node.inputs.iter().map(number).collect();
            memory.bytes.push(cost.output_features.bytes(count(&cost.node.shape)));
            match (&cost.node.op, reads.first()) {
                (Op::Flatten | Op::Reshape { .. }, Some(&same)) => numbers.push(same),
                _ => {
                    numbers.push(index + 1);
                    memory.steps.push(Step { reads, writes: index + 1, elementwise: cost.is_elementwise() });
                }
            }
        }
        memory
    }
}
