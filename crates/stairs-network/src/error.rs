//! What can be wrong with a network.

use thiserror::Error;

/// A network that cannot be.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A shape of more positions than can be counted.
    #[error("a shape of {0:?} has more positions than this machine can count")]
    Shape(Vec<usize>),
    /// Not one value for every position of a shape.
    #[error("an array of shape {shape:?} has {expected} values, got {got}")]
    Values {
        /// The shape.
        shape: Vec<usize>,
        /// Its positions.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// A window with a size of 0.
    #[error("the {what} of a window must be at least 1 along both axes, got {got:?}")]
    Window {
        /// Which size.
        what: &'static str,
        /// The sizes.
        got: [usize; 2],
    },
    /// A node that reads what it cannot.
    #[error("`{path}` ({operation}) needs {needs}, got {got:?}")]
    Input {
        /// Path of the node.
        path: String,
        /// Its operation.
        operation: String,
        /// What it reads.
        needs: String,
        /// Shapes of what it was given.
        got: Vec<Vec<usize>>,
    },
    /// A parameter that does not fit its operation.
    #[error("the {what} of `{path}` must have shape {expected:?}, got {got:?}")]
    Parameter {
        /// Path of the node.
        path: String,
        /// Name of the parameter.
        what: &'static str,
        /// The shape it must have.
        expected: Vec<usize>,
        /// The shape it has.
        got: Vec<usize>,
    },
    /// A number of an operation that it cannot have.
    #[error("the {what} of `{path}` must be {needs}, got {value}")]
    Number {
        /// Path of the node.
        path: String,
        /// Name of the number.
        what: &'static str,
        /// What it must be.
        needs: &'static str,
        /// What it is.
        value: f64,
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
    /// A node whose shape in a file is not the one its operation gives.
    #[error("`{path}` is said to give {said:?}, its operation gives {gives:?}")]
    Said {
        /// Path of the node.
        path: String,
        /// Shape in the file.
        said: Vec<usize>,
        /// Shape by the operation.
        gives: Vec<usize>,
    },
}

/// A network that cannot be evaluated, or a sample it does not take.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RunError {
    /// An operation that is known by name only.
    #[error("`{path}` is an operation `{operation}`, which is recorded by name and cannot be evaluated")]
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
    /// A sample of another size.
    #[error("a sample has {expected} numbers, got {got}")]
    Sample {
        /// Numbers a sample has.
        expected: usize,
        /// Numbers given.
        got: usize,
    },
}
