//! The deviation bound of 2sED against the largest deviation that is found: samples of a population whose every member is known.
//!
//! The population is a data set, both parts; R is its mean loss, exact. A repetition draws n members with replacement and looks for θ of the box with a
//! large |R(θ) − R̂_n(θ)|: at random, and by ascending it from some of them, since random θ are far from the worst. What is found is a *lower* bound of the
//! supremum. A directory holds `config.json`, one file a repetition under `found/`, at the end `bound.json`, and the checksums of all of
//! them; a repetition is a function of the configuration and its number alone, so that one that is stopped goes on where it was.

mod config;
mod population;
mod search;

use std::path::Path;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stairs_capacity::certified::{CertifiedBound, Constants, Euclidean, TwoScale};
use stairs_data::Dataset;
use stairs_train::{SealedDir, StopSignal, TrainError};

pub use config::BoundConfig;
pub use search::Found;

use crate::{experiments::difference, measure::MeasureError};

/// File of the configuration.
const CONFIG: &str = "config.json";
/// File of the result.
const RESULT: &str = "bound.json";

/// Bounds and what was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundRecord {
    /// What was asked for.
    pub config: BoundConfig,
    /// Number of parameters d.
    pub parameters: usize,
    /// Size of the population.
    pub population: usize,
    /// B, the range of the loss.
    pub range: f64,
    /// E ‖(x, 1)‖₁ of the population.
    pub norm: f64,
    /// One for every number of samples.
    pub points: Vec<BoundPoint>,
    /// The least n whose bound of two scales is below B; `None` beyond 10¹⁸.
    pub two_scale_from: Option<u64>,
    /// The same of the plain cover.
    pub euclidean_from: Option<u64>,
}

/// Bounds at one number of samples, and what was found there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundPoint {
    /// Number of samples n.
    pub samples: usize,
    /// The bound of two scales, at its best ε and ζ.
    pub two_scale: TwoScale,
    /// What it would be with the least 2sED there can be, ζd.
    pub floor: TwoScale,
    /// The bound of the plain cover.
    pub euclidean: Euclidean,
    /// One for every repetition.
    pub found: Vec<Found>,
}

impl BoundPoint {
    /// The largest deviation of all repetitions.
    pub fn largest(&self) -> f64 {
        self.found.iter().map(|found| found.ascended.max(found.random)).fold(0.0, f64::max)
    }

    /// The largest deviation at random parameters.
    pub fn largest_random(&self) -> f64 {
        self.found.iter().map(|found| found.random).fold(0.0, f64::max)
    }

    /// Whether neither bound was exceeded.
    pub fn holds(&self) -> bool {
        self.largest() <= self.two_scale.deviation.min(self.euclidean.deviation)
    }
}

/// Evaluates the bounds and searches, keeping every repetition in `dir`, until `stop` is requested; `progress` is told (repetitions done, in all).
///
/// # Errors
/// [`MeasureError`] for a configuration that is not possible or not that of the directory, for files, and where it was stopped.
pub fn deviations(
    config: &BoundConfig,
    data: &Dataset,
    dir: &Path,
    stop: &StopSignal,
    mut progress: impl FnMut(usize, usize),
) -> Result<BoundRecord, MeasureError> {
    config.check()?;
    let population = population::of(config, data)?;
    let model = population.model(config.hidden)?;
    let moments = population.moments();
    let bound = CertifiedBound::new(Constants::new(model, config.loss, config.radius, &moments)?, config.confidence)?;

    let sealed = SealedDir::new(dir);
    let _lock = sealed.lock()?.ok_or_else(|| MeasureError::Busy { dir: dir.to_owned() })?;
    if dir.join(CONFIG).exists() {
        // More repetitions go on from those there are.
        let there: BoundConfig = read(&sealed, CONFIG)?;
        let there = BoundConfig { repetitions: config.repetitions, ..there };
        if there != *config {
            return Err(MeasureError::Occupied { dir: dir.to_owned(), what: difference(&there, config) });
        }
        sealed.remove(RESULT)?;
    }
    write(&sealed, CONFIG, config)?;

    let all = config.units();
    let (mut done, mut points) = (0, Vec::with_capacity(config.samples.len()));
    for samples in config.samples.iter().copied() {
        let mut found = Vec::with_capacity(config.repetitions);
        for repetition in 0..config.repetitions {
            progress(done, all);
            let name = format!("found/{samples}-{repetition:04}.json");
            found.push(match read(&sealed, &name) {
                Ok(found) => found,
                Err(_) if stop.is_requested() => return Err(MeasureError::Stopped { done, draws: all }),
                Err(_) => {
                    let found = search::search(config, &population, &model, samples, repetition);
                    write(&sealed, &name, &found)?;
                    found
                }
            });
            done += 1;
        }
        points.push(BoundPoint {
            samples,
            two_scale: bound.two_scale(samples)?,
            floor: bound.two_scale_floor(samples)?,
            euclidean: bound.euclidean(samples)?,
            found,
        });
    }
    progress(all, all);
    let record = BoundRecord {
        config: config.clone(),
        parameters: model.parameters(),
        population: population.len(),
        range: bound.constants().range(),
        norm: moments.mean(),
        points,
        two_scale_from: bound.informative_from(true),
        euclidean_from: bound.informative_from(false),
    };
    write(&sealed, RESULT, &record)?;
    Ok(record)
}

/// The result of a finished trial; `None` where `dir` holds none.
///
/// # Errors
/// [`MeasureError::File`] for a result that cannot be read, or was changed after it was written.
pub fn bound_record(dir: &Path) -> Result<Option<BoundRecord>, MeasureError> {
    if dir.join(RESULT).exists() { Ok(Some(read(&SealedDir::new(dir), RESULT)?)) } else { Ok(None) }
}

fn write(sealed: &SealedDir, name: &str, value: &impl Serialize) -> Result<(), TrainError> {
    sealed.write(name, &serde_json::to_vec(value).map_err(|error| TrainError::Burn(error.into()))?)
}

fn read<T: DeserializeOwned>(sealed: &SealedDir, name: &str) -> Result<T, TrainError> {
    let path = sealed.path().join(name);
    serde_json::from_slice(&sealed.read(name)?).map_err(|error| TrainError::Damaged { path, reason: error.to_string() })
}
