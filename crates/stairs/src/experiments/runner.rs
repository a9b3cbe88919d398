//! Running an experiment: one function runs a trial; everything else is looking at what is there already.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use stairs_data::{DataRoot, Dataset, DatasetName, load};
use stairs_train::{Display, RunDir, RunRecord, TrainError, Trainer};

use super::{Experiment, ExperimentError, Scale, Shard, Trial, Watch};
use crate::report::{Report, ReportError, collect_records};

/// How and where an experiment is run.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Directory of all experiments; trials go to `OUT/EXPERIMENT/TRIAL`.
    pub out: PathBuf,
    /// Where data sets are looked for.
    pub data: DataRoot,
    /// Device of every trial.
    pub device: Device,
    /// Which trials to run.
    pub shard: Shard,
    /// Changes to the size of the experiment.
    pub scale: Scale,
    /// The page to write after every trial; `None` for none.
    pub report: Option<PathBuf>,
    /// Commands the page shows under “How to reproduce”.
    pub commands: Vec<String>,
}

/// What became of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Trained now.
    Done,
    /// Found finished.
    Kept,
    /// Another process is at it.
    Busy,
}

/// What became of an experiment.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Every finished record of the experiment, of all shards, in the order of the directories.
    pub records: Vec<RunRecord>,
    /// Trials of this shard with what became of them.
    pub trials: Vec<(Trial, Status)>,
    /// Number of trials of the whole experiment.
    pub planned: usize,
}

impl Runner {
    /// Runs all trials of `experiment` that are in the shard and not finished.
    ///
    /// # Errors
    /// The first [`ExperimentError`]; what was finished before stays.
    pub fn run(&self, experiment: &Experiment, watch: &mut dyn Watch) -> Result<Outcome, ExperimentError> {
        let all = experiment.trials(self.scale);
        let planned = all.len();
        let mine: Vec<Trial> =
            all.into_iter().enumerate().filter(|(i, _)| self.shard.takes(*i)).map(|(_, trial)| trial).collect();
        let root = self.out.join(experiment.name);
        let mut dataset: Option<Dataset> = None;
        let mut trials = Vec::with_capacity(mine.len());

        watch.start(experiment.name, &mine);
        for (position, trial) in mine.iter().enumerate() {
            let dir = root.join(&trial.id);
            let (status, record) = match finished(&dir, trial)? {
                Some(record) => (Status::Kept, Some(record)),
                None => {
                    let data = match &dataset {
                        Some(data) if data.name == trial.config.dataset => data,
                        _ => dataset.insert(load(trial.config.dataset.parse::<DatasetName>()?, &self.data)?),
                    };
                    self.train(data, &dir, position, trial, watch)?
                }
            };
            watch.end(position, trial, status, record.as_ref());
            trials.push((trial.clone(), status));
            if status == Status::Done || position + 1 == mine.len() {
                self.write_report(experiment, planned)?;
            }
        }
        watch.finish();
        Ok(Outcome { records: records(&root)?, trials, planned })
    }

    /// Trains one trial, from its beginning or from its last checkpoint.
    fn train(
        &self,
        data: &Dataset,
        dir: &Path,
        position: usize,
        trial: &Trial,
        watch: &mut dyn Watch,
    ) -> Result<(Status, Option<RunRecord>), ExperimentError> {
        let progress = watch.begin(position, trial);
        let started = dir.join("config.toml").exists();
        let trainer = Trainer::new(trial.config.clone(), data, dir)
            .device(self.device.clone())
            .display(Display::Custom(progress))
            .resume(started);
        match trainer.run() {
            Ok(record) => Ok((Status::Done, Some(record))),
            // `Occupied`: another process has begun it since we looked.
            Err(TrainError::Busy { .. } | TrainError::Occupied { .. }) => Ok((Status::Busy, None)),
            Err(TrainError::OtherRun { field, found, expected, .. }) => {
                let what = format!("{field} is {found} there and {expected} here");
                Err(ExperimentError::Different { path: dir.to_path_buf(), what })
            }
            Err(source) => Err(ExperimentError::Trial { trial: trial.id.clone(), source: Box::new(source) }),
        }
    }

    fn write_report(&self, experiment: &Experiment, planned: usize) -> Result<(), ExperimentError> {
        let Some(path) = &self.report else { return Ok(()) };
        let records = records(&self.out.join(experiment.name))?;
        let report = Report::new(experiment.title, &records).with_planned(planned).with_commands(&self.commands);
        Ok(report.write(path)?)
    }
}

/// The record of a finished trial, `None` if it has none.
fn finished(dir: &Path, trial: &Trial) -> Result<Option<RunRecord>, ExperimentError> {
    if !dir.join("record.json").exists() {
        return Ok(None);
    }
    let record = RunDir::new(dir)
        .record()
        .map_err(|source| ExperimentError::Trial { trial: trial.id.clone(), source: Box::new(source) })?;
    if record.config != trial.config {
        let what = difference(&record, trial);
        return Err(ExperimentError::Different { path: dir.to_path_buf(), what });
    }
    Ok(Some(record))
}

/// The first field in which the record's configuration differs from the trial's.
fn difference(record: &RunRecord, trial: &Trial) -> String {
    let (there, here) = (serde_json::to_value(&record.config), serde_json::to_value(&trial.config));
    match (there, here) {
        (Ok(serde_json::Value::Object(there)), Ok(serde_json::Value::Object(here))) => {
            let differing = here.iter().find(|(name, value)| there.get(*name) != Some(value));
            let text = |value: Option<&serde_json::Value>| value.map_or("absent".to_string(), ToString::to_string);
            differing.map_or("some field".into(), |(name, value)| {
                format!("{name} is {} there and {value} here", text(there.get(name)))
            })
        }
        _ => "some field".into(),
    }
}

/// Every record below `root`; none if there is none yet.
fn records(root: &Path) -> Result<Vec<RunRecord>, ReportError> {
    match collect_records(root) {
        Err(ReportError::Nothing(_)) => Ok(Vec::new()),
        Err(ReportError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}
