//! Means over an epoch, from burn-train's metrics, and the watch for divergence.
//!
//! burn-train hands every batch's loss and accuracy to metric loggers, on a thread of its own. This logger adds them up
//! exactly (per sample, accuracies as whole hits), keeps epochs apart after a resume too, and stops training when a
//! loss is no number.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use burn::train::{
    Interrupter,
    logger::MetricLogger,
    metric::{
        MetricDefinition, MetricId, NumericEntry,
        store::{EpochSummary, MetricsUpdate, Split},
    },
};

use crate::{Task, checkpoint::Sums, task::SCORE};

/// Names of burn-train's metrics.
const LOSS: &str = "Loss";
const ACCURACY: &str = "Accuracy";

/// Mean loss and accuracy of one part of the data in one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Means {
    /// Mean loss per sample in nats.
    pub(crate) loss: f64,
    /// Accuracy in percent, or the metric of another task.
    pub(crate) accuracy: f64,
}

/// A loss that is no number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Divergence {
    pub(crate) what: &'static str,
    pub(crate) value: f64,
    pub(crate) epoch: usize,
    /// Step within the epoch, counted from 1.
    pub(crate) step: u64,
}

#[derive(Default)]
struct State {
    names: HashMap<MetricId, String>,
    /// By epoch, training and test.
    sums: HashMap<(usize, bool), Sums>,
    diverged: Option<Divergence>,
}

/// The logger; clones share one state.
#[derive(Clone)]
pub(crate) struct Meter {
    state: Arc<Mutex<State>>,
    interrupter: Interrupter,
    parts: u64,
    task: Arc<dyn Task>,
}

impl Meter {
    /// A logger of optimiser steps of `parts` ≥ 1 batches each, for `task`.
    pub(crate) fn new(interrupter: Interrupter, parts: usize, task: Arc<dyn Task>) -> Self {
        Self { state: Arc::default(), interrupter, parts: parts as u64, task }
    }

    /// Means of training and test part of `epoch`, and forgets it.
    pub(crate) fn take(&self, epoch: usize) -> (Means, Means) {
        let mut state = self.lock();
        let mut means = |train| {
            let sums = state.sums.remove(&(epoch, train)).unwrap_or_default();
            let samples = sums.samples.max(1) as f64;
            let accuracy = match sums.scores {
                Some(scores) => self.task.score(scores / samples),
                None => 100.0 * sums.hits / samples,
            };
            Means { loss: sums.loss / samples, accuracy }
        };
        (means(true), means(false))
    }

    /// Goes on with the training part of `epoch` from these sums.
    pub(crate) fn go_on(&self, epoch: usize, sums: Sums) {
        self.lock().sums.insert((epoch, true), sums);
    }

    /// Sums of the training part of `epoch` so far.
    pub(crate) fn so_far(&self, epoch: usize) -> Sums {
        self.lock().sums.get(&(epoch, true)).copied().unwrap_or_default()
    }

