//! `cargo xtask book`: runs every command of README and book as it is written, twice in a row.
//!
//! What runs, what does not and why not: `crates/stairs-cli/tests/book/main.rs`. The commands run in the release profile, which the main
//! job builds anyway. The whole workspace, and a program, are named so that Cargo takes the features, and so the artefacts, of
//! `cargo xtask test`.

use anyhow::Result;

use crate::process::{cargo, root, run};

/// The environment variable that names the program whose commands run.
const PROGRAM: &str = "STAIRS_BOOK";

pub(crate) fn run_commands() -> Result<()> {
    run(cargo(&["build", "--release", "-p", "stairs-cli", "--bin", "stairs"]).current_dir(root()))?;
    let program = root().join("target/release").join(format!("stairs{}", std::env::consts::EXE_SUFFIX));
    let arguments = ["test", "--workspace", "--bin", "xtask", "--test", "book", "--", "--nocapture", "every_command"];
    run(cargo(&arguments).env(PROGRAM, program.canonicalize()?).current_dir(root()))
}
