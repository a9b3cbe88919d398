//! `cargo xtask data NAME …`: `stairs data fetch` with the same arguments, from the build that `cargo xtask reproduce NAME` uses.

use anyhow::Result;

use crate::process::{become_it, cargo};

#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Arguments of `stairs data fetch`; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "NAME [OPTIONS]")]
    passed: Vec<String>,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let mut command = cargo(&["run", "--release", "-p", "stairs-cli", "--bin", "stairs", "--", "data", "fetch"]);
        become_it(command.args(&self.passed))
    }
}
