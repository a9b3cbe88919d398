//! Errors of networks and certificates.

use stairs_laws::PlanError;
use thiserror::Error;

/// A network that cannot be described, or a plan that does not fit it.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A network without layers.
    #[error("a network needs at least one layer")]
    NoLayer,
    /// A list of the wrong length.
    #[error("layer `{layer}`: {what} must have length {expected}, got {got}")]
    Length {
        /// Name of the layer.
        layer: String,
        /// What has the wrong length.
        what: &'static str,
        /// Length it must have.
        expected: usize,
        /// Length it has.
        got: usize,
    },
    /// A size of 0, or a kernel that does not fit.
    #[error("layer `{layer}`: {what} must be at least 1")]
    Size {
        /// Name of the layer.
        layer: String,
        /// What is 0.
        what: &'static str,
    },
    /// A number that is not finite, or a quantum that is not positive.
    #[error("layer `{layer}`: {what} must be {needs}, got {value}")]
    Number {
        /// Name of the layer.
        layer: String,
        /// What the number is.
        what: &'static str,
        /// What it must be.
        needs: &'static str,
        /// The value.
        value: f64,
    },
    /// A stair on the last layer, or none on another.
    #[error("layer `{layer}`: every layer but the last has a stair, and the last has none")]
    Stair {
        /// Name of the layer.
        layer: String,
    },
    /// A recorded network with a node that is no part of a layer.
    #[error("`{path}` ({operation}) cannot be certified: {reason}")]
    NotAChain {
        /// Path of the node.
        path: String,
        /// Its operation.
        operation: String,
        /// What a layer would have there.
        reason: String,
    },
    /// A quantiser for which the plan has no schedule.
    #[error("the plan has no schedule for the quantiser `{0}`")]
    Uncovered(String),
    /// A schedule that is not possible.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There are no samples.
    #[error("a certificate needs at least one sample")]
    NoSample,
    /// A sample of the wrong size or with a number that is not finite.
    #[error("sample {index} must hold {expected} finite numbers")]
    Sample {
        /// Position of the sample.
        index: usize,
        /// Inputs of the network.
        expected: usize,
    },
    /// Times that do not increase.
    #[error("times must be finite and increase, but time {index} is {value}")]
    Times {
        /// Position in the list.
        index: usize,
        /// The time.
        value: f64,
    },
}
