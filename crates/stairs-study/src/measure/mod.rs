//! The capacity of a zoo model on a data set, before training: draws that are kept as they are made, then one report.
//!
//! A directory holds `config.json`, one file a draw under `draws/`, at the end `capacity.json`, and the checksums of all of
//! them in `SHA256SUMS`. Every file is replaced atomically, and draw number m is a function of the configuration and m
//! alone: a run that is stopped goes on where it was, and ends with the numbers it would have had. A damaged draw is made
//! again. The number of draws, ε, ζ, the number of particles and the unit-factorised bound have no influence on a draw, and
//! may be changed.

mod baseline;
mod bound;
mod config;
mod error;
mod files;
#[cfg_attr(not(feature = "capacity"), path = "no_source.rs")]
mod source;
mod warning;

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use stairs_capacity::{Draw, Draws, Estimate, FactorisedPoint, Normalisation, Point, SCALARS, SmcOptions, SmcPoint};
use stairs_data::Dataset;
use stairs_train::{SealedDir, StopSignal};

pub use baseline::Baselined;
use baseline::{baselines, seconds_of_draws};
pub(crate) use bound::is_for;
use bound::{factorised, with_bound};
pub use config::{FactorisedConfig, MeasureConfig};
pub use error::MeasureError;
use files::{CONFIG, RESULT, adopt, draw_name, read, write};
use source::Source;
#[cfg(feature = "capacity")]
pub(crate) use source::sample_order;

use crate::experiments::difference;

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
    /// The unit-factorised lower bound; empty where it was not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factorised: Vec<FactorisedPoint>,
    /// The measures of others by name; empty where they were not asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub baselines: BTreeMap<String, Baselined>,
    /// Seconds that all draws take; absent where baselines were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Seconds of the unit-factorised bound at all its radii; absent where it was not measured or not timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factorised_seconds: Option<f64>,
    /// The measures of [`SCALARS`] by name, for n the size of the training part; `None` where n is too small for one.
    #[serde(flatten)]
    pub scalars: BTreeMap<String, Option<Estimate>>,
    /// Estimates that one draw dominates.
    pub warnings: Vec<String>,
}

impl Measurement {
    /// The measure of this name in [`SCALARS`], if it could be measured.
    pub fn scalar(&self, name: &str) -> Option<Estimate> {
        *self.scalars.get(name)?
    }
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
    let source = Source::new(config, data)?;
    let sealed = SealedDir::new(dir);
    let _lock = sealed.lock()?.ok_or_else(|| MeasureError::Busy { dir: dir.to_owned() })?;
    let unchecked = adopt(&sealed, config.draws)?;
    let there: Option<MeasureConfig> = if dir.join(CONFIG).exists() { Some(read(&sealed, CONFIG)?) } else { None };
    if let Some(there) = &there {
        let same = MeasureConfig {
            draws: config.draws,
            eps: config.eps.clone(),
            zeta: config.zeta.clone(),
            particles: config.particles,
            factorised: config.factorised.clone(),
            baselines: config.baselines,
            ..there.clone()
        };
        if same != *config {
            return Err(MeasureError::Occupied { dir: dir.to_owned(), what: difference(&same, config) });
        }
    }
    let is_there = there.as_ref() == Some(config);
    // A bound that is asked for later needs no draw again: the normalisation is in the result.
    let before =
        there.filter(|there| is_for(there, config) && there != config).and_then(|_| read(&sealed, RESULT).ok());
    if let Some(before) = before {
        let mut measurement = with_bound(config, before, &source)?;
        measurement.warnings.extend(unchecked);
        // In this order: a result without its configuration is made again.
        write(&sealed, RESULT, &measurement)?;
        write(&sealed, CONFIG, config)?;
        return Ok(measurement);
    }
    if !is_there {
        // A result of before does not belong to this configuration.
        sealed.remove(RESULT)?;
        write(&sealed, CONFIG, config)?;
    }
    let mut draws = Vec::with_capacity(config.draws);
    for index in 0..config.draws {
        progress(index, config.draws);
        let name = draw_name(index);
        let draw = match read::<Draw>(&sealed, &name) {
            Ok(draw) => draw,
            Err(_) if stop.is_requested() => {
                return Err(MeasureError::Stopped { done: index, draws: config.draws });
            }
            Err(_) => {
                let draw = source.draw(index as u64, config.inner)?;
                write(&sealed, &name, &draw)?;
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
            source.smc(draws.log_scale(), &at, &options)?
        }
    };
    let (factorised, factorised_seconds) = factorised(config, &source, draws.log_scale())?;
    let measurement = Measurement {
        config: config.clone(),
        dimension: draws.dimension(),
        mean_trace: draws.mean_trace(),
        warnings: points
            .chunks(config.eps.len())
            .filter_map(warning::warning)
            .chain(source.note())
            .chain(unchecked)
            .collect(),
        points,
        smc,
        factorised,
        baselines: baselines(config, &source)?,
        seconds: seconds_of_draws(config, &source)?,
        factorised_seconds,
        scalars: SCALARS
            .iter()
            .map(|scalar| (scalar.name.to_owned(), (scalar.of)(&draws, data.train.len()).ok()))
            .collect(),
    };
    write(&sealed, RESULT, &measurement)?;
    Ok(measurement)
}

/// The result of a finished measurement; `None` where `dir` holds none.
///
/// # Errors
/// [`MeasureError::File`] for a result that cannot be read, or was changed after it was written.
pub fn measurement(dir: &Path) -> Result<Option<Measurement>, MeasureError> {
    if dir.join(RESULT).exists() { Ok(Some(read(&SealedDir::new(dir), RESULT)?)) } else { Ok(None) }
}

#[cfg(all(test, feature = "capacity"))]
mod tests {
    use stairs_data::{DataRoot, DatasetName, load};
    use stairs_train::TrainError;

