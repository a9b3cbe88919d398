//! What cannot be written as C.

use thiserror::Error;

/// A program or option that does not become C.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CError {
    /// A name that cannot begin identifiers.
    #[error("the name of the C functions must be 1 to 40 letters, digits and `_`, a letter first, got `{0}`")]
    Name(String),
    /// A parameter that is NaN.
    #[error("`{path}` ({operation}) has NaN among its {what}")]
    NaN {
        /// Path of the node; `input` for the table of pixels.
        path: String,
        /// Its operation.
        operation: &'static str,
        /// Name of the parameter.
        what: &'static str,
    },
    /// A result, padded image or table of more positions than an index of 32 bits counts.
    #[error("`{path}` counts to {positions}, its padding and weights included; C code counts from 1 to {most}")]
    Size {
        /// Path of the node; `input` for the sample.
        path: String,
        /// Positions of the result, of the padded image or of the table.
        positions: usize,
        /// What can be counted.
        most: usize,
    },
    /// More memory than an address of 32 bits reaches.
    #[error(
        "the results in flight need {bytes} bytes; C code takes at most {most}: use smaller images or fewer channels"
    )]
    Memory {
        /// Bytes needed.
        bytes: usize,
        /// Bytes that can be addressed.
        most: usize,
    },
    /// An operation this version does not write.
    #[error("`{path}`: the operation `{operation}` is not written as C")]
    Operation {
        /// Path of the node.
        path: String,
        /// Its operation.
        operation: &'static str,
    },
}
