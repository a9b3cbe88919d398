//! What cannot be allocated.

use thiserror::Error;

/// Why there are no bits for the layers of a network.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum AllocationError {
    /// No bit width to choose from.
    #[error("there is no bit width to choose from: give at least one of 2 to 8")]
    NoLevels,
    /// Nothing to choose for.
    #[error("no weights of the network are quantised: there is nothing to give bits to")]
    NoLayers,
    /// A text that is no budget.
    #[error("`{0}` is no budget: expected bitops=N, flash=N (bytes; also kB, KiB, MB) or mean=BITS, with N above 0")]
    Name(String),
    /// A mean number of bits that is none.
    #[error("a mean of bits must be positive and finite, got {0}")]
    Mean(f64),
    /// A budget below the fewest bits.
    #[error(
        "a budget of {budget} {unit} is too small: the fewest bits cost {least} ({fixed} of them not for the planned weights), the most {most}"
    )]
    Budget {
        /// What is counted.
        unit: &'static str,
        /// The budget.
        budget: u64,
        /// What the network costs with the fewest bits in every layer.
        least: u64,
        /// What it costs with the most.
        most: u64,
        /// What it costs without the planned weights.
        fixed: u64,
    },
    /// A loss that is no number.
    #[error("the loss of layer `{path}` is {value}, and must be finite")]
    Loss {
        /// Path of the layer.
        path: String,
        /// The loss.
        value: f64,
    },
    /// More combinations than are kept.
    #[error("the layers have more combinations of bits than fit into memory: take fewer bit widths")]
    TooMany,
}