    use super::*;

    fn config() -> MeasureConfig {
        let mut config = MeasureConfig::new("mlp:8".parse().unwrap(), "digits");
        config.draws = 3;
        config.samples = 10;
        config.eps = vec![1e-1, 1e-3];
        config.particles = 2;
        config.factorised = Some(FactorisedConfig { draws: 4, last_draws: 1, particles: 2, eps: vec![1e-2] });
        config
    }

    /// A residual network has no layers in a row: its Fisher matrix is measured as a whole, and the result says so.
    #[test]
    fn what_is_no_chain_is_measured_by_its_gradients() {
        let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
        let mut config = MeasureConfig::new("resnet20:0.125".parse().unwrap(), "digits");
        (config.draws, config.samples, config.eps) = (2, 2, vec![1e-1, 1e-3]);
        let dir = tempfile::tempdir().unwrap();
        let first = measure(&config, &digits, dir.path(), |_, _| {}).unwrap();
        assert!(first.points.iter().all(|point| point.two_scale.value > 0.0), "{:?}", first.points);
        assert!(
            first.warnings.iter().any(|note| note.contains("add") && note.contains("no chain")),
            "{:?}",
            first.warnings
        );
        // A draw is a function of its number.
        std::fs::remove_file(dir.path().join("draws/0001.json")).unwrap();
        std::fs::remove_file(dir.path().join(RESULT)).unwrap();
        assert_eq!(measure(&config, &digits, dir.path(), |_, _| {}).unwrap(), first);
        config.particles = 4;
        let error = measure(&config, &digits, tempfile::tempdir().unwrap().path(), |_, _| {}).unwrap_err();
        assert!(error.to_string().starts_with("particles cannot be measured of this network"), "{error}");
    }

    #[test]
    fn a_stopped_run_ends_with_the_same_numbers() {
        let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
        let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = measure(&config(), &digits, whole.path(), |_, _| {}).unwrap();
        assert_eq!((first.dimension, first.points.len(), first.smc.len()), (64 * 8 + 16 + 90, 2, 2));
        assert_eq!(first.factorised.iter().map(|point| point.eps).collect::<Vec<_>>(), [1e-2]);
        // What a kill leaves: some draws, and no report.
        let sealed = SealedDir::new(stopped.path());
        write(&sealed, CONFIG, &config()).unwrap();
        sealed.write("draws/0001.json", &std::fs::read(whole.path().join("draws/0001.json")).unwrap()).unwrap();
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

        let held = SealedDir::new(whole.path()).lock().unwrap();
        assert!(held.is_some());
        let error = measure(&config(), &digits, whole.path(), |_, _| {}).unwrap_err();
        assert!(matches!(error, MeasureError::Busy { .. }), "{error}");
        drop(held);
        assert_eq!(measurement(whole.path()).unwrap(), Some(first));

        let other = MeasureConfig { seed: 5, ..config() };
        let error = measure(&other, &digits, whole.path(), |_, _| {}).unwrap_err();
        assert!(error.to_string().contains("another measurement (seed is 1 there and 5 here)"), "{error}");

        // More draws are added to those there are, and a damaged one is made again.
        let more = MeasureConfig { draws: 5, ..config() };
        std::fs::write(whole.path().join("draws/0002.json"), "{}").unwrap();
        let grown = measure(&more, &digits, whole.path(), |_, _| {}).unwrap();
        let fresh = measure(&more, &digits, tempfile::tempdir().unwrap().path(), |_, _| {}).unwrap();
        assert_eq!(grown, fresh);

        // A bound may be asked for later, and a record of before there was one is read.
        let without = MeasureConfig { factorised: None, ..more.clone() };
        let less = measure(&without, &digits, whole.path(), |_, _| {}).unwrap();
        assert_eq!((less.points.clone(), less.factorised.len()), (fresh.points.clone(), 0));
        assert!(!serde_json::to_string(&less).unwrap().contains("factorised"));
        assert_eq!(measure(&more, &digits, whole.path(), |_, _| {}).unwrap(), fresh);

        // A changed result is refused; a measurement of an earlier version is taken as it is, and says so.
        let result = whole.path().join(RESULT);
        let text = std::fs::read_to_string(&result).unwrap();
        std::fs::write(&result, text.replacen('1', "2", 1)).unwrap();
        assert!(matches!(measurement(whole.path()), Err(MeasureError::File(TrainError::Damaged { .. }))));
        std::fs::write(&result, text).unwrap();
        std::fs::remove_file(whole.path().join("SHA256SUMS")).unwrap();
        let old = measure(&more, &digits, whole.path(), |_, _| {}).unwrap();
        assert_eq!(old.points, fresh.points);
        assert!(old.warnings.iter().any(|warning| warning.contains("no checksums")));
    }
}
