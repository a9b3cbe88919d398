//! Writing files so that a reader never sees half of one.

use std::{
    io::{self, Write},
    path::Path,
};

/// Writes `contents` to a temporary file in the directory of `path`, which is created if needed, and renames it.
///
/// # Errors
/// The first I/O error; `path` is then as it was before.
pub(crate) fn write_atomically(path: &Path, contents: &[u8]) -> io::Result<()> {
    temporary(path, contents)?.persist(path)?;
    Ok(())
}

/// The same for a file that must not exist yet.
///
/// # Errors
/// As [`write_atomically`], and [`io::ErrorKind::AlreadyExists`].
pub(crate) fn write_new(path: &Path, contents: &[u8]) -> io::Result<()> {
    if std::fs::symlink_metadata(path).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    temporary(path, contents)?.persist_noclobber(path)?;
    Ok(())
}

/// A temporary file with these contents in the directory of `path`, which is created if needed.
fn temporary(path: &Path, contents: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(directory)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.prefix(".stairs-").tempfile_in(directory)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_leaves_nothing_beside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b.txt");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(directory.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_replaces_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b.txt");
        write_new(&path, b"one").unwrap();
        assert_eq!(write_new(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(directory.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_in_the_way_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("x")).unwrap();
        assert!(write_atomically(&directory.path().join("x"), b"one").is_err());
    }
}
