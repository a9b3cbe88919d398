//! From a data set to batches on a device: [`Samples`], the order of an epoch, and the loader burn-train asks.

mod checked;
mod host;
mod loader;
mod order;
mod samples;
mod source;
mod validation;

pub(crate) use checked::{Checked, difference as data_difference, survey};
pub(crate) use host::threads as host_threads;
pub use host::{HostBatch, HostBatches, Pass};
pub use loader::Batch;
pub(crate) use loader::{Fault, Loader};
pub(crate) use order::{batches, share, subset};
pub use order::{epoch_order, steps_per_epoch};
pub use samples::{SampleError, Samples, parts};
pub use source::{IMAGES, TrainData};
pub use validation::training_samples;
pub(crate) use validation::{Chosen, Selected};
