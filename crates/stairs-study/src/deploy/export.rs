//! Programs as files.

use std::path::{Path, PathBuf};

use stairs_deploy::{c, onnx};
use stairs_infer::Program;

use super::DeployRunError;
use crate::files::{write_atomically, write_new};

/// The kinds of files a program can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// For onnxruntime and whatever reads ONNX.
    Onnx,
    /// For FINN, hls4ml and the executor of qonnx.
    Qonnx,
    /// Packed weights, for `stairs-infer`.
    Packed,
    /// C99: a source and its header.
    C,
    /// Constants in Rust for `stairs-infer` without `std`.
    Rust,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// Its size.
    pub bytes: usize,
}

/// Writes `program` to `out`, of C the header beside it; says what was written, and what a reader should know of it.
///
/// # Errors
/// [`DeployRunError::Format`] for a program that the format does not take, [`DeployRunError::Write`] for files that cannot be written,
/// that exist already unless `force` is given, or whose name the format does not take.
pub fn export(
    program: &Program,
    format: Format,
    out: &Path,
    force: bool,
) -> Result<(Vec<Written>, Vec<String>), DeployRunError> {
    let text = |error: &dyn std::fmt::Display| DeployRunError::Format(error.to_string());
    let mut notes = Vec::new();
    let files = match format {
        Format::Onnx => vec![(out.to_owned(), onnx::onnx(program).map_err(|e| text(&e))?.bytes)],
        Format::Qonnx => vec![(out.to_owned(), onnx::qonnx(program).map_err(|e| text(&e))?.bytes)],
        Format::Packed => vec![(out.to_owned(), program.to_bytes())],
        Format::Rust => vec![(out.to_owned(), stairs_deploy::rust(program).into_bytes())],
        Format::C => {
            let stem = out.file_stem().unwrap_or_default().to_string_lossy();
            let sources = c::c(program, &c::Options::new(stem)).map_err(|e| text(&e))?;
            notes.push(format!(
                "constants {} B (flash, and 5 to 20 kB of code), arena {} B (RAM)",
                sources.flash, sources.ram
            ));
            vec![(out.to_owned(), sources.source.into_bytes()), (out.with_extension("h"), sources.header.into_bytes())]
        }
    };
    let written = |(path, bytes): (PathBuf, Vec<u8>)| {
        let write = if force { write_atomically } else { write_new };
        write(&path, &bytes).map_err(|source| DeployRunError::Write { path: path.clone(), source })?;
        Ok(Written { path, bytes: bytes.len() })
    };
    Ok((files.into_iter().map(written).collect::<Result<_, DeployRunError>>()?, notes))
}
