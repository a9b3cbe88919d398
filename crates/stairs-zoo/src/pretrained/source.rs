//! Bytes of a file by offset. A range is checked against the file before memory is taken for it.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use super::error::{Fault, fault};

/// An open regular file of known length.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    len: u64,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(fault!("it is not a regular file"));
        }
        Ok(Self { file, len: metadata.len() })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The `len` bytes from `offset`; `what` is named where they are not in the file.
    pub(super) fn read(&self, offset: u64, len: u64, what: &str) -> Result<Vec<u8>, Fault> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(fault!("{what} ({len} bytes from {offset}) reaches beyond the file's {} bytes", self.len));
        }
        let len = usize::try_from(len).map_err(|_| fault!("{what} does not fit into memory"))?;
        let mut bytes = vec![0; len];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// The little-endian number of `N` bytes at `at`.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<u64, Fault> {
    let end = at.checked_add(N).filter(|end| *end <= bytes.len());
    let part = end.map(|end| &bytes[at..end]).ok_or_else(|| fault!("it ends inside a number"))?;
    Ok(part.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}
