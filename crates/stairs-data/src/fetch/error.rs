//! Why a data set could not be fetched.

use std::{fmt, io, path::PathBuf};

use thiserror::Error;

use crate::{DataError, DatasetName};

/// A data set that could not be fetched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// There is no folder to put it into.
    #[error("no folder to put {0} into: give one with --data DIR or in STAIRS_DATA")]
    NoFolder(DatasetName),
    /// The folder or a file in it cannot be written.
    #[error("cannot write {path}: {source}", path = .path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// No address delivered a file intact.
    #[error(
        "could not fetch {file}:\n{faults}by hand: download {address}, {by_hand}{page}",
        faults = .faults.iter().map(|(url, fault)| format!("  {url}\n    {fault}\n")).collect::<String>(),
        page = .page.as_deref().map_or(String::new(), |page| format!("\n  (official page: {page})"))
    )]
    File {
        /// The file.
        file: String,
        /// Every address with what was wrong there.
        faults: Vec<(String, FileFault)>,
        /// Its first address.
        address: String,
        /// What to do with it, in words.
        by_hand: String,
        /// The official page of the data set, if it belongs to a known one.
        page: Option<String>,
    },
    /// The files are there, but cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl FetchError {
    /// The same with the official page of the data set.
    pub(super) fn with_page(mut self, official: &str) -> Self {
        if let Self::File { page, .. } = &mut self {
            *page = Some(official.to_owned());
        }
        self
    }
}

/// What was wrong with a file at one address, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault(String);

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::error::Error for FileFault {}

impl FileFault {
    /// A fault of this description.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The system's reason behind what failed.
    pub(super) fn of(what: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |error| Self(format!("{what}: {error}"))
    }
}
