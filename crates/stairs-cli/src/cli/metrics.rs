//! `stairs metrics`

use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, ensure};
use clap::Args;
use stairs::train::{RunDir, progress::epoch_line};
use stairs_study::metrics::{csv, events};

use super::{
    json::{self, JsonOption},
    paths,
};

/// Print the epochs of a run, finished or not: as lines, CSV or JSON, or as a file for TensorBoard
///
/// A table has a row an epoch: losses, accuracies in percent, learning rate, seconds, and mean and scale of the noise of every
/// quantiser.
#[derive(Debug, Args)]
pub(crate) struct Metrics {
    /// Run directory
    run: PathBuf,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Write a file of events for TensorBoard into this folder, which is created if needed; events of this command that are
    /// there already are replaced [default: none is written]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["csv", "json"])]
    tensorboard: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

impl Metrics {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let run = paths::run(&self.run)?;
        let epochs = run.metrics()?;
        ensure!(!epochs.is_empty(), "{} has no finished epoch yet", self.run.display());
        if let Some(folder) = &self.tensorboard {
            let file = folder.join("events.out.tfevents.stairs");
            paths::folder(folder)?;
            let write = || {
                std::fs::create_dir_all(folder)?;
                std::fs::write(&file, events(&epochs, written(&run)))
            };
            write().with_context(|| format!("cannot write {}", file.display()))?;
            println!("{} epochs in {}", epochs.len(), file.display());
        } else if self.json.json {
            json::print(&epochs)?;
        } else if self.csv {
            answer!("{}", csv(&epochs).trim_end());
        } else {
            let total = run.config().map_or(epochs.len(), |config| config.epochs);
            epochs.iter().for_each(|epoch| answer!("{}", epoch_line(epoch, total)));
        }
        Ok(())
    }
}

/// When the last epoch ended, in seconds since 1970: its line is the last that was written.
fn written(run: &RunDir) -> f64 {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let time = modified(&run.metrics_path()).unwrap_or_else(SystemTime::now);
    time.duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
