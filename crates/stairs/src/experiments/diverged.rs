//! A training whose loss became NaN or infinite: a result too, kept as `diverged.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};
use stairs_train::RunConfig;

use crate::files::write_atomically;

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
    /// What `dir` says; `None` where nothing is said that can be read.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(dir.join(FILE)).ok()?).ok()
    }

    pub(super) fn write(&self, dir: &Path) -> std::io::Result<()> {
        write_atomically(&dir.join(FILE), &serde_json::to_vec(self)?)
    }
}
