//! The directory of a run.
//!
//! ```text
//! config.toml                 configuration: what a resumed run is compared with
//! metrics.jsonl               one line an epoch
//! checkpoints/                see [`crate::checkpoint`]
//! best.bpk, best.safetensors  model of the best test accuracy
//! last.bpk, last.safetensors  model after the last epoch
//! record.json                 the record of the finished run, written last
//! ```
//!
//! Model files hold the latent weights, normalisation and quantiser settings under the model's own parameter paths;
//! `.bpk` is Burn's format, `.safetensors` everybody's. All files but the metrics are replaced atomically; the metrics
//! are cut back to the checkpoint on resume.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use burn::{module::Module, store::ModuleRecord, tensor::Bytes};

use crate::{
    EpochRecord, RECORD_FORMAT, RunConfig, RunRecord, TrainError, checkpoint, checkpoint::Store, files, layout,
    write_weights,
};

/// Directory of the checkpoints.
const CHECKPOINTS: &str = "checkpoints";

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
    /// Of the best test accuracy.
    Best,
}

/// A directory in use by this process; the lock ends with the process, however it ends.
pub(crate) struct Locked {
    _lock: File,
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
        self.path.join("metrics.jsonl")
    }

    /// Path of a model in Burn's format.
    pub fn model_path(&self, which: Which) -> PathBuf {
        self.path.join(format!("{}.bpk", which.name()))
    }

    fn config_path(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    fn record_path(&self) -> PathBuf {
        self.path.join("record.json")
    }

    /// The configuration.
    ///
    /// # Errors
    /// [`TrainError::NoRun`] without `config.toml`, [`TrainError::Damaged`] where it is none.
    pub fn config(&self) -> Result<RunConfig, TrainError> {
        let path = self.config_path();
        if !path.exists() {
            return Err(TrainError::NoRun { dir: self.path.clone(), reason: "there is no config.toml".into() });
        }
        toml::from_str(&files::read_text(&path)?).map_err(|e| TrainError::damaged(&path, e))
    }

    /// The record of the finished run.
    ///
    /// # Errors
    /// [`TrainError::NoRun`] where the run has not ended, [`TrainError::Damaged`] where the record is none or newer
    /// than this program.
    pub fn record(&self) -> Result<RunRecord, TrainError> {
        let path = self.record_path();
        if !path.exists() {
            let reason = "there is no record.json: the run has not ended".into();
            return Err(TrainError::NoRun { dir: self.path.clone(), reason });
        }
        let record: RunRecord =
            serde_json::from_str(&files::read_text(&path)?).map_err(|e| TrainError::damaged(&path, e))?;
        if record.format > RECORD_FORMAT {
            let reason = format!("format {} is newer than the supported {RECORD_FORMAT}", record.format);
            return Err(TrainError::damaged(&path, reason));
        }
        Ok(record)
    }

    /// The epochs so far. A line that a kill cut short is left out.
    ///
    /// # Errors
    /// [`TrainError::Read`], or [`TrainError::Damaged`] naming the line.
    pub fn metrics(&self) -> Result<Vec<EpochRecord>, TrainError> {
        let path = self.metrics_path();
        let text = files::read_text(&path)?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let parse = |(i, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|e| TrainError::damaged(&path, format!("line {}: {e}", i + 1)))
        };
        whole.lines().enumerate().map(parse).collect()
    }

    /// Loads a model of the run into `model`, which is made as for the run, and makes it ready for evaluation.
    ///
    /// # Errors
    /// [`TrainError::Read`] or [`TrainError::Damaged`] for the file, [`TrainError::OtherModel`] where it does not fit.
    pub fn load<M: Module>(&self, model: M, which: Which) -> Result<M, TrainError> {
        let path = self.model_path(which);
        let bytes = fs::read(&path).map_err(|e| TrainError::read(&path, e))?;
        let record =
            ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes)).map_err(|e| TrainError::damaged(&path, e))?;
        let loaded = layout::load(model, |model| model.try_load_record(record));
        Ok(loaded.map_err(|e| TrainError::OtherModel { path, reason: e.to_string() })?.valid())
    }

    /// Takes the directory for a run of `config`. A new run refuses a directory that holds one; a resumed run must have
    /// been started with the same configuration, and may not have been started at all.
    pub(crate) fn open(&self, config: &RunConfig, resume: bool) -> Result<Locked, TrainError> {
        fs::create_dir_all(&self.path).map_err(|e| TrainError::write(&self.path, e))?;
        let lock = self.lock()?;
        let path = self.config_path();
        let others = [self.record_path(), self.metrics_path(), self.path.join(CHECKPOINTS)];
        if !resume && (path.exists() || others.iter().any(|path| path.exists())) {
            return Err(TrainError::Occupied { dir: self.path.clone() });
        }
        if path.exists() {
            if let Some((field, found, expected)) = checkpoint::difference("", &self.config()?, config) {
                return Err(TrainError::OtherRun { path, field, found, expected });
            }
        } else {
            let text = toml::to_string_pretty(config).map_err(|e| TrainError::Burn(e.to_string()))?;
            files::write_atomic(&path, text.as_bytes())?;
        }
        Ok(lock)
    }

    fn lock(&self) -> Result<Locked, TrainError> {
        let path = self.path.join(".lock");
        let lock = File::create(&path).map_err(|e| TrainError::write(&path, e))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(TrainError::Busy { dir: self.path.clone() }),
            // Some file systems have no locks; the run is then unprotected but possible.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Locked { _lock: lock }),
        }
    }

    /// The store of checkpoints.
    pub(crate) fn checkpoints(&self) -> Result<Store, TrainError> {
        Store::open(self.path.join(CHECKPOINTS))
    }

    /// Cuts the metrics back to `epochs`.
    pub(crate) fn write_metrics(&self, epochs: &[EpochRecord]) -> Result<(), TrainError> {
        let mut text = String::new();
        for epoch in epochs {
            text += &serde_json::to_string(epoch).map_err(|e| TrainError::Burn(e.to_string()))?;
            text.push('\n');
        }
        files::write_atomic(&self.metrics_path(), text.as_bytes())
    }

    /// Writes a model in Burn's format.
    pub(crate) fn write_model<M: Module>(&self, model: &M, which: Which) -> Result<(), TrainError> {
        write_weights(model, &self.model_path(which))
    }

    /// Writes a model in the safetensors format.
    pub(crate) fn write_safetensors<M: Module>(&self, model: &M, which: Which) -> Result<(), TrainError> {
        write_weights(model, &self.path.join(format!("{}.safetensors", which.name())))
    }

    /// Writes the record: the run has ended.
    pub(crate) fn write_record(&self, record: &RunRecord) -> Result<(), TrainError> {
        let json = serde_json::to_vec_pretty(record).map_err(|e| TrainError::Burn(e.to_string()))?;
        files::write_atomic(&self.record_path(), &json)
    }
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Which::Last => "last",
            Which::Best => "best",
        }
    }
}
