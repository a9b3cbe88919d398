//! Running an experiment: one function runs a trial; everything else is looking at what is there already.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use burn::tensor::Device;
use stairs_data::DataRoot;
use stairs_train::{
    Display, EpochRecord, Head, Init, Progress, RunConfig, RunRecord, StopSignal, TrainError, Trainer, data::TrainData,
};

use super::{
    Diverged, Experiment, ExperimentError, Finished, Scale, Shard, Task, Trial, Watch,
    finished::{failed, finished},
    opened::Opened,
    parts::{take_bound, take_measure},
    planned::Planned,
    published::Published,
    results,
};
use crate::report::Results;

/// How and where an experiment is run.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Directory of the experiment; trials go to `FOLDER/TRIAL`.
    pub folder: PathBuf,
    /// Where data sets are looked for.
    pub data: DataRoot,
    /// Device of every training.
    pub device: Device,
    /// Which trials to run.
    pub shard: Shard,
    /// Changes to the size of the experiment.
    pub scale: Scale,
    /// The page to write after every trial; `None` for none.
    pub report: Option<PathBuf>,
    /// Directory for the records as lines and the figures, in a folder of the experiment's name; `None` for none.
    pub results: Option<PathBuf>,
    /// Commands the page shows under “How to reproduce”.
    pub commands: Vec<String>,
}

/// What became of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done now.
    Done,
    /// Found finished.
    Kept,
    /// Another process is at it.
    Busy,
}

/// What became of an experiment.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Everything that is finished, of all shards.
    pub results: Results,
    /// Trials of this shard with what became of them.
    pub trials: Vec<(Trial, Status)>,
}

impl Runner {
    /// Runs all trials of `experiment` that are in the shard and not finished.
    ///
    /// # Errors
    /// The first [`ExperimentError`]; what was finished before stays.
    pub fn run(&self, experiment: &Experiment, watch: &mut dyn Watch) -> Result<Outcome, ExperimentError> {
        self.run_until(experiment, watch, &StopSignal::new())
    }

    /// The same until `stop` is requested: a training then stops before its next step, with a checkpoint, a measurement
    /// after its draw.
    ///
    /// # Errors
    /// [`ExperimentError::Stopped`] where it was, else as [`run`](Self::run).
    pub fn run_until(
        &self,
        experiment: &Experiment,
        watch: &mut dyn Watch,
        stop: &StopSignal,
    ) -> Result<Outcome, ExperimentError> {
        let all = experiment.trials(self.scale);
        let mine: Vec<Trial> =
            all.iter().enumerate().filter(|(i, _)| self.shard.takes(*i)).map(|(_, trial)| trial.clone()).collect();
        let data = Opened::nothing(&self.data);
        let mut work = Work { all: &all, root: self.folder.clone(), data, bits: Planned::default(), stop };
        let mut trials = Vec::with_capacity(mine.len());

        let mut published = Published::default();

        watch.start(experiment.name, &mine);
        for (position, trial) in mine.iter().enumerate() {
            let (status, finished) = match self.one(&mut work, (position, trial), watch) {
                Err(ExperimentError::Stopped { at, .. }) => {
                    let is_finished =
                        |trial: &&Trial| finished(&work.root.join(&trial.id), trial).is_ok_and(|f| f.is_some());
                    let finished = mine.iter().filter(is_finished).count();
                    return Err(ExperimentError::Stopped { at, finished, trials: mine.len() });
                }
                other => other?,
            };
            watch.end(position, trial, status, finished.as_ref());
            trials.push((trial.clone(), status));
            published.after(position + 1 == mine.len(), status, || self.publish(experiment, &all))?;
        }
        watch.finish();
        Ok(Outcome { results: self.results(experiment, &all)?, trials })
    }

    /// Runs a trial that is not finished, after the one it starts from.
    fn one(
        &self,
        work: &mut Work<'_>,
        (position, trial): (usize, &Trial),
        watch: &mut dyn Watch,
    ) -> Result<(Status, Option<Finished>), ExperimentError> {
        let dir = work.root.join(&trial.id);
        if let Some(finished) = finished(&dir, trial)? {
            return Ok((Status::Kept, Some(finished)));
        }
        if work.stop.is_requested() {
            return Err(stopped(format!("before trial {}", trial.id)));
        }
        let mut task = trial.task.clone();
        if let (Task::Train(config), Some(from)) = (&mut task, &trial.from) {
            let wrong = |problem| ExperimentError::Start { trial: trial.id.clone(), from: from.clone(), problem };
            let all = work.all;
            let parent = all.iter().find(|other| other.id == *from).ok_or_else(|| wrong("which there is not"))?;
            match self.one(work, (position, parent), watch)? {
                (Status::Busy, _) => return Ok((Status::Busy, None)),
                (_, Some(Finished::Run(_))) => {}
                _ => return Err(wrong("which left no network: its loss became NaN or infinite")),
            }
            let init = Init::open(work.root.join(from), Head::Loaded);
            config.init = Some(init.map_err(|source| failed(trial, source))?);
        }
        let stop = work.stop;
        match &mut task {
            Task::Train(config) => {
                let data = work.data.training(config, |source| failed(trial, source))?;
                if let Some(bits) = &trial.bits {
                    config.bits = Some(work.bits.plan(bits, config, &data).map_err(|source| {
                        let (trial, source) = (trial.id.clone(), Box::new(source));
                        ExperimentError::Bits { trial, source }
                    })?);
                }
                self.train(&data, &dir, (position, trial), config, watch, stop)
            }
            Task::Measure(config) => {
                let data = work.data.dataset(&config.dataset)?;
                take_measure(data, &dir, (position, trial), config, watch, stop)
            }
            Task::Bound(config) => {
                let data = work.data.dataset(&config.dataset)?;
                take_bound(data, &dir, (position, trial), config, watch, stop)
            }
        }
    }

