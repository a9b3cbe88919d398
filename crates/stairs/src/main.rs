//! The `stairs` command: train, evaluate and report quantised networks. `stairs --help` says it all.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    stairs::allocator::keep_memory();
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
