//! The loop: the training of a run, with a look at the weights every few steps.

use std::sync::Arc;

use burn::{data::dataloader::DataLoader, tensor::Device, train::TrainStep};
use stairs_data::{DataIdentity, Dataset};
use stairs_noise::plan::AnnealingPlan;

use super::{
    moment::Moments,
    record::{DIAGNOSIS_FORMAT, Diagnosis, DiagnosisRecord},
    weights::sites,
};
use crate::{
    Annealed, Classifier, ConfigError, RunConfig, Samples, TrainError, Versions, anneal,
    data::{Batch, Checked, Chosen, Loader, Selected, TrainData, steps_per_epoch},
    device_name, evaluate,
    evaluate::check_logits,
    init::refuse_other_classes,
    optimise, schedule,
    settings::refuse_one_sample,
    task::Classification,
};

/// A run about to be diagnosed; see the [module](crate::diagnose).
///
/// ```no_run
/// use stairs_data::{DataRoot, DatasetName, load};
/// use stairs_train::{RunConfig, diagnose::Diagnose};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let digits = load(DatasetName::Digits, &DataRoot::default())?;
/// let diagnosis = Diagnose::new(RunConfig::default(), &digits).with_every(50).run(|_, _| ())?;
/// for record in &diagnosis.records {
///     println!("step {:>5}  cosine {:?}", record.step, record.cosine);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Diagnose {
    pub(crate) config: RunConfig,
    pub(crate) train: Arc<dyn Samples>,
    pub(crate) test: Arc<dyn Samples>,
    pub(crate) classes: usize,
    pub(crate) device: Device,
    every: u64,
    directions: usize,
    plan: Option<AnnealingPlan>,
    identity: Option<DataIdentity>,
}

impl Diagnose {
    /// The run of `config` on `dataset`, on Flex, with a record every 50 steps and 8 directions a layer.
    pub fn new(config: RunConfig, dataset: &Dataset) -> Self {
        Self::on_data(config, &TrainData::of(dataset))
    }

    /// The same on data of any source, such as a folder of images.
    pub fn on_data(config: RunConfig, data: &TrainData) -> Self {
        let run = Self::on_samples(config, data.train.clone(), data.test.clone(), data.classes);
        Self { identity: Some(data.identity.clone()), ..run }
    }

    /// The same on samples of your own with `classes` classes.
    pub fn on_samples(config: RunConfig, train: Arc<dyn Samples>, test: Arc<dyn Samples>, classes: usize) -> Self {
        Self {
            config,
            train,
            test,
            classes,
            device: Device::flex(),
            every: 50,
            directions: 8,
            plan: None,
            identity: None,
        }
    }

    /// Trains on `device`.
    #[must_use]
    pub fn with_device(mut self, device: Device) -> Self {
        self.device = device.inner();
        self
    }

    /// Sets the optimiser steps between two records, at least 1.
    #[must_use]
    pub fn with_every(mut self, steps: u64) -> Self {
        self.every = steps;
        self
    }

    /// Sets the random directions of the cosine, at least 1; every one costs two forward passes a layer and two more.
    #[must_use]
    pub fn with_directions(mut self, directions: usize) -> Self {
        self.directions = directions;
        self
    }