    /// Trains one trial, from its beginning or from its last checkpoint.
    fn train(
        &self,
        data: &TrainData,
        dir: &Path,
        (position, trial): (usize, &Trial),
        config: &RunConfig,
        watch: &mut dyn Watch,
        stop: &StopSignal,
    ) -> Result<(Status, Option<Finished>), ExperimentError> {
        let trained = Arc::new(AtomicBool::new(false));
        let progress = Box::new(Noticing { inner: watch.begin(position, trial), trained: trained.clone() });
        let started = dir.join("config.toml").exists();
        let trainer = Trainer::on_data(config.clone(), data, dir)
            .with_device(self.device.clone())
            .with_display(Display::Custom(progress))
            .with_resume(started)
            .with_stop(stop.clone());
        match trainer.run() {
            Ok(record) => {
                // Another process may have finished it since we looked.
                let status = if trained.load(Ordering::Relaxed) { Status::Done } else { Status::Kept };
                Ok((status, Some(Finished::Run(record))))
            }
            Err(TrainError::Stopped { epoch, step, steps, .. }) => {
                Err(stopped(format!("at trial {}, epoch {epoch}, step {step} of {steps}", trial.id)))
            }
            // `Occupied`: another process has begun it since we looked.
            Err(TrainError::Busy { .. } | TrainError::Occupied { .. }) => Ok((Status::Busy, None)),
            Err(TrainError::Diverged { epoch, step, .. }) => {
                let diverged = Diverged { config: config.clone(), epoch, step };
                diverged.write(dir).map_err(|source| failed(trial, source))?;
                Ok((Status::Done, Some(Finished::Diverged(diverged))))
            }
            Err(TrainError::OtherRun { field, found, expected, .. }) => {
                let what = format!("{field} is {found} there and {expected} here");
                Err(ExperimentError::Different { path: dir.to_path_buf(), what })
            }
            Err(source) => Err(failed(trial, source)),
        }
    }

    fn results(&self, experiment: &Experiment, trials: &[Trial]) -> Result<Results, ExperimentError> {
        let mut results = results::collect(experiment, trials, &self.folder)?.with_commands(&self.commands);
        results.shards = self.shard.count();
        Ok(results)
    }

    /// Writes the page, and records and figures where they are wanted, of what is finished without running anything.
    ///
    /// # Errors
    /// Those of records that cannot be read, and of files that cannot be written.
    pub fn report(&self, experiment: &Experiment) -> Result<Results, ExperimentError> {
        let trials = experiment.trials(self.scale);
        self.publish(experiment, &trials)?;
        self.results(experiment, &trials)
    }

    /// Writes the page, and records and figures where they are wanted.
    ///
    /// Processes write the same files, and the last to write may have read first. So each looks once more after it has written: what was
    /// recorded between its reading and its writing, it finds then, and what is recorded later is written by who recorded it.
    fn publish(&self, experiment: &Experiment, trials: &[Trial]) -> Result<(), ExperimentError> {
        if self.report.is_none() && self.results.is_none() {
            return Ok(());
        }
        loop {
            let before = results::recorded(trials, &self.folder);
            let found = self.results(experiment, trials)?;
            if let Some(path) = &self.report {
                results::write(path, &experiment.page.html(&found)?)?;
            }
            if let Some(dir) = &self.results {
                results::keep(experiment, &found, &dir.join(experiment.name))?;
            }
            if results::recorded(trials, &self.folder) == before {
                return Ok(());
            }
        }
    }
}

/// What the trials of a run of an experiment share.
struct Work<'a> {
    all: &'a [Trial],
    root: PathBuf,
    data: Opened<'a>,
    bits: Planned,
    stop: &'a StopSignal,
}

/// The trial in hand was stopped; the rest of the experiment is not known here.
pub(super) fn stopped(at: String) -> ExperimentError {
    ExperimentError::Stopped { at, finished: 0, trials: 0 }
}

/// Notices whether a training did anything.
struct Noticing {
    inner: Box<dyn Progress>,
    trained: Arc<AtomicBool>,
}

impl Progress for Noticing {
    fn start(&mut self, config: &RunConfig, dir: &Path, epochs_done: usize) {
        self.inner.start(config, dir, epochs_done);
    }

    fn samples(&mut self, epoch: usize, part: &str, done: usize, total: usize) {
        self.inner.samples(epoch, part, done, total);
    }

    fn epoch(&mut self, record: &EpochRecord, total: usize) {
        self.trained.store(true, Ordering::Relaxed);
        self.inner.epoch(record, total);
    }

    fn note(&mut self, message: &str) {
        self.inner.note(message);
    }

    fn end(&mut self, record: &RunRecord) {
        self.inner.end(record);
    }
}
