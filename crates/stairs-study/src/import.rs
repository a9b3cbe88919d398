//! Where imported weights come from: the JSON file that `stairs import` writes beside them.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stairs_zoo::Architecture;

use crate::files::write_atomically;

/// The format that is written.
const FORMAT: u32 = 1;

/// Origin of imported weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportRecord {
    /// Version of this record.
    pub format: u32,
    /// Name of the file they come from.
    pub source: String,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Keys of the state dict in it, joined by `.`, where one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Changes of names, `FROM=TO`, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<String>,
    /// The model.
    pub model: Architecture,
    /// Its number of classes.
    pub classes: usize,
    /// Whether its last layer is a new one.
    pub fresh_head: bool,
    /// Number of its parameters; batch statistics are none.
    pub parameters: usize,
}

impl ImportRecord {
    /// The record of an import from the file at `source`, which is read for its hash.
    ///
    /// # Errors
    /// What reading `source` says.
    pub fn new(
        source: &Path,
        model: Architecture,
        classes: usize,
        fresh_head: bool,
        parameters: usize,
    ) -> io::Result<Self> {
        let name = source.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let sha256 = sha256(source)?;
        let (key, renamed) = (None, Vec::new());
        Ok(Self { format: FORMAT, source: name, sha256, key, renamed, model, classes, fresh_head, parameters })
    }

    /// Reads one.
    ///
    /// # Errors
    /// The system's, and [`io::ErrorKind::InvalidData`] for a file that is none.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }

    /// Writes it as JSON, atomically; the folder is made if needed.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        write_atomically(path, &serde_json::to_vec_pretty(self)?)
    }
}

/// SHA-256 of a file in lower-case hexadecimal.
///
/// # Errors
/// What reading it says.
pub fn sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut part) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            len => hash.update(&part[..len]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_names_its_source_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let (source, path) = (dir.path().join("a.pth"), dir.path().join("b/a.json"));
        std::fs::write(&source, "abc").unwrap();
        let record = ImportRecord::new(&source, "mobilenet-v2".parse().unwrap(), 10, true, 7).unwrap();
        // The hash of `abc` in FIPS 180-2.
        assert_eq!(record.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        record.write(&path).unwrap();
        let read = ImportRecord::read(&path).unwrap();
        assert_eq!((read.source.as_str(), &read), ("a.pth", &record));
    }
}
