//! Programs as files.

use std::path::{Path, PathBuf};

use stairs_deploy::{c, onnx};
use stairs_infer::{Program, Value};
use stairs_train::data::Samples;

use super::DeployRunError;
use super::verify::take;
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

/// Writes the first samples of a data set beside `out`, for tests on a device: `NAME.images`, a byte a pixel, or floats where samples are
/// no bytes; `NAME.labels`, a byte for the label that the program gives each; `NAME.results`, the 32 bits of every number of every
/// result.
///
/// # Errors
/// [`DeployRunError`] for samples that cannot be made and files that cannot be written.
pub fn export_samples(
    program: &Program,
    samples: &dyn Samples,
    count: usize,
    out: &Path,
) -> Result<Vec<Written>, DeployRunError> {
    let (values, _) = take(samples, 0, count.min(samples.len()))?;
    let size: usize = program.input().iter().product();
    let (mut images, mut labels, mut results) = (Vec::new(), Vec::new(), Vec::new());
    for sample in values.chunks(size) {
        match bytes(program, sample) {
            Some(bytes) => images.extend(bytes),
            None => images.extend(sample.iter().flat_map(|x| x.to_le_bytes())),
        }
        let result = program.run(sample).map_err(|source| DeployRunError::Run { index: 0, source })?;
        labels.push(u8::try_from(result.label()).unwrap_or(u8::MAX));
        match result {
            Value::Integers(values) => results.extend(values.iter().flat_map(|x| x.to_le_bytes())),
            Value::Floats(values) => results.extend(values.iter().flat_map(|x| x.to_le_bytes())),
        }
    }
    let written = |(extension, bytes): (&str, Vec<u8>)| {
        let path = out.with_extension(extension);
        write_atomically(&path, &bytes).map_err(|source| DeployRunError::Write { path: path.clone(), source })?;
        Ok(Written { path, bytes: bytes.len() })
    };
    [("images", images), ("labels", labels), ("results", results)].into_iter().map(written).collect()
}

/// The bytes that a sample was made of.
fn bytes(program: &Program, sample: &[f32]) -> Option<Vec<u8>> {
    let table = &program.pixels()?.table;
    let plane = sample.len() / program.input()[0];
    let byte = |(i, x): (usize, &f32)| {
        let values = &table[i / plane * 256..][..256];
        values.iter().position(|value| value == x).and_then(|byte| u8::try_from(byte).ok())
    };
    sample.iter().enumerate().map(byte).collect()
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
