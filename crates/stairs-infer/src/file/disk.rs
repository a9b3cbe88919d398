//! Files on disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

use super::{FileError, Limits};
use crate::Program;

impl Program {
    /// The program of a file at `path`, if running it stays within the default [`Limits`].
    ///
    /// # Errors
    /// [`FileError`] as of [`from_bytes`](Self::from_bytes), or where the file cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::read_within(path, &Limits::default())
    }

    /// As [`read`](Self::read), with limits of one's own.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_within(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, FileError> {
        let path = path.as_ref();
        let bytes = bytes(path).map_err(|source| FileError::Io { what: "read", path: path.to_path_buf(), source })?;
        Self::from_bytes_within(&bytes, limits)
    }

    /// Writes the program to a file at `path`, which has its old content or the whole new one at any time.
    ///
    /// # Errors
    /// [`FileError::Io`] where the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let path = path.as_ref();
        replace(path, &self.to_bytes()).map_err(|source| FileError::Io {
            what: "write",
            path: path.to_path_buf(),
            source,
        })
    }
}

/// All bytes of a file, and nothing of devices and pipes, which need not end.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    fs::read(path)
}

/// Writes to a temporary name beside `path` and renames.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary(path)?;
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    written.inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// A name beside `path` that no other process and no other thread uses.
fn temporary(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let thread = std::format!("{:?}", std::thread::current().id());
    let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(std::format!(".{}-{thread}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}
