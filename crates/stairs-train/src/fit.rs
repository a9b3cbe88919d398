//! From a model to a finished run: what is checked before, what is taken up from the directory, the training, the end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};
use stairs_noise::{
    plan::AnnealingPlan,
    walk::{Look, Place, look},
};

use crate::{
    Annealed, Annealer, ConfigError, Extension, Fitted, Predictor, TrainError, Trainer, anneal,
    checkpoint::{Assembly, Checkpoint, PartialEpoch, SaveBest, Store},
    data::{Checked, Chosen, Selected, steps_per_epoch, survey},
    difference,
    epoch_end::History,
    evaluate::{check_logits, check_outputs},
    extension::extensions,
    finish::{RunFacts, There, write_best},
    init::refuse_other_classes,
    launch::Launch,
    optimise::optimiser,
    schedule, settings,
    settings::{Facts, has_batch_norm, refuse_one_sample},
    stopwatch::Stopwatch,
    weights::decode,
};

/// A model with what moves its laws.
struct Scheduled<M: Module> {
    plan: Option<AnnealingPlan>,
    annealer: Option<Arc<Annealer>>,
    model: Annealed<M>,
}

/// A run that goes on, or begins.
struct TakenUp<M: Module> {
    scheduled: Scheduled<M>,
    store: Store,
    history: History,
    parts: BTreeMap<&'static str, Vec<u8>>,
    partial: Option<PartialEpoch>,
    extended: Vec<Extension>,
}

/// What became of a directory that was opened.
enum Start<M: Module> {
    /// It holds the finished run.
    Ended(Box<Fitted<M>>),
    /// There is something to train.
    Goes(Box<TakenUp<M>>),
}

