//! A directory whose files are listed in `SHA256SUMS`, so that damage is noticed when a file is read.
//!
//! ```text
//! 1bc2…9f  config.toml        lines of coreutils' format: `sha256sum -c SHA256SUMS` checks them
//! 77a0…03  last.bpk
//! ```
//!
//! Two files cannot be replaced at one moment, so while a file is replaced it has two lines, that of the old content and
//! that of the new; either is right:
//!
//! 1. the new content is written under a temporary name and synced;
//! 2. the list gets the line of the new content beside the old one;
//! 3. the new content is renamed over the file;
//! 4. the line of the old content is dropped.
//!
//! A kill after any of them leaves content that the list knows. A list is itself replaced atomically. A directory
//! without a list is one of an earlier version: its files are read unchecked, and
//! [`is_sealed`](SealedDir::is_sealed) says so.

use std::{
    fmt::Write as _,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{TrainError, checkpoint::sha256, files};

/// Name of the list.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// Threads of one process take turns at the lists; processes are kept apart by the lock of the directory.
static TURN: Mutex<()> = Mutex::new(());

/// A directory with a list of checksums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedDir {
    path: PathBuf,
}

/// The lines of a list: a sum and the name it is for, as they stand in the file.
type Lines = Vec<(String, String)>;

impl SealedDir {
    /// The directory `path`; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if the directory has a list.
    pub fn is_sealed(&self) -> bool {
        fs::symlink_metadata(self.path.join(SUMS)).is_ok()
    }

    /// Makes the directory unless it is there and locks it for this process; `None` where another one has it. The lock ends
    /// with the file that is returned, or with the process, however it ends.
    ///
    /// # Errors
    /// [`TrainError::DiskFull`], [`TrainError::Write`].
    pub fn lock(&self) -> Result<Option<File>, TrainError> {
        fs::create_dir_all(&self.path).map_err(|e| TrainError::write(&self.path, e))?;
        let path = self.path.join(".lock");
        files::lock(&path).map_err(|e| TrainError::write(path, e))
    }

