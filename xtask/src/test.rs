//! `cargo xtask test`: the whole workspace on Flex, or the backend tests on several backends.
//!
//! Without `--backends`: `cargo test --workspace`, unit, integration and documentation tests, with default features
//! (Flex only). With it: only the integration tests of [`CRATES`] that run once per backend, which are those whose names
//! start with one of [`PREFIXES`], built once with the features of all backends asked for.

use std::{collections::BTreeSet, fs, path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::{
    check::seconds,
    process::{cargo, root, run},
};

/// Crates with tests per backend.
const CRATES: [&str; 3] = ["stairs-noise", "stairs-train", "stairs-capacity"];
/// How the names of these tests start.
const PREFIXES: [&str; 4] = ["contract", "golden", "gradient", "train_backend"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run the backend tests on these backends instead of the whole workspace on Flex.
    #[arg(long, value_delimiter = ',', value_name = "BACKENDS")]
    backends: Vec<Backend>,
    /// Further arguments of `cargo test` (after `--`; a second `--` leads to those of the test programs).
    #[arg(last = true)]
    further: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Backend {
    /// Flex, NdArray and wgpu.
    All,
    /// Flex (CPU), the default backend.
    Flex,
    /// NdArray (CPU).
    Ndarray,
    /// wgpu (any GPU, or a software Vulkan device).
    Wgpu,
    /// wgpu with SPIR-V shaders (GPUs with a Vulkan driver, or a software one).
    Vulkan,
    /// CUDA (NVIDIA GPUs).
    Cuda,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let start = Instant::now();
        let (arguments, what) = if self.backends.is_empty() {
            (vec!["test".to_owned(), "--workspace".to_owned()], "the workspace, on flex".to_owned())
        } else {
            let features = features(&self.backends);
            (backend_tests(&features)?, format!("the backend tests, on {}", features.replace(',', ", ")))
        };
        let arguments: Vec<&str> = arguments.iter().chain(&self.further).map(String::as_str).collect();
        run(cargo(&arguments).current_dir(root()))?;
        println!("\ntests passed: {what}, in {}", seconds(start.elapsed()));
        Ok(())
    }
}

/// The features of these backends, comma-separated.
fn features(backends: &[Backend]) -> String {
    let mut wanted: BTreeSet<Backend> = backends.iter().copied().collect();
    if wanted.remove(&Backend::All) {
        wanted.extend([Backend::Flex, Backend::Ndarray, Backend::Wgpu]);
    }
    let name = |b: Backend| b.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
    wanted.into_iter().map(name).collect::<Vec<_>>().join(",")
}

fn backend_tests(features: &str) -> Result<Vec<String>> {
    let mut arguments: Vec<String> =
        ["test", "--no-default-features", "--features", features].map(str::to_owned).into();
    let mut tests = BTreeSet::new();
    for name in CRATES {
        arguments.extend(["-p".to_owned(), name.to_owned()]);
        tests.extend(names(&root().join("crates").join(name).join("tests"))?);
    }
    if tests.is_empty() {
        bail!("no backend tests in {}: none is named {}", CRATES.join(", "), PREFIXES.join("…, ") + "…");
    }
    arguments.extend(tests.into_iter().flat_map(|t| ["--test".to_owned(), t]));
    Ok(arguments)
}

/// Names of the backend tests in a `tests` folder: `NAME.rs`, or a folder `NAME` with a `main.rs`.
fn names(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(vec![]);
    }
    let mut names = vec![];
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let is_test = path.extension().is_some_and(|e| e == "rs") || path.join("main.rs").is_file();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if is_test && PREFIXES.iter().any(|p| name.starts_with(p)) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_backends() {
        assert_eq!(features(&[Backend::All]), "flex,ndarray,wgpu");
        assert_eq!(features(&[Backend::Wgpu, Backend::Flex, Backend::Wgpu]), "flex,wgpu");
        assert_eq!(features(&[Backend::Ndarray, Backend::All]), "flex,ndarray,wgpu");
    }

    #[test]
    fn tests_are_found_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["golden.rs", "contract_cases.rs", "contract.json", "laws.rs"] {
            fs::write(dir.path().join(file), "").unwrap();
        }
        fs::create_dir_all(dir.path().join("gradient")).unwrap();
        fs::create_dir_all(dir.path().join("golden_data")).unwrap();
        fs::write(dir.path().join("gradient/main.rs"), "").unwrap();
        let mut found = names(dir.path()).unwrap();
        found.sort();
        assert_eq!(found, ["contract_cases", "golden", "gradient"]);
        assert!(names(&dir.path().join("missing")).unwrap().is_empty());
    }
}
