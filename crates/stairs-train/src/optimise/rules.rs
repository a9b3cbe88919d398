//! What an [`Annealed`](crate::Annealed) model needs to know of the configuration to do a step.

use crate::{Clip, Loss, RunConfig};

/// The rules of a step; the default is the plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rules {
    /// The loss.
    pub(crate) loss: Loss,
    /// ε of the label smoothing.
    pub(crate) label_smoothing: f64,
    /// Clipping of the gradients.
    pub(crate) clip: Option<Clip>,
    /// Decay d of the average of the weights.
    pub(crate) average: Option<f64>,
}

impl Rules {
    pub(crate) fn of(config: &RunConfig) -> Self {
        Self { loss: config.loss, label_smoothing: config.label_smoothing, clip: config.clip, average: config.average }
    }
}
