//! One training run, from configuration to record.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Tensor},
};
use stairs_data::{DataIdentity, Dataset};
use stairs_noise::plan::AnnealingPlan;

use crate::{
    Annealed, Classifier, ConfigError, Display, Evaluation, RunConfig, RunDir, RunRecord, Samples, TrainError,
    Versions, anneal,
    checkpoint::{Assembly, Checkpoint, SaveBest, difference},
    data::{Checked, TrainData, steps_per_epoch, subset, survey},
    epoch_end::History,
    evaluate,
    evaluate::check_logits,
    extension::extensions,
    finish::{RunFacts, There, write_best},
    init::refuse_other_classes,
    launch::Launch,
    optimise::optimiser,
    run_dir::Opening,
    schedule, settings,
    settings::{Facts, has_batch_norm, refuse_one_sample},
    weights::decode,
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
    pub(crate) opening: Opening,
    plan: Option<AnnealingPlan>,
    pub(crate) identity: Option<DataIdentity>,
    notes: Vec<String>,
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
        trainer.identity(data.identity.clone())
    }

    /// The same on samples of your own with `classes` classes. What they are is recorded by reading all of them once, unless
    /// that would [take long](Samples::is_expensive); class names, and what expensive samples are, can be told with
    /// [`identity`](Self::identity).
    pub fn on_samples(
        config: RunConfig,
        train: Arc<dyn Samples>,
        test: Arc<dyn Samples>,
        classes: usize,
        dir: impl Into<PathBuf>,
    ) -> Self {
        let dir = RunDir::new(dir);
        let (device, display) = (Device::flex(), Display::Auto);
        let (helpers, notes) = (Vec::new(), Vec::new());
        let opening = Opening::default();
        Self { config, dir, train, test, classes, device, helpers, display, opening, plan: None, identity: None, notes }
    }

    /// What the data is. A run is resumed on the same data only.
    pub fn identity(mut self, identity: DataIdentity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Something to be shown at the start and kept in the record, such as an option without effect.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
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
        self.opening.resume = resume;
        self
    }

    /// With [`resume`](Self::resume): the configuration may have more epochs than the run in the directory. The noise keeps the
    /// plan of the run as it was first configured, so what is hard stays hard; the learning rate is, from the next step on,
    /// that of the longer run. The record [tells of it](RunRecord::extended).
    pub fn extend(mut self, extend: bool) -> Self {
        self.opening.extend = extend;
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
        self.config.validate(self.train.as_ref(), self.test.as_ref())?;
        let given = 1 + self.helpers.len();
        if given != self.config.devices {
            return Err(ConfigError::Devices { expected: self.config.devices, given }.into());
        }
        self.look_at_data()?;
        let config = &self.config;
        let chosen = match config.subset {
            Some(count) => subset(config.seed, self.train.len(), count),
            None => (0..self.train.len()).collect(),
        };
        let (samples, steps_per_epoch) = (chosen.len(), steps_per_epoch(chosen.len(), config.batch));
        let (mut plan, mut annealer) = anneal::of_run(config, self.plan.as_ref(), &model, steps_per_epoch)?;
        let model = model.train().fork(&self.device.clone().autodiff());
        check_logits(&model, self.train.shape(), self.classes, &self.device)?;
        let (parameters, batch_norm) = (trainable(&model), has_batch_norm(&model));
        let optimiser = optimiser(config, &model)?;
        let mut annealed = Annealed::of_run(model.clone(), annealer.clone(), config)?;
        refuse_one_sample(config, annealed.model(), self.train.as_ref(), &chosen, &self.device)?;

        let locked = self.dir.open(config, self.identity.as_ref(), self.opening)?;
        let mut notes = locked.notes.clone();
        let progress = display.open();
        let tell = |notes: &[String]| progress.with(|progress| notes.iter().for_each(|note| progress.note(note)));
        let there = self.finished(&annealed, &mut notes)?;
        if let There::Whole(fitted) = there {
            tell(&notes);
            return Ok(*fitted);
        }
        let store = self.dir.checkpoints()?;
        let newest = store.newest(config, self.opening.extend);
        let none = matches!(&newest, Ok((None, _)) | Err(TrainError::NoCheckpoint { .. }));
        if none && let There::Damaged(_, Some(fitted)) = there {
            tell(&notes);
            return Ok(*fitted);
        }
        let (checkpoint, faults) = match newest {
            Err(TrainError::NoCheckpoint { dir, reasons }) => {
                let damage = if let There::Damaged(damage, _) = &there { format!("{damage}; ") } else { String::new() };
                return Err(TrainError::NoCheckpoint { dir, reasons: damage + &reasons });
            }
            newest => newest?,
        };
        notes.extend(faults.into_iter().map(|fault| format!("{fault}; going on with the checkpoint before it")));
        if self.opening.resume && checkpoint.is_none() {
            if let There::Damaged(error, _) = there {
                return Err(error);
            }
            notes.push("there is no checkpoint to resume: training from the beginning".into());
        }
        let mut extended = Vec::new();
        let (mut history, mut parts) = (History::default(), Default::default());
        if let Some(checkpoint) = checkpoint {
            extended = extensions(&checkpoint.manifest, config.epochs);
            if !extended.is_empty() && self.plan.is_none() {
                // The laws of what is done, and of what was to come, stay.
                plan.clone_from(&checkpoint.manifest.plan);
                (_, annealer) = anneal::of_run(config, plan.as_ref(), &model, steps_per_epoch)?;
                annealed = Annealed::of_run(model, annealer.clone(), config)?;
            }
            history = self.check(&checkpoint, &plan, &annealed)?;
            notes.extend(self.mend_best(&store, &checkpoint.manifest, &annealed)?);
            parts = checkpoint.parts;
            if checkpoint.manifest.config.epochs < config.epochs {
                let steps = config.epochs * steps_per_epoch;
                parts.insert("schedule", schedule::record_after(config, checkpoint.manifest.step, steps)?);
            }
        }
        if self.dir.config().ok().as_ref() != Some(config) {
            self.dir.write_config(config)?;
        }
        self.dir.write_metrics(&history.epochs)?;

        let epochs_done = history.epochs.len();
        let shape = self.train.shape();
        let facts = Facts {
            samples,
            steps_per_epoch,
            classes: self.classes,
            images: shape[1] > 1 || shape[2] > 1,
            batch_norm,
            plan: plan.as_ref(),
        };
        let settings = [self.notes.clone(), settings::notes(config, &facts)].concat();
        notes.extend(settings.iter().cloned());
        notes.extend(extended.last().filter(|last| last.epoch == epochs_done).map(ToString::to_string));
        progress.with(|progress| {
            progress.start(config, self.dir.path(), epochs_done);
        });
        tell(&notes);

        let history = Arc::new(Mutex::new(history));
        let trained = if epochs_done == config.epochs {
            decode(annealed, parts.remove("model").unwrap_or_default(), self.dir.path())?.valid()
        } else {
            Launch {
                config,
                dir: self.dir.clone(),
                extended: extended.clone(),
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
                started: Instant::now(),
            }
            .run(annealed)?
        };
        let history = std::mem::take(&mut *history.lock().unwrap_or_else(PoisonError::into_inner));
        let facts = RunFacts { parameters, samples, notes: settings, extended };
        let (fitted, lost) = self.finish(trained.into_result(), history, facts)?;
        progress.with(|progress| {
            lost.iter().for_each(|note| progress.note(note));
            progress.end(&fitted.record);
        });
        Ok(fitted)
    }

    /// Finds out what the data is, compares it with that of the run the weights come from, and has samples checked as they
    /// are made from now on.
    fn look_at_data(&mut self) -> Result<(), TrainError> {
        if self.identity.is_none() {
            self.identity = survey(&self.config.dataset, &self.train, &self.test, self.classes)?;
        }
        refuse_other_classes(&self.config, self.identity.as_ref())?;
        for part in [&mut self.train, &mut self.test] {
            *part = Checked::samples(part.clone(), self.classes);
        }
        Ok(())
    }

    /// Writes `best.bpk` from a checkpoint's model part, through a copy of the model on the host.
    fn best_saver<M: Classifier>(&self, model: &Annealed<M>) -> SaveBest {
        let template = Mutex::new(model.valid().to_device(&Device::flex()));
        let dir = self.dir.clone();
        Box::new(move |bytes| {
            let template = template.lock().unwrap_or_else(PoisonError::into_inner).clone();
            write_best(&dir, template, bytes.to_vec())
        })
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
    ) -> Result<History, TrainError> {
        let manifest = &checkpoint.manifest;
        if let Some((field, found, expected)) = difference("plan", &manifest.plan, plan) {
            return Err(TrainError::OtherRun { path: checkpoint.path.clone(), field, found, expected });
        }
        let bytes = checkpoint.parts.get("model").cloned().unwrap_or_default();
        decode(model.clone(), bytes, &checkpoint.path)?;
        Ok(History { epochs: manifest.epochs.clone(), wall_seconds: manifest.wall_seconds, error: None })
    }
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