impl Trainer {
    /// Trains `model`, which may be any Burn module that implements [`Classifier`](crate::Classifier), or
    /// [`Predictor`] for another task. For exact repetition make it with
    /// [`seeded`](crate::seeded).
    ///
    /// # Errors
    /// [`TrainError`]; after most of them the run can be resumed.
    pub fn fit<M: Predictor>(mut self, model: M) -> Result<Fitted<M>, TrainError> {
        let display = std::mem::take(&mut self.display);
        self.config.validate(self.train.as_ref(), self.test.as_ref())?;
        let given = 1 + self.helpers.len();
        if given != self.config.devices {
            return Err(ConfigError::Devices { expected: self.config.devices, given }.into());
        }
        self.config.check_task(self.task.as_deref())?;
        self.look_at_data()?;
        let config = &self.config;
        let Chosen { training: chosen, validation } = Chosen::of(config, self.train.as_ref())?;
        // What epochs are tested on.
        let held_out = match validation {
            Some(indices) => Selected::samples(self.train.clone(), indices),
            None => self.test.clone(),
        };
        let (samples, steps_per_epoch) = (chosen.len(), steps_per_epoch(chosen.len(), config.batch));
        let planned = anneal::of_run(config, self.plan.as_ref(), &model, steps_per_epoch)?;
        let model = model.train().fork(&self.device.clone().autodiff());
        match &self.task {
            Some(task) => check_outputs(&model, &**task, self.train.as_ref(), &self.device)?,
            None => check_logits(&model, self.train.shape(), self.classes, &self.device)?,
        }
        let (parameters, batch_norm) = (trainable(&model), has_batch_norm(&model));
        let optimiser = optimiser(config, &model)?;
        let scheduled = self.scheduled(model.clone(), planned)?;
        refuse_one_sample(config, scheduled.model.model(), self.train.as_ref(), &chosen, &self.device)?;

        let locked = self.dir.open(config, self.identity.as_ref(), self.opening)?;
        let mut notes = locked.notes.clone();
        let progress = display.open();
        let tell = |notes: &[String]| progress.with(|progress| notes.iter().for_each(|note| progress.note(note)));
        let taken_up = match self.take_up(scheduled, model, steps_per_epoch, &mut notes)? {
            Start::Ended(fitted) => {
                tell(&notes);
                return Ok(*fitted);
            }
            Start::Goes(taken_up) => *taken_up,
        };
        let TakenUp { scheduled, store, history, mut parts, partial, extended } = taken_up;
        let Scheduled { plan, annealer, model } = scheduled;
        self.dir.write_metrics(&history.epochs)?;

        let epochs_done = history.epochs.len();
        let [_, height, width] = self.train.shape();
        let facts = Facts {
            samples,
            steps_per_epoch,
            classes: self.classes,
            images: height > 1 || width > 1,
            batch_norm,
            plan: plan.as_ref(),
        };
        let settings = [self.notes.clone(), settings::notes(config, &facts)].concat();
        notes.extend(settings.iter().cloned());
        notes.extend(extended.last().filter(|last| last.epoch == epochs_done).map(ToString::to_string));
        if let Some(PartialEpoch { steps, .. }) = partial {
            notes.push(format!("going on in epoch {} after step {steps} of {steps_per_epoch}", epochs_done + 1));
        }
        progress.with(|progress| progress.start(config, self.dir.path(), epochs_done));
        tell(&notes);

        let history = Arc::new(Mutex::new(history));
        let trained = if epochs_done == config.epochs {
            decode(model, parts.remove("model").unwrap_or_default(), self.dir.path())?.valid()
        } else {
            Launch {
                config,
                dir: self.dir.clone(),
                extended: extended.clone(),
                train: self.train.clone(),
                test: held_out.clone(),
                chosen: chosen.clone(),
                device: self.device.clone(),
                helpers: self.helpers.clone(),
                optimiser,
                plan,
                annealer,
                task: self.task(),
                assembly: Assembly::new(store, parts, self.best_saver(&model)),
                history: history.clone(),
                progress: progress.clone(),
                epochs_done,
                partial,
                stop: self.stop.clone(),
                stopwatch: Stopwatch::start(),
            }
            .run(model)?
        };
        let history = std::mem::take(&mut *history.lock().unwrap_or_else(PoisonError::into_inner));
        let held_out = self.config.validation.map(|_| held_out.len());
        let facts = RunFacts { parameters, chosen, held_out, notes: settings, extended };
        let (fitted, lost) = self.finish(trained.into_result(), history, facts)?;
        progress.with(|progress| {
            lost.iter().for_each(|note| progress.note(note));
            progress.end(&fitted.record);
        });
        Ok(fitted)
    }

    fn scheduled<M: Predictor>(
        &self,
        model: M,
        (plan, annealer): (Option<AnnealingPlan>, Option<Arc<Annealer>>),
    ) -> Result<Scheduled<M>, ConfigError> {
        let model = Annealed::of_run(model, annealer.clone(), self.task(), &self.config)?;
        Ok(Scheduled { plan, annealer, model })
    }

