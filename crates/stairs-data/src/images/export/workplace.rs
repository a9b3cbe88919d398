//! Where an export is made before it appears: a folder beside it, with a lock that ends with its process.
//!
//! `.stairs-export.PID-N/owner` is locked as long as the export runs, `.stairs-export.PID-N/folder` is what will be
//! renamed. The lock is the system's and ends with the process, however it ends; a folder of this name whose owner file
//! begins with [`MARK`] and is not locked is what a killed export left, and the next export beside it removes it. Nothing
//! else is ever removed.

use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use crate::files::read_regular;

const PREFIX: &str = ".stairs-export.";
const OWNER: &str = "owner";
/// How the owner file begins.
const MARK: &[u8] = b"stairs data export\n";

/// A folder to make an export in; removed when dropped.
pub(super) struct Workplace {
    folder: PathBuf,
    owner: Option<File>,
}

impl Workplace {
    /// In `parent`, which exists, after removing what killed exports left there.
    pub(super) fn new(parent: &Path) -> io::Result<Self> {
        remove_leftovers(parent);
        for n in 0.. {
            let folder = parent.join(format!("{PREFIX}{}-{n}", std::process::id()));
            match fs::create_dir(&folder) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists && n < 1000 => continue,
                Err(error) => return Err(error),
            }
            // From here on it is removed again, whatever happens.
            let mut place = Self { folder, owner: None };
            let mut owner = File::create_new(place.folder.join(OWNER))?;
            match owner.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(ErrorKind::ResourceBusy.into()),
                // A file system without locks: what is left there has to be removed by hand.
                Err(TryLockError::Error(_)) => return Ok(place),
            }
            owner.write_all(MARK)?;
            place.owner = Some(owner);
            return Ok(place);
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// What will be renamed.
    pub(super) fn content(&self) -> PathBuf {
        self.folder.join("folder")
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        drop(self.owner.take());
        // Should this fail, the next export does it.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Removes folders of exports whose process has ended. What cannot be removed stays; it harms nothing.
fn remove_leftovers(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if ours && folder && is_abandoned(&entry.path().join(OWNER)) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

fn is_abandoned(owner: &Path) -> bool {
    let regular = fs::symlink_metadata(owner).is_ok_and(|metadata| metadata.is_file());
    regular
        && read_regular(owner, MARK.len() as u64).is_ok_and(|content| content == MARK)
        && File::open(owner).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_dead_export_left_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: &str, owner: Option<&[u8]>| {
            let folder = parent.path().join(name);
            fs::create_dir_all(folder.join("folder/train")).unwrap();
            owner.into_iter().for_each(|mark| fs::write(folder.join(OWNER), mark).unwrap());
            folder
        };
        let dead = make(".stairs-export.1-0", Some(MARK));
        let others = [
            make(".stairs-export.2-0", None),
            make(".stairs-export.3-0", Some(b"mine")),
            make(".other", Some(MARK)),
            make("stairs-export.1-0", Some(MARK)),
        ];
        let running = Workplace::new(parent.path()).unwrap();
        assert!(!dead.exists());
        let second = Workplace::new(parent.path()).unwrap();
        assert!(running.folder.exists() && second.folder != running.folder, "one that runs is left alone");
        assert!(others.iter().all(|folder| folder.exists()));
        let folder = running.folder.clone();
        drop(running);
        assert!(!folder.exists());
        drop(second);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), others.len());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let parent = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join(OWNER), MARK).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), parent.path().join(".stairs-export.1-0")).unwrap();
        drop(Workplace::new(parent.path()).unwrap());
        assert!(elsewhere.path().join(OWNER).exists());
    }
}
