//! `--json`: one document on standard output, for a program that reads it.

use clap::Args;
use serde::Serialize;

/// `--json`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct JsonOption {
    /// Print one JSON document instead of text; everything else goes to the error output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the document. A number that is none, such as NaN, is `null`.
pub(crate) fn print(document: &impl Serialize) -> anyhow::Result<()> {
    answer!("{}", serde_json::to_string_pretty(document)?);
    Ok(())
}
