//! What happens between two epochs: the epoch's record, the progress line, the checkpoint.
//!
//! burn-train asks its checkpointing strategy after every epoch, when all metrics of the epoch have been processed. This
//! strategy makes the epoch's record, appends it to `metrics.jsonl`, shows it, and has the checkpoint saved. Of an epoch
//! that was stopped before its end there is no record, only a checkpoint to go on from.

use std::sync::{Arc, Mutex, PoisonError};

use burn::train::{
    Interrupter,
    checkpoint::{CheckpointingAction, CheckpointingStrategy},
    metric::store::{Aggregate, EventStoreClient, Split},
};

use stairs_noise::plan::AnnealingPlan;

use crate::{
    Annealer, EpochRecord, Extension, HeldOut, RunConfig, RunDir, Samples, TrainError,
    checkpoint::{Assembly, MANIFEST_FORMAT, Manifest, PartialEpoch},
    meter::Meter,
    progress::SharedProgress,
    record::union,
    schedule,
    stop::{Cut, Gate},
    stopwatch::{Lap, Stopwatch},
};

/// What the run has been so far; shared between the strategy and whoever started the run.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) epochs: Vec<EpochRecord>,
    pub(crate) wall_seconds: f64,
    /// `None` where a part of it is not known.
    pub(crate) cpu_seconds: Option<f64>,
    /// Files of the training and test part that an earlier process could not decode.
    pub(crate) skipped: [Vec<String>; 2],
    pub(crate) error: Option<TrainError>,
    /// Epoch (from 1) and steps done in it where the run was stopped.
    pub(crate) stopped: Option<(usize, usize)>,
}

/// The strategy.
pub(crate) struct EpochEnd {
    pub(crate) config: RunConfig,
    pub(crate) plan: Option<AnnealingPlan>,
    pub(crate) steps_per_epoch: usize,
    pub(crate) annealer: Option<Arc<Annealer>>,
    pub(crate) meter: Meter,
    pub(crate) assembly: Arc<Assembly>,
    pub(crate) dir: RunDir,
    pub(crate) extended: Vec<Extension>,
    pub(crate) progress: SharedProgress,
    pub(crate) interrupter: Interrupter,
    pub(crate) history: Arc<Mutex<History>>,
    /// Runs since the end of the epoch before.
    pub(crate) stopwatch: Stopwatch,
    /// Seconds the epoch has taken before.
    pub(crate) seconds_before: f64,
    /// Optimiser steps done when this process began.
    pub(crate) first_step: usize,
    pub(crate) gate: Gate,
    /// Training and test part.
    pub(crate) samples: [Arc<dyn Samples>; 2],
}

impl History {
    /// That of a run that begins.
    pub(crate) fn begun() -> Self {
        Self { cpu_seconds: Some(0.0), ..Self::default() }
    }

    fn add(&mut self, lap: Lap) {
        self.wall_seconds += lap.seconds;
        self.cpu_seconds = self.cpu_seconds.zip(lap.cpu_seconds).map(|(before, now)| before + now);
    }
}

impl EpochEnd {
    fn record(&self, epoch: usize, seconds: f64) -> EpochRecord {
        let (train, held_out) = self.meter.take(epoch);
        let step = (epoch * self.steps_per_epoch) as u64;
        EpochRecord {
            epoch,
            step,
            train_loss: train.loss,
            train_accuracy: train.accuracy,
            metric: self.config.task.as_ref().map(|task| task.metric.clone()),
            held_out: HeldOut::of(&self.config),
            held_out_loss: held_out.loss,
            held_out_accuracy: held_out.accuracy,
            learning_rate: schedule::rate(&self.config, step, self.config.epochs * self.steps_per_epoch),
            seconds,
            laws: self.annealer.as_ref().map(|annealer| annealer.points(step - 1)).unwrap_or_default(),
        }
    }

    /// The checkpoint of `epoch` stopped after `step` optimiser steps of the run, unless there is one.
    fn stop(&mut self, epoch: usize, step: usize, lap: Lap) -> Vec<CheckpointingAction> {
        // Only now: burn-train leaves no checkpoint of what it is told to break off.
        self.interrupter.stop(Some("asked to stop"));
        let steps = step - (epoch - 1) * self.steps_per_epoch;
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.stopped = Some((epoch, steps));
        history.add(lap);
        if steps == 0 || step == self.first_step {
            return Vec::new();
        }
        let (seconds, sums) = (self.seconds_before + lap.seconds, self.meter.so_far(epoch));
        let partial = Some(PartialEpoch { steps, seconds, sums });
        self.assembly.announce(epoch, self.manifest(&history, step, partial));
        vec![CheckpointingAction::Save]
    }

    fn manifest(&self, history: &History, step: usize, partial: Option<PartialEpoch>) -> Manifest {
        let [train, test] = &self.samples;
        let [train_before, test_before] = &history.skipped;
        Manifest {
            format: MANIFEST_FORMAT,
            config: self.config.clone(),
            plan: self.plan.clone(),
            epoch: history.epochs.len(),
            step: step as u64,
            extended: self.extended.clone(),
            wall_seconds: history.wall_seconds,
            cpu_seconds: history.cpu_seconds,
            best_epoch: best_epoch(&self.config, &history.epochs),
            epochs: history.epochs.clone(),
            partial,
            skipped: [union(train_before, train.skipped()), union(test_before, test.skipped())],
            parts: Default::default(),
        }
    }
}

/// Epoch of the best held-out accuracy, or metric, the first of equals; 0 without epochs.
pub(crate) fn best_epoch(config: &RunConfig, epochs: &[EpochRecord]) -> usize {
    let better = |best: Option<(usize, f64)>, e: &EpochRecord| match best {
        Some((_, accuracy)) if !config.is_better(e.held_out_accuracy, accuracy) => best,
        _ => Some((e.epoch, e.held_out_accuracy)),
    };
    epochs.iter().fold(None, better).map_or(0, |(epoch, _)| epoch)
}

impl CheckpointingStrategy for EpochEnd {
    fn checkpointing(&mut self, epoch: usize, events: &EventStoreClient) -> Vec<CheckpointingAction> {
        // The store answers in order: after this call every metric of the epoch has reached the meter.
        events.find_metric("", epoch, Aggregate::Mean, &Split::Train);
        if self.meter.divergence().is_some() {
            return Vec::new();
        }
        let lap = self.stopwatch.lap();
        match self.gate.cut() {
            Some(Cut::Step(step)) => return self.stop(epoch, step, lap),
            Some(Cut::Test) => return self.stop(epoch, epoch * self.steps_per_epoch, lap),
            None => {}
        }
        let before = std::mem::take(&mut self.seconds_before);
        let record = self.record(epoch, before + lap.seconds);
        let appended = self.dir.append_metrics(&record);
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = appended {
            self.interrupter.stop(Some("a file could not be written"));
            history.error.get_or_insert(error);
            return Vec::new();
        }
        history.add(lap);
        history.epochs.push(record.clone());
        self.assembly.announce(epoch, self.manifest(&history, epoch * self.steps_per_epoch, None));
        drop(history);
        self.progress.with(|progress| progress.epoch(&record, self.config.epochs));
        vec![CheckpointingAction::Save]
    }
}
