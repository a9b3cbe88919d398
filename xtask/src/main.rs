//! The `cargo xtask` command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match xtask::Args::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
