//! Files of a directory that a program owns: regular ones only, never through a link, replaced whole.
//!
//! Content goes to `.NAME.tmp` beside the target, is synced, renamed over the target, and the directory is synced: a kill
//! or a full disk at any moment leaves either the old content or the new. The temporary name is made anew, so whatever
//! stands there, such as a link to somewhere else, is replaced and not written through.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use stairs_data::files::read_regular;

use crate::TrainError;

/// Largest file that is read: the largest model of the zoo has 250 MB.
const LARGEST: u64 = 16 << 30;

/// Replaces `path` by `bytes`, atomically.
///
/// # Errors
/// [`TrainError::DiskFull`] or [`TrainError::Write`] naming `path`; the previous content is then intact.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let temporary = temporary(path);
    stage(&temporary, bytes).map_err(|e| TrainError::write(path, e))?;
    commit(&temporary, path)
}

/// The name under which new content of `path` is written.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    path.with_file_name(format!(".{name}.tmp"))
}

/// Writes the new content under its temporary name and waits until it is on the disk; nothing is left after an error.
pub(crate) fn stage(temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::symlink_metadata(temporary) {
        // A remainder of an interrupted write, or a link, which is removed and not followed.
        Ok(there) if !there.is_dir() => fs::remove_file(temporary)?,
        _ => {}
    }
    write_new(temporary, bytes).inspect_err(|_| drop(fs::remove_file(temporary)))
}

/// Puts staged content in the place of `path`.
pub(crate) fn commit(temporary: &Path, path: &Path) -> Result<(), TrainError> {
    fs::rename(temporary, path).map_err(|e| {
        fs::remove_file(temporary).ok();
        TrainError::write(path, e)
    })?;
    sync_parent(path)
}

/// Writes a file that is not there yet and waits until it is on the disk. Not atomic: for files inside a directory that
/// is renamed later.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    write_new(path, bytes).map_err(|e| TrainError::write(path, e))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fill(&mut OpenOptions::new().write(true).create_new(true).open(path)?, bytes)
}

fn fill(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// Appends to a regular file that is there, or to a new one.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => OpenOptions::new().append(true).open(path)?.write_all(bytes),
        Ok(_) => Err(irregular()),
        Err(_) => OpenOptions::new().append(true).create_new(true).open(path)?.write_all(bytes),
    }
}

/// Makes a rename inside the parent directory of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), TrainError> {
    // Directories cannot be opened as files on every system; where they can, the rename is made durable.
    match path.parent().map(File::open) {
        Some(Ok(directory)) if cfg!(unix) => directory.sync_all().map_err(|e| TrainError::write(path, e)),
        _ => Ok(()),
    }
}

/// The content of a regular file of bounded size: a pipe or a device is refused, it could go on for ever.
///
/// # Errors
/// [`TrainError::Read`].
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TrainError> {
    read_regular(path, LARGEST).map_err(|e| TrainError::read(path, e))
}

/// The content of a text file.
pub(crate) fn read_text(path: &Path) -> Result<String, TrainError> {
    text(path, read(path)?)
}

/// `bytes` of the file `path` as text.
pub(crate) fn text(path: &Path, bytes: Vec<u8>) -> Result<String, TrainError> {
    String::from_utf8(bytes).map_err(|_| TrainError::damaged(path, "not UTF-8 text"))
}

/// Makes the directory `path` unless it is there; a link in its place is refused.
///
/// # Errors
/// [`TrainError::Write`].
pub(crate) fn own_directory(path: &Path) -> Result<(), TrainError> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => Ok(()),
        Ok(_) => Err(TrainError::write(path, io::Error::new(io::ErrorKind::NotADirectory, "it is not a directory"))),
        Err(_) => fs::create_dir(path).map_err(|e| TrainError::write(path, e)),
    }
}

/// True if `path` itself, not what it links to, is a directory.
pub(crate) fn is_own_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_dir())
}

/// Locks the file `path`, which is made if needed and neither followed nor changed; `None` where another process has
/// it. The lock ends with the file, or with the process, however it ends.
///
/// # Errors
/// What the system says; a file system without locks is no error, its files are then unprotected.
pub(crate) fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = match fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => OpenOptions::new().append(true).open(path)?,
        Ok(_) => return Err(irregular()),
        Err(_) => OpenOptions::new().append(true).create(true).open(path)?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
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

    /// A device that is always full stands for the disk.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named() {
        let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = TrainError::write("a.json", fill(&mut full, b"new").unwrap_err());
        assert!(matches!(&error, TrainError::DiskFull { path, .. } if path.ends_with("a.json")), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_neither_written_through_nor_locked() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let (path, theirs) = (dir.path().join("a.json"), dir.path().join("theirs"));
        fs::write(&theirs, "precious").unwrap();
        symlink(&theirs, temporary(&path)).unwrap();
        write_atomic(&path, b"new").unwrap();
        assert_eq!(read_text(&path).unwrap(), "new");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        for name in [".lock", "log"] {
            symlink(&theirs, dir.path().join(name)).unwrap();
        }
        assert!(lock(&dir.path().join(".lock")).is_err());
        assert!(append(&dir.path().join("log"), b"x").is_err());
        symlink(dir.path(), dir.path().join("folder")).unwrap();
        assert!(own_directory(&dir.path().join("folder")).is_err());
        assert_eq!(fs::read(&theirs).unwrap(), b"precious");
    }
}
