//! Quanta of features for a run that starts from a float model.
//!
//! The quanta count in standard deviations of a fresh batch norm's output, see [`stairs_zoo::StairsConfig`]. Before fine-tuning
//! they are multiplied by the root mean squares that the float model's activations receive, over the first
//! [`SAMPLES`] samples of the seeded permutation, unchanged. The float model is in training mode, as the quantised one will
//! be: batch norms use the statistics of the batch, which also holds where running ones were never measured.

use std::sync::Arc;

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use stairs_zoo::{Quantisation, calibrated, observe};

use crate::{
    ConfigError, Quanta, RunConfig, Samples, TrainError, ZooModel,
    data::{Chosen, Pass, host_threads, subset},
};

/// Training samples that the sizes of features are measured on.
const SAMPLES: usize = 512;
/// Samples of one forward pass.
const BATCH: usize = 64;

impl ZooModel {
    /// The model of [`initial`](Self::initial) with quanta of features that fit the float weights it starts from. Without such
    /// weights, or without quantised features, nothing is changed.
    ///
    /// # Errors
    /// As [`initial`](Self::initial), and [`TrainError::Sample`] where a sample cannot be made.
    pub fn calibrated(
        self,
        config: &RunConfig,
        samples: &Arc<dyn Samples>,
        classes: usize,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let Some(float) = Self::float_twin(config, samples.shape(), classes, device)? else { return Ok(self) };
        let training = device.clone().autodiff();
        let float = float.train().fork(&training);
        let [channels, height, width] = samples.shape();
        // Without a validation part as ever: the first of all samples.
        let order = match config.validation {
            Some(_) => {
                let training = Chosen::of(config, samples.as_ref())?.training;
                let first = subset(config.seed, training.len(), SAMPLES.min(training.len()));
                first.into_iter().map(|i| training[i]).collect()
            }
            None => subset(config.seed, samples.len(), SAMPLES.min(samples.len())),
        };
        let threads = host_threads(&**samples);
        let pass = Pass { samples: samples.clone(), order, batch: BATCH, augment: None, threads };
        let batches = pass.start().map(|batch| {
            let batch = batch?;
            let data = TensorData::new(batch.values, [batch.labels.len(), channels, height, width]);
            Ok::<_, TrainError>(Tensor::from_data(data, &training))
        });
        let sizes = observe(&float, batches.collect::<Result<Vec<_>, _>>()?);
        let refused = |error: stairs_zoo::ModelError| ConfigError::Model {
            model: config.model.clone(),
            reason: error.to_string(),
        };
        Ok(Self(calibrated(self.0, &sizes).map_err(refused)?))
    }

    /// The float model that the run starts from, if it starts from one; none where the quanta are loaded.
    fn float_twin(
        config: &RunConfig,
        input: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<Option<stairs_zoo::Model>, TrainError> {
        let Some(init) = config.init.as_ref().filter(|init| init.quanta == Quanta::Fresh) else { return Ok(None) };
        let Self(float) = Self::build(config, Quantisation::Float, input, classes, device)?;
        Ok(Some(init.load(float)?))
    }
}
