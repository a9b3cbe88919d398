//! Measurements that cannot be made.

use std::path::PathBuf;

use thiserror::Error;

/// Why a capacity could not be measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// The directory holds a measurement of another configuration.
    #[error("{} already holds another measurement ({what}): choose another directory", dir.display())]
    Occupied {
        /// The directory.
        dir: PathBuf,
        /// The first field that differs.
        what: String,
    },
    /// Another process measures in the directory.
    #[error("{} is in use by another measurement", dir.display())]
    Busy {
        /// The directory.
        dir: PathBuf,
    },
    /// The measurement was asked to stop; its draws are kept.
    #[error("stopped after draw {done} of {draws}")]
    Stopped {
        /// Draws made.
        done: usize,
        /// Draws of the measurement.
        draws: usize,
    },
    /// Measuring is not compiled in.
    #[error("this build measures no capacity: build it with the feature `capacity`, which is on by default")]
    NotBuilt,
    /// A count that must be positive.
    #[error("{0} must be at least 1")]
    Count(&'static str),
    /// More samples than there are.
    #[error("{wanted} samples asked for, but the training part has {there}")]
    Samples {
        /// Number asked for.
        wanted: usize,
        /// Number there is.
        there: usize,
    },
    /// Something that only a chain of layers has.
    #[error("{what} cannot be measured of this network: {reason}")]
    NeedsChain {
        /// What was asked for.
        what: &'static str,
        /// Why the network is no chain.
        reason: stairs_capacity::ChainError,
    },
    /// A model that cannot be built.
    #[error(transparent)]
    Zoo(#[from] stairs_zoo::ModelError),
    /// A noise law that is not possible.
    #[error(transparent)]
    Law(#[from] stairs_noise::LawError),
    /// A network or Fisher matrix that is not possible.
    #[error(transparent)]
    Fisher(#[from] stairs_capacity::FisherError),
    /// A measure that is not defined for its arguments.
    #[error(transparent)]
    Measure(#[from] stairs_capacity::MeasureError),
    /// A file that cannot be read or written, or that was changed after it was written.
    #[error(transparent)]
    File(#[from] stairs_train::TrainError),
}

impl From<stairs_capacity::ChainError> for MeasureError {
    fn from(error: stairs_capacity::ChainError) -> Self {
        MeasureError::Fisher(error.into())
    }
}
