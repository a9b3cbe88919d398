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
    module::{Flag, Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Device, Tensor, TensorData},
};

use crate::{
    Classifier, RunConfig, Samples, TrainError,
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
pub(crate) fn reestimated<M: Classifier>(
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
            let model = model.map(&mut OnlyNorms::default());
            model.logits(input.clone());
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
    #[derive(Default)]
    struct Read(Place, Statistics);

    impl ModuleVisitor for Read {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.0.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.0.is_statistic() {
                let values = param.val().into_data().try_into_vec_as::<f32>().unwrap_or_default();
                self.1.insert(self.0.path(), values.into_iter().map(f64::from).collect());
            }
        }
    }

    let mut read = Read::default();
    model.visit(&mut read);
    read.1
}

/// A model in evaluation mode with other statistics: `new` makes them of path and old values.
fn with<M: Module>(model: &M, new: &dyn Fn(&str, &[f32]) -> Vec<f32>) -> M {
    struct Write<'a>(Place, &'a dyn Fn(&str, &[f32]) -> Vec<f32>);

    impl ModuleMapper for Write<'_> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.0.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.exit();
        }

        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if !self.0.is_statistic() {
                return param;
            }
            let (id, tensor, mapper) = param.consume();
            let (shape, device) = (tensor.shape(), tensor.device());
            let old = tensor.into_data().try_into_vec_as::<f32>().unwrap_or_default();
            let values = TensorData::new((self.1)(&self.0.path(), &old), shape);
            Param::from_mapped_value(id, Tensor::from_data(values, &device), mapper)
        }
    }

    // Clones share their statistics: only those of this one are to change.
    model.valid().map(&mut Write(Place::default(), new))
}

/// Takes down every flag but those of batch norms: quantisers are hard, nothing is dropped.
#[derive(Default)]
struct OnlyNorms(Place);

impl ModuleMapper for OnlyNorms {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.0.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.0.exit();
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        if self.0.is_in_norm() { flag } else { flag.with_value(false) }
    }
}

/// Where a walk through a model is.
#[derive(Default)]
struct Place(Vec<(String, bool)>);

impl Place {
    fn enter(&mut self, name: &str, container_type: &str) {
        self.0.push((name.into(), container_type == NORM));
    }

    fn exit(&mut self) {
        self.0.pop();
    }

    fn path(&self) -> String {
        self.0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".")
    }

    fn is_in_norm(&self) -> bool {
        self.0.iter().any(|(_, norm)| *norm)
    }

    fn is_statistic(&self) -> bool {
        self.0.last().is_some_and(|(name, _)| STATISTICS.contains(&name.as_str())) && self.is_in_norm()
    }
}
