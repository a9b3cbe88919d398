//! `stairs reproduce`

use std::{io::IsTerminal, path::PathBuf};

use clap::Args;
use stairs::{
    device::DeviceName,
    experiments::{Lines, Runner, Scale, Shard, Status, Terminal, Watch, catalogue, find},
};

use super::options::{DataOption, DeviceOption};

/// Run a published experiment and make its report
///
/// Finished trials are kept, interrupted ones continued: run the command again at any time. Several processes may share
/// the directory; with --shard each takes its part.
#[derive(Debug, Args)]
pub(crate) struct Reproduce {
    /// Experiment, see --list
    #[arg(default_value = "digits")]
    name: String,
    #[command(flatten)]
    device: DeviceOption,
    /// Run only every n-th trial, starting with the i-th
    #[arg(long, default_value_t = Shard::ALL, value_name = "I/N")]
    shard: Shard,
    /// Directory for all experiments
    #[arg(long, default_value = "target/reproduce", value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    data: DataOption,
    /// Seeds per method, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    seeds: Option<u16>,
    /// Epochs per trial, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Draws per measurement, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    draws: Option<u16>,
    /// The experiment at the size of its paper, where it has such a form
    #[arg(long)]
    full: bool,
    /// Keep the records (one JSON line a trial) and the figures in DIR/EXPERIMENT as well
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// List the experiments
    #[arg(long)]
    list: bool,
}

impl Reproduce {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.list {
            for experiment in catalogue() {
                println!(
                    "{:<17} {:>4} trials  {}",
                    experiment.name,
                    experiment.trials(Scale::default()).len(),
                    experiment.about
                );
            }
            return Ok(());
        }
        let experiment = find(&if self.full { format!("{}-full", self.name) } else { self.name.clone() })?;
        let page = match catalogue().first() {
            Some(first) if first.name == experiment.name => self.out.join("index.html"),
            _ => self.out.join(experiment.name).join("index.html"),
        };
        let runner = Runner {
            out: self.out.clone(),
            data: self.data.root(),
            device: self.device.device.open()?,
            shard: self.shard,
            scale: Scale {
                seeds: self.seeds.map(usize::from),
                epochs: self.epochs.map(|n| n as usize),
                draws: self.draws.map(usize::from),
            },
            report: Some(page.clone()),
            results: self.results.clone(),
            commands: self.commands(),
        };
        let mut watch: Box<dyn Watch> =
            if std::io::stderr().is_terminal() { Box::new(Terminal::new()) } else { Box::new(Lines::new()) };
        let outcome = runner.run(&experiment, watch.as_mut())?;

        println!("\n{}", experiment.page.text(&outcome.results));
        let busy = outcome.trials.iter().filter(|(_, status)| *status == Status::Busy).count();
        if busy > 0 {
            println!("{busy} trials are left to other processes that are at them: run this again when they are done");
        }
        println!("report {}", page.display());
        Ok(())
    }

    /// The command without what is default, as the page shows it.
    fn commands(&self) -> Vec<String> {
        let mut options = String::new();
        if self.name != "digits" {
            options += &format!(" {}", self.name);
        }
        if self.device.device != DeviceName::default() {
            options += &format!(" --device {}", self.device.device);
        }
        if self.full {
            options += " --full";
        }
        let counts = [("seeds", self.seeds.map(u32::from)), ("epochs", self.epochs), ("draws", self.draws.map(u32::from))];
        for (name, value) in counts {
            if let Some(value) = value {
                options += &format!(" --{name} {value}");
            }
        }
        vec![format!("cargo xtask reproduce{options}"), format!("stairs reproduce{options}")]
    }
}
