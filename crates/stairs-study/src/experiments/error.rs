//! What can go wrong in an experiment.

use std::path::PathBuf;

use stairs_data::DataError;
use stairs_train::TrainError;
use thiserror::Error;

use crate::{measure::MeasureError, report::ReportError};

/// An experiment that cannot be run to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// No experiment has this name.
    #[error("unknown experiment `{name}`: expected one of {names}")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        names: String,
    },
    /// A shard that is not `i/n` with 1 ≤ i ≤ n.
    #[error("`{0}` is not a shard: expected i/n with 1 ≤ i ≤ n, such as 1/4")]
    Shard(String),
    /// The trial's directory holds a run of another configuration.
    #[error("{path} holds a run with another configuration ({what}): give another directory with --out, or remove it")]
    Different {
        /// The run's directory.
        path: PathBuf,
        /// The first field that differs.
        what: String,
    },
    /// The data set could not be loaded.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The experiment was asked to stop; run again it goes on.
    #[error("stopped {at}, with {finished} of {trials} trials finished")]
    Stopped {
        /// Where: `at trial ana-seed1, epoch 3, step 12 of 40`.
        at: String,
        /// Trials of this process's share that are finished.
        finished: usize,
        /// Trials of its share.
        trials: usize,
    },
    /// A trial failed.
    #[error("trial {trial}: {source}")]
    Trial {
        /// The trial.
        trial: String,
        /// What went wrong.
        source: Box<TrainError>,
    },
    /// A trial has no network to start from.
    #[error("trial {trial} starts from {from}, {problem}")]
    Start {
        /// The trial.
        trial: String,
        /// The trial it starts from.
        from: String,
        /// What is wrong with that.
        problem: &'static str,
    },
    /// A measurement failed.
    #[error("trial {trial}: {source}")]
    Measurement {
        /// The trial.
        trial: String,
        /// What went wrong.
        source: Box<MeasureError>,
    },
    /// A file of the results could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The report could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
}
