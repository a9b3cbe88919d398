//! Loss and metric of a batch as burn-train's metrics take them.

use burn::{
    tensor::{ExecutionError, Tensor, TensorReadError},
    train::metric::{
        AccuracyInput, Adaptor, ItemLazy, LossInput, Metric, MetricAttributes, MetricMetadata, MetricName, Numeric,
        NumericAttributes, NumericEntry, SerializedEntry,
        state::{FormatOptions, NumericMetricState},
    },
};

use super::{Targets, Task, TaskRecord};

/// What a step or a test says of a batch.
#[derive(Debug)]
pub struct StepOutput {
    /// Loss of every sample.
    pub(crate) loss: Tensor<1>,
    outputs: Tensor<2>,
    targets: Targets,
    /// Scores of every sample; classes are counted by burn-train instead.
    scores: Option<Tensor<1>>,
}

impl StepOutput {
    /// That of a run that trains for `task`, which counts right answers if `classes`.
    pub(crate) fn new(task: &dyn Task, classes: bool, loss: Tensor<1>, outputs: Tensor<2>, targets: Targets) -> Self {
        let scores = (!classes).then(|| task.scores(outputs.clone(), &targets));
        Self { loss, outputs, targets, scores }
    }
}

impl ItemLazy for StepOutput {
    fn sync(self) -> Result<Self, ExecutionError> {
        // Nothing is read back here, as in burn-train's own outputs: the metrics compute where the tensors are.
        self.loss.device().flush()?;
        Ok(Self {
            loss: self.loss.without_autodiff(),
            outputs: self.outputs.without_autodiff(),
            targets: Targets {
                classes: self.targets.classes.without_autodiff(),
                values: self.targets.values.map(Tensor::without_autodiff),
            },
            scores: self.scores.map(Tensor::without_autodiff),
        })
    }
}

impl Adaptor<LossInput> for StepOutput {
    fn adapt(&self) -> LossInput {
        LossInput::new(self.loss.clone())
    }
}

impl Adaptor<AccuracyInput> for StepOutput {
    fn adapt(&self) -> AccuracyInput {
        AccuracyInput::new(self.outputs.clone(), self.targets.classes.clone())
    }
}

/// The scores of a batch.
pub(crate) struct ScoreInput(Tensor<1>);

impl Adaptor<ScoreInput> for StepOutput {
    fn adapt(&self) -> ScoreInput {
        ScoreInput(self.scores.clone().unwrap_or_else(|| self.loss.clone()))
    }
}

/// Name of the metric: that of no other.
pub(crate) const SCORE: &str = "Score";

/// The mean of the scores.
#[derive(Clone)]
pub(crate) struct ScoreMetric {
    name: MetricName,
    higher_is_better: bool,
    state: NumericMetricState,
}

impl ScoreMetric {
    /// That of a task.
    pub(crate) fn new(task: &TaskRecord) -> Self {
        let name = MetricName::new(SCORE.to_string());
        Self { name, higher_is_better: task.higher_is_better, state: NumericMetricState::default() }
    }
}

impl Metric for ScoreMetric {
    type Input = ScoreInput;

    fn update(&mut self, input: &ScoreInput, _: &MetricMetadata) -> Result<SerializedEntry, TensorReadError> {
        let [samples] = input.0.dims();
        let mean = input.0.clone().mean().try_into_scalar::<f64>()?;
        self.state.update(mean, samples);
        Ok(self.state.compute_update(FormatOptions::new(self.name()).precision(4)))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.state.compute_final(FormatOptions::new(self.name()).precision(4)))
    }

    fn clear(&mut self) {
        self.state.reset();
    }

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes { unit: None, higher_is_better: self.higher_is_better }.into()
    }
}

impl Numeric for ScoreMetric {
    fn value(&self) -> Option<NumericEntry> {
        Some(self.state.current_value())
    }

    fn running_value(&self) -> Option<NumericEntry> {
        Some(self.state.running_value())
    }

    fn final_value(&self) -> NumericEntry {
        self.state.final_value()
    }
}