    /// The first loss that was no number.
    pub(crate) fn divergence(&self) -> Option<Divergence> {
        self.lock().diverged
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetricLogger for Meter {
    fn log(&mut self, update: MetricsUpdate, epoch: usize, split: &Split) {
        let train = matches!(split, Split::Train);
        let mut state = self.lock();
        for entry in &update.entries_numeric {
            // The final entry of an epoch repeats what the batches said.
            let Some(NumericEntry::Aggregated { aggregated_value: value, count }) = entry.numeric_entry else {
                continue;
            };
            let Some(name) = state.names.get(&entry.entry.metric_id).cloned() else { continue };
            let sums = state.sums.entry((epoch, train)).or_default();
            if name == ACCURACY {
                sums.hits += (value * count as f64 / 100.0).round();
            } else if name == SCORE {
                *sums.scores.get_or_insert(0.0) += value * count as f64;
            } else if name == LOSS {
                sums.loss += value * count as f64;
                sums.samples += count;
                sums.batches += 1;
                let step = if train { sums.batches.div_ceil(self.parts) } else { sums.batches };
                if !value.is_finite() && state.diverged.is_none() {
                    let what = if train { "training loss" } else { "test loss" };
                    state.diverged = Some(Divergence { what, value, epoch, step });
                    self.interrupter.stop(Some("training diverged"));
                }
            }
        }
    }

    fn read_numeric(&mut self, _name: &str, _epoch: usize, _split: &Split) -> Result<Vec<NumericEntry>, String> {
        Ok(Vec::new())
    }

    fn log_metric_definition(&mut self, definition: MetricDefinition) {
        self.lock().names.insert(definition.metric_id, definition.name.to_string());
    }

    fn log_epoch_summary(&mut self, _summary: EpochSummary) {}
}

#[cfg(test)]
mod tests {
    use burn::train::metric::{
        AccuracyMetric, LossMetric, Metric, MetricEntry, SerializedEntry, store::NumericMetricUpdate,
    };

    use super::*;
    use crate::task::Classification;

    fn update(name: &str, entry: NumericEntry) -> MetricsUpdate {
        let id = MetricId::new(Arc::new(name.into()));
        let text = MetricEntry::new(id, SerializedEntry::new(String::new(), String::new()));
        MetricsUpdate::new(vec![], vec![NumericMetricUpdate::new(text, Some(entry), None)])
    }

    fn meter() -> Meter {
        let mut meter = Meter::new(Interrupter::new(), 1, Arc::new(Classification::default()));
        let id = |name: &str| MetricId::new(Arc::new(name.into()));
        meter.log_metric_definition(MetricDefinition::new(id(LOSS), &LossMetric::new()));
        meter.log_metric_definition(MetricDefinition::new(id(ACCURACY), &AccuracyMetric::new()));
        meter
    }

    fn batch(value: f64, count: usize) -> NumericEntry {
        NumericEntry::Aggregated { aggregated_value: value, count }
    }

    #[test]
    fn the_names_are_those_of_burn() {
        assert_eq!(LossMetric::new().name().as_str(), LOSS);
        assert_eq!(AccuracyMetric::new().name().as_str(), ACCURACY);
    }

    #[test]
    fn means_are_per_sample_and_epochs_stay_apart() {
        let mut meter = meter();
        meter.log(update(LOSS, batch(1.0, 3)), 7, &Split::Train);
        meter.log(update(LOSS, batch(2.0, 1)), 7, &Split::Train);
        meter.log(update(LOSS, NumericEntry::Final(9.0)), 7, &Split::Train);
        meter.log(update(ACCURACY, batch(100.0 / 3.0, 3)), 7, &Split::Train);
        meter.log(update(ACCURACY, batch(100.0, 1)), 7, &Split::Train);
        meter.log(update(LOSS, batch(4.0, 2)), 7, &Split::Valid);
        meter.log(update(LOSS, batch(5.0, 2)), 8, &Split::Train);
        let (train, test) = meter.take(7);
        assert_eq!(train, Means { loss: 1.25, accuracy: 50.0 });
        assert_eq!(test, Means { loss: 4.0, accuracy: 0.0 });
        assert_eq!(meter.take(8).0.loss, 5.0);
    }

    /// Sums in another order would differ in the last bit.
    #[test]
    fn an_epoch_in_two_parts_has_the_means_of_one() {
        let losses = [0.1, 0.7, 1e-3, 2.3, 0.9];
        let mut whole = meter();
        losses.iter().for_each(|loss| whole.log(update(LOSS, batch(*loss, 3)), 2, &Split::Train));
        let (mut first, mut second) = (meter(), meter());
        losses[..2].iter().for_each(|loss| first.log(update(LOSS, batch(*loss, 3)), 2, &Split::Train));
        second.go_on(2, first.so_far(2));
        losses[2..].iter().for_each(|loss| second.log(update(LOSS, batch(*loss, 3)), 2, &Split::Train));
        assert_eq!(second.so_far(2), whole.so_far(2));
        assert_eq!(second.take(2), whole.take(2));
    }

    #[test]
    fn a_loss_that_is_no_number_stops_training() {
        let mut meter = meter();
        meter.log(update(LOSS, batch(1.0, 3)), 2, &Split::Train);
        assert_eq!(meter.divergence(), None);
        meter.log(update(LOSS, batch(f64::INFINITY, 3)), 2, &Split::Train);
        meter.log(update(LOSS, batch(f64::NAN, 3)), 2, &Split::Train);
        let expected = Divergence { what: "training loss", value: f64::INFINITY, epoch: 2, step: 2 };
        assert_eq!(meter.divergence(), Some(expected));
        assert!(meter.interrupter.should_stop());
    }
}
