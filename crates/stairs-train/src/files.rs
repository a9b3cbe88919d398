//! Writing files so that a kill or a full disk at any moment leaves either the old content or the new, never a part.
//!
//! Content goes to `.NAME.tmp` beside the target, is synced, renamed over the target, and the directory is synced.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use crate::TrainError;

/// Replaces `path` by `bytes`, atomically.
///
/// # Errors
/// [`TrainError::DiskFull`] or [`TrainError::Write`] naming `path`; the previous content is then intact.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let temporary = temporary(path);
    let done = write_synced(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path).map_err(|e| TrainError::write(path, e)));
    if let Err(error) = done {
        fs::remove_file(&temporary).ok();
        return Err(match error {
            TrainError::DiskFull { source, .. } => TrainError::DiskFull { path: path.into(), source },
            TrainError::Write { source, .. } => TrainError::Write { path: path.into(), source },
            other => other,
        });
    }
    sync_parent(path)
}

/// Writes a new file and waits until it is on the disk. Not atomic: for files inside a directory that is renamed later.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| TrainError::write(path, e))
}

/// Makes a rename inside the parent directory of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), TrainError> {
    // Directories cannot be opened as files on every system; where they can, the rename is made durable.
    match path.parent().map(File::open) {
        Some(Ok(directory)) if cfg!(unix) => directory.sync_all().map_err(|e| TrainError::write(path, e)),
        _ => Ok(()),
    }
}

/// The content of a text file.
pub(crate) fn read_text(path: &Path) -> Result<String, TrainError> {
    let bytes = fs::read(path).map_err(|e| TrainError::read(path, e))?;
    String::from_utf8(bytes).map_err(|_| TrainError::damaged(path, "not UTF-8 text"))
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    path.with_file_name(format!(".{name}.tmp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_content_and_leaves_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_atomic(&path, b"old").unwrap();
        write_atomic(&path, b"new").unwrap();
        assert_eq!(read_text(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("missing/a.json");
        let error = write_atomic(&path, b"x").unwrap_err();
        assert!(matches!(&error, TrainError::Write { path: p, .. } if *p == path), "{error}");
        assert!(error.to_string().contains("a.json"));
    }

    /// A device that is always full stands for the disk: the temporary name links to it.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_keeps_the_old_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_atomic(&path, b"old").unwrap();
        std::os::unix::fs::symlink("/dev/full", temporary(&path)).unwrap();
        let error = write_atomic(&path, b"new").unwrap_err();
        assert!(matches!(&error, TrainError::DiskFull { path: p, .. } if *p == path), "{error}");
        assert_eq!(read_text(&path).unwrap(), "old");
    }
}
