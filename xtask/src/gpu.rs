//! `cargo xtask gpu`: what a machine with a GPU has to say, for the chapter on devices.
//!
//! | step | program |
//! |---|---|
//! | the device | `stairs devices` |
//! | golden numbers, contract table, gradients, a training | `cargo xtask test --backends flex,DEVICE` |
//! | the operation against `tensor + 1` and against plain tensors | `cargo bench --bench op`, ratios |
//! | an epoch of VGG8 on CIFAR-10 | `stairs train` |
//!
//! Every step runs whether the others succeed or not. The outputs go to a Markdown file, with the state of each step; the
//! task fails if a step did.

use std::{env, fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::process::{captured, cargo, root};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The device.
    #[arg(long, value_enum, default_value_t = Device::Cuda)]
    device: Device,
    /// Folder with CIFAR-10; without it $STAIRS_DATA, then the user's cache folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The Markdown file [default: target/gpu/DEVICE.md]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Device {
    /// An NVIDIA GPU.
    Cuda,
    /// A GPU with a Vulkan driver.
    Vulkan,
    /// Any GPU.
    Wgpu,
}

/// A heading and the command below it.
struct Step {
    heading: &'static str,
    command: Command,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let name = self.device.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        let folder = root().join("target/gpu");
        let out = self.out.clone().unwrap_or_else(|| folder.join(format!("{name}.md")));
        // A run directory is used once.
        let runs = tempfile::tempdir().context("no temporary directory")?;
        let mut failed = Vec::new();
        let mut text = format!("## {name}\n");
        for Step { heading, mut command } in self.steps(&name, &runs.path().join("vgg8")) {
            let (output, succeeded) = captured(command.current_dir(root()))?;
            let state = if succeeded { "" } else { " (FAILED)" };
            text += &format!("\n### {heading}{state}\n\n```text\n{}\n```\n", output.trim_end());
            if !succeeded {
                failed.push(heading);
            }
        }
        if let Some(parent) = out.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        }
        let draft = out.with_extension("md.part");
        fs::write(&draft, &text).and_then(|()| fs::rename(&draft, &out)).with_context(|| out.display().to_string())?;
        println!("{text}\nwritten to {}", out.display());
        if failed.is_empty() { Ok(()) } else { bail!("{} of the steps failed: {}", failed.len(), failed.join(", ")) }
    }

    fn steps(&self, device: &str, run: &std::path::Path) -> Vec<Step> {
        let stairs = || {
            cargo(&["run", "--quiet", "--release", "-p", "stairs-cli", "--features", device, "--bin", "stairs", "--"])
        };
        let step = |heading, command| Step { heading, command };
        let mut devices = stairs();
        devices.arg("devices");
        let tests = cargo(&["xtask", "test", "--backends", &format!("flex,{device}")]);
        let mut bench = cargo(&["bench", "--quiet", "-p", "stairs-benches", "--features", device, "--bench", "op"]);
        bench.env("STAIRS_BENCH_DEVICE", device).env("STAIRS_BENCH_RATIOS_ONLY", "1");
        let mut train = stairs();
        train.args([
            "train",
            "--plain",
            "--dataset",
            "cifar10",
            "--model",
            "vgg8",
            "--epochs",
            "1",
            "--device",
            device,
        ]);
        if let Some(data) = &self.data {
            // The command runs in the root of the workspace.
            train.arg("--data").arg(env::current_dir().map_or_else(|_| data.clone(), |here| here.join(data)));
        }
        train.arg("--out").arg(run);
        vec![
            step("Device", devices),
            step("Backend tests", tests),
            step("The operation", bench),
            step("An epoch of VGG8 on CIFAR-10", train),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_uses_the_device() {
        let args = Args { device: Device::Vulkan, data: Some("cifar".into()), out: None };
        let steps = args.steps("vulkan", "run".as_ref());
        assert_eq!(steps.len(), 4);
        for Step { heading, command } in &steps {
            let words: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
            assert!(words.iter().any(|word| word.contains("vulkan")), "{heading}: {words:?}");
        }
        let data = steps[3].command.get_args().skip_while(|word| *word != "--data").nth(1);
        assert!(data.is_some_and(|data| std::path::Path::new(data).is_absolute()));
    }
}
