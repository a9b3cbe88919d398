//! The run as burn-train sees it: loaders, metrics, checkpointers, renderer.
//!
//! burn-train's `SupervisedTraining` is used as it is, with three of its extension points: custom checkpointers (so that
//! checkpoints are atomic), a checkpointing strategy (the hook after each epoch) and a metric logger (exact means).
//!
//! burn-train saves at the end of epochs only. A run that is asked to stop therefore ends its epoch early: the loaders
//! have no more batches, the strategy saves what there is, and only then is burn-train told to break off.

use std::sync::{Arc, Mutex, PoisonError};

use burn::{
    optim::ModuleOptimizer,
    tensor::Device,
    train::{
        ExecutionStrategy, Interrupter, Learner, MultiDeviceOptim, SupervisedTraining,
        metric::{AccuracyMetric, LossMetric},
    },
};
use stairs_noise::plan::AnnealingPlan;

use crate::{
    Annealed, Annealer, Extension, Predictor, RunConfig, RunDir, Samples, Task, TrainError,
    checkpoint::{Assembly, Part, PartialEpoch},
    data::{Fault, Loader, steps_per_epoch},
    epoch_end::{EpochEnd, History},
    evaluate::TEST_BATCH,
    layout,
    meter::Meter,
    progress::SharedProgress,
    schedule,
    stop::{Gate, StopSignal},
    stopwatch::Stopwatch,
    task::ScoreMetric,
};

/// Everything a run needs beside its model.
pub(crate) struct Launch<'a> {
    pub(crate) config: &'a RunConfig,
    pub(crate) dir: RunDir,
    pub(crate) extended: Vec<Extension>,
    pub(crate) train: Arc<dyn Samples>,
    pub(crate) test: Arc<dyn Samples>,
    pub(crate) chosen: Vec<usize>,
    pub(crate) device: Device,
    pub(crate) helpers: Vec<Device>,
    pub(crate) optimiser: ModuleOptimizer,
    pub(crate) plan: Option<AnnealingPlan>,
    pub(crate) annealer: Option<Arc<Annealer>>,
    pub(crate) task: Arc<dyn Task>,
    pub(crate) assembly: Arc<Assembly>,
    pub(crate) history: Arc<Mutex<History>>,
    pub(crate) progress: SharedProgress,
    pub(crate) epochs_done: usize,
    pub(crate) partial: Option<PartialEpoch>,
    pub(crate) stop: StopSignal,
    pub(crate) stopwatch: Stopwatch,
}

impl Launch<'_> {
    /// Trains to the last epoch and returns the model in evaluation mode.
    pub(crate) fn run<M: Predictor>(self, model: Annealed<M>) -> Result<Annealed<M>, TrainError> {
        let (config, device) = (self.config, &self.device);
        let interrupter = Interrupter::new();
        let steps_per_epoch = steps_per_epoch(self.chosen.len(), config.batch);
        let meter = Meter::new(interrupter.clone(), config.accumulate * config.devices, self.task.clone());
        let dashboard = Interrupter::new();
        let gate = Gate::new(self.stop.clone(), dashboard.clone());
        let (steps_done, seconds_before) = self.partial.as_ref().map_or((0, 0.0), |at| (at.steps, at.seconds));
        if let Some(partial) = &self.partial {
            meter.go_on(self.epochs_done + 1, partial.sums);
        }
        let train = Loader::train(
            self.train.clone(),
            self.chosen.clone(),
            config.batch,
            config.seed,
            config.augment,
            self.epochs_done,
            device.clone().autodiff(),
        )
        .after_steps(steps_done)
        .until(gate.clone())
        .divided(config.accumulate, config.devices);
        let test = Loader::test(self.test.clone(), TEST_BATCH, device.clone()).until(gate.clone());
        let faults = [train.fault(), test.fault()];
        let strategy = EpochEnd {
            config: config.clone(),
            plan: self.plan.clone(),
            steps_per_epoch,
            annealer: self.annealer.clone(),
            meter: meter.clone(),
            assembly: self.assembly.clone(),
            dir: self.dir.clone(),
            extended: self.extended.clone(),
            progress: self.progress.clone(),
            interrupter: interrupter.clone(),
            history: self.history.clone(),
            stopwatch: self.stopwatch,
            seconds_before,
            first_step: self.epochs_done * steps_per_epoch + steps_done,
            gate,
            samples: [self.train.clone(), self.test.clone()],
        };
        let [model_part, optimiser_part, schedule_part] = Part::all(&self.assembly);
        let mut training = SupervisedTraining::new(self.dir.path(), Arc::new(train), Arc::new(test))
            .with_metric_logger(meter.clone())
            .with_custom_checkpointers(model_part, optimiser_part, schedule_part)
            .with_checkpointing_strategy(strategy)
            .with_training_strategy(execution(device, &self.helpers).into())
            .with_application_logger(None)
            .with_interrupter(interrupter.clone())
            .label(&format!("{} on {}, {}", config.model, config.dataset, self.dir.path().display()))
            .renderer(self.progress.renderer(&dashboard, self.epochs_done))
            .num_epochs(config.epochs);
        training = match &config.task {
            None => training.metrics((LossMetric::new(), AccuracyMetric::new())),
            Some(task) => training.metrics((LossMetric::new(), ScoreMetric::new(task))),
        };
        let resumes = self.epochs_done > 0 || self.partial.is_some();
        if resumes {
            training = training.checkpoint(self.epochs_done);
        }
        if config.accumulate > 1 {
            training = training.grads_accumulation(config.accumulate);
        }
        // burn-train loads the checkpoint's model.
        let model = if resumes { layout::stored(model) } else { model };
        let scheduler = schedule::scheduler(config, config.epochs * steps_per_epoch)?;
        let result = training.launch(Learner::new(model, self.optimiser, scheduler));

        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = history.error.take().or_else(|| self.assembly.take_error()) {
            return Err(error);
        }
        if let Some(error) = faults.iter().find_map(Fault::take) {
            return Err(error);
        }
        if let Some(error) = result.model.fault() {
            return Err(error.clone().into());
        }
        if let Some(divergence) = meter.divergence() {
            let before = (divergence.epoch - 1) * steps_per_epoch;
            return Err(TrainError::Diverged {
                what: divergence.what,
                value: divergence.value,
                epoch: divergence.epoch,
                step: before as u64 + divergence.step,
                lr: config.lr,
            });
        }
        if let Some(error) = result.error {
            return Err(TrainError::Burn(error.to_string().into()));
        }
        if let Some((epoch, step)) = history.stopped {
            return Err(TrainError::Stopped { epoch, step, steps: steps_per_epoch, dir: self.dir.path().into() });
        }
        let epoch = history.epochs.len();
        if epoch < config.epochs {
            let reason = result.interrupted.and_then(|interruption| interruption.reason);
            return Err(TrainError::Interrupted { epoch, reason });
        }
        Ok(result.model)
    }
}

/// One device, or several whose gradients meet on the first.
fn execution(device: &Device, helpers: &[Device]) -> ExecutionStrategy {
    if helpers.is_empty() {
        return ExecutionStrategy::single(device.clone().autodiff());
    }
    let devices = [device].into_iter().chain(helpers).map(|device| device.clone().autodiff()).collect();
    ExecutionStrategy::multi(devices, MultiDeviceOptim::OptimMainDevice)
}
