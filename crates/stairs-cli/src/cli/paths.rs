//! Paths on the command line: what is at one, and which command is for it.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};
use stairs::train::{RunDir, TrainError};

/// Most runs that are named where a folder of runs was given.
const NAMED: usize = 3;

/// The run in the folder `path`.
///
/// # Errors
/// What is there instead, and which command is for it.
pub(crate) fn run(path: &Path) -> anyhow::Result<RunDir> {
    let shown = path.display();
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("there is no run {shown}: `stairs train --out {shown}` makes one")
        }
        Err(error) => bail!("cannot read {shown}: {error}"),
    };
    if !metadata.is_dir() {
        bail!("{shown} is a file, and a run is a folder: {}", for_file(path));
    }
    if path.join("config.toml").exists() {
        return Ok(RunDir::new(path));
    }
    bail!("there is no run in {shown} (no config.toml): {}", for_folder(path))
}

/// Refuses a file where the folder of a report, of figures or of a measurement belongs.
///
/// # Errors
/// That `path` is a file.
pub(crate) fn folder(path: &Path) -> anyhow::Result<()> {
    if path.exists() && !path.is_dir() {
        bail!("{} is a file, and a folder belongs here: {}", path.display(), for_file(path));
    }
    Ok(())
}

/// A failed write outside a run, which has no checkpoint to go on from.
pub(crate) fn written(error: TrainError) -> anyhow::Error {
    match error {
        TrainError::DiskFull { path, source } => {
            anyhow!(
                "no space to write {} ({source}): free some and run this again; what was there is intact",
                path.display()
            )
        }
        other => other.into(),
    }
}

/// What a file is for.
pub(crate) fn for_file(path: &Path) -> String {
    let shown = path.display();
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.join("config.toml").exists() {
        return format!("it lies in the run {}", folder.display());
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("pth" | "pt" | "ckpt") => {
            format!("`stairs import torchvision {shown} --model NAME --out FILE.safetensors` reads weights of torch")
        }
        Some("safetensors" | "bpk") => format!("`stairs train --init {shown} --out RUN` starts from weights"),
        Some("toml") => format!("`stairs certify {shown}` reads the configuration of a run"),
        _ => "`stairs train --out RUN` makes one".into(),
    }
}

/// What a folder without a run is for.
fn for_folder(path: &Path) -> String {
    let shown = path.display();
    if path.join("draws").is_dir() {
        return "it holds a measurement of capacity, which `stairs capacity --out` goes on with".into();
    }
    if path.join("train").is_dir() {
        return format!("it holds images, which `stairs train --dataset images --data {shown} --out RUN` trains on");
    }
    let mut runs: Vec<PathBuf> = std::fs::read_dir(path)
        .map(|entries| {
            entries.flatten().map(|entry| entry.path()).filter(|path| path.join("config.toml").exists()).collect()
        })
        .unwrap_or_default();
    runs.sort();
    if runs.is_empty() {
        return "`stairs train --out RUN` makes one".into();
    }
    let names: Vec<String> = runs.iter().take(NAMED).map(|run| run.display().to_string()).collect();
    let more = if runs.len() > NAMED { ", …" } else { "" };
    format!(
        "give one of the {} runs in it ({}{more}), or `stairs report {shown}` for all",
        runs.len(),
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_outside_a_run_speaks_of_no_checkpoint() {
        let full = || TrainError::DiskFull { path: "w.bpk".into(), source: io::ErrorKind::StorageFull.into() };
        let text = written(full()).to_string();
        assert!(text.contains("no space to write w.bpk") && !text.contains("checkpoint"), "{text}");
    }

    #[test]
    fn what_is_no_run_names_the_command_it_is_for() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let make = |name: &str| {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        };
        for name in
            ["runs/a/config.toml", "runs/a/last.bpk", "images/train/cat/1.png", "capacity/draws/0000.json", "x.pth"]
        {
            make(name);
        }
        for name in ["w.safetensors", "notes.txt", "mine.toml"] {
            make(name);
        }
        assert!(run(&at("runs/a")).is_ok());
        for (name, expected) in [
            ("nowhere", "stairs train --out"),
            ("runs", "give one of the 1 runs"),
            ("images", "--dataset images"),
            ("capacity", "stairs capacity"),
            ("runs/a/last.bpk", "it lies in the run"),
            ("x.pth", "stairs import torchvision"),
            ("w.safetensors", "stairs train --init"),
            ("mine.toml", "stairs certify"),
            ("notes.txt", "a run is a folder"),
        ] {
            let error = run(&at(name)).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(name.split('/').next().unwrap()), "{name}: {error}");
        }
        assert!(folder(&at("nowhere")).is_ok() && folder(&at("runs")).is_ok());
        assert!(folder(&at("x.pth")).unwrap_err().to_string().contains("is a file"));
    }
}
