//! One training run, from configuration to record.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use burn::{
    module::{Module, ModuleVisitor, Param},
    store::ModuleRecord,
    tensor::{Bytes, Device, Tensor},
};
use stairs_data::Dataset;
use stairs_noise::plan::{AnnealingPlan, TimeUnit};

use crate::{
    Annealed, Classifier, ConfigError, Display, Evaluation, RECORD_FORMAT, RunConfig, RunDir, RunRecord, Samples,
    Skipped, StopSignal, TrainError, Versions, Which, anneal,
    checkpoint::{Assembly, Checkpoint, PartialEpoch, SaveBest, difference},
    data::{parts, steps_per_epoch, subset},
    device_name,
    epoch_end::{History, best_epoch},
    evaluate,
    histogram::weight_histograms,
    launch::Launch,
    optimise::optimiser,
};

/// A training run about to start.
///
/// ```no_run
/// use stairs_data::{DataRoot, DatasetName, load};
/// use stairs_train::{Display, RunConfig, Trainer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let digits = load(DatasetName::Digits, &DataRoot::default())?;
/// let record = Trainer::new(RunConfig::default(), &digits, "runs/first").display(Display::Plain).run()?;
/// println!("test accuracy {:.2} %", record.test_accuracy);
/// # Ok(())
/// # }
/// ```
pub struct Trainer {
    pub(crate) config: RunConfig,
    pub(crate) dir: RunDir,
    pub(crate) train: Arc<dyn Samples>,
    pub(crate) test: Arc<dyn Samples>,
    pub(crate) classes: usize,
    pub(crate) device: Device,
    helpers: Vec<Device>,
    display: Display,
    resume: bool,
    stop: StopSignal,
    plan: Option<AnnealingPlan>,
}

/// A trained model and the record of its run.
#[derive(Debug)]
pub struct Fitted<M> {
    /// The model after the last epoch, ready for evaluation: its quantisers are hard.
    pub model: M,
    /// The record, as in `record.json`.
    pub record: RunRecord,
}

impl Trainer {
    /// A run of `config` on `dataset` that writes to the directory `dir`, on Flex.
    pub fn new(config: RunConfig, dataset: &Dataset, dir: impl Into<PathBuf>) -> Self {
        let (train, test) = parts(dataset);
        Self::on_samples(config, train, test, dataset.classes, dir)
    }

    /// The same on samples of your own with `classes` classes.
    pub fn on_samples(
        config: RunConfig,
        train: Arc<dyn Samples>,
        test: Arc<dyn Samples>,
        classes: usize,
        dir: impl Into<PathBuf>,
    ) -> Self {
        let dir = RunDir::new(dir);
        let (device, display) = (Device::flex(), Display::Auto);
        let (helpers, stop) = (Vec::new(), StopSignal::new());
        Self { config, dir, train, test, classes, device, helpers, display, resume: false, stop, plan: None }
    }

    /// Trains on `device`.
    pub fn device(mut self, device: Device) -> Self {
        self.device = device.inner();
        self.helpers.clear();
        self
    }

    /// Trains on several devices, [`RunConfig::devices`] in number: each computes the gradient of its share of every
    /// step, the first one adds them up, moves the weights and does the tests.
    ///
    /// Steps, samples of a step, rates and laws are those of one device. What differs is what a layer sees at a time:
    /// a batch norm normalises the samples of one device, and sampled noise of features repeats from device to device.
    /// Gradients are added in the order in which they arrive, so with more than two parts a step the last bits vary from
    /// run to run. One device may be named repeatedly, which divides its steps and gains nothing.
    pub fn devices(mut self, devices: Vec<Device>) -> Self {
        let mut devices = devices.into_iter().map(Device::inner);
        if let Some(first) = devices.next() {
            self.device = first;
        }
        self.helpers = devices.collect();
        self
    }

    /// Shows the run as `display` says.
    pub fn display(mut self, display: Display) -> Self {
        self.display = display;
        self
    }

    /// Goes on with the run in the directory if there is one; without this a directory that holds a run is refused.
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Ends before the next optimiser step when `stop` is requested, with a checkpoint from which the resumed run goes on
    /// to the same weights, metrics and record, and with [`TrainError::Stopped`].
    pub fn stop(mut self, stop: StopSignal) -> Self {
        self.stop = stop;
        self
    }

