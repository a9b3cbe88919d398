//! What can go wrong in certifying a run.

use std::{io, path::PathBuf};

use stairs_noise::certificate::CertificateError;
use stairs_train::{ConfigError, TrainError};
use thiserror::Error;

/// A run that cannot be certified.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertifyError {
    /// The network has no quantisers.
    #[error("method `{0}` has no quantisers: there is nothing to certify")]
    NoQuantisers(&'static str),
    /// A number of samples or steps that is not possible.
    #[error("{what} must be between 1 and {most}, got {got}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// Largest number that is possible.
        most: usize,
        /// Number asked for.
        got: usize,
    },
    /// A network or plan that makes no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A model whose forward pass cannot be recorded.
    #[error(transparent)]
    Model(#[from] stairs_zoo::ModelError),
    /// A configuration that is not possible.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A run that cannot be read.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
}
