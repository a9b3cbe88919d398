//! The learning rate over time.
//!
//! ```text
//! ηₜ = η · schedule(t) · warm-up(t)      t = 1, 2, …, T the optimiser step
//! ```
//!
//! Burn's own schedulers, which save their position with the checkpoint; [`rate`] is the same rate as a pure function of
//! the step, for records. The warm-up multiplies the schedule and does not delay it, as in Goyal et al., *Accurate, Large
//! Minibatch SGD*, 2017 (arXiv 1706.02677).

use burn::lr_scheduler::{
    LrSchedulerConfig,
    composed::ComposedLrSchedulerConfig,
    cosine::CosineAnnealingLrSchedulerConfig,
    linear::LinearLrSchedulerConfig,
    module_lr_scheduler::{ModuleLrScheduler, ModuleLrSchedulerConfig},
    sequential::SequentialLrSchedulerConfig,
    step::StepLrSchedulerConfig,
};
use burn::train::checkpoint::Checkpoint as _;
use serde::{Deserialize, Serialize};

use crate::{ConfigError, RunConfig, TrainError};

/// Learning rate over time, applied per optimiser step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum LrSchedule {
    /// Constant.
    Constant,
    /// Half a cosine from the initial rate to `floor`·initial over the whole run.
    Cosine {
        /// Final rate as a share of the initial one, in [0, 1].
        floor: f64,
    },
    /// The rate is multiplied by `factor` whenever another share `every` of the run is over.
    Steps {
        /// Share of the run, in (0, 1].
        every: f64,
        /// Factor in (0, 1].
        factor: f64,
    },
    /// The rate is multiplied by `factor` at each of some moments.
    Milestones {
        /// Shares of the run in (0, 1), increasing.
        at: Vec<f64>,
        /// Factor in (0, 1].
        factor: f64,
    },
}

/// A linear rise of the rate at the beginning of a run, from `start`·rate to the rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// Share of the run, in (0, 1].
    pub share: f64,
    /// Factor of the first step, in (0, 1].
    pub start: f64,
}

impl LrSchedule {
    /// Checks the shares and factors.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let share = |x: f64| x > 0.0 && x <= 1.0;
        match self {
            Self::Constant => Ok(()),
            Self::Cosine { floor } if (0.0..=1.0).contains(floor) => Ok(()),
            Self::Cosine { floor } => Err(ConfigError::Floor(*floor)),
            &Self::Steps { every, factor } if share(every) && share(factor) => Ok(()),
            &Self::Steps { every, factor } => Err(ConfigError::RateSteps { every, factor }),
            Self::Milestones { at, factor } => {
                let inside = at.iter().all(|at| *at > 0.0 && *at < 1.0);
                if !at.is_empty() && inside && at.windows(2).all(|two| two[0] < two[1]) && share(*factor) {
                    Ok(())
                } else {
                    Err(ConfigError::Milestones { at: at.clone(), factor: *factor })
                }
            }
        }
    }
}

impl WarmUp {
    pub(crate) fn validate(self) -> Result<(), ConfigError> {
        let share = |x: f64| x > 0.0 && x <= 1.0;
        if share(self.share) && share(self.start) {
            Ok(())
        } else {
            Err(ConfigError::WarmUp { share: self.share, start: self.start })
        }
    }

    /// The factor of optimiser step `step` (from 1) of `steps`.
    fn factor(self, step: u64, steps: usize) -> f64 {
        let length = length(self.share, steps) as u64;
        let left = length.saturating_sub(step.saturating_sub(1));
        1.0 - (1.0 - self.start) / length as f64 * left as f64
    }
}

/// Burn's scheduler for a run of `steps` ≥ 1 optimiser steps.
pub(crate) fn scheduler(config: &RunConfig, steps: usize) -> Result<ModuleLrScheduler, ConfigError> {
    let mut scheduler = base(config, steps);
    if let Some(WarmUp { share, start }) = config.warm_up {
        let rise = LinearLrSchedulerConfig::new(start, 1.0, length(share, steps));
        scheduler = ComposedLrSchedulerConfig::new().with_schedulers(vec![scheduler, rise.into()]).into();
    }
    ModuleLrSchedulerConfig::new(scheduler).init().map_err(|_| ConfigError::LearningRate(config.lr))
}

/// What a checkpoint holds of the schedule after `done` of `steps` optimiser steps.
pub(crate) fn record_after(config: &RunConfig, done: u64, steps: usize) -> Result<Vec<u8>, TrainError> {
    let mut scheduler = scheduler(config, steps)?;
    (0..done).for_each(|_| drop(scheduler.step()));
    let bytes = scheduler.to_record().checkpoint_into_bytes().map_err(|e| TrainError::Burn(e.into()))?;
    Ok(bytes.to_vec())
}