    /// Replaces the file `name`, a path below the directory, by `bytes`.
    ///
    /// # Errors
    /// [`TrainError::DiskFull`], [`TrainError::Write`]; [`TrainError::Damaged`] for the list. The previous content is then
    /// intact.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent().filter(|parent| *parent != self.path) {
            files::own_directory(parent)?;
        }
        let _turn = turn();
        let mut lines = self.lines()?.unwrap_or_default();
        let sum = sha256(bytes);
        let mut listed = lines.iter().filter(|line| line.1 == name);
        if listed.next().is_some_and(|line| line.0 == sum)
            && listed.next().is_none()
            && files::read(&path).is_ok_and(|there| there == bytes)
        {
            return Ok(());
        }
        let temporary = files::temporary(&path);
        files::stage(&temporary, bytes).map_err(|e| TrainError::write(&path, e))?;
        let replaced = lines.iter().any(|line| line.1 == name);
        lines.push((sum.clone(), name.to_owned()));
        self.list(&lines).inspect_err(|_| drop(fs::remove_file(&temporary)))?;
        files::commit(&temporary, &path)?;
        if replaced { self.keep_only(lines, name, sum) } else { Ok(()) }
    }

    /// Appends one line to the text file `name`; a remainder of a line that a kill cut short must have been cut off
    /// before, by [`write`](Self::write).
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn append(&self, name: &str, line: &str) -> Result<(), TrainError> {
        let path = self.path.join(name);
        let _turn = turn();
        let mut lines = self.lines()?.unwrap_or_default();
        let mut bytes = if path.exists() { files::read(&path)? } else { Vec::new() };
        bytes.extend(line.as_bytes());
        bytes.push(b'\n');
        let sum = sha256(&bytes);
        lines.push((sum.clone(), name.to_owned()));
        self.list(&lines)?;
        files::append(&path, format!("{line}\n").as_bytes()).map_err(|e| TrainError::write(&path, e))?;
        self.keep_only(lines, name, sum)
    }

    /// Removes the file `name` if it is there.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn remove(&self, name: &str) -> Result<(), TrainError> {
        let path = self.path.join(name);
        let _turn = turn();
        match fs::symlink_metadata(&path) {
            Ok(there) if !there.is_dir() => fs::remove_file(&path).map_err(|e| TrainError::write(&path, e))?,
            _ => {}
        }
        match self.lines()? {
            Some(lines) if lines.iter().any(|line| line.1 == name) => {
                self.list(&lines.into_iter().filter(|line| line.1 != name).collect())
            }
            _ => Ok(()),
        }
    }

    /// The content of the file `name`, which must be listed.
    ///
    /// # Errors
    /// [`TrainError::Read`]; [`TrainError::Damaged`] where the content is not the listed one, or the list is none.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, TrainError> {
        self.read_as(name, |bytes| bytes)
    }

    /// The same of a text file that grows line by line, without the remainder of a line that a kill cut short.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_lines(&self, name: &str) -> Result<String, TrainError> {
        let whole = |mut bytes: Vec<u8>| {
            bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
            bytes
        };
        files::text(&self.path.join(name), self.read_as(name, whole)?)
    }

    fn read_as(&self, name: &str, part: impl Fn(Vec<u8>) -> Vec<u8>) -> Result<Vec<u8>, TrainError> {
        let path = self.path.join(name);
        let mut tries = 0;
        loop {
            let (bytes, lines) = (part(files::read(&path)?), self.lines()?);
            let Some(lines) = lines else { return Ok(bytes) };
            let sum = sha256(&bytes);
            let mut listed = lines.iter().filter(|line| line.1 == name).peekable();
            let known = listed.peek().is_some();
            if listed.any(|line| line.0 == sum) {
                return Ok(bytes);
            }
            // Its owner may have replaced it between the two reads.
            tries += 1;
            if tries == 3 {
                let reason = if known {
                    format!("its SHA-256 is not the one in {SUMS}: it was changed after it was written")
                } else {
                    format!("it is not listed in {SUMS}, which names every file that the program wrote")
                };
                return Err(TrainError::damaged(path, reason));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Lists those of the files `names` that are there as they are, in a directory without a list.
    ///
    /// # Errors
    /// As [`write`](Self::write), and [`TrainError::Read`].
    pub fn adopt(&self, names: &[impl AsRef<str>]) -> Result<(), TrainError> {
        let _turn = turn();
        let mut lines = Lines::new();
        for name in names.iter().map(AsRef::as_ref) {
            let path = self.path.join(name);
            if path.is_file() {
                lines.push((sha256(&files::read(&path)?), name.to_owned()));
            }
        }
        self.list(&lines)
    }

    fn keep_only(&self, mut lines: Lines, name: &str, sum: String) -> Result<(), TrainError> {
        lines.retain(|line| line.1 != name);
        lines.push((sum, name.to_owned()));
        self.list(&lines)
    }

    fn list(&self, lines: &Lines) -> Result<(), TrainError> {
        files::write_atomic(&self.path.join(SUMS), text(lines).as_bytes())
    }

    /// The lines of the list, `None` without one.
    fn lines(&self) -> Result<Option<Lines>, TrainError> {
        let path = self.path.join(SUMS);
        if !self.is_sealed() {
            return Ok(None);
        }
        let parse = |(i, line): (usize, &str)| {
            let (sum, name) = line.split_once("  ").unwrap_or_default();
            let hex = sum.len() == 64 && sum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            let wrong = || {
                let reason = format!(
                    "line {} is not `SHA-256  NAME`; if the files beside it are known to be good, delete it: they are \
                     then taken as they are",
                    i + 1
                );
                TrainError::damaged(&path, reason)
            };
            if hex && !name.is_empty() { Ok((sum.to_owned(), name.to_owned())) } else { Err(wrong()) }
        };
        files::read_text(&path)?.lines().enumerate().map(parse).collect::<Result<_, _>>().map(Some)
    }
}

/// The content of a list of files that are all new: for a directory that is renamed when it is complete.
pub(crate) fn sums<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    text(&files.into_iter().map(|(name, bytes)| (sha256(bytes), name.to_owned())).collect())
}

/// Sorted by name, so that the same files have the same list.
fn text(lines: &Lines) -> String {
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    lines.dedup();
    lines.into_iter().fold(String::new(), |mut text, (sum, name)| {
        // Writing to a string does not fail.
        writeln!(text, "{sum}  {name}").ok();
        text
    })
}

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> (tempfile::TempDir, SealedDir) {
        let dir = tempfile::tempdir().unwrap();
        let sealed = SealedDir::new(dir.path());
        (dir, sealed)
    }

    #[test]
    fn what_is_written_is_read_and_what_was_changed_is_not() {
        let (dir, sealed) = sealed();
        sealed.write("a", b"one").unwrap();
        sealed.write("draws/b", b"two").unwrap();
        sealed.write("a", b"three").unwrap();
        assert_eq!(sealed.read("a").unwrap(), b"three");
        assert_eq!(sealed.read("draws/b").unwrap(), b"two");
        assert_eq!(fs::read_to_string(dir.path().join(SUMS)).unwrap().lines().count(), 2);
        for (name, content) in [("a", "one"), ("draws/b", "twO"), ("c", "new")] {
            fs::write(dir.path().join(name), content).unwrap();
            assert!(matches!(sealed.read(name), Err(TrainError::Damaged { .. })), "{name}");
        }
        sealed.remove("a").unwrap();
        assert!(matches!(sealed.read("a"), Err(TrainError::Read { .. })));
    }

    #[test]
    fn lines_grow_and_half_a_line_is_left_out() {
        let (dir, sealed) = sealed();
        for line in ["one", "two"] {
            sealed.append("log", line).unwrap();
        }
        assert_eq!(sealed.read_lines("log").unwrap(), "one\ntwo\n");
        files::append(&dir.path().join("log"), b"thr").unwrap();
        assert_eq!(sealed.read_lines("log").unwrap(), "one\ntwo\n");
        fs::write(dir.path().join("log"), "one\n").unwrap();
        assert!(sealed.read_lines("log").is_err(), "a line is missing");
    }

    /// The four moments at which a kill can come; see the head of this file.
    #[test]
    fn a_kill_at_any_moment_leaves_content_that_the_list_knows() {
        let (dir, sealed) = sealed();
        sealed.write("a", b"old").unwrap();
        let temporary = files::temporary(&dir.path().join("a"));
        files::stage(&temporary, b"new").unwrap();
        assert_eq!(sealed.read("a").unwrap(), b"old");
        let lines = [b"old", b"new"].map(|bytes| (sha256(bytes), "a".to_owned()));
        sealed.list(&lines.to_vec()).unwrap();
        assert_eq!(sealed.read("a").unwrap(), b"old");
        files::commit(&temporary, &dir.path().join("a")).unwrap();
        assert_eq!(sealed.read("a").unwrap(), b"new");
        sealed.write("a", b"newer").unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(SUMS)).unwrap(), format!("{}  a\n", sha256(b"newer")));
    }

    #[test]
    fn a_damaged_list_is_named_and_without_one_files_are_unchecked() {
        let (dir, sealed) = sealed();
        sealed.write("a", b"one").unwrap();
        let list = dir.path().join(SUMS);
        for damage in ["", "nonsense\n", "00  a\n", "\u{0}"] {
            fs::write(&list, damage).unwrap();
            assert!(matches!(sealed.read("a"), Err(TrainError::Damaged { .. })), "{damage:?}");
        }
        fs::remove_file(list).unwrap();
        assert!(!sealed.is_sealed());
        assert_eq!(sealed.read("a").unwrap(), b"one");
        sealed.adopt(&["a", "b"]).unwrap();
        assert_eq!(sealed.read("a").unwrap(), b"one");
    }
}
