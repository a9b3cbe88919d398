//! Running statistics of batch norms, measured again after training.
//!
//! Training leaves exponential averages of what the norms saw while weights were moving and noise was there; evaluation needs the
//! statistics of the network as it is: weights at rest, quantisers hard. With N training batches b and their statistics
//!
//! ```text
//! μ = (1/N)·Σ_b mean_b        σ² = (1/N)·Σ_b variance_b
//! ```
//!
//! Each norm sees its input normalised by the statistics of the batch in all norms before it, as in training. Nothing else
//! changes, so measuring twice gives the same numbers. Source: the re-estimation of Nagel, Fournarakis, Bondarenko,
//! Blankevoort, *Overcoming Oscillations in Quantization-Aware Training*, ICML 2022 (arXiv 2203.11086).

use std::{collections::BTreeMap, sync::Arc};

use burn::{
    module::{Flag, Module, Param},
    tensor::{Device, Tensor, TensorData},
};
use stairs_noise::walk::{Change, Look, Place, change, look};

use crate::{
    Predictor, RunConfig, Samples, TrainError,
    data::{Pass, epoch_order, host_threads},
};

/// Burn's type of batch norms, as visitors see it, and the names of their running statistics.
const NORM: &str = "Struct:BatchNorm";
const STATISTICS: [&str; 2] = ["running_mean", "running_var"];

/// Statistics of a network's norms by path.
type Statistics = BTreeMap<String, Vec<f64>>;

/// `model`, in evaluation mode, with the statistics of `config.reestimate_norms` batches of the samples `chosen`; unchanged
/// if the run does not ask for them.
///
/// # Errors
/// [`TrainError::Sample`].
pub(crate) fn reestimated<M: Predictor>(
    model: M,
    config: &RunConfig,
    samples: &Arc<dyn Samples>,
    chosen: &[usize],
    device: &Device,
) -> Result<M, TrainError> {
    let Some(count) = config.reestimate_norms else { return Ok(model) };
    let training = device.clone().autodiff();
    let [channels, height, width] = samples.shape();
    // The epoch after the last one: its order, and its augmentation.
    let epoch = config.epochs + 1;
    let order = epoch_order(config.seed, epoch, chosen.len()).into_iter().take(count.saturating_mul(config.batch));
    let pass = Pass {
        samples: samples.clone(),
        order: order.map(|i| chosen[i]).collect(),
        batch: config.batch,
        augment: config.augment.then_some((config.seed, epoch)),
        threads: host_threads(&**samples),
    };
    let mut momenta: Option<Statistics> = None;
    let mut sums = Statistics::new();
    let mut measured = 0;
    for batch in pass.start() {
        let batch = batch?;
        let data = TensorData::new(batch.values, [batch.labels.len(), channels, height, width]);
        let input = Tensor::<4>::from_data(data, &training);
        let after = |start: f32| {
            let model = with(&model, &|_, old| vec![start; old.len()]).train().fork(&training);
            let (model, OnlyNorms) = change(model, OnlyNorms);
            model.outputs(input.clone());
            statistics(&model.valid())
        };
        let from_zero = after(0.0);
        // new = (1 − m)·old + m·batch, and no module tells its m.
        let momenta = momenta.get_or_insert_with(|| {
            let from_one = after(1.0);
            let momentum = |(path, zero): (&String, &Vec<f64>)| {
                let of = |(one, zero): (&f64, &f64)| 1.0 - (one - zero);
                (path.clone(), from_one[path].iter().zip(zero).map(of).collect())
            };
            from_zero.iter().map(momentum).collect()
        });
        for (path, values) in &from_zero {
            let sum = sums.entry(path.clone()).or_insert_with(|| vec![0.0; values.len()]);
            sum.iter_mut().zip(values).zip(&momenta[path]).for_each(|((sum, value), m)| *sum += value / m);
        }
        measured += 1;
    }
    let mean = |path: &str, old: &[f32]| {
        let mean =
            sums.get(path).map(|sum| sum.iter().map(|sum| (sum / f64::from(measured)) as f32).collect::<Vec<_>>());
        // A momentum of 0 asks to keep what is there.
        mean.filter(|mean| mean.iter().all(|value| value.is_finite())).unwrap_or_else(|| old.to_vec())
    };
    Ok(with(&model, &mean))
}

/// The statistics of a model in evaluation mode.
fn statistics<M: Module>(model: &M) -> Statistics {
    struct Read(Statistics);

    impl Look for Read {
        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            if is_statistic(place) {
                let values = param.val().into_data().try_into_vec_as::<f32>().unwrap_or_default();
                self.0.insert(place.path().to_owned(), values.into_iter().map(f64::from).collect());
            }
        }
    }

    look(model, Read(Statistics::new())).0
}

/// A model in evaluation mode with other statistics: `new` makes them of path and old values.
fn with<M: Module>(model: &M, new: &dyn Fn(&str, &[f32]) -> Vec<f32>) -> M {
    struct Write<'a>(&'a dyn Fn(&str, &[f32]) -> Vec<f32>);

    impl Change for Write<'_> {
        fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if !is_statistic(place) {
                return param;
            }
            let (id, tensor, mapper) = param.consume();
            let (shape, device) = (tensor.shape(), tensor.device());
            let old = tensor.into_data().try_into_vec_as::<f32>().unwrap_or_default();
            let values = TensorData::new((self.0)(place.path(), &old), shape);
            Param::from_mapped_value(id, Tensor::from_data(values, &device), mapper)
        }
    }

    // Clones share their statistics: only those of this one are to change.
    change(model.valid(), Write(new)).0
}

