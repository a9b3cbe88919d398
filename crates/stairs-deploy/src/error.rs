//! Networks that cannot be deployed.

use stairs_infer::ProgramError;
use thiserror::Error;

/// A network that cannot be made a program.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum DeployError {
    /// An operation that is known by name only.
    #[error("`{path}` is an operation `{operation}`, which is recorded by name only and cannot be deployed")]
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
    /// A parameter that is infinite or NaN, or a variance that is not positive with its ε.
    #[error("the {what} of `{path}` must be {needs}: the training has diverged, or the network was not trained")]
    Parameter {
        /// Path of the node.
        path: String,
        /// Name of the parameter.
        what: &'static str,
        /// What it must be.
        needs: &'static str,
    },
    /// A reach of the samples that is not a number above 0.
    #[error("the reach of the samples, the largest magnitude of their numbers, must be positive and finite, got {0}")]
    Reach(f64),
    /// Float operations in what was to be integers only.
    #[error("not integers only: {}", list(.0))]
    IntegerOnly(Vec<Island>),
    /// A program that cannot be.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

/// A layer that stays in single precision, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Island {
    /// Path of the layer.
    pub path: String,
    /// Why.
    pub why: &'static str,
}

fn list(islands: &[Island]) -> String {
    let one = |island: &Island| format!("`{}` {}", island.path, island.why);
    islands.iter().map(one).collect::<Vec<_>>().join(", ")
}