    /// What the opened directory has of the run: its end, its newest checkpoint, or nothing. `model` is that of `scheduled`
    /// before it got its laws; what should be known is told to `notes`.
    fn take_up<M: Predictor>(
        &self,
        mut scheduled: Scheduled<M>,
        model: M,
        steps_per_epoch: usize,
        notes: &mut Vec<String>,
    ) -> Result<Start<M>, TrainError> {
        let config = &self.config;
        let there = self.finished(&scheduled.model, notes)?;
        if let There::Whole(fitted) = there {
            return Ok(Start::Ended(fitted));
        }
        let store = self.dir.checkpoints()?;
        let (checkpoint, faults) = match store.newest(config, self.opening.extend) {
            Ok((None, _)) => match there {
                There::Damaged(_, Some(fitted)) => return Ok(Start::Ended(fitted)),
                There::Damaged(damage, None) => return Err(damage),
                There::Shorter => {
                    let reasons = "epochs can only be added to a run that still has one".into();
                    return Err(TrainError::NoCheckpoint { dir: self.dir.path().into(), reasons });
                }
                _ => (None, Vec::new()),
            },
            Err(TrainError::NoCheckpoint { dir, reasons }) => match there {
                There::Damaged(_, Some(fitted)) => return Ok(Start::Ended(fitted)),
                There::Damaged(damage, None) => {
                    return Err(TrainError::NoCheckpoint { dir, reasons: format!("{damage}; {reasons}") });
                }
                _ => return Err(TrainError::NoCheckpoint { dir, reasons }),
            },
            newest => newest?,
        };
        notes.extend(faults.into_iter().map(|fault| format!("{fault}; going on with the checkpoint before it")));
        let mut extended = Vec::new();
        let (mut history, mut parts, mut partial) = (History::begun(), BTreeMap::new(), None);
        match checkpoint {
            Some(checkpoint) => {
                extended = extensions(&checkpoint.manifest, config.epochs);
                if !extended.is_empty() && self.plan.is_none() {
                    // The laws of what is done, and of what was to come, stay.
                    let plan = checkpoint.manifest.plan.as_ref();
                    let planned = anneal::of_run(config, plan, &model, steps_per_epoch)?;
                    scheduled = self.scheduled(model, planned)?;
                }
                history = check(&checkpoint, &scheduled, config.epochs, steps_per_epoch)?;
                notes.extend(self.mend_best(&store, &checkpoint.manifest, &scheduled.model)?);
                parts = checkpoint.parts;
                partial.clone_from(&checkpoint.manifest.partial);
                if checkpoint.manifest.config.epochs < config.epochs {
                    let steps = config.epochs * steps_per_epoch;
                    parts.insert("schedule", schedule::record_after(config, checkpoint.manifest.step, steps)?);
                }
            }
            None if self.opening.resume => {
                notes.push("there is no checkpoint to resume: training from the beginning".into());
            }
            None => {}
        }
        if self.dir.config().ok().as_ref() != Some(config) {
            self.dir.write_config(config)?;
        }
        Ok(Start::Goes(Box::new(TakenUp { scheduled, store, history, parts, partial, extended })))
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
    fn best_saver<M: Predictor>(&self, model: &Annealed<M>) -> SaveBest {
        let template = Mutex::new(model.valid().to_device(&Device::flex()));
        let dir = self.dir.clone();
        Box::new(move |bytes| {
            let template = template.lock().unwrap_or_else(PoisonError::into_inner).clone();
            write_best(&dir, template, bytes.to_vec())
        })
    }
}

/// Makes sure that the checkpoint is of this plan and this model, and of a moment the run has.
fn check<M: Predictor>(
    checkpoint: &Checkpoint,
    scheduled: &Scheduled<M>,
    epochs: usize,
    steps_per_epoch: usize,
) -> Result<History, TrainError> {
    let manifest = &checkpoint.manifest;
    let (epoch, steps) = manifest.moment();
    if steps > steps_per_epoch || epoch + usize::from(steps > 0) > epochs {
        let reason = format!("step {steps} of {steps_per_epoch} in epoch {} of {epochs} cannot be", epoch + 1);
        return Err(TrainError::damaged(&checkpoint.path, reason));
    }
    if let Some((field, found, expected)) = difference("plan", &manifest.plan, &scheduled.plan) {
        return Err(TrainError::OtherRun { path: checkpoint.path.clone(), field, found, expected });
    }
    let bytes = checkpoint.parts.get("model").cloned().unwrap_or_default();
    decode(scheduled.model.clone(), bytes, &checkpoint.path)?;
    let (epochs, skipped) = (manifest.epochs.clone(), manifest.skipped.clone());
    let (wall_seconds, cpu_seconds) = (manifest.wall_seconds, manifest.cpu_seconds);
    Ok(History { epochs, wall_seconds, cpu_seconds, skipped, ..History::default() })
}

/// Number of trainable values.
fn trainable<M: Module>(model: &M) -> usize {
    struct Count(usize);
    impl Look for Count {
        fn float<const D: usize>(&mut self, _place: &Place, param: &Param<Tensor<D>>) {
            if param.base().is_require_grad() {
                self.0 += param.lazy_shape().num_elements();
            }
        }
    }
    look(model, Count(0)).0
}
