//! The directory of a run.
//!
//! ```text
//! config.toml                 configuration: what a resumed run is compared with
//! data.json                   what the data was, likewise
//! metrics.jsonl               one line an epoch
//! checkpoints/                see [`crate::checkpoint`]
//! best.bpk, best.safetensors  model of the best held-out accuracy
//! last.bpk, last.safetensors  model after the last epoch
//! record.json                 the record of the finished run, written last
//! SHA256SUMS                  of all of these, see [`SealedDir`]
//! ```
//!
//! Model files hold the latent weights, normalisation and quantiser settings under the model's own parameter paths;
//! `.bpk` is Burn's format, `.safetensors` everybody's. All files but the metrics are replaced atomically; the metrics
//! are cut back to the checkpoint on resume. A file that was changed after it was written is refused when it is read.
//! Links inside the directory are not followed, and nothing is removed that was not written here.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use burn::module::Module;
use stairs_data::DataIdentity;

use crate::{
    EpochRecord, RECORD_FORMAT, RunConfig, RunRecord, SealedDir, TrainError,
    checkpoint::Store,
    data::data_difference,
    extension::difference_of_runs,
    files,
    record::format_of,
    sealed::SUMS,
    weights::{Format, decode, encode},
};

/// Directory of the checkpoints.
const CHECKPOINTS: &str = "checkpoints";
const CONFIG: &str = "config.toml";
const DATA: &str = "data.json";
const METRICS: &str = "metrics.jsonl";
const RECORD: &str = "record.json";
/// The files of a run.
const FILES: [&str; 8] =
    [CONFIG, DATA, METRICS, RECORD, "last.bpk", "best.bpk", "last.safetensors", "best.safetensors"];

/// The directory of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// Which of a run's models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// After the last epoch.
    #[default]
    Last,
    /// Of the best held-out accuracy: on the validation part if the run has one, else on the test part.
    Best,
}

/// A directory in use by this process; the lock ends with the process, however it ends.
pub(crate) struct Locked {
    _lock: File,
    /// What should be known about the directory.
    pub(crate) notes: Vec<String>,
}

/// How a run takes its directory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opening {
    /// It goes on with the run that is there.
    pub(crate) resume: bool,
    /// It may have more epochs than the run that is there.
    pub(crate) extend: bool,
}

impl RunDir {
    /// The run in `path`; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Path of `metrics.jsonl`.
    pub fn metrics_path(&self) -> PathBuf {
        self.path.join(METRICS)
    }

    /// Path of a model in Burn's format.
    pub fn model_path(&self, which: Which) -> PathBuf {
        self.path.join(which.file(Format::Burn))
    }

    /// False for the directory of an earlier version, or one whose `SHA256SUMS` was removed: damage to its files is not
    /// noticed.
    pub fn is_sealed(&self) -> bool {
        self.sealed().is_sealed()
    }

    fn sealed(&self) -> SealedDir {
        SealedDir::new(&self.path)
    }

