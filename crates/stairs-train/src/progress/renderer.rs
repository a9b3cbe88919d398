//! burn-train's renderer interface, passed on to a [`Progress`](super::Progress).
//!
//! burn-train's own renderer without a terminal prints one debug line a batch and no metric.

use burn::train::{
    LearnerSummary,
    logger::{EvaluationProgressLogger, TrainingProgressLogger},
    metric::MetricDefinition,
    renderer::{EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation, MetricsRendererTraining},
};

use super::SharedProgress;

/// Counts epochs and samples; metrics come from the epoch records.
pub(crate) struct Renderer {
    progress: SharedProgress,
    epoch: usize,
    part: &'static str,
    total: usize,
}

impl Renderer {
    pub(crate) fn new(progress: SharedProgress) -> Self {
        Self { progress, epoch: 1, part: "train", total: 0 }
    }
}

impl TrainingProgressLogger for Renderer {
    fn start(&mut self, _epochs: usize, starting_epoch: usize, _items: Option<usize>, _label: Option<&str>) {
        self.epoch = starting_epoch;
    }

    fn update_epoch(&mut self, epoch: usize) {
        self.epoch = epoch + 1;
    }

    fn start_split(&mut self, split: &str, total_items: usize) {
        self.part = if split == "train" { "train" } else { "test" };
        self.total = total_items;
        self.update_split(0);
    }

    fn update_split(&mut self, done: usize) {
        self.progress.with(|progress| progress.samples(self.epoch, self.part, done, self.total));
    }

    fn end_split(&mut self) {}

    fn end(&mut self) {}

    fn log_event_training(&mut self, _event: String) {}
}

impl MetricsRendererTraining for Renderer {
    fn update_train(&mut self, _state: MetricState) {}

    fn update_valid(&mut self, _state: MetricState) {}

    fn on_train_end(&mut self, _summary: Option<LearnerSummary>) -> Result<(), Box<dyn std::error::Error>> {
        Ok(())
    }
}

impl EvaluationProgressLogger for Renderer {
    fn start_global_progress(&mut self, _total_tests: usize) {}

    fn start_test(&mut self, _name: &str, _total_items: usize) {}

    fn update_test_progress(&mut self, _items_processed: usize) {}

    fn end_test(&mut self) {}

    fn end_global_progress(&mut self) {}

    fn log_event_evaluation(&mut self, _event: String) {}
}

impl MetricsRendererEvaluation for Renderer {
    fn update_test(&mut self, _name: EvaluationName, _state: MetricState) {}
}

impl MetricsRenderer for Renderer {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, _definition: MetricDefinition) {}
}
