//! Loss and accuracy of a finished model.

use std::sync::Arc;

use burn::{
    data::dataloader::DataLoader,
    tensor::{Device, Int, Tensor},
};
use serde::{Deserialize, Serialize};

use crate::{
    Classifier, ConfigError, Samples, TrainError,
    data::{Checked, Loader},
    optimise::cross_entropy,
};

/// Samples of one evaluation batch; results do not depend on it.
pub(crate) const TEST_BATCH: usize = 256;

/// Loss and accuracy over some samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean cross entropy per sample in nats; NaN without samples.
    pub loss: f64,
    /// Share of right answers in percent; NaN without samples.
    pub accuracy: f64,
    /// Number of samples.
    pub samples: usize,
}

/// Evaluates `model` with its quantisers hard.
///
/// # Errors
/// [`TrainError::Sample`] where a sample cannot be made, holds a value that is no number, or is of a class that the model has
/// no logit for.
pub fn evaluate<M: Classifier>(
    model: &M,
    samples: Arc<dyn Samples>,
    device: &Device,
) -> Result<Evaluation, TrainError> {
    let model = model.valid().to_device(device);
    let (mut loss, mut hits, mut count) = (0.0, 0.0, 0);
    let [_, columns] = shape_of_logits(&model, samples.shape(), device);
    let loader = Loader::test(Checked::samples(samples, columns), TEST_BATCH, device.clone());
    for batch in loader.iter() {
        let batch = batch.map_err(|error| loader.fault().take().unwrap_or_else(|| TrainError::Burn(error.into())))?;
        let logits = model.logits(batch.inputs);
        let [samples] = batch.targets.dims();
        let answers: Tensor<1, Int> = logits.clone().argmax(1).reshape([samples]);
        hits += answers.equal(batch.targets.clone()).int().sum().into_scalar::<f64>();
        loss += cross_entropy(logits, batch.targets).sum().into_scalar::<f64>();
        count += samples;
    }
    Ok(Evaluation { loss: loss / count as f64, accuracy: 100.0 * hits / count as f64, samples: count })
}

/// Shape of the logits of one sample of `shape`; the model is in evaluation mode.
pub(crate) fn shape_of_logits<M: Classifier>(model: &M, shape: [usize; 3], device: &Device) -> [usize; 2] {
    let [channels, height, width] = shape;
    model.logits(Tensor::zeros([1, channels, height, width], device)).dims()
}

/// Makes sure that `model` has a logit for each of `classes` classes.
pub(crate) fn check_logits<M: Classifier>(
    model: &M,
    shape: [usize; 3],
    classes: usize,
    device: &Device,
) -> Result<(), ConfigError> {
    let found = shape_of_logits(&model.valid(), shape, device);
    if found[0] == 1 && found[1] >= classes { Ok(()) } else { Err(ConfigError::Logits { found, classes }) }
}
