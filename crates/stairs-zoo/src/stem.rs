//! The size of images a network is made for, which decides how its first layers shrink them.

use serde::{Deserialize, Serialize};

/// The size of images a network is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// About 224 pixels a side, as on ImageNet: the network as published.
    #[default]
    ImageNet,
    /// About 32 pixels a side, as on CIFAR-10: the first layers keep the size.
    Small,
}
