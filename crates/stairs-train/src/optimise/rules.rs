//! What an [`Annealed`](crate::Annealed) model needs to know of the run to do a step.

use std::sync::Arc;

use crate::{Clip, RunConfig, Task, remedy::Remedy, task::Classification};

/// The rules of a step; the default is the plain one.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Loss and metric.
    pub(crate) task: Arc<dyn Task>,
    /// Whether the metric is that of classes.
    pub(crate) classes: bool,
    /// Clipping of the gradients.
    pub(crate) clip: Option<Clip>,
    /// Decay d of the average of the weights.
    pub(crate) average: Option<f64>,
    /// Remedy against weights that oscillate.
    pub(crate) remedy: Option<Remedy>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { task: Arc::new(Classification::default()), classes: true, clip: None, average: None, remedy: None }
    }
}

impl Rules {
    /// The rules of a run of `steps` optimiser steps for `task`.
    pub(crate) fn of(config: &RunConfig, task: Arc<dyn Task>, steps: u64) -> Self {
        Self {
            task,
            classes: config.task.is_none(),
            clip: config.clip,
            average: config.average,
            remedy: Remedy::of(config, steps),
        }
    }
}
