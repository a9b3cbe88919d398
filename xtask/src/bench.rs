//! `cargo xtask bench [NAME]`: the criterion benchmarks.

use anyhow::Result;

use crate::process::{become_it, cargo, root};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this benchmark program.
    name: Option<String>,
    /// Arguments of criterion (after `--`), e.g. a filter.
    #[arg(last = true)]
    further: Vec<String>,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let mut command = cargo(&["bench", "-p", "stairs-benches"]);
        match &self.name {
            Some(name) => command.args(["--bench", name]),
            None => command.arg("--benches"),
        };
        if !self.further.is_empty() {
            command.arg("--").args(&self.further);
        }
        become_it(command.current_dir(root()))
    }
}
