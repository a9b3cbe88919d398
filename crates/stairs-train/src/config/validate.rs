//! What a configuration must satisfy, whatever the model.

use super::RunConfig;
use crate::{Clip, ConfigError, Loss, Samples, WarmUp, data::steps_per_epoch};

impl RunConfig {
    /// Checks everything that can be checked without a model.
    ///
    /// # Errors
    /// [`ConfigError`] with the refused value.
    pub fn validate(&self, train: &dyn Samples, test: &dyn Samples) -> Result<(), ConfigError> {
        for (part, samples) in [("training", train), ("test", test)] {
            if samples.is_empty() {
                return Err(ConfigError::NoSamples(part));
            }
        }
        if train.shape() != test.shape() {
            return Err(ConfigError::Shapes { train: train.shape(), test: test.shape() });
        }
        if let Some(subset) = self.subset
            && !(1..=train.len()).contains(&subset)
        {
            return Err(ConfigError::Subset { subset, samples: train.len() });
        }
        let samples = self.subset.unwrap_or(train.len());
        if !(1..=samples).contains(&self.batch) {
            return Err(ConfigError::Batch { batch: self.batch, samples });
        }
        if self.epochs == 0 {
            return Err(ConfigError::Epochs);
        }
        let steps = steps_per_epoch(samples, self.batch);
        if self.epochs.checked_mul(steps).is_none_or(|steps| steps > i32::MAX as usize) {
            return Err(ConfigError::Steps { epochs: self.epochs, steps_per_epoch: steps });
        }
        if !(self.lr > 0.0 && self.lr <= 1.0) {
            return Err(ConfigError::LearningRate(self.lr));
        }
        self.validate_optimisation(samples / steps)?;
        if let Some(share) = self.validation
            && !(share > 0.0 && share < 1.0)
        {
            return Err(ConfigError::Range { field: "validation share", value: share, needs: "must be in (0, 1)" });
        }
        if self.reestimate_norms == Some(0) {
            let needs = "must be at least 1 batch";
            return Err(ConfigError::Range { field: "batches to reestimate norms", value: 0.0, needs });
        }
        if !(self.anneal_until > 0.0 && self.anneal_until <= 1.0) {
            return Err(ConfigError::AnnealUntil(self.anneal_until));
        }
        if i64::try_from(self.seed).is_err() {
            return Err(ConfigError::Seed(self.seed));
        }
        Ok(())
    }

    /// The part of the check that is about how weights move; the smallest step has `least` samples.
    fn validate_optimisation(&self, least: usize) -> Result<(), ConfigError> {
        self.lr_schedule.validate()?;
        self.warm_up.map_or(Ok(()), WarmUp::validate)?;
        self.optimiser.validate()?;
        self.weight_decay.validate()?;
        self.clip.map_or(Ok(()), Clip::validate)?;
        for (field, value) in [("label smoothing", self.label_smoothing), ("average", self.average.unwrap_or(0.0))] {
            if !(0.0..1.0).contains(&value) {
                return Err(ConfigError::Range { field, value, needs: "must be in [0, 1)" });
            }
        }
        if self.loss != Loss::CrossEntropy && self.label_smoothing > 0.0 {
            let needs = "must be 0 with the squared hinge loss, whose targets are the signs ±1";
            return Err(ConfigError::Range { field: "label smoothing", value: self.label_smoothing, needs });
        }
        let (accumulate, devices) = (self.accumulate, self.devices);
        if accumulate.checked_mul(devices).is_none_or(|parts| !(1..=least).contains(&parts)) {
            return Err(ConfigError::Parts { accumulate, devices, least });
        }
        Ok(())
    }
}
