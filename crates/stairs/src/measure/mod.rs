//! The capacity of a zoo model on a data set, before training: draws that are kept as they are made, then one report.
//!
//! A directory holds `config.json`, one file a draw under `draws/`, and at the end `capacity.json`. Every file is replaced
//! atomically, and draw number m is a function of the configuration and m alone: a run that is stopped goes on where it
//! was, and ends with the numbers it would have had.

mod config;
mod error;

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stairs_capacity::{Draw, Draws, Estimate, Normalisation, Point, SmcOptions, SmcPoint, sequential_monte_carlo};
use stairs_data::Dataset;
use stairs_train::StopSignal;

pub use config::MeasureConfig;
pub use error::MeasureError;

use crate::files::write_atomically;

/// File of the result in the directory of a measurement.
const RESULT: &str = "capacity.json";

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was asked for.
    pub config: MeasureConfig,
    /// Number of parameters d.
    pub dimension: usize,
    /// Mean of tr F over the draws.
    pub mean_trace: f64,
    /// 2sED and two lower bounds over ε and ζ.
    pub points: Vec<Point>,
    /// The lower bound by sequential Monte Carlo; empty without particles.
    pub smc: Vec<SmcPoint>,
    /// Effective dimension of Abbas et al. at γ = 1 and n the size of the training part; absent for n < 19.
    pub effective_dimension: Option<Estimate>,
    /// Estimates that one draw dominates.
    pub warnings: Vec<String>,
}

/// Measures, keeping every draw in `dir`; `progress` is told (draws done, draws in all).
///
/// # Errors
/// [`MeasureError`] for a configuration that is not possible or not that of the directory, and for files.
pub fn measure(
    config: &MeasureConfig,
    data: &Dataset,
    dir: &Path,
    progress: impl FnMut(usize, usize),
) -> Result<Measurement, MeasureError> {
    measure_until(config, data, dir, &StopSignal::new(), progress)
}

/// The same until `stop` is requested, which is looked at before every draw.
///
/// # Errors
/// [`MeasureError::Stopped`] where it was, else as [`measure`].
pub fn measure_until(
    config: &MeasureConfig,
    data: &Dataset,
    dir: &Path,
    stop: &StopSignal,
    mut progress: impl FnMut(usize, usize),
) -> Result<Measurement, MeasureError> {
    config.check()?;
    let sampler = config.sampler(data)?;
    let _lock = lock(dir)?;
    let file = dir.join("config.json");
    if file.exists() {
        if read::<MeasureConfig>(&file)? != *config {
            return Err(MeasureError::Occupied { dir: dir.to_owned() });
        }
    } else {
        write(&file, config)?;
    }
    let mut draws = Vec::with_capacity(config.draws);
    for index in 0..config.draws {
        progress(index, config.draws);
        let file = dir.join("draws").join(format!("{index:04}.json"));
        let draw = match read::<Draw>(&file) {
            Ok(draw) => draw,
            Err(_) if stop.is_requested() => {
                return Err(MeasureError::Stopped { done: index, draws: config.draws });
            }
            Err(_) => {
                let draw = sampler.draw(index as u64, config.inner)?;
                write(&file, &draw)?;
                draw
            }
        };
        draws.push(draw);
    }
    progress(config.draws, config.draws);
    let draws = Draws::new(draws, Normalisation::MeanTrace)?;
    let points = draws.curve(&config.eps, &config.zeta)?;
    let smc = match config.particles {
        0 => Vec::new(),
        particles => {
            let at: Vec<(f64, f64)> = points.iter().map(|point| (point.eps, point.zeta)).collect();
            let options = SmcOptions { particles, seed: config.seed, ..SmcOptions::default() };
            sequential_monte_carlo(&sampler, draws.log_scale(), &at, &options)?
        }
    };
    let warnings = points.iter().filter_map(|point| {
        Some(format!("2sED at eps = {}, zeta = {:.3}: {}", point.eps, point.zeta, point.two_scale.warning()?))
    });
    let measurement = Measurement {
        config: config.clone(),
        dimension: draws.dimension(),
        mean_trace: draws.mean_trace(),
        warnings: warnings.collect(),
        points,
        smc,
        effective_dimension: draws.effective_dimension(data.train.len(), 1.0).ok(),
    };
    write(&dir.join(RESULT), &measurement)?;
    Ok(measurement)
}

