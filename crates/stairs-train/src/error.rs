//! Errors of training runs. Each names what was wrong, where, and what to do.

use std::{error::Error as StdError, io, path::PathBuf};

use stairs_noise::{EstimatorError, LawError, SettingError, plan::PlanError};
use thiserror::Error;

use crate::data::SampleError;

/// A configuration that cannot be trained.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No epochs.
    #[error("epochs must be at least 1, got 0")]
    Epochs,
    /// The batch is empty or larger than the training set.
    #[error(
        "batch must be between 1 and the number of training samples ({samples}, after --subset if one is chosen), got \
         {batch}"
    )]
    Batch {
        /// The refused batch size.
        batch: usize,
        /// Training samples there are.
        samples: usize,
    },
    /// The run would have more steps than a checkpoint can count.
    #[error("{epochs} epochs of {steps_per_epoch} steps are more than 2147483647 steps")]
    Steps {
        /// The refused number of epochs.
        epochs: usize,
        /// Steps of each.
        steps_per_epoch: usize,
    },
    /// The seed is too large for TOML.
    #[error("seed must be below 9223372036854775808, got {0}")]
    Seed(u64),
    /// The learning rate is no number in (0, 1].
    #[error("learning rate must be in (0, 1], got {0}")]
    LearningRate(f64),
    /// The floor of the cosine schedule is no number in [0, 1].
    #[error("floor of the cosine schedule must be in [0, 1], got {0}")]
    Floor(f64),
    /// The share of the training time that is annealed is no number in (0, 1].
    #[error("anneal_until is a share of the training time in (0, 1], got {0}")]
    AnnealUntil(f64),
    /// The subset is empty or larger than the training set.
    #[error("subset must be between 1 and the number of training samples ({samples}), got {subset}")]
    Subset {
        /// The refused subset size.
        subset: usize,
        /// Training samples there are.
        samples: usize,
    },
    /// Steps of the learning rate that are not possible.
    #[error("a learning rate in steps needs `every` and `factor` in (0, 1], got {every} and {factor}")]
    RateSteps {
        /// Share of the run between two steps.
        every: f64,
        /// Factor of a step.
        factor: f64,
    },
    /// Milestones of the learning rate that are not possible.
    #[error(
        "milestones must be increasing shares of the run in (0, 1) with a factor in (0, 1], got {at:?} and {factor}"
    )]
    Milestones {
        /// The refused shares.
        at: Vec<f64>,
        /// The factor at each.
        factor: f64,
    },
    /// A warm-up that is not possible.
    #[error(
        "a warm-up needs a share of the run and a first factor in (0, 1], got {share} and {start}{}",
        if *share > 1.0 { ": it would be longer than the run" } else { "" }
    )]
    WarmUp {
        /// Share of the run.
        share: f64,
        /// Factor of the first step.
        start: f64,
    },
    /// A number outside of its range.
    #[error("{field} {needs}, got {value}")]
    Range {
        /// What the number is.
        field: &'static str,
        /// The refused number.
        value: f64,
        /// What it must be.
        needs: &'static str,
    },
    /// More parts of a step than it has samples.
    #[error(
        "a step of {least} samples cannot be divided among {devices} devices of {accumulate} parts each: both must be at \
         least 1, and their product at most {least}"
    )]
    Parts {
        /// Parts a device.
        accumulate: usize,
        /// Devices.
        devices: usize,
        /// Samples of the smallest step.
        least: usize,
    },
    /// Not as many devices as configured.
    #[error("the run is configured for {expected} devices, the trainer has {given}: see `Trainer::with_devices`")]
    Devices {
        /// Devices the configuration asks for.
        expected: usize,
        /// Devices the trainer was given.
        given: usize,
    },
    /// Weight decay is to spare a parameter that the model does not have.
    #[error("`{pattern}` is to be spared by the weight decay, but matches no trainable parameter; there are: {known}")]
    NoParameter {
        /// The pattern that matches nothing.
        pattern: String,
        /// The trainable parameters, comma separated.
        known: String,
    },
    /// There is nothing to train or to test on.
    #[error("the {0} part of the data set is empty")]
    NoSamples(&'static str),
    /// Training and test samples do not have the same shape.
    #[error("training samples have shape {train:?} and test samples {test:?} (channels, height, width)")]
    Shapes {
        /// Channels, height and width of the training samples.
        train: [usize; 3],
        /// Channels, height and width of the test samples.
        test: [usize; 3],
    },
    /// The model's name is none of the zoo's.
    #[error("{0} (a model of your own is trained with `Trainer::fit`)")]
    UnknownModel(#[from] stairs_zoo::ArchitectureError),
    /// The zoo refuses the model's configuration.
    #[error("model `{model}`: {reason}")]
    Model {
        /// Name of the model.
        model: String,
        /// What it refused.
        reason: String,
    },
    /// The annealing plan is impossible.
    #[error("annealing plan: {0}")]
    Plan(#[source] PlanError),
    /// A quantiser cannot take a law of the plan.
    #[error("annealing plan: {0}")]
    Setting(#[from] SettingError),
    /// A law that the plan would start from does not exist.
    #[error("annealing plan: {0}")]
    Law(#[from] LawError),
    /// The rule of the baseline means nothing on the configured quantiser.
    #[error("annealing plan: {0}")]
    Estimator(#[from] EstimatorError),
    /// The plan addresses a layer the model does not have.
    #[error("the annealing plan names `{path}`, which is no quantiser of the model; it has: {known}")]
    UnknownPath {
        /// The path that matches nothing.
        path: String,
        /// The quantisers of the model, comma separated.
        known: String,
    },
    /// The model does not answer as the data asks.
    #[error(
        "the model makes logits of shape {found:?} for one sample, and the data has {classes} classes: it must be at least [1, {classes}]"
    )]
    Logits {
        /// The shape that came out.
        found: [usize; 2],
        /// Classes of the data.
        classes: usize,
    },
    /// The model does not answer as the task asks.
    #[error("the model makes outputs of shape {found:?} for one sample: {reason}")]
    Outputs {
        /// The shape that came out.
        found: [usize; 2],
        /// What the task needs.
        reason: String,
    },
    /// The configuration is one for another task.
    #[error(
        "the run is configured for the task {configured}, and the trainer trains for {given}: see `Trainer::for_task`"
    )]
    Task {
        /// The task of the configuration.
        configured: String,
        /// That of the trainer.
        given: String,
    },
    /// A normalisation over one sample makes a constant of it.
    #[error(
        "a batch norm would see one sample at a time (a step of {least} samples in {parts} parts), and the network would \
         answer all samples alike: use a larger batch or fewer parts"
    )]
    OneSample {
        /// Samples of the smallest step.
        least: usize,
        /// Parts of a step, over all devices.
        parts: usize,
    },
    /// A quantiser whose weights or features cannot follow the mean of its noise.
    #[error("what `{path}` quantises cannot follow the mean of its noise: {why}; switch follow-mean off")]
    FollowMean {
        /// Path of the quantiser.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// A validation part, or what it leaves for training, without samples.
    #[error(
        "a share of {share} of {samples} training samples cannot be held out: both parts need samples; of every class \
         round(share·count) are held out"
    )]
    ValidationPart {
        /// The share.
        share: f64,
        /// Training samples before the split.
        samples: usize,
    },
    /// A diagnosis without steps between its records, or without directions.
    #[error("a diagnosis needs at least 1 step between records and 1 direction, got {every} and {directions}")]
    Diagnosis {
        /// Steps between two records.
        every: u64,
        /// Random directions a layer.
        directions: usize,
    },
    /// A diagnosis of a network whose weights are not quantised.
    #[error(
        "a diagnosis looks at quantised weights, but the model has none: use method `ste` or `ana` and `StairWeights`"
    )]
    NothingToDiagnose,
    /// Annealing was asked for, but the model has no quantiser.
    #[error("method `{0}` needs quantisers, but the model has none: attach `StairWeights` or use `StairActivation`")]
    NoQuantisers(&'static str),
}

