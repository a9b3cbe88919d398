//! Quantiser mathematics of `stairs`, in exact f64 and without any tensor library.

pub mod error;
pub mod quantiser;
pub mod stair;

pub use error::{QuantiserError, ScaleError, StairError};
pub use quantiser::{Bits, Quantiser};
pub use stair::{RegularStair, StairFunction, ThresholdValue};
