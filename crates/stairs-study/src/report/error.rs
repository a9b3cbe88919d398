//! What can go wrong while a report is made.

use std::path::PathBuf;

use thiserror::Error;

use crate::plot::PlotError;

/// A report that could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A record or a directory could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A record is not valid.
    #[error("{path} is not a run record: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, with line and column.
        message: String,
    },
    /// A record has another format.
    #[error("{path} has record format {found}, this program reads format {expected}: {hint}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The format this program reads.
        expected: u32,
        /// What to do.
        hint: &'static str,
    },
    /// There is nothing to report.
    #[error("no finished run (record.json) in {0}")]
    Nothing(PathBuf),
    /// A figure could not be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The page could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The page.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}
