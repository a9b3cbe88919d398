//! One class a sample: the task of a run that names no other.

use burn::tensor::Tensor;

use super::{Targets, Task, TaskRecord};
use crate::{Loss, RunConfig, Samples};

/// Classes, with the loss of the configuration. The metric is burn-train's accuracy, in percent, not [`Task::scores`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Classification {
    loss: Loss,
    /// ε of the label smoothing of training samples.
    label_smoothing: f64,
}

impl Classification {
    /// That of a run.
    pub(crate) fn of(config: &RunConfig) -> Self {
        Self { loss: config.loss, label_smoothing: config.label_smoothing }
    }
}

impl Task for Classification {
    fn record(&self) -> TaskRecord {
        TaskRecord { name: "classification".into(), metric: "accuracy".into(), higher_is_better: true }
    }

    fn losses(&self, outputs: Tensor<2>, targets: &Targets, training: bool) -> Tensor<1> {
        let smoothing = if training { self.label_smoothing } else { 0.0 };
        self.loss.of(outputs, targets.classes.clone(), smoothing)
    }

    fn scores(&self, outputs: Tensor<2>, targets: &Targets) -> Tensor<1> {
        let [samples, _] = outputs.dims();
        outputs.argmax(1).reshape([samples]).equal(targets.classes.clone()).float().mul_scalar(100.0)
    }

    fn refusal(&self, _outputs: usize, _samples: &dyn Samples) -> Option<String> {
        // The number of classes is the trainer's to compare.
        None
    }
}
