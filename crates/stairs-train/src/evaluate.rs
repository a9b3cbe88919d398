//! Loss and accuracy of a finished model.

use std::sync::Arc;

use burn::{
    data::dataloader::DataLoader,
    tensor::{Device, Int, Tensor},
};
use serde::{Deserialize, Serialize};

use crate::{
    ConfigError, Predictor, Samples, Task, TrainError,
    data::{Checked, Loader},
    optimise::cross_entropy,
};

/// Samples of one evaluation batch; results do not depend on it.
pub(crate) const TEST_BATCH: usize = 256;

/// Largest number of classes of which five are too large a part to be counted as one answer.
pub(crate) const FEW_CLASSES: usize = 10;

/// Loss and accuracy over some samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean cross entropy per sample in nats; NaN without samples.
    pub loss: f64,
    /// Share of right answers in percent; NaN without samples.
    pub accuracy: f64,
    /// Share in percent of the samples whose class is among the five largest logits; absent where there are ten classes or fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top5: Option<f64>,
    /// Number of samples.
    pub samples: usize,
}

/// Evaluates `model` with its quantisers hard.
///
/// # Errors
/// [`TrainError::Sample`] where a sample cannot be made, holds a value that is no number, or is of a class that the model has
/// no logit for.
pub fn evaluate<M: Predictor>(model: &M, samples: Arc<dyn Samples>, device: &Device) -> Result<Evaluation, TrainError> {
    let model = model.valid().to_device(device);
    let (mut loss, mut hits, mut five, mut count) = (0.0, 0.0, 0, 0);
    let [_, columns] = shape_of_logits(&model, samples.shape(), device);
    let loader = Loader::test(Checked::samples(samples, columns), TEST_BATCH, device.clone());
    for batch in loader.iter() {
        let batch = batch.map_err(|error| loader.fault().take().unwrap_or_else(|| TrainError::Burn(error.into())))?;
        let logits = model.outputs(batch.inputs);
        let [samples] = batch.targets.classes.dims();
        let answers: Tensor<1, Int> = logits.clone().argmax(1).reshape([samples]);
        hits += answers.equal(batch.targets.classes.clone()).int().sum().into_scalar::<f64>();
        if columns > FEW_CLASSES {
            five += hits_of_five(logits.clone(), batch.targets.classes.clone());
        }
        loss += cross_entropy(logits, batch.targets.classes).sum().into_scalar::<f64>();
        count += samples;
    }
    let percent = |hits: f64| 100.0 * hits / count as f64;
    let top5 = (columns > FEW_CLASSES).then(|| percent(five as f64));
    Ok(Evaluation { loss: loss / count as f64, accuracy: percent(hits), top5, samples: count })
}

/// Number of rows of `logits` `[B, C]` of which fewer than five stand before the target's, larger ones and equal ones to the left
/// of it.
fn hits_of_five(logits: Tensor<2>, targets: Tensor<1, Int>) -> usize {
    let [_, columns] = logits.dims();
    let logits = logits.into_data().iter::<f32>().collect::<Vec<_>>();
    let targets = targets.into_data().iter::<i64>().collect::<Vec<_>>();
    let is_hit = |(row, target): (&[f32], i64)| {
        let target = target as usize;
        let before = |(i, x): &(usize, &f32)| **x > row[target] || (**x == row[target] && *i < target);
        !row[target].is_nan() && row.iter().enumerate().filter(before).count() < 5
    };
    logits.chunks_exact(columns).zip(targets).filter(|pair| is_hit(*pair)).count()
}

/// Shape of the logits of one sample of `shape`; the model is in evaluation mode.
pub(crate) fn shape_of_logits<M: Predictor>(model: &M, shape: [usize; 3], device: &Device) -> [usize; 2] {
    let [channels, height, width] = shape;
    model.outputs(Tensor::zeros([1, channels, height, width], device)).dims()
}

/// Makes sure that `model` has a logit for each of `classes` classes.
pub(crate) fn check_logits<M: Predictor>(
    model: &M,
    shape: [usize; 3],
    classes: usize,
    device: &Device,
) -> Result<(), ConfigError> {
    let found = shape_of_logits(&model.valid(), shape, device);
    if found[0] == 1 && found[1] >= classes { Ok(()) } else { Err(ConfigError::Logits { found, classes }) }
}

/// Makes sure that `model` answers as a task other than classes asks.
pub(crate) fn check_outputs<M: Predictor>(
    model: &M,
    task: &dyn Task,
    samples: &dyn Samples,
    device: &Device,
) -> Result<(), ConfigError> {
    let found = shape_of_logits(&model.valid(), samples.shape(), device);
    let refusal = (found[0] != 1).then(|| "it must answer every sample with one row".to_owned());
    match refusal.or_else(|| task.refusal(found[1], samples)) {
        Some(reason) => Err(ConfigError::Outputs { found, reason }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_largest_logits_count() {
        let device = Device::flex();
        // The target's logit has 4, 5, 4 and 5 before it: by size, then by position among equals; the last is no number.
        let mut rows = [[0.0_f32; 12]; 5];
        rows[0][..5].copy_from_slice(&[9.0, 8.0, 7.0, 6.0, 5.0]);
        rows[1][..6].copy_from_slice(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0]);
        rows[4][3] = f32::NAN;
        let targets = [4, 5, 4, 5, 3];
        let logits = Tensor::<2>::from_data(rows, &device);
        let each: Vec<usize> = (0..5)
            .map(|i| {
                let target = Tensor::<1, Int>::from_data([targets[i]], &device);
                hits_of_five(logits.clone().narrow(0, i, 1), target)
            })
            .collect();
        assert_eq!(each, [1, 0, 1, 0, 0]);
        assert_eq!(hits_of_five(logits, Tensor::from_data(targets, &device)), 2);
    }
}
