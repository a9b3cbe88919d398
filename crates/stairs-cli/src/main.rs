//! The `stairs` command: train, evaluate and report quantised networks. `stairs --help` says it all.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done; also where whoever reads standard output has closed it |
//! | 1 | an error, told on standard error |
//! | 2 | a command line that is none |
//! | 130 | stopped by a signal; the last line of standard output (under `--json` of standard error) is the command that goes on |

// `println!` and `eprintln!` that cannot panic, see `stairs_train::output`.
#[macro_use(answer, println, eprintln)]
extern crate stairs_train;

mod cli;

use std::process::ExitCode;

use clap::Parser;
use stairs::train::output::{self, Talk};

fn main() -> ExitCode {
    stairs::allocator::keep_memory();
    let command = cli::Cli::parse();
    command.talk().set();
    let leaves_files = command.leaves_files();
    match command.run() {
        Ok(()) => printed(leaves_files),
        Err(error) => match error.downcast_ref::<cli::Stopped>() {
            // Standard output may be for one JSON document.
            Some(stopped) => {
                match Talk::now() {
                    Talk::Aside => output::fail(format_args!("{stopped}")),
                    _ => answer!("{stopped}"),
                }
                ExitCode::from(cli::STOPPED)
            }
            None => {
                output::fail(format_args!("error: {}", explained(&error)));
                ExitCode::FAILURE
            }
        },
    }
}

/// Success, unless what the command was for went to a full disk. What reads only the first lines has what it wants.
fn printed(leaves_files: bool) -> ExitCode {
    match output::failure() {
        Some(error) if leaves_files => eprintln!("note: not all lines could be printed: {error}"),
        Some(error) => {
            output::fail(format_args!("error: cannot write to standard output: {error}"));
            return ExitCode::FAILURE;
        }
        None => {}
    }
    ExitCode::SUCCESS
}

/// The error and its causes, those left out that the text before them has told already.
fn explained(error: &anyhow::Error) -> String {
    error
        .chain()
        .skip(1)
        .map(ToString::to_string)
        .fold(error.to_string(), |text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") })
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn nothing_is_said_twice() {
        let error = anyhow!("no space").context("cannot write a.json: no space").context("trial x");
        assert_eq!(explained(&error), "trial x: cannot write a.json: no space");
        assert_eq!(explained(&anyhow!("alone")), "alone");
    }
}