    /// Anneals by `plan` instead of the configured method and policy.
    pub fn plan(mut self, plan: AnnealingPlan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Trains `model`, which may be any Burn module that implements [`Classifier`]. For exact repetition make it with
    /// [`seeded`](crate::seeded).
    ///
    /// # Errors
    /// [`TrainError`]; after most of them the run can be resumed.
    pub fn fit<M: Classifier>(mut self, model: M) -> Result<Fitted<M>, TrainError> {
        let display = std::mem::take(&mut self.display);
        let config = &self.config;
        config.validate(self.train.as_ref(), self.test.as_ref())?;
        let given = 1 + self.helpers.len();
        if given != config.devices {
            return Err(ConfigError::Devices { expected: config.devices, given }.into());
        }
        let chosen = match config.subset {
            Some(count) => subset(config.seed, self.train.len(), count),
            None => (0..self.train.len()).collect(),
        };
        let (samples, steps_per_epoch) = (chosen.len(), steps_per_epoch(chosen.len(), config.batch));
        let (plan, annealer) = anneal::of_run(config, self.plan.as_ref(), &model, steps_per_epoch)?;
        let model = model.train().fork(&self.device.clone().autodiff());
        let parameters = trainable(&model);
        let optimiser = optimiser(config, &model)?;
        let annealed = Annealed::of_run(model, annealer.clone(), config)?;

        let _lock = self.dir.open(config, self.resume)?;
        if self.resume
            && let Ok(record) = self.dir.record()
        {
            return Ok(Fitted { model: self.dir.load(annealed.into_result(), Which::Last)?, record });
        }
        let store = self.dir.checkpoints()?;
        let (checkpoint, faults) = store.newest(config)?;
        let history = match &checkpoint {
            Some(checkpoint) => self.check(checkpoint, &plan, &annealed, steps_per_epoch)?,
            None => History::default(),
        };
        self.dir.write_metrics(&history.epochs)?;

        let epochs_done = history.epochs.len();
        let mut notes: Vec<_> =
            faults.into_iter().map(|fault| format!("{fault}; going on with the checkpoint before it")).collect();
        if self.resume && checkpoint.is_none() {
            notes.push("there is no checkpoint to resume: training from the beginning".into());
        }
        notes.extend(plan.as_ref().and_then(|plan| late(plan, config.epochs, steps_per_epoch)));
        let partial = checkpoint.as_ref().and_then(|checkpoint| checkpoint.manifest.partial.clone());
        if let Some(PartialEpoch { steps, .. }) = partial {
            notes.push(format!("going on in epoch {} after step {steps} of {steps_per_epoch}", epochs_done + 1));
        }
        let progress = display.open();
        progress.with(|progress| {
            progress.start(config, self.dir.path(), epochs_done);
            notes.iter().for_each(|note| progress.note(note));
        });

        let parts = checkpoint.map(|checkpoint| checkpoint.parts).unwrap_or_default();
        let history = Arc::new(Mutex::new(history));
        let trained = if epochs_done == config.epochs {
            restore(annealed, parts.get("model").cloned().unwrap_or_default())?
        } else {
            Launch {
                config,
                dir: self.dir.clone(),
                train: self.train.clone(),
                test: self.test.clone(),
                chosen,
                device: self.device.clone(),
                helpers: self.helpers.clone(),
                optimiser,
                plan,
                annealer,
                assembly: Assembly::new(store, parts, self.best_saver(&annealed)),
                history: history.clone(),
                progress: progress.clone(),
                epochs_done,
                partial,
                stop: self.stop.clone(),
                started: Instant::now(),
            }
            .run(annealed)?
        };
        let history = std::mem::take(&mut *history.lock().unwrap_or_else(PoisonError::into_inner));
        let fitted = self.finish(trained.into_result(), history, parameters, samples)?;
        progress.with(|progress| progress.end(&fitted.record));
        Ok(fitted)
    }

    /// Writes `best.bpk` from a checkpoint's model part, through a copy of the model on the host.
    fn best_saver<M: Classifier>(&self, model: &Annealed<M>) -> SaveBest {
        let template = Mutex::new(model.valid().to_device(&Device::flex()));
        let dir = self.dir.clone();
        Box::new(move |bytes| {
            let template = template.lock().unwrap_or_else(PoisonError::into_inner).clone();
            dir.write_model(&restore(template, bytes.to_vec())?.into_result(), Which::Best)
        })
    }

    /// Writes the final files; `model` is in evaluation mode.
    fn finish<M: Classifier>(
        &self,
        model: M,
        history: History,
        parameters: usize,
        samples: usize,
    ) -> Result<Fitted<M>, TrainError> {
        self.dir.write_model(&model, Which::Last)?;
        self.dir.write_safetensors(&model, Which::Last)?;
        self.dir.write_safetensors(&self.dir.load(model.clone(), Which::Best)?, Which::Best)?;
        let accuracy =
            |epoch: usize| history.epochs.iter().find(|e| e.epoch == epoch).map_or(0.0, |epoch| epoch.test_accuracy);
        let record = RunRecord {
            format: RECORD_FORMAT,
            config: self.config.clone(),
            versions: Versions::current(),
            device: device_name(&self.device),
            parameters,
            samples: (samples, self.test.len()),
            skipped: Skipped::after(&history.skipped, self.train.as_ref(), self.test.as_ref()),
            test_accuracy: accuracy(history.epochs.len()),
            best_test_accuracy: accuracy(best_epoch(&history.epochs)),
            wall_seconds: history.wall_seconds,
            weights: weight_histograms(&model),
            epochs: history.epochs,
        };
        self.dir.write_record(&record)?;
        Ok(Fitted { model, record })
    }

    /// Loss and accuracy of `model` on the test part.
    ///
    /// # Errors
    /// As [`evaluate`](crate::evaluate).
    pub fn evaluate<M: Classifier>(&self, model: &M) -> Result<Evaluation, TrainError> {
        evaluate(model, self.test.clone(), &self.device)
    }

    /// Makes sure that the checkpoint is of this plan and this model.
    fn check<M: Classifier>(
        &self,
        checkpoint: &Checkpoint,
        plan: &Option<AnnealingPlan>,
        model: &Annealed<M>,
        steps_per_epoch: usize,
    ) -> Result<History, TrainError> {
        let manifest = &checkpoint.manifest;
        let steps = manifest.partial.as_ref().map_or(0, |partial| partial.steps);
        if steps > steps_per_epoch || manifest.epoch + usize::from(steps > 0) > self.config.epochs {
            let (epoch, epochs) = (manifest.epoch + 1, self.config.epochs);
            let reason = format!("step {steps} of {steps_per_epoch} in epoch {epoch} of {epochs} cannot be");
            return Err(TrainError::damaged(&checkpoint.path, reason));
        }
        if let Some((field, found, expected)) = difference("plan", &manifest.plan, plan) {
            return Err(TrainError::OtherRun { path: checkpoint.path.clone(), field, found, expected });
        }
        let bytes = checkpoint.parts.get("model").cloned().unwrap_or_default();
        restore(model.clone(), bytes).map_err(|error| match error {
            TrainError::Burn(reason) => TrainError::OtherModel { path: checkpoint.path.clone(), reason },
            other => other,
        })?;
        let (epochs, skipped) = (manifest.epochs.clone(), manifest.skipped.clone());
        Ok(History { epochs, wall_seconds: manifest.wall_seconds, skipped, ..History::default() })
    }
}

fn restore<M: Module>(model: M, bytes: Vec<u8>) -> Result<M, TrainError> {
    ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes))
        .and_then(|record| model.try_load_record(record))
        .map(|model| model.valid())
        .map_err(|e| TrainError::Burn(e.to_string()))
}

