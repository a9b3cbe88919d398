//! What happens between two epochs: the epoch's record, the progress line, the checkpoint.
//!
//! burn-train asks its checkpointing strategy after every epoch, when all metrics of the epoch have been processed. This
//! strategy makes the epoch's record, appends it to `metrics.jsonl`, shows it, and has the checkpoint saved.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use burn::train::{
    Interrupter,
    checkpoint::{CheckpointingAction, CheckpointingStrategy},
    metric::store::{Aggregate, EventStoreClient, Split},
};

use stairs_noise::plan::AnnealingPlan;

use crate::{
    Annealer, EpochRecord, Extension, RunConfig, RunDir, TrainError,
    checkpoint::{Assembly, MANIFEST_FORMAT, Manifest},
    meter::Meter,
    progress::SharedProgress,
    schedule,
};

/// What the run has been so far; shared between the strategy and whoever started the run.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) epochs: Vec<EpochRecord>,
    pub(crate) wall_seconds: f64,
    pub(crate) error: Option<TrainError>,
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
    pub(crate) epoch_start: Instant,
}

impl EpochEnd {
    fn record(&mut self, epoch: usize) -> EpochRecord {
        let (train, test) = self.meter.take(epoch);
        let step = (epoch * self.steps_per_epoch) as u64;
        let now = Instant::now();
        let seconds = (now - std::mem::replace(&mut self.epoch_start, now)).as_secs_f64();
        EpochRecord {
            epoch,
            step,
            train_loss: train.loss,
            train_accuracy: train.accuracy,
            test_loss: test.loss,
            test_accuracy: test.accuracy,
            learning_rate: schedule::rate(&self.config, step, self.config.epochs * self.steps_per_epoch),
            seconds,
            laws: self.annealer.as_ref().map(|annealer| annealer.points(step - 1)).unwrap_or_default(),
        }
    }
}

/// Epoch of the best test accuracy, the first of equals; 0 without epochs.
pub(crate) fn best_epoch(epochs: &[EpochRecord]) -> usize {
    let better = |best: Option<(usize, f64)>, e: &EpochRecord| match best {
        Some((_, accuracy)) if accuracy >= e.test_accuracy => best,
        _ => Some((e.epoch, e.test_accuracy)),
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
        let record = self.record(epoch);
        let appended = self.dir.append_metrics(&record);
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = appended {
            self.interrupter.stop(Some("a file could not be written"));
            history.error.get_or_insert(error);
            return Vec::new();
        }
        history.wall_seconds += record.seconds;
        history.epochs.push(record.clone());
        self.assembly.announce(Manifest {
            format: MANIFEST_FORMAT,
            config: self.config.clone(),
            plan: self.plan.clone(),
            epoch,
            step: record.step,
            extended: self.extended.clone(),
            wall_seconds: history.wall_seconds,
            best_epoch: best_epoch(&history.epochs),
            epochs: history.epochs.clone(),
            parts: Default::default(),
        });
        drop(history);
        self.progress.with(|progress| progress.epoch(&record, self.config.epochs));
        vec![CheckpointingAction::Save]
    }
}
