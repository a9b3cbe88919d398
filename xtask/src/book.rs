//! `cargo xtask book`: runs every command of README and book as it is written, twice in a row.
//!
//! What runs, what does not and why not: `crates/stairs-cli/tests/book/main.rs`. The whole workspace, and a program, are named so that Cargo
//! takes the features, and so the artefacts, of `cargo xtask test`.

use anyhow::Result;

use crate::process::{cargo, root, run};

/// The environment variable that has the commands run, not only sorted.
const RUN: &str = "STAIRS_BOOK";

pub(crate) fn run_commands() -> Result<()> {
    let arguments = ["test", "--workspace", "--bin", "xtask", "--test", "book", "--", "--nocapture", "every_command"];
    run(cargo(&arguments).env(RUN, "1").current_dir(root()))
}
