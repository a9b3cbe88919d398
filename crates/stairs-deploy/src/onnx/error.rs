//! Programs and networks that ONNX cannot hold.

use thiserror::Error;

/// A program or a network that cannot be written as ONNX.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A result without numbers.
    #[error("the result of `{path}` has shape {shape:?}, which has no numbers: ONNX cannot tell its batch")]
    Empty {
        /// Path of the node.
        path: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A convolution of so many and so large weights that no split of its inputs makes sums exact in single precision.
    #[error("the weights of `{path}` add up to {magnitude}, and a convolution in ONNX is exact below 8388608 only")]
    Wide {
        /// Path of the node.
        path: String,
        /// Largest sum of magnitudes of the weights of one output.
        magnitude: i64,
    },
    /// An operation that has no form in ONNX.
    #[error("`{path}` is an operation `{operation}`, which cannot be written as ONNX")]
    Unknown {
        /// Path of the node.
        path: String,
        /// Name of the operation.
        operation: String,
    },
    /// A parameter whose values were not recorded.
    #[error("the values of the {what} of `{path}` are not known: the network was recorded without numbers")]
    NoValues {
        /// Path of the node.
        path: String,
        /// Name of the parameter.
        what: &'static str,
    },
}
