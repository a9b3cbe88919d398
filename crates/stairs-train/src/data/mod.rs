//! From a data set to batches on a device: [`Samples`], the order of an epoch, and the loader burn-train asks.

mod loader;
mod order;
mod samples;

pub use loader::Batch;
pub(crate) use loader::Loader;
pub(crate) use order::{batches, share, subset};
pub use order::{epoch_order, steps_per_epoch};
pub use samples::{Samples, parts};
