//! `stairs reproduce`

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use clap::Args;
use serde_json::{Value, json};
use stairs::{device::DeviceName, train::output::Talk};
use stairs_study::experiments::{
    Experiment, ExperimentError, Grid, Lines, Outcome, Runner, Scale, Shard, Status, Terminal, Watch, catalogue, find,
};

use super::{
    jobs,
    json::{self, JsonOption},
    options::{DataOption, DeviceOption, GridOptions},
    stop::{Stopped, on_signals},
};

/// Run a published experiment and make its report
///
/// Finished trials are kept, interrupted ones continued: run the command again at any time. Several processes may share
/// the directory; with --shard each takes its part. Ctrl-C ends it at the next step, with a checkpoint and exit code 130; a
/// second Ctrl-C ends it at once.
#[derive(Debug, Args)]
pub(crate) struct Reproduce {
    /// Experiment, see --list
    #[arg(default_value = "digits")]
    name: String,
    #[command(flatten)]
    device: DeviceOption,
    /// Run only every n-th trial, starting with the i-th, 1 <= i <= n <= 1000000
    #[arg(long, default_value_t = Shard::ALL, value_name = "I/N")]
    shard: Shard,
    /// Directory for all experiments
    #[arg(long, default_value = "target/reproduce", value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    data: DataOption,
    /// Seeds per method, 1 to 1000, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    seeds: Option<u16>,
    /// Epochs per trial, 1 to 1000000, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    epochs: Option<u32>,
    /// Draws per measurement, 1 to 65535, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    draws: Option<u16>,
    #[command(flatten)]
    grid: GridOptions,
    /// Run this many trials at a time, 1 to 256, each in a process of its own with its share of the processors
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Part of a run with --jobs: neither table nor report
    #[arg(long, hide = true)]
    worker: bool,
    /// The experiment at the size of its paper, where it has such a form
    #[arg(long)]
    full: bool,
    /// Keep the records (one JSON line a trial) and the figures in DIR/EXPERIMENT as well
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// List the experiments
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

impl Reproduce {
    /// True where nothing is run.
    pub(super) fn lists(&self) -> bool {
        self.list
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.list {
            let all = catalogue();
            if self.json.json {
                let about = |experiment: &Experiment| {
                    let trials = experiment.trials(Scale::default()).len();
                    json!({ "name": experiment.name, "title": experiment.title, "about": experiment.about, "trials": trials })
                };
                return json::print(&all.iter().map(about).collect::<Vec<_>>());
            }
            let width = all.iter().map(|experiment| experiment.name.len()).max().unwrap_or(0);
            for experiment in all {
                let trials = experiment.trials(Scale::default()).len();
                answer!("{:<width$} {trials:>4} trials  {}", experiment.name, experiment.about);
            }
            return Ok(());
        }
        let experiment = self.experiment()?;
        let stop = on_signals()?;
        if self.worker {
            jobs::follow_parent(stop.clone());
        } else if self.jobs > 1 {
            jobs::run(self.jobs, &stop)?;
        }
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
            report: (!self.worker).then(|| page.clone()),
            results: self.results.clone().filter(|_| !self.worker),
            commands: self.commands(),
        };
        let is_terminal = std::io::stderr().is_terminal() && Talk::now() != Talk::Results;
        let mut watch: Box<dyn Watch> = if is_terminal { Box::new(Terminal::new()) } else { Box::new(Lines::new()) };
        let outcome = runner.run_until(&experiment, watch.as_mut(), &stop);
        // The bars are gone before anything else is printed.
        drop(watch);
        let outcome = outcome.map_err(|error| match error {
            ExperimentError::Stopped { at, .. } if self.worker => Stopped::worker(at).into(),
            ExperimentError::Stopped { at, finished, trials } => {
                Stopped::new(format!("{at}, with {finished} of {trials} trials finished"), None).into()
            }
            other => anyhow::Error::from(other),
        })?;

        if self.worker {
            return Ok(());
        }
        if self.json.json {
            json::print(&document(&experiment, &outcome, &page))?;
        } else {
            answer!("\n{}", experiment.page.text(&outcome.results));
        }
        let busy = outcome.trials.iter().filter(|(_, status)| *status == Status::Busy).count();
        if busy > 0 {
            println!("{busy} trials are left to other processes that are at them: run this again when they are done");
        }
        println!("report {}", page.display());
        Ok(())
    }

    fn experiment(&self) -> anyhow::Result<Experiment> {
        let name = if self.full { format!("{}-full", self.name) } else { self.name.clone() };
        match Grid::presets().into_iter().find(|grid| grid.name == name) {
            Some(preset) => Ok(self.grid.change(preset).experiment()),
            None => {
                ensure!(
                    self.grid == GridOptions::default(),
                    "--dataset, --model, --subset, --period and --fraction are for ana-grid"
                );
                Ok(find(&name)?)
            }
        }
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
        options += &self.grid.command();
        let counts =
            [("seeds", self.seeds.map(u32::from)), ("epochs", self.epochs), ("draws", self.draws.map(u32::from))];
        for (name, value) in counts {
            if let Some(value) = value {
                options += &format!(" --{name} {value}");
            }
        }
        vec![format!("cargo xtask reproduce{options}"), format!("stairs reproduce{options}")]
    }
}

/// What an experiment has found, for a program: a line of the table for every finished trial.
fn document(experiment: &Experiment, outcome: &Outcome, page: &Path) -> Value {
    let results = &outcome.results;
    let runs = results.runs.iter().map(|(trial, record)| {
        let (epoch, accuracy) = record.chosen();
        json!({
            "trial": trial, "method": record.config.method.name(), "model": record.config.model,
            "dataset": record.config.dataset, "seed": record.config.seed, "epoch": epoch, "test_accuracy": accuracy,
            "wall_seconds": record.wall_seconds,
        })
    });
    let measurements =
        results.measurements.iter().map(|(trial, measurement)| json!({ "trial": trial, "measurement": measurement }));
    json!({
        "experiment": experiment.name, "planned": results.planned, "runs": runs.collect::<Vec<_>>(),
        "measurements": measurements.collect::<Vec<_>>(),
        "diverged": results.diverged.iter().map(|(trial, _)| trial).collect::<Vec<_>>(), "report": page,
    })
}
