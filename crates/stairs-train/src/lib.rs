//! Quantisation-aware training on burn-train: annealing, exact resume, run records.
//!
//! A run is a [`RunConfig`], a data set, a device and a directory; [`Trainer`] makes a [`RunRecord`] of them. Models are
//! those of `stairs-zoo` by name, or any Burn module that implements [`Classifier`], or [`Predictor`] for another [`Task`].
//! burn-train does the training; this
//! crate adds what quantisation-aware training needs:
//!
//! - [`Annealed`]: the laws of the quantisers follow an annealing plan, per optimiser step or epoch;
//! - [`checkpoint`]: a run that is killed at any moment and resumed ends with the weights it would have had, bit for bit
//!   on Flex with the same number of threads;
//! - [`StopSignal`]: a run that is asked to stop does so before the next optimiser step and loses nothing;
//! - [`RunDir`]: configuration, metrics, models and record of a run, each replaced atomically;
//! - [`diagnose`]: why a schedule trains well or badly, measured while it trains;
//! - [`progress`]: a bar on a terminal, one readable line an epoch elsewhere, burn-train's dashboard on request.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[macro_use]
pub mod output;

pub mod anneal;
mod annealed;
mod baseline;
mod calibrate;
pub mod checkpoint;
mod classifier;
mod clock;
mod config;
pub mod data;
pub mod diagnose;
mod difference;
mod epoch_end;
mod error;
mod evaluate;
mod extension;
mod files;
mod finish;
mod fit;
mod follow;
mod histogram;
mod init;
mod launch;
mod layout;
mod meter;
mod method;
mod optimise;
pub mod progress;
mod recipe;
mod record;
mod reestimate;
mod remedy;
mod run_dir;
mod schedule;
mod scope;
mod sealed;
mod seeded;
mod settings;
mod stop;
mod stopwatch;
mod task;
mod trainer;
mod weights;
mod zoo;

/// Crates whose types the signatures of this one take.
pub use {stairs_data, stairs_noise, stairs_quant, stairs_zoo};

pub use anneal::Annealer;
pub use annealed::Annealed;
pub use classifier::{Classifier, Predictor};
pub use config::{AnnealPer, BackwardLaw, ForwardNoise, RunConfig, Start};
pub use data::{Batch, SampleError, Samples};
pub use difference::difference;
pub use error::{ConfigError, TrainError};
pub use evaluate::{Evaluation, evaluate};
pub use extension::Extension;
pub use histogram::weight_histograms;
pub use init::{Head, Init, Quanta};
pub use method::Method;
pub use optimise::{Clip, Loss, Optimiser, WeightDecay};
pub use progress::{Display, Progress};
pub use recipe::{Recipe, Setting as RecipeSetting};
pub use record::{
    EpochRecord, HeldOut, LawPoint, RECORD_FORMAT, RunRecord, Skipped, SkippedFiles, TopFive, Validation, Versions,
    WeightHistogram,
};
pub use run_dir::{RunDir, Which};
pub use schedule::{LrSchedule, WarmUp};
pub use scope::{Edges, Features, stairs_config};
pub use sealed::SealedDir;
pub use seeded::{device_name, instruction_set, seeded, try_seeded};
pub use stop::StopSignal;
pub use task::{Regression, StepOutput, Targets, Task, TaskRecord};
pub use trainer::{Fitted, Trainer};
pub use weights::write_weights;
pub use zoo::ZooModel;
