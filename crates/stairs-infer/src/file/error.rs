//! What can be wrong with a file.

use alloc::string::String;

use thiserror::Error;

use crate::ProgramError;

/// A file that holds no program, or one that must not be loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// Fewer or more bytes than the header tells of.
    #[error(
        "the file must have {expected} bytes by its header, got {got}: it is truncated, damaged, or no safetensors file"
    )]
    Size {
        /// Bytes that it must have.
        expected: u64,
        /// Bytes that it has.
        got: usize,
    },
    /// A header that is no JSON of safetensors, or a graph that is no JSON of a program.
    #[error("the {what} cannot be read: {reason}")]
    Json {
        /// `header` or `graph`.
        what: &'static str,
        /// What the parser says.
        reason: String,
    },
    /// Tensors without a program.
    #[error("the metadata must have an entry `{0}`: these are tensors, but not a program that `stairs` exported")]
    Foreign(&'static str),
    /// A format version that this version of the crate does not know.
    #[error("the file has format version {got}, and this crate reads versions 1 to {newest}: use a newer stairs-infer")]
    Version {
        /// Version of the file.
        got: String,
        /// Newest version that can be read.
        newest: u32,
    },
    /// Tensors that overlap, leave gaps or end outside the file.
    #[error(
        "tensor `{tensor}` must begin at byte {expected} of the data, where the one before ends, got bytes {from} to {to}"
    )]
    Offsets {
        /// Its name.
        tensor: String,
        /// Where it must begin.
        expected: usize,
        /// Where it begins.
        from: usize,
        /// Where it ends.
        to: usize,
    },
    /// A tensor that the graph needs.
    #[error("tensor `{0}` is missing")]
    Missing(String),
    /// A tensor that nothing of the graph reads.
    #[error("tensor `{0}` belongs to no node")]
    Unused(String),
    /// A tensor of another type.
    #[error("tensor `{tensor}` must be of type {expected}, got {got}")]
    Type {
        /// Its name.
        tensor: String,
        /// Types that it may have.
        expected: &'static str,
        /// Type that it has.
        got: String,
    },
    /// A tensor of another shape, or whose bytes are not those of its shape.
    #[error("tensor `{tensor}` must be {expected}, got {got}")]
    Shape {
        /// Its name.
        tensor: String,
        /// What it must be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// Packed weights that stand for no value.
    #[error("byte {index} of tensor `{tensor}` must be digits of base {base}, got {got}")]
    Digits {
        /// Its name.
        tensor: String,
        /// Index of the byte.
        index: usize,
        /// Number of values that a digit stands for.
        base: usize,
        /// The byte.
        got: u8,
    },
    /// Something of the graph that cannot be.
    #[error("the {what} must be {expected}, got {got}")]
    Graph {
        /// What it is.
        what: String,
        /// What it must be.
        expected: String,
        /// What it is in the file.
        got: String,
    },
    /// A program whose parts do not fit each other.
    #[error("{part}: {source}")]
    Program {
        /// The node, or the sample.
        part: String,
        /// What is wrong with it.
        source: ProgramError,
    },
    /// A program that would take more memory or time than was allowed.
    #[error(
        "running the program takes {got} {what}, and the limit is {limit}: raise it in `Limits` for a file you trust"
    )]
    Limit {
        /// `activations` or `operations`.
        what: &'static str,
        /// What was allowed.
        limit: u64,
        /// What it takes.
        got: u64,
    },
    /// The system's refusal.
    #[cfg(feature = "std")]
    #[error("cannot {what} {}", path.display())]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: std::path::PathBuf,
        /// The reason.
        source: std::io::Error,
    },
}
