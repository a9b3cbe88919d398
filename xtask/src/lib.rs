//! Developer tasks: `cargo xtask data | check | test | sanitize | reproduce | book | bench | gpu | docs | release`.
//!
//! Each task is one module. None of them links Burn; what needs it is run through `cargo run` or `cargo test`.

use anyhow::Result;
use clap::{Parser, Subcommand};

#[macro_use]
pub mod output;

mod bench;
mod book;
mod check;
mod data;
mod docs;
mod gpu;
mod package;
mod pages;
mod process;
mod release;
mod reproduce;
mod sanitize;
mod test;

/// Developer tasks of the stairs workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version)]
pub struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Download a data set from its official address, verify it and put it where the loaders look.
    Data(data::Args),
    /// Everything a change must pass, cheapest first: format, spelling, dependencies, packages, features, clippy, docs, tests.
    Check(check::Args),
    /// The tests: the whole workspace on Flex, or the backend tests on several backends.
    Test(test::Args),
    /// The CPU kernels on thousands of random shapes under AddressSanitizer (needs a nightly toolchain).
    Sanitize(sanitize::Args),
    /// Run an experiment and write its report (`target/reproduce/index.html`).
    Reproduce(reproduce::Args),
    /// Run every command of README and book as it is written, twice in a row.
    Book,
    /// Run the benchmarks.
    Bench(bench::Args),
    /// Test and measure on a GPU; leaves a Markdown snippet for the chapter on devices.
    Gpu(gpu::Args),
    /// Draw the figures of the book, check its pages and build it.
    Docs(docs::Args),
    /// Build the `stairs` command for a target and pack it (`target/release-archives`).
    Release(release::Args),
}

impl Args {
    /// Runs the chosen task.
    ///
    /// # Errors
    /// Whatever made the task fail, for people to read.
    pub fn run(self) -> Result<()> {
        match self.task {
            Task::Data(args) => args.run(),
            Task::Check(args) => args.run(),
            Task::Test(args) => args.run(),
            Task::Sanitize(args) => args.run(),
            Task::Reproduce(args) => args.run(),
            Task::Book => book::run_commands(),
            Task::Bench(args) => args.run(),
            Task::Gpu(args) => args.run(),
            Task::Docs(args) => args.run(),
            Task::Release(args) => args.run(),
        }
    }
}