/// A training run that did not end well.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration cannot be trained.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The directory already holds a run.
    #[error("{dir} already holds a run: resume it, or choose another directory")]
    Occupied {
        /// The refused directory.
        dir: PathBuf,
    },
    /// Another process trains in the directory.
    #[error("{dir} is in use by another training process")]
    Busy {
        /// The locked directory.
        dir: PathBuf,
    },
    /// The directory holds no run.
    #[error("{dir} holds no run: {reason}")]
    NoRun {
        /// The directory.
        dir: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The run or checkpoint was made with another configuration.
    #[error("{path} belongs to another run: {field} is {found} there and {expected} here")]
    OtherRun {
        /// File that was compared.
        path: PathBuf,
        /// First field that differs.
        field: String,
        /// Its value in the file.
        found: String,
        /// Its value in the configuration of this run.
        expected: String,
    },
    /// The checkpoint's parameters do not fit the model.
    #[error("checkpoint {path} is of another model: {reason}")]
    OtherModel {
        /// The checkpoint's directory.
        path: PathBuf,
        /// Which parameters are missing, unused or of another shape.
        reason: String,
    },
    /// There are checkpoints, but none can be used.
    #[error("no usable checkpoint in {dir}: {reasons}")]
    NoCheckpoint {
        /// Directory of the checkpoints.
        dir: PathBuf,
        /// What is wrong with each, newest first.
        reasons: String,
    },
    /// A file of a format that this program does not know yet.
    #[error(
        "{path} has format {found}, and this program knows formats up to {supported}: use the version that wrote it"
    )]
    Newer {
        /// The file, which is left as it is.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known.
        supported: u32,
    },
    /// The data is not that of the run.
    #[error("{dir} was trained on other data: {difference}")]
    OtherData {
        /// Directory of the run.
        dir: PathBuf,
        /// What differs, in words.
        difference: String,
    },
    /// A file does not hold what it should.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No space, or a limit on file sizes.
    #[error("no space to write {path} ({source}): free some and resume the run; the last checkpoint is intact")]
    DiskFull {
        /// The file that could not be written.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The loss is not a number any more.
    #[error("training diverged: {what} is {value} in epoch {epoch}, step {step}; try a lower learning rate than {lr}")]
    Diverged {
        /// Which loss.
        what: &'static str,
        /// NaN or an infinity.
        value: f64,
        /// Epoch, counted from 1.
        epoch: usize,
        /// Optimiser step, counted from 1 over the whole run.
        step: u64,
        /// Initial learning rate of the run.
        lr: f64,
    },
    /// A sample cannot be made.
    #[error("sample {index}: {source}")]
    Sample {
        /// Number of the sample in its part.
        index: usize,
        /// Why, with the file it comes from.
        source: SampleError,
    },
    /// The data set cannot be loaded.
    #[error(transparent)]
    Data(#[from] stairs_data::DataError),
    /// The image folder cannot be used.
    #[error(transparent)]
    Images(#[from] stairs_data::images::ImageError),
    /// The run was asked to stop, and can be resumed from where it is.
    #[error("stopped at epoch {epoch}, step {step} of {steps}: resume the run in {dir} to go on")]
    Stopped {
        /// The epoch it is in, counted from 1.
        epoch: usize,
        /// Optimiser steps done in the epoch; all of them where the test is left.
        step: usize,
        /// Optimiser steps of an epoch.
        steps: usize,
        /// Directory of the run.
        dir: PathBuf,
    },
    /// burn-train ended before the last epoch.
    #[error("stopped after epoch {epoch}{}; resume the run to go on", reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default())]
    Interrupted {
        /// Last finished epoch.
        epoch: usize,
        /// Reason given, if any.
        reason: Option<String>,
    },
    /// The file of the initial weights is not the one the run was configured with.
    #[error("{path} has changed: its SHA-256 is {found}, the run was configured with {expected}")]
    InitChanged {
        /// The file.
        path: PathBuf,
        /// SHA-256 of the file as it is.
        found: String,
        /// SHA-256 in the configuration.
        expected: String,
    },
    /// The file of the initial weights does not fit the model.
    #[error("initial weights {path} do not fit the model: {reason}")]
    InitMismatch {
        /// The file.
        path: PathBuf,
        /// Which parameters are missing, unknown or of another shape.
        reason: String,
    },
    /// Something inside Burn failed.
    #[error("training failed: {0}")]
    Burn(#[source] Box<dyn StdError + Send + Sync>),
}

impl TrainError {
    /// A failed write of `path`: [`DiskFull`](Self::DiskFull) where the system ran out of space or hit a limit.
    pub(crate) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                TrainError::DiskFull { path, source }
            }
            _ => TrainError::Write { path, source },
        }
    }

    /// A failed read of `path`.
    pub(crate) fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        TrainError::Read { path: path.into(), source }
    }

    /// `path` does not hold what it should.
    pub(crate) fn damaged(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        TrainError::Damaged { path: path.into(), reason: reason.to_string() }
    }
}
