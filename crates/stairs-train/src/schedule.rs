//! The learning rate over time.
//!
//! Burn's own schedulers, which save their position with the checkpoint; [`rate`] is the same rate as a pure function of
//! the step, for records.

use burn::lr_scheduler::{
    constant::ConstantLr, cosine::CosineAnnealingLrSchedulerConfig, module_lr_scheduler::ModuleLrScheduler,
};

use crate::{ConfigError, LrSchedule, RunConfig};

/// Burn's scheduler for a run of `steps` ≥ 1 optimiser steps.
pub(crate) fn scheduler(config: &RunConfig, steps: usize) -> Result<ModuleLrScheduler, ConfigError> {
    match config.lr_schedule {
        LrSchedule::Constant => Ok(ConstantLr::new(config.lr).into()),
        LrSchedule::Cosine { floor } => CosineAnnealingLrSchedulerConfig::new(config.lr, steps)
            .with_min_lr(config.lr * floor)
            .init()
            .map_err(|_| ConfigError::LearningRate(config.lr)),
    }
}

/// The learning rate of optimiser step `step` (from 1) of `steps`.
pub(crate) fn rate(config: &RunConfig, step: u64, steps: usize) -> f64 {
    match config.lr_schedule {
        LrSchedule::Constant => config.lr,
        LrSchedule::Cosine { floor } => {
            let low = config.lr * floor;
            let share = step.saturating_sub(1) as f64 / steps.max(1) as f64;
            low + 0.5 * (config.lr - low) * (1.0 + (share * std::f64::consts::PI).cos())
        }
    }
}
