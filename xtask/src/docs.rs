//! `cargo xtask docs`: draws the figures of the book with the library itself, then builds the book with mdBook.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{self, cargo, root, works};

pub(crate) fn run() -> Result<()> {
    let figures = ["run", "--release", "-p", "stairs-cli", "--bin", "stairs", "--", "figures", "docs/src/figures"];
    process::run(cargo(&figures).current_dir(root()))?;
    if !works(Command::new("mdbook").arg("--version")) {
        bail!(
            "the figures are drawn (docs/src/figures), but mdBook is not installed, so the book is not built: \
             cargo install --locked mdbook"
        );
    }
    process::run(Command::new("mdbook").args(["build", "docs"]).current_dir(root()))?;
    println!("the book: docs/book/index.html");
    Ok(())
}
