//! `stairs man`

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};

use super::paths;

/// Write the manual: a page for this command and one for each of its commands
///
/// For example: stairs man ~/.local/share/man/man1, and then man stairs-train
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Folder for stairs.1, stairs-train.1, …; created if needed
    dir: PathBuf,
}

impl Man {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        paths::folder(&self.dir)?;
        let cannot = || format!("cannot write to {}", self.dir.display());
        std::fs::create_dir_all(&self.dir).with_context(cannot)?;
        clap_mangen::generate_to(super::Cli::command(), &self.dir).with_context(cannot)?;
        println!("manual in {}", self.dir.display());
        Ok(())
    }
}
