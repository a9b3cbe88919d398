//! Plans of bits that cannot be made or read.

use std::{io, path::PathBuf};

use stairs_network::AllocationError;
use stairs_noise::RecordError;
use stairs_quant::ScaleError;
use stairs_train::TrainError;
use stairs_zoo::{ArchitectureError, ModelError};
use thiserror::Error;

/// Why there is no plan of bits.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BitsError {
    /// A rule that does not exist.
    #[error("unknown rule `{0}`: expected one of {names}", names = super::Rule::names())]
    Rule(String),
    /// A float run has no bits.
    #[error("method float quantises nothing: there is nothing to give bits to; take ste or another method")]
    Float,
    /// The Hessian of a network that was not trained.
    #[error("rule hessian looks at a trained network: name a run to start from (--from RUN)")]
    Untrained,
    /// The rule needs what is not compiled in.
    #[error("this build has no rule {0}: build it with the feature `capacity`, which is on by default")]
    NotBuilt(&'static str),
    /// A number of the effort that cannot be.
    #[error("{what} must be {needs}, got {value}")]
    Effort {
        /// What the number is.
        what: &'static str,
        /// What it must be.
        needs: &'static str,
        /// Its value.
        value: usize,
    },
    /// No number for the weights of a layer.
    #[error("the weights of layer `{0}` cannot be read from the network")]
    NoWeights(String),
    /// No scale for the weights of a layer at some width.
    #[error("the weights of layer `{path}` at {bits} bits: {source}")]
    Scale {
        /// Path of the layer.
        path: String,
        /// The width.
        bits: u32,
        /// What the policy says.
        source: ScaleError,
    },
    /// What measuring the rule's numbers says.
    #[error("rule {rule}: {source}")]
    Measure {
        /// The rule.
        rule: &'static str,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The budget, or the widths.
    #[error(transparent)]
    Allocation(#[from] AllocationError),
    /// The model's name.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Its forward pass.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The run it starts from, or its samples.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A file that is no plan.
    #[error("{path} is no plan of bits: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file that cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file that holds something else.
    #[error("{0} exists already and holds another plan: choose another file, or --force")]
    Exists(PathBuf),
}
