//! Subcommands, one file each.

mod bits;
#[cfg(test)]
mod bounds;
mod capacity;
mod certify;
mod choose;
mod completions;
mod config_file;
mod data;
mod devices;
mod diagnose;
mod eval;
mod export;
mod expressivity;
mod figures;
mod found;
mod grid_options;
mod image_options;
mod import;
mod infer;
mod json;
mod man;
mod materialise;
mod metrics;
mod model_name;
mod number;
mod optimisation;
mod options;
mod paths;
mod plan;
mod report;
mod reproduce;
mod run_options;
mod stop;
mod summary;
mod table_options;
mod train;
mod verify;

use clap::{Parser, Subcommand};
use stairs::train::output::Talk;

pub(crate) use stop::{CODE as STOPPED, Stopped};

/// Quantisation-aware training by additive noise annealing.
///
/// Commands write where they are told (--out, or the folder that is named) and nowhere else; `reproduce` alone has a folder of
/// its own, target/reproduce. Results go to standard output, errors to standard error. --json, where a command has it, prints
/// one JSON document to standard output, and all else to standard error.
#[derive(Debug, Parser)]
#[command(name = "stairs", version, propagate_version = true)]
pub(crate) struct Cli {
    /// Print the result and errors alone: no progress, notes, warnings or names of files
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::Train),
    Capacity(capacity::Capacity),
    Choose(choose::Choose),
    Bits(bits::Bits),
    Expressivity(expressivity::Expressivity),
    Certify(certify::Certify),
    Diagnose(diagnose::Diagnose),
    Eval(eval::Eval),
    Plan(plan::Plan),
    Data(data::Data),
    Summary(summary::Summarise),
    Devices(devices::Devices),
    Report(report::Report),
    Figures(figures::Figures),
    Import(import::Import),
    Materialise(materialise::Materialise),
    Export(export::Export),
    Infer(infer::Infer),
    Verify(verify::Verify),
    Metrics(metrics::Metrics),
    Reproduce(reproduce::Reproduce),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Cli {
    /// True where the files a command leaves are what it is for, not the lines it prints.
    pub(crate) fn leaves_files(&self) -> bool {
        match &self.command {
            Command::Train(_) | Command::Choose(_) => true,
            Command::Reproduce(command) => !command.lists(),
            _ => false,
        }
    }

    /// What is printed, and where.
    pub(crate) fn talk(&self) -> Talk {
        let json = match &self.command {
            Command::Train(command) => command.json.json,
            Command::Capacity(command) => command.json.json,
            Command::Choose(command) => command.json.json,
            Command::Bits(command) => command.json.json,
            Command::Eval(command) => command.json.json,
            Command::Plan(command) => command.json.json,
            Command::Data(command) => command.json(),
            Command::Summary(command) => command.json.json,
            Command::Devices(command) => command.json.json,
            Command::Infer(command) => command.json.json,
            Command::Verify(command) => command.json.json,
            Command::Metrics(command) => command.json.json,
            Command::Reproduce(command) => command.json.json,
            _ => false,
        };
        match (self.quiet, json) {
            (true, _) => Talk::Results,
            (false, true) => Talk::Aside,
            (false, false) => Talk::All,
        }
    }

    /// Runs the chosen subcommand.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Train(command) => command.run(),
            Command::Capacity(command) => command.run(),
            Command::Choose(command) => command.run(),
            Command::Bits(command) => command.run(),
            Command::Expressivity(command) => command.run(),
            Command::Certify(command) => command.run(),
            Command::Diagnose(command) => command.run(),
            Command::Eval(command) => command.run(),
            Command::Plan(command) => command.run(),
            Command::Data(command) => command.run(),
            Command::Summary(command) => command.run(),
            Command::Devices(command) => command.run(),
            Command::Report(command) => command.run(),
            Command::Figures(command) => command.run(),
            Command::Import(command) => command.run(),
            Command::Materialise(command) => command.run(),
            Command::Export(command) => command.run(),
            Command::Infer(command) => command.run(),
            Command::Verify(command) => command.run(),
            Command::Metrics(command) => command.run(),
            Command::Man(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Reproduce(command) => command.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
