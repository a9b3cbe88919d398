//! Why a forward pass cannot be recorded.

use burn::backend::capture::CaptureError;
use stairs_network::NetworkError;
use thiserror::Error;

/// A module whose forward pass cannot be recorded as a network.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The shape of a sample does not fit the rank of the tensor that `forward` takes.
    #[error("`forward` takes a tensor of rank {rank}: samples have {expected} axes, got a shape of {got:?}")]
    Rank {
        /// Rank of the tensor, its batch axis included.
        rank: usize,
        /// Axes a sample has.
        expected: usize,
        /// The shape given.
        got: Vec<usize>,
    },
    /// The forward pass stopped: it asked for numbers, of which a recording has none, or the sample does not fit the module.
    #[error(
        "the forward pass stopped: {0}. A recording computes no numbers: what depends on values of tensors (`into_data`, \
         `into_scalar`, branches on them) cannot be recorded; and the sample must be of a shape the module takes"
    )]
    Stopped(String),
    /// The operations depend on the number of samples in a batch.
    #[error("a batch of two samples and one of three take different operations: {0}")]
    Batch(String),
    /// Operations that do not fit each other.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Burn could not finish the recording.
    #[error("Burn could not record the forward pass: {0}")]
    Capture(CaptureError),
}
