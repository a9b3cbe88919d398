//! What can be wrong with a program.

use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

/// A program that cannot be.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// A shape without positions, of more than eight axes, or of more positions than can be counted.
    #[error(
        "a shape must have at most 8 axes, no size of 0, and as many positions as this machine can count, got {0:?}"
    )]
    Shape(Vec<usize>),
    /// Inputs an operation does not take.
    #[error("`{path}` ({operation}) needs {needs}, got {got}")]
    Input {
        /// Path of the node.
        path: String,
        /// Its operation.
        operation: &'static str,
        /// What it reads.
        needs: &'static str,
        /// What it was given.
        got: String,
    },
    /// A list of parameters of another length than the operation has channels, steps or weights.
    #[error("the {what} of `{path}` must be {expected} numbers, got {got}")]
    Length {
        /// Path of the node.
        path: String,
        /// Name of the parameter.
        what: &'static str,
        /// Numbers it must have.
        expected: usize,
        /// Numbers it has.
        got: usize,
    },
    /// A parameter that an operation cannot have.
    #[error("the {what} of `{path}` must be {needs}")]
    Parameter {
        /// Path of the node.
        path: String,
        /// Name of the parameter.
        what: &'static str,
        /// What it must be.
        needs: &'static str,
    },
    /// Sums that do not fit their integers.
    #[error("sums of `{path}` reach {reach:e}, which {bits} bits do not hold")]
    Overflow {
        /// Path of the node.
        path: String,
        /// Largest magnitude that can occur.
        reach: f64,
        /// Bits of the accumulator.
        bits: u8,
    },
    /// Results that need more memory than an engine may use.
    #[error(
        "its results need {bytes} bytes at once, more than the {most} allowed: compute fewer samples at once, or allow more"
    )]
    Memory {
        /// Bytes needed.
        bytes: usize,
        /// Bytes allowed.
        most: usize,
    },
    /// A node that reads a node behind it, or one that does not exist.
    #[error("`{path}` reads node {source_node}, but only the {before} nodes before it can be read")]
    Order {
        /// Path of the node.
        path: String,
        /// What it reads.
        source_node: usize,
        /// Number of nodes before it.
        before: usize,
    },
}

/// A sample that a program does not take.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A sample of another size.
    #[error("a sample has {expected} numbers, got {got}")]
    Sample {
        /// Numbers a sample has.
        expected: usize,
        /// Numbers given.
        got: usize,
    },
    /// NaN, which no threshold can be compared with.
    #[error("number {index} of the sample is NaN")]
    NaN {
        /// Index in the sample.
        index: usize,
    },
    /// Memory that the machine does not have.
    #[error("there is no memory of {bytes} bytes for results")]
    Memory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// Bytes of pixels for a program that says nothing of pixels.
    #[error("this program was exported without the standardisation of its images: it takes numbers, not bytes")]
    NoPixels,
}
