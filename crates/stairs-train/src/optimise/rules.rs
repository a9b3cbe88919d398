//! What an [`Annealed`](crate::Annealed) model needs to know of the configuration to do a step.

use crate::{Clip, Loss, RunConfig, remedy::Remedy};

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
    /// Remedy against weights that oscillate.
    pub(crate) remedy: Option<Remedy>,
}

impl Rules {
    /// The rules of a run of `steps` optimiser steps.
    pub(crate) fn of(config: &RunConfig, steps: u64) -> Self {
        Self {
            loss: config.loss,
            label_smoothing: config.label_smoothing,
            clip: config.clip,
            average: config.average,
            remedy: Remedy::of(config, steps),
        }
    }
}
