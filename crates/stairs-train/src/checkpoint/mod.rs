//! Checkpoints that a kill at any moment cannot spoil.
//!
//! burn-train's own checkpointers write three files in place and one after the other: a kill in between leaves a
//! truncated file or parts of two epochs. Here a checkpoint is a directory
//!
//! ```text
//! checkpoints/checkpoint-12/
//!   model.bpk  optimiser.bpk  schedule.bpk    what burn-train records
//!   manifest.json                             what it belongs to, and the SHA-256 of each part
//!   SHA256SUMS                                of all four
//! ```
//!
//! written under a temporary name, synced, and then renamed: it exists whole or not at all. burn-train hands the three
//! records to custom `Checkpointer`s, which only collect bytes; when the third has arrived the directory is
//! made. The two newest checkpoints are kept. A damaged one is skipped on resume in favour of the
//! older, and the run says so; one of a newer format is refused. Nothing is removed but the files named here, and
//! directories that hold nothing else; links are not followed.
//!
//! A run that is stopped inside epoch 13 leaves `checkpoint-12+40`: the 40th step of the epoch has been done, and the
//! manifest holds the sums of its losses and hits so far. Nothing is stopped between the parts of a step.
//!
//! The data order, the augmentation, the annealing and the sampled noise need no state beyond (seed, epoch, step).

mod assembly;
mod manifest;
mod partial;
mod store;

pub(crate) use assembly::{Assembly, Part, SaveBest};
pub(crate) use manifest::sha256;
pub use manifest::{MANIFEST_FORMAT, Manifest, PartInfo};
pub use partial::{PartialEpoch, Sums};
pub(crate) use store::{Checkpoint, Store};

/// Names of the parts burn-train records.
pub(crate) const PARTS: [&str; 3] = ["model", "optimiser", "schedule"];
