//! What can go wrong when a network is chosen.

use std::path::PathBuf;

use stairs_capacity::ChainError;
use stairs_train::TrainError;
use stairs_zoo::{ArchitectureError, ModelError};
use thiserror::Error;

use crate::{measure::MeasureError, report::ReportError};

/// Why no network could be chosen.
#[derive(Debug, Error)]
pub enum ChooseError {
    /// A range without values.
    #[error("the space has no {range}: give at least one")]
    Empty {
        /// The range.
        range: &'static str,
    },
    /// A number of hidden layers that is none.
    #[error("{depth} is no number of hidden layers: give 1 to {most}")]
    Depth {
        /// What was given.
        depth: usize,
        /// The most there may be.
        most: usize,
    },
    /// Sizes that a family does not have, or no family.
    #[error(transparent)]
    Model(#[from] ArchitectureError),
    /// A budget that is none.
    #[error(
        "`{text}` is no budget: write one of params, macs, bitops, flash, ram, seconds, then =, then a positive number with its unit, \
         such as flash=100kB, ram=64KiB, macs=1M, seconds=2ms"
    )]
    Budget {
        /// What was given.
        text: String,
    },
    /// A network that cannot be built for the samples.
    #[error("{candidate}: {source}")]
    Zoo {
        /// The network.
        candidate: String,
        /// Why.
        source: ModelError,
    },
    /// No network within the budget was found.
    #[error(
        "none of the {looked_at} networks looked at is within {budget}; the least that one costs is {least}: raise the budget, or allow smaller widths"
    )]
    NothingFits {
        /// Networks that were counted.
        looked_at: usize,
        /// The budgets.
        budget: String,
        /// The smallest cost of the bounded kind.
        least: String,
    },
    /// A network that is no chain of layers among some that are.
    #[error(
        "{candidate} is no chain of layers ({source}): its capacity cannot be compared with that of chains; choose among chains (mlp, \
         cnn, lenet, vgg8 and their like), or rank by another measure, see --by"
    )]
    NoChain {
        /// The network.
        candidate: String,
        /// The operation that no chain has.
        source: ChainError,
    },
    /// A measure that is none.
    #[error("`{name}` is no measure: expected one of {known}")]
    Measure {
        /// What was given.
        name: String,
        /// Names of all measures.
        known: String,
    },
    /// A measurement that failed.
    #[error("measuring {candidate}: {source}")]
    Measuring {
        /// The network.
        candidate: String,
        /// Why.
        #[source]
        source: Box<MeasureError>,
    },
    /// A training that failed.
    #[error("training {candidate}: {source}")]
    Training {
        /// The network.
        candidate: String,
        /// Why.
        #[source]
        source: Box<TrainError>,
    },
    /// A file of the directory.
    #[error(transparent)]
    File(#[from] TrainError),
    /// A content of the directory that is not what this program writes.
    #[error("{}: {problem}; remove it, and it is made again", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Another process is choosing in the directory.
    #[error("another process is at work in {}: wait for it, or give another --out", dir.display())]
    Busy {
        /// The directory.
        dir: PathBuf,
    },
    /// It was asked to stop.
    #[error("stopped {at}: the same command goes on")]
    Stopped {
        /// Where.
        at: String,
    },
    /// A page or figure that could not be drawn.
    #[error(transparent)]
    Page(#[from] ReportError),
}
