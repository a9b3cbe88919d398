//! Sums over the layers of a structure.
//!
//! ```text
//! bit operations  Σ MACs · (bits of a weight) · (bits of a feature)        float counts 32 bits
//! ```
//!
//! as van Baalen, Louizos, Nagel, Amjad, Wang, Blankevoort, Welling count them (*Bayesian Bits*, NeurIPS 2020). Baskin et al.
//! (*UNIQ*, arXiv 1804.10969) add terms for the accumulators, which are left out here. Convolutions and dense layers are
//! counted; biases, norms, activations, pools and sums are not.

use serde::Serialize;

use super::{Layer, Structure};

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

impl Structure {
    /// The sums over all layers.
    ///
    /// Features are those of an integer engine, one sample at a time: norm, activation, quantiser and sum are part of the
    /// layer whose result they change, so that accumulators are never stored unless a projection has to wait for them.
    pub fn totals(&self) -> Totals {
        let sum = |of: fn(&Layer) -> u64| self.layers.iter().map(of).sum();
        Totals {
            parameters: sum(Layer::parameter_count),
            macs: sum(|layer| layer.macs),
            bit_operations: sum(Layer::bit_operations),
            parameter_bytes: sum(Layer::parameter_bytes),
            feature_bytes: self.memory.written(),
            peak_feature_bytes: self.memory.peak(),
        }
    }
}
