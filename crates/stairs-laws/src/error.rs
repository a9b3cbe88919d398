//! Errors of noise laws, schedules and plans.

use thiserror::Error;

use crate::Noise;

/// A noise law that does not exist.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum LawError {
    /// The name is none of the closed-form laws.
    #[error("unknown noise law `{0}`: expected {names}", names = Noise::names())]
    UnknownNoise(String),
    /// The name is none of the forward strategies.
    #[error("unknown strategy `{0}`: expected expectation, mode or random")]
    UnknownStrategy(String),
    /// The mean is not finite.
    #[error("mean of a noise law must be finite, got {0}")]
    Mean(f64),
    /// The scale is negative or not finite.
    #[error("scale of a noise law must be finite and at least 0, got {0}")]
    Scale(f64),
    /// The quantum is not positive and finite.
    #[error("quantum must be finite and positive, got {0}")]
    Quantum(f64),
    /// A tabulated density has too few nodes, a negative or non-finite value, or no mass.
    #[error("tabulated noise density: {0}")]
    Table(String),
}
