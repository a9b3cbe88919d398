//! Errors of activation functions.

use thiserror::Error;

/// An activation function that does not exist.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ActivationError {
    /// The name is none of the named functions.
    #[error("unknown activation `{0}`: expected relu, leaky-relu, hard-tanh, relu6 or hard-swish")]
    Name(String),
    /// A piecewise linear function without knots.
    #[error("a piecewise linear activation needs at least one knot: give [0] and two equal slopes for an affine one")]
    NoKnot,
    /// The numbers of knots and slopes do not fit.
    #[error("{knots} knots need {} slopes, got {slopes}", knots + 1)]
    SlopeCount {
        /// Number of knots.
        knots: usize,
        /// Number of slopes.
        slopes: usize,
    },
    /// A knot, a slope or the value at the first knot is not finite.
    #[error("{what} must be finite, got {value}")]
    NotFinite {
        /// Which number: `slope 2`, for example.
        what: String,
        /// Its value.
        value: f64,
    },
    /// Knots out of order.
    #[error("knots must increase strictly, but knot {index} is {value} after {previous}")]
    Order {
        /// Index of the knot that is not larger.
        index: usize,
        /// The knot before.
        previous: f64,
        /// The knot.
        value: f64,
    },
}
