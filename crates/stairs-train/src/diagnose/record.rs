//! What a diagnosis finds, as plain data: one JSON file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Evaluation, RunConfig, TrainError, Versions, files};

/// Version of the file's format; readers refuse a newer one.
pub const DIAGNOSIS_FORMAT: u32 = 1;

/// One diagnosed run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Version of this format, see [`DIAGNOSIS_FORMAT`].
    pub format: u32,
    /// The run.
    pub config: RunConfig,
    /// Versions of what produced it.
    pub versions: Versions,
    /// Device the run used, for people: `flex (2 threads)`.
    pub device: String,
    /// Optimiser steps between two records.
    pub every: u64,
    /// Random directions of the cosine, a layer.
    pub directions: usize,
    /// Optimiser steps of one epoch.
    pub steps_per_epoch: usize,
    /// Paths of the quantised weights, in network order, and how many values each has.
    pub layers: Vec<(String, usize)>,
    /// Before the first step, every `every` steps, and after the last.
    pub records: Vec<DiagnosisRecord>,
    /// The hard network on the test part after the last step.
    pub evaluation: Evaluation,
}

/// One moment of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiagnosisRecord {
    /// Optimiser steps done.
    pub step: u64,
    /// Mean over the steps since the last record of the training loss in nats, through the forward strategy; at the
    /// first record that of its batch.
    pub train_loss: f64,
    /// Loss in nats of the smoothed network on the record's batch; `None` with an identity estimator in the network.
    pub smoothed_loss: Option<f64>,
    /// Cosine of surrogate and smoothed gradient over the weights of all layers that a gradient reaches.
    pub cosine: Option<f64>,
    /// One entry a quantised weight, in the order of [`Diagnosis::layers`].
    pub layers: Vec<LayerRecord>,
}

/// One quantised weight at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// Half-width in quanta of the window of the backward law around every threshold: all of the mass of a compact law,
    /// 95 % of an unbounded one, 0 of a hard one; `None` for the identity estimator.
    pub window: Option<f64>,
    /// Share in [0, 1] of the latent weights outside the windows.
    pub outside: f64,
    /// Share in [0, 1] of the weights whose hard value changed since the last record, per step; `None` at the first.
    pub flips: Option<f64>,
    /// Cosine in [−1, 1] of surrogate and smoothed gradient; `None` where there is no slope to compare.
    pub cosine: Option<f64>,
}

impl Diagnosis {
    /// Writes the diagnosis as JSON to `path`, atomically; directories are created.
    ///
    /// # Errors
    /// [`TrainError::Write`], [`TrainError::DiskFull`].
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| TrainError::write(parent, e))?;
        }
        let json = serde_json::to_string_pretty(self).map_err(|e| TrainError::Burn(e.into()))?;
        files::write_atomic(path, (json + "\n").as_bytes())
    }

    /// Reads a diagnosis.
    ///
    /// # Errors
    /// [`TrainError::Read`], or [`TrainError::Damaged`] where the file is none or newer than this program.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let diagnosis: Self =
            serde_json::from_str(&files::read_text(path)?).map_err(|e| TrainError::damaged(path, e))?;
        if diagnosis.format > DIAGNOSIS_FORMAT {
            let (found, supported) = (diagnosis.format, DIAGNOSIS_FORMAT);
            return Err(TrainError::Newer { path: path.into(), found, supported });
        }
        Ok(diagnosis)
    }

    /// Indices of the first, the middle and the last record, each once.
    pub fn landmarks(&self) -> Vec<usize> {
        let last = self.records.len().saturating_sub(1);
        let mut indices = vec![0, last / 2, last];
        indices.dedup();
        indices.retain(|i| *i < self.records.len());
        indices
    }
}
