//! The `cargo xtask` command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match xtask::Args::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            xtask::output::line(std::io::stderr(), format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
