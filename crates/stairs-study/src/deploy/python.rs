//! An exported file in onnxruntime, or in the executor of qonnx, against the program.

use std::{path::Path, process::Command};

use serde::{Deserialize, Serialize};
use stairs_infer::{Engine, Options, Program};
use stairs_train::data::Samples;

use super::DeployRunError;
use super::verify::take;

const SCRIPT: &str = include_str!("onnx.py");

/// What one way to run the file gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Which way.
    pub by: String,
    /// Samples.
    pub samples: usize,
    /// Labels that differ from the program's.
    pub labels: usize,
    /// Samples whose results differ by more than a hundred-thousandth of the largest.
    pub results: usize,
    /// Largest difference, relative to the largest result.
    pub difference: f64,
}

/// Runs `file`, which was written of `program`, in Python on the first samples.
///
/// # Errors
/// [`DeployRunError::Python`] where `python` is not there, lacks onnx and onnxruntime (of QONNX, qonnx), or cannot run the file.
pub fn elsewhere(
    python: &str,
    file: &Path,
    program: &Program,
    samples: &dyn Samples,
    count: usize,
) -> Result<Vec<Elsewhere>, DeployRunError> {
    let count = count.min(samples.len());
    let (values, _) = take(samples, 0, count)?;
    let run = |source| DeployRunError::Run { index: 0, source };
    let results = Engine::new(program, Options::default())?.run(&values, count).map_err(run)?.to_floats();
    let told = |reason: String| DeployRunError::Python { python: python.to_owned(), reason };
    let folder = tempfile::tempdir().map_err(|error| told(error.to_string()))?;
    let at = |name: &str| folder.path().join(name);
    let bytes = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    for (name, bytes) in [("run.py", SCRIPT.as_bytes()), ("x", &bytes(&values)), ("y", &bytes(&results))] {
        // A folder of our own: nobody reads half of a file.
        std::fs::write(at(name), bytes).map_err(|error| told(error.to_string()))?;
    }
    let mut command = Command::new(python);
    command.arg(at("run.py")).arg(file).args([at("x"), at("y")]).arg(count.to_string());
    let output = command.output().map_err(|error| told(error.to_string()))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(told(text.trim_end().lines().last().unwrap_or("it failed").to_owned()));
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| serde_json::from_str(line).map_err(|error| told(format!("{error}: {line}")));
    lines.lines().map(line).collect()
}
