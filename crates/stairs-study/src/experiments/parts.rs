//! Trials that are made of parts which are kept one by one: the draws of a measurement, the repetitions of a search.

use std::path::Path;

use stairs_data::Dataset;
use stairs_train::StopSignal;

use super::{ExperimentError, Finished, Status, Trial, Watch, runner::stopped};
use crate::{
    deviation::{BoundConfig, deviations},
    measure::{MeasureConfig, MeasureError, measure_until},
};

/// Measures one trial, keeping the draws that are there.
pub(super) fn take_measure(
    data: &Dataset,
    dir: &Path,
    (position, trial): (usize, &Trial),
    config: &MeasureConfig,
    watch: &mut dyn Watch,
    stop: &StopSignal,
) -> Result<(Status, Option<Finished>), ExperimentError> {
    let measured = measure_until(config, data, dir, stop, |done, total| watch.measured(position, trial, done, total));
    ended(trial, "draw", measured.map(Finished::Measurement))
}

/// Searches the deviations of one trial, keeping the repetitions that are there.
pub(super) fn take_bound(
    data: &Dataset,
    dir: &Path,
    (position, trial): (usize, &Trial),
    config: &BoundConfig,
    watch: &mut dyn Watch,
    stop: &StopSignal,
) -> Result<(Status, Option<Finished>), ExperimentError> {
    let found = deviations(config, data, dir, stop, |done, total| watch.measured(position, trial, done, total));
    ended(trial, "repetition", found.map(Finished::Bound))
}

/// What became of a trial that is made of parts, each of which is a `part`.
fn ended(
    trial: &Trial,
    part: &str,
    finished: Result<Finished, MeasureError>,
) -> Result<(Status, Option<Finished>), ExperimentError> {
    match finished {
        Ok(finished) => Ok((Status::Done, Some(finished))),
        Err(MeasureError::Stopped { done, draws }) => {
            Err(stopped(format!("at trial {}, {part} {done} of {draws}", trial.id)))
        }
        Err(MeasureError::Busy { .. }) => Ok((Status::Busy, None)),
        Err(MeasureError::Occupied { dir, what }) => Err(ExperimentError::Different { path: dir, what }),
        Err(source) => Err(ExperimentError::Measurement { trial: trial.id.clone(), source: Box::new(source) }),
    }
}
