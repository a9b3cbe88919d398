//! `cargo xtask docs`: draws the figures of the book with the library itself, checks its pages, then builds it with mdBook.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{
    pages,
    process::{self, cargo, root, works},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave the figures as they are: check the pages and build the book.
    #[arg(long)]
    check: bool,
    /// Ask every address outside the book as well (needs a network).
    #[arg(long)]
    external: bool,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        if !self.check {
            let figures =
                ["run", "--release", "-p", "stairs-cli", "--bin", "stairs", "--", "figures", "docs/src/figures"];
            process::run(cargo(&figures).current_dir(root()))?;
        }
        pages::check(&root())?;
        if self.external {
            pages::external::check(&pages::all(&root())?)?;
        }
        if !works(Command::new("mdbook").arg("--version")) {
            let done = if self.check { "the pages are checked" } else { "the figures are drawn (docs/src/figures)" };
            bail!("{done}, but mdBook is not installed, so the book is not built: cargo install --locked mdbook");
        }
        process::run(Command::new("mdbook").args(["build", "docs"]).current_dir(root()))?;
        pages::built::check(&root().join("docs/book"), &pages::all(&root())?)?;
        println!("the book: docs/book/index.html");
        Ok(())
    }
}
