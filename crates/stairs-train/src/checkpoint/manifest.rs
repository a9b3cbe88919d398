//! `manifest.json`: what a checkpoint belongs to and what its parts must hash to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stairs_noise::plan::AnnealingPlan;

use super::PartialEpoch;
use crate::{EpochRecord, Extension, RunConfig};

/// Version of the manifest's format; readers refuse a newer one. Since version 2 a `SHA256SUMS` lies beside it.
pub const MANIFEST_FORMAT: u32 = 2;

/// Commit marker of a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format, see [`MANIFEST_FORMAT`].
    pub format: u32,
    /// Configuration of the run; it carries the seed of initial weights, data order and sampled noise.
    pub config: RunConfig,
    /// The annealing plan, which may be another than the configured one; absent for a float run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<AnnealingPlan>,
    /// Finished epochs.
    pub epoch: usize,
    /// Optimiser steps done.
    pub step: u64,
    /// Epochs that were added to the run, first to last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<Extension>,
    /// Wall time so far in seconds, summed over interruptions.
    pub wall_seconds: f64,
    /// Time of processors so far in seconds, as in the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    /// Epoch of the best test accuracy so far; its model is `best.bpk`.
    pub best_epoch: usize,
    /// One entry per finished epoch.
    pub epochs: Vec<EpochRecord>,
    /// The epoch after them, where the run was stopped inside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<PartialEpoch>,
    /// Files of the training and test part that could not be decoded so far, each with its reason.
    #[serde(default, skip_serializing_if = "nothing")]
    pub skipped: [Vec<String>; 2],
    /// The parts by name.
    pub parts: BTreeMap<String, PartInfo>,
}

impl Manifest {
    /// Finished epochs, and steps done in the one after them.
    pub(crate) fn moment(&self) -> (usize, usize) {
        (self.epoch, self.partial.as_ref().map_or(0, |partial| partial.steps))
    }
}

fn nothing(skipped: &[Vec<String>; 2]) -> bool {
    skipped.iter().all(Vec::is_empty)
}

/// What a part must look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartInfo {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl PartInfo {
    /// Describes `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: sha256(bytes) }
    }

    /// What is wrong with `bytes`, if anything.
    pub(crate) fn fault(&self, bytes: &[u8]) -> Option<String> {
        let found = Self::of(bytes);
        if found.bytes != self.bytes {
            Some(format!("it has {} bytes instead of {}", found.bytes, self.bytes))
        } else if found.sha256 != self.sha256 {
            Some("its SHA-256 does not match the manifest".into())
        } else {
            None
        }
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
