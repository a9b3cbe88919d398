//! The `stairs` command: train, evaluate and report quantised networks. `stairs --help` says it all.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    stairs::allocator::keep_memory();
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", explained(&error));
            ExitCode::FAILURE
        }
    }
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
