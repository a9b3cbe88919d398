//! Loss and metric of a finished model.

use std::sync::Arc;

use burn::{data::dataloader::DataLoader, tensor::Device};

use super::Task;
use crate::{Evaluation, Predictor, Samples, TrainError, data::Loader, evaluate::TEST_BATCH};

/// Evaluates `model`, with its quantisers hard, on samples that are checked as they are made. What is called accuracy in
/// the result is the metric.
///
/// # Errors
/// [`TrainError::Sample`].
pub(crate) fn evaluate_task<M: Predictor>(
    model: &M,
    task: &dyn Task,
    samples: Arc<dyn Samples>,
    device: &Device,
) -> Result<Evaluation, TrainError> {
    let model = model.valid().to_device(device);
    let (mut loss, mut score, mut count) = (0.0, 0.0, 0);
    let loader = Loader::test(samples, TEST_BATCH, device.clone());
    for batch in loader.iter() {
        let batch = batch.map_err(|error| loader.fault().take().unwrap_or_else(|| TrainError::Burn(error.into())))?;
        let outputs = model.outputs(batch.inputs);
        let [samples, _] = outputs.dims();
        loss += task.losses(outputs.clone(), &batch.targets, false).mean().into_scalar::<f64>() * samples as f64;
        score += task.scores(outputs, &batch.targets).mean().into_scalar::<f64>() * samples as f64;
        count += samples;
    }
    let mean = |sum: f64| sum / count as f64;
    Ok(Evaluation { loss: mean(loss), accuracy: task.score(mean(score)), top5: None, samples: count })
}