/// Takes down every flag but those of batch norms: quantisers are hard, nothing is dropped.
struct OnlyNorms;

impl Change for OnlyNorms {
    fn flag(&mut self, place: &Place, flag: Param<Flag>) -> Param<Flag> {
        if place.is_in(NORM) { flag } else { flag.with_value(false) }
    }
}

/// Whether a place is that of a running statistic.
fn is_statistic(place: &Place) -> bool {
    STATISTICS.contains(&place.name()) && place.is_in(NORM)
}

#[cfg(test)]
mod tests {
    use burn::{
        module::Module,
        nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig},
    };
    use stairs_data::{DataRoot, DatasetName, load};
    use stairs_noise::{StairActivation, StairActivationConfig, StairWeights};
    use stairs_quant::Quantiser;

    use super::*;
    use crate::Classifier;
    use crate::data::parts;

    #[derive(Module, Debug)]
    struct Net {
        first: Linear,
        norm: BatchNorm,
        act: StairActivation,
        dropout: Dropout,
        second: Linear,
        last: BatchNorm,
    }

    impl Classifier for Net {
        fn logits(&self, x: Tensor<4>) -> Tensor<2> {
            let x = self.act.forward(self.norm.forward(self.first.forward(x.flatten::<2>(1, 3))));
            self.last.forward(self.second.forward(self.dropout.forward(x)))
        }
    }

    fn net(momentum: f64) -> Net {
        let device = Device::flex();
        device.seed(3);
        let net = Net {
            first: LinearConfig::new(64, 6).init(&device),
            norm: BatchNormConfig::new(6).with_momentum(momentum).init(&device),
            act: StairActivationConfig::new(Quantiser::Ternary).init(&device).unwrap(),
            dropout: DropoutConfig::new(0.5).init(),
            second: LinearConfig::new(6, 10).init(&device),
            last: BatchNormConfig::new(10).init(&device),
        };
        StairWeights::ternary().quantise(net).unwrap().valid()
    }

    /// Mean and unbiased or biased variance of columns, as Burn's norm has it, averaged over the batches.
    #[test]
    fn statistics_are_means_over_batches_of_the_hard_network() {
        let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
        let (samples, _) = parts(&digits);
        let device = Device::flex();
        let config = RunConfig::default().with_reestimate_norms(3).with_batch(40).with_epochs(2);
        let chosen: Vec<usize> = (0..200).collect();
        let model = net(0.1);
        let found = reestimated(model.clone(), &config, &samples, &chosen, &device).unwrap();

        let order = epoch_order(config.seed, 3, 200);
        let (mut means, mut last) = (vec![0.0; 6], vec![0.0; 10]);
        for batch in order[..120].chunks(40) {
            let mut values = vec![0.0; 40 * 64];
            for (sample, out) in batch.iter().zip(values.chunks_exact_mut(64)) {
                samples.copy(chosen[*sample], out).unwrap();
            }
            let x = Tensor::<4>::from_data(TensorData::new(values, [40, 1, 8, 8]), &device);
            let x = model.first.forward(x.flatten::<2>(1, 3));
            let mean = x.clone().mean_dim(0);
            let variance = (x.clone() - mean.clone()).powi_scalar(2).mean_dim(0);
            let normed = (x - mean.clone()) / (variance + 1e-5).sqrt();
            let y = model.second.forward(model.act.forward(normed)).mean_dim(0);
            let add = |sum: &mut Vec<f64>, mean: Tensor<2>| {
                let mean: Vec<f32> = mean.into_data().try_into_vec().unwrap();
                sum.iter_mut().zip(mean).for_each(|(sum, mean)| *sum += f64::from(mean) / 3.0);
            };
            add(&mut means, mean);
            add(&mut last, y);
        }
        let close = |path: &str, expected: &[f64]| {
            let found = &statistics(&found)[path];
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{path}: {found:?} {expected:?}");
        };
        close("norm.running_mean", &means);
        close("last.running_mean", &last);

        // Again: the same. With another momentum: the same. The given model is left alone.
        let again = reestimated(found.clone(), &config, &samples, &chosen, &device).unwrap();
        assert_eq!(statistics(&again), statistics(&found));
        let other = reestimated(net(0.5), &config, &samples, &chosen, &device).unwrap();
        let (a, b) = (&statistics(&other)["norm.running_var"], &statistics(&found)["norm.running_var"]);
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3 * b), "{a:?} {b:?}");
        assert_eq!(statistics(&model)["norm.running_mean"], vec![0.0; 6]);
        // A momentum of 0 keeps what is there.
        let kept = reestimated(net(0.0), &config, &samples, &chosen, &device).unwrap();
        assert_eq!(statistics(&kept)["norm.running_mean"], vec![0.0; 6]);
    }
}
