//! Whether two folders hold the same files.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, FileType},
    io,
    path::Path,
};

use crate::files::read_regular;

/// True where both folders have the same folders and files, with the same content. A link is no file, and what cannot be
/// read is not the same.
pub(super) fn same(a: &Path, b: &Path) -> bool {
    let (Ok(here), Ok(there)) = (entries(a), entries(b)) else { return false };
    here.len() == there.len()
        && here.iter().all(|(name, kind)| {
            let (a, b) = (a.join(name), b.join(name));
            match there.get(name) {
                Some(other) if kind.is_dir() && other.is_dir() => same(&a, &b),
                Some(other) if kind.is_file() && other.is_file() => equal_files(&a, &b),
                _ => false,
            }
        })
}

fn entries(folder: &Path) -> io::Result<BTreeMap<OsString, FileType>> {
    fs::read_dir(folder)?.map(|entry| entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?)))).collect()
}

fn equal_files(a: &Path, b: &Path) -> bool {
    let read = |path: &Path| fs::symlink_metadata(path).ok().and_then(|m| read_regular(path, m.len()).ok());
    read(a).is_some_and(|bytes| read(b) == Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_seen() {
        let make = |change: &dyn Fn(&Path)| {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join("train/a")).unwrap();
            fs::write(folder.path().join("train/a/1.png"), b"one").unwrap();
            change(folder.path());
            folder
        };
        let first = make(&|_| {});
        assert!(same(first.path(), make(&|_| {}).path()));
        let changes: [&dyn Fn(&Path); 5] = [
            &|folder| fs::write(folder.join("train/a/1.png"), b"two").unwrap(),
            &|folder| fs::write(folder.join("train/a/2.png"), b"one").unwrap(),
            &|folder| fs::create_dir(folder.join("val")).unwrap(),
            &|folder| fs::rename(folder.join("train/a"), folder.join("train/b")).unwrap(),
            &|folder| fs::remove_file(folder.join("train/a/1.png")).unwrap(),
        ];
        for change in changes {
            let other = make(change);
            assert!(!same(first.path(), other.path()) && !same(other.path(), first.path()));
        }
        assert!(!same(first.path(), Path::new("nowhere")));
    }
}