/// The result of a finished measurement; `None` where `dir` holds none.
///
/// # Errors
/// [`MeasureError::File`] for a result that cannot be read.
pub fn measurement(dir: &Path) -> Result<Option<Measurement>, MeasureError> {
    let path = dir.join(RESULT);
    if path.exists() { read(&path).map(Some) } else { Ok(None) }
}

/// The directory, created if needed, for this process alone; the lock ends with the process, however it ends.
fn lock(dir: &Path) -> Result<File, MeasureError> {
    let path = dir.join(".lock");
    let file = |source| MeasureError::File { path: path.clone(), source };
    std::fs::create_dir_all(dir).map_err(file)?;
    let lock = File::create(&path).map_err(file)?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Err(MeasureError::Busy { dir: dir.to_owned() }),
        // Some file systems have no locks; the measurement is then unprotected but possible.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(lock),
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), MeasureError> {
    let file = |source| MeasureError::File { path: path.to_owned(), source };
    let text = serde_json::to_vec(value).map_err(|error| file(error.into()))?;
    write_atomically(path, &text).map_err(file)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, MeasureError> {
    let file = |source| MeasureError::File { path: path.to_owned(), source };
    let text = std::fs::read(path).map_err(file)?;
    serde_json::from_slice(&text).map_err(|error| file(error.into()))
}

#[cfg(test)]
mod tests {
    use stairs_data::{DataRoot, DatasetName, load};

    use super::*;

    fn config() -> MeasureConfig {
        let mut config = MeasureConfig::new("mlp:8".parse().unwrap(), "digits");
        config.draws = 3;
        config.samples = 10;
        config.eps = vec![1e-1, 1e-3];
        config.particles = 2;
        config
    }

    #[test]
    fn a_stopped_run_ends_with_the_same_numbers() {
        let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
        let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = measure(&config(), &digits, whole.path(), |_, _| {}).unwrap();
        assert_eq!((first.dimension, first.points.len(), first.smc.len()), (64 * 8 + 16 + 90, 2, 2));
        // What a kill leaves: some draws, and no report.
        write(&stopped.path().join("config.json"), &config()).unwrap();
        let kept = stopped.path().join("draws/0001.json");
        write_atomically(&kept, &std::fs::read(whole.path().join("draws/0001.json")).unwrap()).unwrap();
        // Asked to stop in its first draw, it ends before the next one that is missing.
        let stop = StopSignal::new();
        let asked = measure_until(&config(), &digits, stopped.path(), &stop, |done, _| {
            if done == 1 {
                stop.request();
            }
        });
        assert!(matches!(asked, Err(MeasureError::Stopped { done: 2, draws: 3 })), "{asked:?}");
        let mut seen = Vec::new();
        let second = measure(&config(), &digits, stopped.path(), |done, _| seen.push(done)).unwrap();
        assert_eq!(first, second);
        assert_eq!(seen, [0, 1, 2, 3]);

        let held = lock(whole.path()).unwrap();
        let error = measure(&config(), &digits, whole.path(), |_, _| {}).unwrap_err();
        assert!(matches!(error, MeasureError::Busy { .. }), "{error}");
        drop(held);
        assert_eq!(measurement(whole.path()).unwrap(), Some(first));

        let other = MeasureConfig { seed: 5, ..config() };
        let error = measure(&other, &digits, whole.path(), |_, _| {}).unwrap_err();
        assert!(error.to_string().contains("another measurement"), "{error}");
    }
}
