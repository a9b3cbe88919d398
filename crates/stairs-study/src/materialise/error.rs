//! Runs whose quantised weights cannot be written.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why the quantised weights of a run cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MaterialiseError {
    /// Nothing is quantised.
    #[error("the run has no quantised weights: its last.safetensors holds the float ones")]
    Float,
    /// A quantiser with a scale for every output.
    #[error("quantiser `{path}` has a scale for every output: only weights with one scale can be written")]
    Scale {
        /// Path of the quantiser.
        path: String,
    },
    /// A weight that is on no level.
    #[error("weight {index} of `{path}` is {value}, which is no level times {scale}: the model file is damaged")]
    Level {
        /// Path of the weight.
        path: String,
        /// Its number, the last axis fastest.
        index: usize,
        /// Its value.
        value: f32,
        /// The scale.
        scale: f64,
    },
    /// There is a file already.
    #[error("{path} exists: choose another name, or replace it with --force")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The model does not take samples of the shape given.
    #[error(transparent)]
    Model(#[from] stairs_zoo::ModelError),
}
