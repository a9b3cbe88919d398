//! More epochs for a run that was planned for fewer.
//!
//! A schedule in shares of the run says something else at every step of a longer run, so an extended run is not the run
//! that would have been longer from the start. The rule is:
//!
//! - the noise keeps the plan of the run as it was first configured, in its epochs or steps: what is hard stays hard;
//! - the learning rate is, from the next step on, that of the longer run, as if it had been as long from the start;
//! - everything else, such as the order of the data, is a function of the epoch and goes on.
//!
//! Epochs can be added at any moment, while the run is unfinished or after its end, and again; never taken away. The
//! record tells of it: its numbers are not those of a run that was planned as long.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{RunConfig, checkpoint::Manifest, difference};

/// Epochs that were added to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Epochs that were done then.
    pub epoch: usize,
    /// Epochs of the run before.
    pub from: usize,
    /// Epochs of the run after.
    pub to: usize,
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, from, to } = self;
        write!(
            f,
            "the run of {from} epochs, of which {epoch} were done, goes on to {to}: its noise keeps the plan of before, its \
             learning rate is now that of {to} epochs"
        )
    }
}

/// The first field in which the configuration `found` is not that of the run `config`; with `extend` it may be of fewer
/// epochs.
pub(crate) fn difference_of_runs(
    found: &RunConfig,
    config: &RunConfig,
    extend: bool,
) -> Option<(String, String, String)> {
    let mut found = found.clone();
    if extend && found.epochs < config.epochs {
        found.epochs = config.epochs;
    }
    difference("", &found, config)
}

/// The extensions of a run of `epochs` epochs that goes on after the checkpoint of `manifest`.
pub(crate) fn extensions(manifest: &Manifest, epochs: usize) -> Vec<Extension> {
    let mut all = manifest.extended.clone();
    if manifest.config.epochs < epochs {
        all.push(Extension { epoch: manifest.epoch, from: manifest.config.epochs, to: epochs });
    }
    all
}
