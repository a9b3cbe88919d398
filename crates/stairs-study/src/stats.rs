//! Statistics of studies: rank correlation, shares of variance, paired differences, intervals that say what they rest on.

mod bootstrap;
mod choice;
mod multiple;
mod noncentral;
mod paired;
mod rank;
mod variance;
mod welch;

use serde::{Deserialize, Serialize};

pub use bootstrap::{Resampled, bootstrap};
pub use choice::{choice_gain, sign_error};
pub use multiple::{holm, paired_t_p};
pub use paired::{Paired, paired, sign_test};
pub use rank::{Discordant, discordant, kendall_tau, partial_kendall_tau};
pub use variance::{Layout, Share, Shares, shares};
pub use welch::welch;

/// A value with a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}
