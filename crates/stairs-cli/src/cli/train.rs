//! `stairs train`

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use serde_json::json;
use stairs::train::{Display, RunDir, RunRecord, TrainError, Trainer, output::Talk};

use super::{
    json::{self, JsonOption},
    number::{WORKERS, whole},
    options::{DataOption, DeviceOption, describe, printable},
    run_options::{Prepared, RunOptions},
    stop::{Stopped, on_signals},
};

/// Train a network and leave a run directory
///
/// What is not given is chosen to train well on the data set, or taken from the file at --config: options change that, and
/// KEY=VALUE changes both. The run directory holds the configuration
/// (config.toml), one line per epoch (metrics.jsonl), checkpoints, the trained models (best, last; Burn and safetensors
/// format) and the record (record.json). The last line of the output is `test accuracy NN.NN %`: the hard network on the
/// test set after the last epoch, or after the one that was chosen on the --validation part. The same command again reads a
/// finished run, and trains nothing. Ctrl-C ends the run at the next step, with a checkpoint, exit code 130 and the command
/// that goes on as the last line; a second Ctrl-C ends it at once.
#[derive(Debug, Args)]
pub(crate) struct Train {
    #[command(flatten)]
    options: RunOptions,
    #[command(flatten)]
    device: DeviceOption,
    /// Devices of this kind that share every step, 1 to 256 [default: 1, or as many as in --config]
    #[arg(long, value_name = "N", value_parser = whole(0..=WORKERS))]
    devices: Option<usize>,
    #[command(flatten)]
    data: DataOption,
    /// Run directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Continue the run in the directory if there is one, with the same options and on the same data; more --epochs are
    /// added to it
    #[arg(long)]
    resume: bool,
    /// One line per epoch, even in a terminal
    #[arg(long)]
    plain: bool,
    /// In a terminal, the full-screen dashboard of burn-train instead of a bar
    #[arg(long, conflicts_with_all = ["plain", "json"])]
    dashboard: bool,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

impl Train {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let stop = on_signals()?;
        let Prepared { config, data, notes } = self.options.prepare(&self.data)?;
        let devices = self.device.device.open_several(self.devices.unwrap_or(config.devices))?;
        let config = config.with_devices(devices.len());
        println!("{}", describe(&data));
        let display = match Talk::now() {
            Talk::Results => Display::Quiet,
            Talk::Aside => Display::Plain,
            Talk::All if self.plain => Display::Plain,
            Talk::All if self.dashboard => Display::Dashboard,
            Talk::All => Display::Auto,
        };
        // The same command again has nothing left to do.
        let finished = RunDir::new(&self.out).record().is_ok_and(|record| record.config == config);
        if finished {
            println!("{} holds this run, finished: nothing is trained", self.out.display());
        }
        let trainer = Trainer::on_data(config, &data, &self.out)
            .with_devices(devices)
            .with_display(display)
            .with_resume(self.resume || finished)
            .with_extend(self.resume)
            .with_stop(stop);
        let trainer = notes.into_iter().fold(trainer, Trainer::with_note);
        let record = trainer.run().map_err(|error| match error {
            TrainError::Occupied { dir } => {
                anyhow!("{} already holds a run: continue it with --resume, or choose another --out", dir.display())
            }
            TrainError::Stopped { epoch, step, steps, .. } => {
                Stopped::new(format!("at epoch {epoch}, step {step} of {steps}"), Some("--resume")).into()
            }
            other => other.into(),
        })?;
        for (part, skipped) in [("training", &record.skipped.train), ("test", &record.skipped.test)] {
            if let Some(first) = skipped.first.first() {
                println!("{} {part} files could not be decoded, the first: {}", skipped.count, printable(first));
            }
        }
        println!("run {}", self.out.display());
        if self.json.json {
            return json::print(&self.document(&record));
        }
        let (epoch, accuracy) = record.chosen();
        if let Some(validation) = &record.validation {
            println!("epoch {epoch} is chosen: validation accuracy {:.2} %", validation.accuracy);
        }
        if let Some(top5) = record.top5 {
            println!("top-5 accuracy {:.2} %", if record.validation.is_some() { top5.best } else { top5.last });
        }
        answer!("test accuracy {accuracy:.2} %");
        Ok(())
    }

    /// The result for a program; the run directory has the rest.
    fn document(&self, record: &RunRecord) -> serde_json::Value {
        let (epoch, accuracy) = record.chosen();
        json!({
            "run": self.out, "model": record.config.model, "dataset": record.config.dataset,
            "epochs": record.epochs.len(), "epoch": epoch, "test_accuracy": accuracy,
            "last_test_accuracy": record.test_accuracy, "best_test_accuracy": record.best_test_accuracy,
            "validation": record.validation, "top5": record.top5, "parameters": record.parameters,
            "wall_seconds": record.wall_seconds, "cpu_seconds": record.cpu_seconds, "device": record.device,
            "skipped": record.skipped, "notes": record.notes,
        })
    }
}
