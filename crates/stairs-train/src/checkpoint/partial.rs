//! What a checkpoint inside an epoch holds beside its records.

use serde::{Deserialize, Serialize};

/// An epoch that was stopped before its end: the run goes on with the step after its last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartialEpoch {
    /// Optimiser steps done in the epoch, at least 1. All of them where the test was stopped: it is then repeated.
    pub steps: usize,
    /// Wall time of the epoch so far in seconds.
    pub seconds: f64,
    /// What its training loss and accuracy are the means of.
    pub sums: Sums,
}

/// Sums over the samples of one part of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Losses.
    pub loss: f64,
    /// Samples.
    pub samples: usize,
    /// Right answers, a whole number.
    pub hits: f64,
    /// Scores of another task than classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<f64>,
    /// Batches the samples came in.
    pub batches: u64,
}