/// A warning where the plan's noise decays only after the end of training.
fn late(plan: &AnnealingPlan, epochs: usize, steps_per_epoch: usize) -> Option<String> {
    let (unit, length) = match plan.unit() {
        TimeUnit::Epochs => ("epoch", epochs),
        TimeUnit::Steps => ("step", epochs * steps_per_epoch),
    };
    let end = plan.end().filter(|end| *end > length as f64)?;
    Some(format!("the plan's noise decays at {unit} {end}, training ends at {unit} {length}: it never gets hard"))
}

/// Number of trainable values.
fn trainable<M: Module>(model: &M) -> usize {
    struct Count(usize);
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.base().is_require_grad() {
                self.0 += param.lazy_shape().num_elements();
            }
        }
    }
    let mut count = Count(0);
    model.visit(&mut count);
    count.0
}

impl Versions {
    /// Those of this program.
    pub fn current() -> Self {
        Self { stairs: env!("CARGO_PKG_VERSION").into(), burn: BURN_VERSION.into() }
    }
}

/// Burn has no constant for its version; a test compares this with the lock file.
pub(crate) const BURN_VERSION: &str = "0.22.1";

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with the lock file, which is not part of a published crate.
    #[test]
    fn the_version_of_burn_is_the_locked_one() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        if let Ok(lock) = std::fs::read_to_string(lock) {
            let entry = format!("name = \"burn\"\nversion = \"{BURN_VERSION}\"");
            assert!(lock.contains(&entry), "Burn is not {BURN_VERSION}");
        }
    }
}