    fn has(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path.join(name)).is_ok()
    }

    fn no_run(&self, reason: impl Into<String>) -> TrainError {
        TrainError::NoRun { dir: self.path.clone(), reason: reason.into() }
    }

    /// The configuration.
    ///
    /// # Errors
    /// [`TrainError::NoRun`] without `config.toml`, [`TrainError::Damaged`] where it is none or was changed.
    pub fn config(&self) -> Result<RunConfig, TrainError> {
        if !self.has(CONFIG) {
            return Err(self.no_run("there is no config.toml"));
        }
        let path = self.path.join(CONFIG);
        toml::from_str(&files::text(&path, self.sealed().read(CONFIG)?)?).map_err(|e| TrainError::damaged(&path, e))
    }

    /// The identity of the data that the run was trained on; `None` if the version that made the run did not record it.
    ///
    /// # Errors
    /// [`TrainError::Read`], [`TrainError::Damaged`].
    pub fn data(&self) -> Result<Option<DataIdentity>, TrainError> {
        if !self.has(DATA) {
            return Ok(None);
        }
        let path = self.path.join(DATA);
        // A run can be used without knowing its data: a damaged file is refused, but may be removed.
        let read = || serde_json::from_slice(&self.sealed().read(DATA)?).map_err(|e| TrainError::damaged(&path, e));
        read().map(Some).map_err(|error: TrainError| match error {
            TrainError::Damaged { path, reason } => {
                let reason = format!("{reason}; where the data is known to be that of the run, remove this file");
                TrainError::Damaged { path, reason }
            }
            other => other,
        })
    }

    /// Compares the data of the run with `now`, the data of an evaluation: a sentence for the user where they differ, `None` where they
    /// are the same.
    ///
    /// # Errors
    /// [`TrainError::OtherData`] where classes or the shape of samples are not those of the run; as [`data`](Self::data).
    pub fn compare(&self, now: &DataIdentity) -> Result<Option<String>, TrainError> {
        let Some(then) = self.data()? else {
            return Ok(Some("the run did not record what its data was: it is not known to be this".into()));
        };
        match data_difference(&then, now) {
            Some(difference) if difference.concerns_labels_or_shape() => {
                Err(TrainError::OtherData { dir: self.path.clone(), difference: difference.to_string() })
            }
            Some(difference) => Ok(Some(format!("this is not the data of the run: {difference}"))),
            None => Ok(None),
        }
    }

    /// The record of the finished run.
    ///
    /// # Errors
    /// [`TrainError::NoRun`] where the run has not ended, [`TrainError::Damaged`] where the record is none or was changed,
    /// [`TrainError::Newer`] where it is newer than this program.
    pub fn record(&self) -> Result<RunRecord, TrainError> {
        if !self.has(RECORD) {
            return Err(self.no_run("there is no record.json: the run has not ended"));
        }
        let path = self.path.join(RECORD);
        let json = self.sealed().read(RECORD)?;
        let found = format_of(&json).map_err(|e| TrainError::damaged(&path, e))?;
        if found > RECORD_FORMAT {
            return Err(TrainError::Newer { path, found, supported: RECORD_FORMAT });
        }
        let record: RunRecord = serde_json::from_slice(&json).map_err(|e| TrainError::damaged(&path, e))?;
        record.check().map_err(|reason| TrainError::damaged(&path, reason))?;
        Ok(record)
    }

    /// The epochs so far. A line that a kill cut short is left out.
    ///
    /// # Errors
    /// [`TrainError::Read`], or [`TrainError::Damaged`] naming the line.
    pub fn metrics(&self) -> Result<Vec<EpochRecord>, TrainError> {
        let path = self.metrics_path();
        let text = self.sealed().read_lines(METRICS)?;
        let parse = |(i, line): (usize, &str)| {
            let wrong = |reason: String| TrainError::damaged(&path, format!("line {}: {reason}", i + 1));
            let epoch: EpochRecord = serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
            epoch.check().map_err(wrong)?;
            if epoch.epoch == i + 1 { Ok(epoch) } else { Err(wrong(format!("it is of epoch {}", epoch.epoch))) }
        };
        text.lines().enumerate().map(parse).collect()
    }

    /// Loads a model of the run into `model`, which is made as for the run, and makes it ready for evaluation.
    ///
    /// # Errors
    /// [`TrainError::NoRun`] where the file is not there yet; [`TrainError::Read`] or [`TrainError::Damaged`] for the file,
    /// also where it was changed or holds a value that is no number; [`TrainError::OtherModel`] where it does not fit.
    pub fn load<M: Module>(&self, model: M, which: Which) -> Result<M, TrainError> {
        let bytes = self.model_bytes(which)?;
        Ok(decode(model, bytes, &self.model_path(which))?.valid())
    }

    /// The content of a model's file in Burn's format.
    pub(crate) fn model_bytes(&self, which: Which) -> Result<Vec<u8>, TrainError> {
        let (name, best) = (which.file(Format::Burn), Which::Best.file(Format::Burn));
        if self.has(name) || !self.has(CONFIG) {
            return self.sealed().read(name);
        }
        Err(self.no_run(match which {
            Which::Last if self.has(best) => {
                format!("there is no {name}: the run has not ended; resume it, or take the best model so far (--best)")
            }
            _ => format!("there is no {name}; resume the run"),
        }))
    }

    /// The content of the file at `path`; where it is one of a run, its checksum is looked at.
    pub(crate) fn bytes_of(path: &Path) -> Result<Vec<u8>, TrainError> {
        match (path.parent().map(SealedDir::new), path.file_name().and_then(|name| name.to_str())) {
            (Some(dir), Some(name)) if FILES.contains(&name) && dir.is_sealed() => dir.read(name),
            _ => files::read(path),
        }
    }

    /// Takes the directory for a run of `config` on `data`. A new run refuses a directory that holds one; a resumed run must
    /// have been started with the same configuration and data, and may not have been started at all.
    pub(crate) fn open(
        &self,
        config: &RunConfig,
        data: Option<&DataIdentity>,
        opening: Opening,
    ) -> Result<Locked, TrainError> {
        let busy = || TrainError::Busy { dir: self.path.clone() };
        let lock = self.sealed().lock()?.ok_or_else(busy)?;
        let remains = [CONFIG, RECORD, METRICS, CHECKPOINTS];
        if !opening.resume && remains.iter().any(|name| self.has(name)) {
            return Err(TrainError::Occupied { dir: self.path.clone() });
        }
        let mut notes = Vec::new();
        let started = self.has(CHECKPOINTS);
        if !self.has(CONFIG) {
            // With checkpoints, they say first whether this is their configuration.
            if !started {
                self.write_config(config)?;
            }
        } else if !self.is_sealed() {
            self.sealed().adopt(&FILES)?;
            notes.push(format!(
                "the run had no {SUMS} (it is of an earlier version, or the file was removed): its files are taken as they are"
            ));
        }
        if self.has(CONFIG)
            && let Some((field, found, expected)) = difference_of_runs(&self.config()?, config, opening.extend)
        {
            return Err(TrainError::OtherRun { path: self.path.join(CONFIG), field, found, expected });
        }
        match (self.data()?, data) {
            (Some(then), Some(now)) => {
                if let Some(difference) = data_difference(&then, now) {
                    let difference = format!("{difference}; start another run, or restore the data");
                    return Err(TrainError::OtherData { dir: self.path.clone(), difference });
                }
            }
            (None, Some(now)) => {
                let json = serde_json::to_vec_pretty(now).map_err(|e| TrainError::Burn(e.into()))?;
                self.sealed().write(DATA, &json)?;
                if started {
                    let note =
                        "the run did not record what its data was: from now on it is the data of this resumption";
                    notes.push(note.into());
                }
            }
            (_, None) => {}
        }
        Ok(Locked { _lock: lock, notes })
    }

    /// Writes the configuration.
    pub(crate) fn write_config(&self, config: &RunConfig) -> Result<(), TrainError> {
        let text = toml::to_string_pretty(config).map_err(|e| TrainError::Burn(e.into()))?;
        self.sealed().write(CONFIG, text.as_bytes())
    }

    /// The store of checkpoints.
    pub(crate) fn checkpoints(&self) -> Result<Store, TrainError> {
        Store::open(self.path.join(CHECKPOINTS))
    }

    /// Cuts the metrics back to `epochs`.
    pub(crate) fn write_metrics(&self, epochs: &[EpochRecord]) -> Result<(), TrainError> {
        let mut text = String::new();
        for epoch in epochs {
            text += &serde_json::to_string(epoch).map_err(|e| TrainError::Burn(e.into()))?;
            text.push('\n');
        }
        self.sealed().write(METRICS, text.as_bytes())
    }

    /// Appends an epoch to the metrics.
    pub(crate) fn append_metrics(&self, epoch: &EpochRecord) -> Result<(), TrainError> {
        let line = serde_json::to_string(epoch).map_err(|e| TrainError::Burn(e.into()))?;
        self.sealed().append(METRICS, &line)
    }

    /// Writes a model.
    pub(crate) fn write_model<M: Module>(&self, model: &M, which: Which, format: Format) -> Result<(), TrainError> {
        self.sealed().write(which.file(format), &encode(model, format)?)
    }

    /// Removes the files of a model.
    pub(crate) fn remove_model(&self, which: Which) -> Result<(), TrainError> {
        [Format::Burn, Format::Safetensors].into_iter().try_for_each(|format| self.sealed().remove(which.file(format)))
    }

    /// What is wrong with the metrics and the models of a finished run, which may be known to have lost the best one.
    pub(crate) fn faults(&self, best_is_lost: bool) -> Vec<TrainError> {
        let which: &[Which] = if best_is_lost { &[Which::Last] } else { &[Which::Last, Which::Best] };
        let formats = [Format::Burn, Format::Safetensors];
        let names = which.iter().flat_map(|which| formats.map(|format| which.file(format)));
        let models = names.filter_map(|name| self.sealed().read(name).err());
        self.metrics().err().into_iter().chain(models).collect()
    }

    /// Writes the record: the run has ended.
    pub(crate) fn write_record(&self, record: &RunRecord) -> Result<(), TrainError> {
        let json = serde_json::to_vec_pretty(record).map_err(|e| TrainError::Burn(e.into()))?;
        self.sealed().write(RECORD, &json)
    }

    /// Removes the record: the run goes on.
    pub(crate) fn remove_record(&self) -> Result<(), TrainError> {
        self.sealed().remove(RECORD)
    }
}

impl Which {
    fn file(self, format: Format) -> &'static str {
        match (self, format) {
            (Which::Last, Format::Burn) => "last.bpk",
            (Which::Best, Format::Burn) => "best.bpk",
            (Which::Last, Format::Safetensors) => "last.safetensors",
            (Which::Best, Format::Safetensors) => "best.safetensors",
        }
    }
}
