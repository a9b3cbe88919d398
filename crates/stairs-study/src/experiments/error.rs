//! What can go wrong in an experiment.

use std::path::PathBuf;

use stairs_data::DataError;
use stairs_train::TrainError;
use thiserror::Error;

use crate::{bits::BitsError, measure::MeasureError, report::ReportError};

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
    /// A change of an experiment that cannot be.
    #[error("{field} is {found}: {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// Why it cannot be, and what can.
        problem: String,
    },
    /// The file that says what makes the trials of a folder cannot be used.
    #[error("cannot use {path}: {reason}")]
    Definition {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A folder is of another experiment, or of one with other changes.
    #[error(
        "{path}: {field} is {there} there and {here} here; leave the option out, change the file, or give another folder with --out"
    )]
    Contradiction {
        /// The file that says so.
        path: PathBuf,
        /// What differs.
        field: &'static str,
        /// Its value in the file.
        there: String,
        /// The value asked for.
        here: String,
    },
    /// A folder cannot be merged.
    #[error("cannot merge {path}: {problem}")]
    Merge {
        /// The folder, or the trial in it.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// Two folders have different results of the same trial.
    #[error(
        "trial {trial} is in both folders with different results: {field} is {there} in {from} and {here} here; remove the one that is wrong"
    )]
    Unequal {
        /// The trial.
        trial: String,
        /// The folder that was to be merged.
        from: PathBuf,
        /// The first field that differs.
        field: String,
        /// Its value there.
        there: String,
        /// Its value here.
        here: String,
    },
    /// The trial's directory holds a run of another configuration.
    #[error("{path} holds a run with another configuration ({what}): give another directory with --out, or remove it")]
    Different {
        /// The run's directory.
        path: PathBuf,
        /// The first field that differs.
        what: String,
    },
    /// A process of several failed.
    #[error("a worker failed{problem}")]
    Worker {
        /// Where, how, and its last words.
        problem: String,
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
    /// No bits for the layers of a training.
    #[error("trial {trial}: {source}")]
    Bits {
        /// Name of the trial.
        trial: String,
        /// What happened.
        source: Box<BitsError>,
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
