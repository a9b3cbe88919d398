//! What can be wrong with data: every error names the file, what was expected, what was there, and what to do.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Data that cannot be found, read or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The name is none of the known data sets.
    #[error("unknown data set `{name}`: expected one of {known}")]
    UnknownName {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The folder given by `--data` or `STAIRS_DATA` does not exist.
    #[error("data folder {path} (from {origin}) does not exist or is not a folder: create it or correct the path", path = .path.display())]
    NoFolder {
        /// Where the path came from: `--data` or `STAIRS_DATA`.
        origin: String,
        /// The folder.
        path: PathBuf,
    },
    /// No folder on the search path holds any file of the data set.
    #[error(
        "data set {name} not found\n  looked in:\n{tried}  wanted: {wanted}\n  official page: {page}\n  \
         {how}\n  or {command}",
        command = command(.name), tried = .tried.iter().map(|p| format!("    {}\n", p.display())).collect::<String>(), wanted = .wanted.join(", ")
    )]
    NotFound {
        /// The data set.
        name: String,
        /// Folders that were looked into, in this order.
        tried: Vec<PathBuf>,
        /// Names of the files that were looked for.
        wanted: Vec<String>,
        /// Official page of the data set.
        page: String,
        /// What to download and where to put it, in words.
        how: String,
    },
    /// A folder holds some files of the data set, but not all.
    #[error(
        "data set {name} in {folder} is incomplete: {missing} not there; add it from {page}, or {command}",
        command = command(.name), folder = .folder.display(), missing = .missing.join(", ")
    )]
    Incomplete {
        /// The data set.
        name: String,
        /// The folder that holds a part of it.
        folder: PathBuf,
        /// Names of the files that are not there.
        missing: Vec<String>,
        /// Official page of the data set.
        page: String,
    },
    /// The file system refused.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file is truncated, damaged, or of another kind.
    #[error(
        "{path} is damaged or of another kind: {what}: expected {expected}, got {got}; replace it by the official file, or \
         {command}",
        command = command("NAME"), path = .path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Which part of the file: `magic number`, `line 17`, …
        what: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// A table of one's own has something that cannot be read.
    #[error("table {path}: {at}: expected {expected}, got {got}", path = .path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Where: `line 17, column 3 (age)`, ….
        at: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Arrays handed over by the caller do not make a data set.
    #[error("data set `{name}`: {what}: expected {expected}, got {got}")]
    Arrays {
        /// The data set.
        name: String,
        /// Which part of the arguments.
        what: String,
        /// What it should be.
        expected: String,
        /// What it is.
        got: String,
    },
}

/// What fetches a data set: `stairs data fetch` is there where this crate can fetch.
fn command(name: &str) -> String {
    if cfg!(feature = "fetch") {
        format!("fetch it: stairs data fetch {name}")
    } else {
        format!("fetch it in a checkout of stairs: cargo xtask data {name}")
    }
}
