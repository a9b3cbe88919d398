//! One training run, from configuration to record.

use std::{path::PathBuf, sync::Arc};

use burn::tensor::Device;
use stairs_data::{DataIdentity, Dataset};
use stairs_noise::plan::AnnealingPlan;

use crate::{
    Display, Evaluation, Predictor, RunConfig, RunDir, RunRecord, Samples, StopSignal, Task, TrainError, Versions,
    data::{Checked, TrainData},
    evaluate,
    run_dir::Opening,
    task::{Classification, evaluate_task},
};

/// A training run about to start.
///
/// ```no_run
/// use stairs_data::{DataRoot, DatasetName, load};
/// use stairs_train::{Display, RunConfig, Trainer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let digits = load(DatasetName::Digits, &DataRoot::default())?;
/// let record = Trainer::new(RunConfig::default(), &digits, "runs/first").with_display(Display::Plain).run()?;
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
    pub(crate) helpers: Vec<Device>,
    pub(crate) display: Display,
    pub(crate) opening: Opening,
    pub(crate) plan: Option<AnnealingPlan>,
    pub(crate) identity: Option<DataIdentity>,
    pub(crate) notes: Vec<String>,
    pub(crate) stop: StopSignal,
    pub(crate) task: Option<Arc<dyn Task>>,
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
        Self::on_data(config, &TrainData::of(dataset), dir)
    }

    /// The same on data of any source, such as a folder of images.
    pub fn on_data(config: RunConfig, data: &TrainData, dir: impl Into<PathBuf>) -> Self {
        let trainer = Self::on_samples(config, data.train.clone(), data.test.clone(), data.classes, dir);
        trainer.with_identity(data.identity.clone())
    }

    /// The same on samples of your own with `classes` classes. What they are is recorded by reading all of them once, unless
    /// that would [take long](Samples::is_expensive); class names, and what expensive samples are, can be told with
    /// [`identity`](Self::with_identity).
    pub fn on_samples(
        config: RunConfig,
        train: Arc<dyn Samples>,
        test: Arc<dyn Samples>,
        classes: usize,
        dir: impl Into<PathBuf>,
    ) -> Self {
        let dir = RunDir::new(dir);
        let (device, display) = (Device::flex(), Display::Auto);
        let (helpers, notes, stop) = (Vec::new(), Vec::new(), StopSignal::new());
        let (opening, plan, identity) = (Opening::default(), None, None);
        let task = None;
        Self { config, dir, train, test, classes, device, helpers, display, opening, plan, identity, notes, stop, task }
    }

    /// A run of `config` for another task than classes, such as [`Regression`](crate::Regression), on samples with
    /// [targets](Samples::targets). What its record calls accuracies is the metric of the task.
    pub fn for_task(
        task: impl Task,
        config: RunConfig,
        train: Arc<dyn Samples>,
        test: Arc<dyn Samples>,
        dir: impl Into<PathBuf>,
    ) -> Self {
        Self::on_samples(config, train, test, 1, dir).with_task(task)
    }

    /// The same with another loss and metric than those of classes.
    #[must_use]
    pub fn with_task(mut self, task: impl Task) -> Self {
        self.config.task = Some(task.record());
        self.task = Some(Arc::new(task));
        self
    }

    /// What the data is. A run is resumed on the same data only.
    #[must_use]
    pub fn with_identity(mut self, identity: DataIdentity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Something to be shown at the start and kept in the record, such as an option without effect.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Trains on `device`.
    #[must_use]
    pub fn with_device(mut self, device: Device) -> Self {
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
    #[must_use]
    pub fn with_devices(mut self, devices: Vec<Device>) -> Self {
        let mut devices = devices.into_iter().map(Device::inner);
        if let Some(first) = devices.next() {
            self.device = first;
        }
        self.helpers = devices.collect();
        self
    }

    /// Shows the run as `display` says.
    #[must_use]
    pub fn with_display(mut self, display: Display) -> Self {
        self.display = display;
        self
    }

    /// Goes on with the run in the directory if there is one; without this a directory that holds a run is refused.
    #[must_use]
    pub fn with_resume(mut self, resume: bool) -> Self {
        self.opening.resume = resume;
        self
    }

    /// With [`resume`](Self::with_resume): the configuration may have more epochs than the run in the directory. The noise keeps the
    /// plan of the run as it was first configured, so what is hard stays hard; the learning rate is, from the next step on,
    /// that of the longer run. The record [tells of it](RunRecord::extended).
    #[must_use]
    pub fn with_extend(mut self, extend: bool) -> Self {
        self.opening.extend = extend;
        self
    }

    /// Ends before the next optimiser step when `stop` is requested, with a checkpoint from which the resumed run goes on
    /// to the same weights, metrics and record, and with [`TrainError::Stopped`].
    #[must_use]
    pub fn with_stop(mut self, stop: StopSignal) -> Self {
        self.stop = stop;
        self
    }

    /// Anneals by `plan` instead of the configured method and policy.
    #[must_use]
    pub fn with_plan(mut self, plan: AnnealingPlan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Loss and accuracy of `model` on the test part; of another task than classes its metric.
    ///
    /// # Errors
    /// As [`evaluate`](crate::evaluate).
    pub fn evaluate<M: Predictor>(&self, model: &M) -> Result<Evaluation, TrainError> {
        match &self.task {
            Some(task) => {
                let test = Checked::samples(self.test.clone(), self.classes);
                evaluate_task(model, &**task, test, &self.device)
            }
            None => evaluate(model, self.test.clone(), &self.device),
        }
    }

    /// What the run trains for.
    pub(crate) fn task(&self) -> Arc<dyn Task> {
        self.task.clone().unwrap_or_else(|| Arc::new(Classification::of(&self.config)))
    }
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
