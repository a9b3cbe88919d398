//! `cargo xtask sanitize`: the kernels of `stairs-kernels` on thousands of random shapes under AddressSanitizer.
//!
//! Needs a nightly toolchain (`rustup toolchain install nightly`) and x86-64 Linux. Everything is built anew for it, in a
//! target folder of its own. The shapes run twice: with the kernels of this processor, and with those for registers of 16
//! lanes, emulated where the processor has none. Results start as NaN, so that a value that is not written is seen.

use std::{env, path::PathBuf, process::Command, time::Instant};

use anyhow::{Context, Result, bail};

use crate::{
    check::seconds,
    process::{captured, root},
};

/// What the sanitizer supports and the kernels have code for.
const TARGET: &str = "x86_64-unknown-linux-gnu";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Random shapes of each of the two runs.
    #[arg(long, default_value_t = 5000, value_name = "N")]
    shapes: u32,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let start = Instant::now();
        let mut lines = Vec::new();
        for (registers, emulate) in [("this processor's registers", false), ("registers of 16 lanes, emulated", true)] {
            let summary = self.shapes_under_asan(emulate).with_context(|| format!("on {registers}"))?;
            lines.push(format!("  {registers}: {summary}"));
        }
        println!("\nsanitize, under AddressSanitizer, in {}:\n{}", seconds(start.elapsed()), lines.join("\n"));
        Ok(())
    }

    /// The line that sums a run up.
    fn shapes_under_asan(&self, emulate: bool) -> Result<String> {
        let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join("asan");
        // Burn's kernels are compared with, not looked at: at a low level they are built in a third of the time.
        let quick = "profile.dev.package.burn-flex.opt-level=1";
        let test = ["test", "-p", "stairs-kernels", "--test", "agreement", "--target", TARGET, "--config", quick];
        // `+nightly` is understood by rustup's `cargo`, not by the toolchain's own that runs this program.
        let mut command = Command::new("cargo");
        command.arg("+nightly").args(test);
        command.args(["--", "--exact", "random::shapes", "--nocapture"]).current_dir(root());
        command.env_remove("RUSTC").env_remove("RUSTDOC").env_remove("RUSTUP_TOOLCHAIN");
        command.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", "-Zsanitizer=address");
        // An allocation that cannot be had is to fail as it does without the sanitizer.
        command.env("ASAN_OPTIONS", "detect_leaks=0:allocator_may_return_null=1");
        command.env("STAIRS_KERNELS_SHAPES", self.shapes.to_string());
        if emulate {
            command.env("STAIRS_KERNELS_EMULATE", "1");
        }
        let (printed, succeeded) = captured(&mut command)?;
        match printed.lines().find(|line| line.contains(" shapes, ")) {
            // The test program may write its own words before.
            Some(line) if succeeded => Ok(line.rsplit(" ... ").next().unwrap_or(line).to_owned()),
            _ => bail!("the kernels failed:\n{printed}"),
        }
    }
}
