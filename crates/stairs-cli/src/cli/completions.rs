//! `stairs completions`

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print a script that completes this command in a shell
///
/// For example, in ~/.bashrc: source <(stairs completions bash)
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Cli::command(), "stairs", &mut script);
        // A reader that has gone away is no error.
        let _ = std::io::stdout().write_all(&script);
        Ok(())
    }
}