    /// Anneals by `plan` instead of the configured method and policy.
    #[must_use]
    pub fn with_plan(mut self, plan: AnnealingPlan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Trains `model` and looks at it; `progress` is told the steps done and those of the run.
    ///
    /// # Errors
    /// [`ConfigError`]; [`ConfigError::NothingToDiagnose`] for a model without quantised weights, and
    /// [`ConfigError::Diagnosis`] for no steps or no directions; [`TrainError::Diverged`].
    pub fn fit<M: Classifier>(self, model: M, mut progress: impl FnMut(u64, u64)) -> Result<Diagnosis, TrainError> {
        let Self { config, every, directions, .. } = &self;
        let (every, directions) = (*every, *directions);
        if every == 0 || directions == 0 {
            return Err(ConfigError::Diagnosis { every, directions }.into());
        }
        config.validate(self.train.as_ref(), self.test.as_ref())?;
        config.check_task(None)?;
        refuse_other_classes(config, self.identity.as_ref())?;
        let Chosen { training: chosen, validation } = Chosen::of(config, self.train.as_ref())?;
        let steps_per_epoch = steps_per_epoch(chosen.len(), config.batch);
        let steps = config.epochs * steps_per_epoch;
        let (_, annealer) = anneal::of_run(config, self.plan.as_ref(), &model, steps_per_epoch)?;
        let sites = sites(&model);
        let Some(annealer) = annealer.filter(|_| !sites.is_empty()) else {
            return Err(ConfigError::NothingToDiagnose.into());
        };
        let device = self.device.clone().autodiff();
        let model = model.train().fork(&device);
        check_logits(&model, self.train.shape(), self.classes, &self.device)?;
        let [train, test] = [&self.train, &self.test].map(|samples| Checked::samples(samples.clone(), self.classes));
        refuse_one_sample(config, &model, train.as_ref(), &chosen, &self.device)?;
        let mut optimiser = optimise::optimiser(config, &model)?;
        let mut model = Annealed::of_run(model, Some(annealer.clone()), Arc::new(Classification::of(config)), config)?;
        let mut rates = schedule::scheduler(config, steps)?;
        let loader = Loader::train(train.clone(), chosen, config.batch, config.seed, config.augment, 0, device);
        let mut moments = Moments { annealer: &annealer, sites: &sites, directions, seed: config.seed, last: None };
        let mut losses = Losses::default();
        let mut records: Vec<DiagnosisRecord> = Vec::new();
        let mut batch: Option<Batch> = None;
        for _ in 0..config.epochs {
            for next in loader.iter() {
                let next = next.map_err(|e| loader.fault().take().unwrap_or_else(|| TrainError::Burn(e.into())))?;
                let step = model.step();
                let output = TrainStep::step(&model, next.clone());
                let loss = output.item.loss.mean().into_scalar::<f64>();
                if !loss.is_finite() {
                    return Err(diverged(config, loss, step, steps_per_epoch));
                }
                if step.is_multiple_of(every) {
                    let mean = losses.take().unwrap_or(loss);
                    records.push(moments.record(&model.current(), step, &next, &output.grads, mean)?);
                }
                losses.add(loss);
                model = model.optimize(&mut optimiser, rates.step(), output.grads);
                batch = Some(next);
                progress(step + 1, steps as u64);
            }
        }
        // Before the pass of the last record, which moves the running statistics once more.
        // As between epochs: on what is held out.
        let held_out = match validation {
            Some(indices) => Selected::samples(train, indices),
            None => test,
        };
        let evaluation = evaluate(model.result(), held_out, &self.device)?;
        if let (Some(batch), Some(mean)) = (batch, losses.take()) {
            let grads = TrainStep::step(&model, batch.clone()).grads;
            records.push(moments.record(&model.current(), model.step(), &batch, &grads, mean)?);
        }
        let sizes = moments.last.into_iter().flat_map(|(_, levels)| levels).map(|levels| levels.len());
        let layers = sites.iter().map(|site| site.weight.clone()).zip(sizes).collect();
        Ok(Diagnosis {
            format: DIAGNOSIS_FORMAT,
            versions: Versions::current(),
            device: device_name(&self.device),
            every,
            directions,
            steps_per_epoch,
            layers,
            records,
            evaluation,
            config: self.config,
        })
    }
}

fn diverged(config: &RunConfig, value: f64, step: u64, steps_per_epoch: usize) -> TrainError {
    let epoch = step as usize / steps_per_epoch + 1;
    TrainError::Diverged { what: "training loss", value, epoch, step: step + 1, lr: config.lr }
}

/// The mean of the losses since the last record.
#[derive(Default)]
struct Losses {
    sum: f64,
    count: u64,
}

impl Losses {
    fn add(&mut self, loss: f64) {
        self.sum += loss;
        self.count += 1;
    }

    fn take(&mut self) -> Option<f64> {
        let Self { sum, count } = std::mem::take(self);
        (count > 0).then(|| sum / count as f64)
    }
}
