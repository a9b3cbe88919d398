//! What a trial has left, where it is finished, and whether it is of the configuration that is asked for.

use std::path::Path;

use stairs_train::{RunConfig, RunDir, RunRecord, TrainError};

use super::{Diverged, ExperimentError, Task, Trial};
use crate::{
    deviation::{BoundConfig, BoundRecord, bound_record},
    measure::{Measurement, is_for, measurement},
};

/// The record of a finished trial.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Finished {
    /// Of a training.
    Run(RunRecord),
    /// Of a measurement.
    Measurement(Measurement),
    /// Of a bound.
    Bound(BoundRecord),
    /// Of a training whose loss became NaN or infinite.
    Diverged(Diverged),
}

impl Finished {
    /// How the trial ended, in a word.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Run(_) => "trained",
            Self::Measurement(_) => "measured",
            Self::Bound(_) => "searched",
            Self::Diverged(_) => "diverged",
        }
    }
}

pub(super) fn failed(trial: &Trial, source: TrainError) -> ExperimentError {
    ExperimentError::Trial { trial: trial.id.clone(), source: Box::new(source) }
}

/// The record of a finished trial, `None` if it has none.
pub(super) fn finished(dir: &Path, trial: &Trial) -> Result<Option<Finished>, ExperimentError> {
    match &trial.task {
        Task::Train(config) if !dir.join("record.json").exists() => match Diverged::read(dir) {
            None => Ok(None),
            Some(diverged) => {
                same_training(dir, &diverged.config, (trial, config))?;
                Ok(Some(Finished::Diverged(diverged)))
            }
        },
        Task::Train(config) => {
            let record = RunDir::new(dir).record().map_err(|source| failed(trial, source))?;
            same_training(dir, &record.config, (trial, config))?;
            Ok(Some(Finished::Run(record)))
        }
        Task::Measure(config) => {
            let found = measurement(dir)
                .map_err(|source| ExperimentError::Measurement { trial: trial.id.clone(), source: Box::new(source) })?;
            let Some(found) = found else { return Ok(None) };
            // The unit-factorised bound may be asked for later: the measurement goes on from what there is.
            if found.config != *config && is_for(&found.config, config) {
                return Ok(None);
            }
            same(dir, &found.config, config)?;
            Ok(Some(Finished::Measurement(found)))
        }
        Task::Bound(config) => {
            let found = bound_record(dir)
                .map_err(|source| ExperimentError::Measurement { trial: trial.id.clone(), source: Box::new(source) })?;
            let Some(found) = found else { return Ok(None) };
            // More repetitions go on from those there are.
            if found.config.repetitions < config.repetitions
                && found.config == (BoundConfig { repetitions: found.config.repetitions, ..config.clone() })
            {
                return Ok(None);
            }
            same(dir, &found.config, config)?;
            Ok(Some(Finished::Bound(found)))
        }
    }
}

/// Refuses the configuration of a training that is not that of a trial. Of the network it started from only the trial is
/// known, not where it was.
fn same_training(dir: &Path, there: &RunConfig, (trial, here): (&Trial, &RunConfig)) -> Result<(), ExperimentError> {
    // Of the bits that a rule chose only the rule is known.
    let here = match &trial.bits {
        Some(_) if there.bits.is_none() => {
            let what = "its layers have no bits of their own".to_string();
            return Err(ExperimentError::Different { path: dir.to_path_buf(), what });
        }
        Some(_) => &here.clone().with_bits(there.bits.clone()),
        None => here,
    };
    if trial.from.is_none() {
        return same(dir, there, here);
    }
    if there.init.is_none() {
        let what = "it started from random weights".to_string();
        return Err(ExperimentError::Different { path: dir.to_path_buf(), what });
    }
    same(dir, &there.clone().with_init(None), here)
}

/// Refuses a configuration found in `dir` that is not the expected one.
fn same<C: PartialEq + serde::Serialize>(dir: &Path, there: &C, here: &C) -> Result<(), ExperimentError> {
    if there == here {
        return Ok(());
    }
    Err(ExperimentError::Different { path: dir.to_path_buf(), what: difference(there, here) })
}

/// The first field in which two configurations differ, in words.
pub(crate) fn difference<C: serde::Serialize>(there: &C, here: &C) -> String {
    match stairs_train::difference("", there, here) {
        Some((field, there, here)) => format!("{field} is {there} there and {here} here"),
        None => "some field".into(),
    }
}
