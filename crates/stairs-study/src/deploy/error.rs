//! Runs that cannot be deployed or verified.

use stairs_deploy::DeployError;
use stairs_infer::RunError;
use stairs_train::data::SampleError;
use stairs_zoo::ModelError;
use thiserror::Error;

/// A run that cannot be deployed or verified.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeployRunError {
    /// A model whose forward pass cannot be recorded.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A network that is no program.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// A program that no engine can be made of.
    #[error(transparent)]
    Program(#[from] stairs_infer::ProgramError),
    /// A sample that cannot be made.
    #[error("cannot make a sample: {0}")]
    Sample(SampleError),
    /// A sample that the program does not take.
    #[error("sample {index}: {source}")]
    Run {
        /// Index of the sample.
        index: usize,
        /// What is wrong with it.
        source: RunError,
    },
    /// A network that cannot be evaluated in double precision.
    #[error(transparent)]
    Network(#[from] stairs_network::RunError),
    /// A program that a format does not take.
    #[error("{0}")]
    Format(String),
    /// A file that cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// A file that could not be run in Python.
    #[error("cannot run the file by {python}: {reason}; it needs onnx and onnxruntime, and for QONNX qonnx")]
    Python {
        /// The interpreter.
        python: String,
        /// Last line of what it says.
        reason: String,
    },
    /// A program for other samples than those of the run.
    #[error("the program takes samples of shape {program:?}, the data have {data:?}")]
    Shape {
        /// Shape the program takes.
        program: Vec<usize>,
        /// Shape of the samples.
        data: Vec<usize>,
    },
}
