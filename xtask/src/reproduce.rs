//! `cargo xtask reproduce`: the main job, by the small program `first`. `cargo xtask reproduce NAME …`: `stairs reproduce` in the release
//! profile, with every argument passed on.
//!
//! The main job is for people who have nothing built yet. Its program has what a first result needs, and is built as the tests are, so that
//! `cargo xtask test` finds most of it there. Studies take hours, and are worth a build for speed.
//!
//! `--device ndarray` and `--device wgpu` (or `vulkan`, `cuda`) also switch on the feature they need. Without `--out` the report
//! goes to `target/reproduce` of the workspace.
//!
//! `cargo run` becomes the program it runs, and so does this task: Ctrl-C, the exit code 130 of a stopped experiment and the
//! command that goes on are those of `stairs reproduce`.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::process::{become_it, cargo, root};

#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Arguments of `stairs reproduce`; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "[NAME] [OPTIONS]")]
    passed: Vec<String>,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        if self.passed.is_empty() {
            return become_it(cargo(&["run", "-p", "first", "--"]).arg(out()));
        }
        let mut command = cargo(&["run", "--release", "-p", "stairs-cli"]);
        if let Some(feature) = value(&self.passed, "--device").and_then(feature) {
            command.args(["--features", feature]);
        }
        command.args(["--bin", "stairs", "--", "reproduce"]).args(&self.passed);
        // The folder of an experiment that was begun says itself where its trials are.
        let begun = self.passed.iter().any(|a| Path::new(a).join("experiment.toml").is_file());
        let help = self.passed.iter().any(|a| a == "--help" || a == "-h");
        if value(&self.passed, "--out").is_none() && !begun && !help {
            command.arg("--out").arg(out());
        }
        become_it(&mut command)
    }
}

/// Where results go: `target/reproduce` of the workspace, as short as it can be said from here.
fn out() -> PathBuf {
    let is_root = env::current_dir().is_ok_and(|d| d.canonicalize().ok() == root().canonicalize().ok());
    if is_root { "target/reproduce".into() } else { root().join("target/reproduce") }
}

/// Value of an option written `--name value` or `--name=value`.
fn value<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(i, a)| match a.strip_prefix(name) {
        Some("") => arguments.get(i + 1).map(String::as_str),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    })
}

/// The feature of the `stairs` crate that a device needs beyond the default ones.
fn feature(device: &str) -> Option<&'static str> {
    ["ndarray", "wgpu", "vulkan", "cuda"].into_iter().find(|f| device.starts_with(f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_both_spellings() {
        let arguments = ["digits", "--device=wgpu", "--shard", "1/2", "--outer", "x", "--out"].map(str::to_owned);
        assert_eq!(value(&arguments, "--device"), Some("wgpu"));
        assert_eq!(value(&arguments, "--shard"), Some("1/2"));
        assert_eq!(value(&arguments, "--out"), None);
        assert_eq!(value(&arguments, "--seed"), None);
    }

    #[test]
    fn features_of_devices() {
        assert_eq!(feature("flex"), None);
        assert_eq!(feature("ndarray"), Some("ndarray"));
        assert_eq!(feature("wgpu:1"), Some("wgpu"));
    }
}
