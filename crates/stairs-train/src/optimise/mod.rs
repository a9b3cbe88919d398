//! How the latent weights move: optimiser, weight decay, clipping, label smoothing, average.
//!
//! One optimiser step, in this order:
//!
//! ```text
//! loss      cross entropy with smoothed labels or squared hinge, mean over the samples of the step
//! gradient  summed over the parts of the step (accumulation, devices), then clipped
//! weights   optimiser with weight decay, at the rate of the schedule
//! average   exponential moving average of the weights
//! clock     one step later, with the laws that belong there
//! ```

mod average;
mod clip;
mod loss;
mod optimiser;
mod rules;
mod weight_decay;

pub(crate) use average::{average, decay_at};
pub use clip::Clip;
pub use loss::Loss;
pub(crate) use loss::cross_entropy;
pub use optimiser::Optimiser;
pub(crate) use optimiser::optimiser;
pub(crate) use rules::Rules;
pub use weight_decay::WeightDecay;
