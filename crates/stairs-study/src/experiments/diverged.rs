//! A training whose loss became NaN or infinite: a result too, kept as `diverged.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};
use stairs_train::{RunConfig, SealedDir, TrainError};

/// File of a trial that diverged.
const FILE: &str = "diverged.json";

/// A training that diverged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    /// Its configuration.
    pub config: RunConfig,
    /// Epoch, counted from 1.
    pub epoch: usize,
    /// Optimiser step, counted from 1 over the whole run.
    pub step: u64,
}

impl Diverged {
    /// What `dir` says; `None` where nothing is said that can be trusted: the training is then repeated.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&SealedDir::new(dir).read(FILE).ok()?).ok()
    }

    pub(super) fn write(&self, dir: &Path) -> Result<(), TrainError> {
        let json = serde_json::to_vec(self).map_err(|e| TrainError::Burn(e.into()))?;
        SealedDir::new(dir).write(FILE, &json)
    }
}
