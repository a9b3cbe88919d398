//! Bytes of a file by offset. A range is checked against the file before memory is taken for it.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use super::error::{Fault, fault};

/// An open regular file of known length, or its bytes.
#[derive(Debug)]
pub(super) struct Source {
    content: Content,
    len: u64,
}

#[derive(Debug)]
enum Content {
    File(File),
    Bytes(Vec<u8>),
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        // Opening a named pipe would wait for somebody to write.
        if !path.metadata()?.is_file() {
            return Err(fault!("it is not a regular file"));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Self { content: Content::File(file), len: metadata.len() })
    }

    pub(super) fn bytes(bytes: Vec<u8>) -> Self {
        Self { len: bytes.len() as u64, content: Content::Bytes(bytes) }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The `len` bytes from `offset`; `what` is named where they are not in the file.
    pub(super) fn read(&self, offset: u64, len: u64, what: &str) -> Result<Vec<u8>, Fault> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(fault!("{what} ({len} bytes from {offset}) reaches beyond the file's {} bytes", self.len));
        }
        let outside = |_| fault!("{what} does not fit into memory");
        let (start, len) = (usize::try_from(offset).map_err(outside)?, usize::try_from(len).map_err(outside)?);
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes[start..start + len].to_vec()),
            Content::File(file) => {
                let mut bytes = vec![0; len];
                let mut file = file;
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

/// The little-endian number of `N` bytes at `at`.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<u64, Fault> {
    let end = at.checked_add(N).filter(|end| *end <= bytes.len());
    let part = end.map(|end| &bytes[at..end]).ok_or_else(|| fault!("it ends inside a number"))?;
    Ok(part.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}
