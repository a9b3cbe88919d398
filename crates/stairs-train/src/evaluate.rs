//! Loss and accuracy of a finished model.

use std::sync::Arc;

use burn::{
    data::dataloader::DataLoader,
    tensor::{Device, Int, Tensor},
};
use serde::{Deserialize, Serialize};

use crate::{Classifier, Samples, TrainError, data::Loader, optimise::cross_entropy};

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
/// [`TrainError::Sample`] where a sample cannot be made.
pub fn evaluate<M: Classifier>(
    model: &M,
    samples: Arc<dyn Samples>,
    device: &Device,
) -> Result<Evaluation, TrainError> {
    let model = model.valid().to_device(device);
    let (mut loss, mut hits, mut count) = (0.0, 0.0, 0);
    let loader = Loader::test(samples, TEST_BATCH, device.clone());
    for batch in loader.iter() {
        let batch =
            batch.map_err(|error| loader.fault().take().unwrap_or_else(|| TrainError::Burn(error.to_string())))?;
        let logits = model.logits(batch.inputs);
        let [samples] = batch.targets.dims();
        let answers: Tensor<1, Int> = logits.clone().argmax(1).reshape([samples]);
        hits += answers.equal(batch.targets.clone()).int().sum().into_scalar::<f64>();
        loss += cross_entropy(logits, batch.targets).sum().into_scalar::<f64>();
        count += samples;
    }
    Ok(Evaluation { loss: loss / count as f64, accuracy: 100.0 * hits / count as f64, samples: count })
}
