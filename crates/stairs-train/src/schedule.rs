//! The learning rate over time.
//!
//! Burn's own schedulers, which save their position with the checkpoint; [`rate`] is the same rate as a pure function of
//! the step, for records.

use burn::lr_scheduler::{
    constant::ConstantLr, cosine::CosineAnnealingLrSchedulerConfig, module_lr_scheduler::ModuleLrScheduler,
    step::StepLrSchedulerConfig,
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
        LrSchedule::Steps { every, factor } => StepLrSchedulerConfig::new(config.lr, length(every, steps))
            .with_gamma(factor)
            .init()
            .map_err(|_| ConfigError::LearningRate(config.lr)),
    }
}

/// Optimiser steps at one rate, at least 1.
fn length(every: f64, steps: usize) -> usize {
    ((every * steps as f64).round() as usize).max(1)
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
        LrSchedule::Steps { every, factor } => {
            let drops = step.saturating_sub(1) / length(every, steps) as u64;
            config.lr * factor.powi(i32::try_from(drops).unwrap_or(i32::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_burn() {
        for lr_schedule in [
            LrSchedule::Constant,
            LrSchedule::Cosine { floor: 0.0 },
            LrSchedule::Cosine { floor: 0.1 },
            LrSchedule::Steps { every: 0.8, factor: 0.1 },
            LrSchedule::Steps { every: 0.25, factor: 0.5 },
        ] {
            let config = RunConfig { lr_schedule, lr: 0.25, ..RunConfig::default() };
            let mut burn = scheduler(&config, 8).unwrap();
            for step in 1..=8 {
                assert!((burn.step().base() - rate(&config, step, 8)).abs() < 1e-15);
            }
        }
        // Half of the cosine at half of the run, between 0.25 and a tenth of it.
        let config = RunConfig { lr_schedule: LrSchedule::Cosine { floor: 0.1 }, lr: 0.25, ..RunConfig::default() };
        assert!((rate(&config, 5, 8) - 0.1375).abs() < 1e-15);
    }
}
