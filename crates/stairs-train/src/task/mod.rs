//! What a run trains for: the loss of its samples, and the metric that says how good the network is.
//!
//! Classes are the default, see [`Trainer::new`](crate::Trainer::new). Other tasks are values of [`Task`], such as
//! [`Regression`], and go to [`Trainer::for_task`](crate::Trainer::for_task), or, where they judge classes by another loss or
//! metric, to [`Trainer::with_task`](crate::Trainer::with_task).

mod classification;
mod evaluation;
mod metric;
mod regression;

use std::fmt;

use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};

pub(crate) use classification::Classification;
pub(crate) use evaluation::evaluate_task;
pub use metric::StepOutput;
pub(crate) use metric::{SCORE, ScoreMetric};
pub use regression::Regression;

use crate::{ConfigError, RunConfig, Samples};

/// What the samples of a batch should be answered with.
#[derive(Clone, Debug)]
pub struct Targets {
    /// Classes `[batch]`, counted from 0.
    pub classes: Tensor<1, Int>,
    /// Values `[batch, targets]`, where the samples have any, see [`Samples::targets`].
    pub values: Option<Tensor<2>>,
}

/// A loss and a metric.
///
/// Both are told sample by sample: the loss that is trained is the mean of [`losses`](Self::losses), the metric that is
/// reported is [`score`](Self::score) of the mean of [`scores`](Self::scores). So neither depends on the batches.
///
/// ```
/// use burn::tensor::Tensor;
/// use stairs_train::{Task, TaskRecord, Targets};
///
/// /// Largest error of a sample's values.
/// #[derive(Debug)]
/// struct Worst;
///
/// impl Task for Worst {
///     fn record(&self) -> TaskRecord {
///         TaskRecord { name: "largest error".into(), metric: "worst".into(), higher_is_better: false }
///     }
///
///     fn losses(&self, outputs: Tensor<2>, targets: &Targets, _training: bool) -> Tensor<1> {
///         self.scores(outputs, targets)
///     }
///
///     fn scores(&self, outputs: Tensor<2>, targets: &Targets) -> Tensor<1> {
///         let [samples, _] = outputs.dims();
///         let values = targets.values.clone().unwrap_or_else(|| outputs.zeros_like());
///         (outputs - values).abs().max_dim(1).reshape([samples])
///     }
/// }
/// ```
pub trait Task: fmt::Debug + Send + Sync + 'static {
    /// What the configuration and the record say of it. Tasks with different losses or metrics differ here: a run is
    /// resumed with its own task only.
    fn record(&self) -> TaskRecord;

    /// Loss `[batch]` of every sample from outputs `[batch, outputs]`; of training samples where `training`.
    fn losses(&self, outputs: Tensor<2>, targets: &Targets, training: bool) -> Tensor<1>;

    /// What the metric is made of: a number `[batch]` of every sample.
    fn scores(&self, outputs: Tensor<2>, targets: &Targets) -> Tensor<1>;

    /// The metric from the mean of the scores, such as its root; by default the mean itself.
    fn score(&self, mean: f64) -> f64 {
        mean
    }

    /// Why a network with this number of outputs cannot be trained on these samples; by default it needs one for every
    /// target of a sample. A task of classes, which have no targets, says something else.
    fn refusal(&self, outputs: usize, samples: &dyn Samples) -> Option<String> {
        let targets = samples.targets();
        let needs = match targets {
            0 => {
                "the samples have no values to be predicted: implement `Samples::targets` and `copy_targets`".to_owned()
            }
            _ => format!("a sample has {targets} values to be predicted: the model needs as many outputs"),
        };
        (targets == 0 || outputs != targets).then_some(needs)
    }
}

/// A task by name. Where a run has one, the numbers of its record that are called accuracies are its metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRecord {
    /// Its name: `regression, squared error`.
    pub name: String,
    /// Short name of its metric: `rmse`.
    pub metric: String,
    /// Whether a larger metric is better.
    pub higher_is_better: bool,
}

impl RunConfig {
    /// Refuses to train the configuration for another task than its own; `None` is classes.
    ///
    /// # Errors
    /// [`ConfigError::Task`].
    pub(crate) fn check_task(&self, given: Option<&dyn Task>) -> Result<(), ConfigError> {
        let given = given.map(Task::record);
        if self.task == given {
            return Ok(());
        }
        let name =
            |task: &Option<TaskRecord>| task.as_ref().map_or_else(|| "classes".to_owned(), |t| format!("`{}`", t.name));
        Err(ConfigError::Task { configured: name(&self.task), given: name(&given) })
    }

    /// Whether one value of the run's metric is better than another.
    pub fn is_better(&self, value: f64, than: f64) -> bool {
        if self.task.as_ref().is_none_or(|task| task.higher_is_better) { value > than } else { value < than }
    }
}