/// The scheduler without its warm-up.
fn base(config: &RunConfig, steps: usize) -> LrSchedulerConfig {
    let lr = config.lr;
    match &config.lr_schedule {
        LrSchedule::Constant => LrSchedulerConfig::Constant(lr),
        LrSchedule::Cosine { floor } => CosineAnnealingLrSchedulerConfig::new(lr, steps).with_min_lr(lr * floor).into(),
        LrSchedule::Steps { every, factor } => {
            StepLrSchedulerConfig::new(lr, length(*every, steps)).with_gamma(*factor).into()
        }
        LrSchedule::Milestones { at, factor } => {
            let drops = drops(at, steps);
            let rates = (0..=drops.len()).map(|n| LrSchedulerConfig::Constant(lr * factor.powi(n as i32)));
            SequentialLrSchedulerConfig::new(rates.collect(), drops).into()
        }
    }
}

/// Optimiser steps in a share of the run, at least 1.
fn length(share: f64, steps: usize) -> usize {
    ((share * steps as f64).round() as usize).max(1)
}

/// The steps after which the rate falls. Milestones that a short run cannot tell apart are moved to the next step.
pub(crate) fn drops(at: &[f64], steps: usize) -> Vec<usize> {
    let mut last = 0;
    at.iter()
        .map(|at| {
            last = length(*at, steps).max(last + 1);
            last
        })
        .collect()
}

/// The learning rate of optimiser step `step` (from 1) of `steps`.
pub(crate) fn rate(config: &RunConfig, step: u64, steps: usize) -> f64 {
    let done = step.saturating_sub(1);
    let power = |factor: f64, drops: u64| config.lr * factor.powi(i32::try_from(drops).unwrap_or(i32::MAX));
    let base = match &config.lr_schedule {
        LrSchedule::Constant => config.lr,
        LrSchedule::Cosine { floor } => {
            let low = config.lr * floor;
            let share = done as f64 / steps.max(1) as f64;
            low + 0.5 * (config.lr - low) * (1.0 + (share * std::f64::consts::PI).cos())
        }
        LrSchedule::Steps { every, factor } => power(*factor, done / length(*every, steps) as u64),
        LrSchedule::Milestones { at, factor } => {
            let over = drops(at, steps).into_iter().filter(|drop| done >= *drop as u64).count();
            power(*factor, over as u64)
        }
    };
    config.warm_up.map_or(base, |warm_up| base * warm_up.factor(step, steps))
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
            LrSchedule::Milestones { at: vec![0.5], factor: 0.1 },
            LrSchedule::Milestones { at: vec![0.25, 0.26, 0.9], factor: 0.5 },
        ] {
            for warm_up in [None, Some(WarmUp { share: 0.4, start: 0.1 }), Some(WarmUp { share: 1e-9, start: 1e-3 })] {
                let config =
                    RunConfig::default().with_lr_schedule(lr_schedule.clone()).with_lr(0.25).with_warm_up(warm_up);
                let mut burn = scheduler(&config, 8).unwrap();
                for step in 1..=8 {
                    let (found, expected) = (burn.step().base(), rate(&config, step, 8));
                    assert!((found - expected).abs() < 1e-15, "{lr_schedule:?} {warm_up:?}: {found} {expected}");
                }
            }
        }
        // Half of the cosine at half of the run, between 0.25 and a tenth of it.
        let config = RunConfig::default().with_lr_schedule(LrSchedule::Cosine { floor: 0.1 }).with_lr(0.25);
        assert!((rate(&config, 5, 8) - 0.1375).abs() < 1e-15);
    }

    #[test]
    fn milestones_and_warm_up_by_hand() {
        let lr_schedule = LrSchedule::Milestones { at: vec![0.3, 0.6], factor: 0.1 };
        let warm_up = Some(WarmUp { share: 0.2, start: 0.5 });
        let config = RunConfig::default().with_lr_schedule(lr_schedule).with_warm_up(warm_up).with_lr(1.0);
        let rates: Vec<f64> = (1..=10).map(|step| rate(&config, step, 10)).collect();
        let expected = [0.5, 0.75, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01];
        assert!(rates.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-15), "{rates:?}");
    }

    /// The position is saved: a scheduler from a record goes on where the other one was.
    #[test]
    fn the_position_is_saved() {
        let lr_schedule = LrSchedule::Milestones { at: vec![0.3, 0.6], factor: 0.1 };
        let warm_up = Some(WarmUp { share: 0.5, start: 0.1 });
        let config = RunConfig::default().with_lr_schedule(lr_schedule).with_warm_up(warm_up);
        let mut burn = scheduler(&config, 10).unwrap();
        (0..4).for_each(|_| drop(burn.step()));
        let mut restored = scheduler(&config, 10).unwrap().load_record(burn.to_record());
        for _ in 4..10 {
            assert_eq!(restored.step().base(), burn.step().base());
        }
    }
}
