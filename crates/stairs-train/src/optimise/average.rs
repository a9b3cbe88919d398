//! Exponential moving average of the latent weights.
//!
//! ```text
//! a₀ = w₀      aₜ = aₜ₋₁ + (1 − dₜ)·(wₜ − aₜ₋₁)      dₜ = min(d, (1 + t)/(10 + t)),   t the optimiser step, from 1
//! ```
//!
//! The average starts at the initial weights, not at 0, so nothing has to be divided by 1 − dᵗ; the smaller d of the first
//! steps forgets the initial weights instead. This is TensorFlow's `ExponentialMovingAverage(d, num_updates = t)`, with
//! which the Inception and MobileNet networks were trained. dₜ is a function of the step: nothing but a is saved.
//!
//! Averaged are the latent weights (not the quantised ones: the mean of levels is no level), biases, normalisations, and
//! learned scales. The running statistics of batch norms are averaged alike, since those of the latest weights do not
//! belong to the average; they are those before the step's own batch, one behind as Burn keeps them. Fixed scales and laws
//! are copied.

use std::{any::Any, collections::HashMap};

use burn::{
    module::{Module, Param, ParamId},
    tensor::Tensor,
};
use stairs_noise::walk::{Change, Look, Place, change, look};

/// dₜ for t = `step` ≥ 1.
pub(crate) fn decay_at(decay: f64, step: u64) -> f64 {
    let step = step as f64;
    decay.min((1.0 + step) / (10.0 + step))
}

/// a + (1 − `decay`)·(w − a), with w the parameters of `model` and a those of `average`, a copy of it in evaluation mode.
pub(crate) fn average<M: Module>(average: M, model: &M, decay: f64) -> M {
    let current = look(model, Current::default());
    change(average, Averager { current, decay }).0
}

/// The values of a model by identity.
#[derive(Default)]
struct Current(HashMap<ParamId, Value>);

struct Value {
    /// A `Tensor<D>` without gradient.
    tensor: Box<dyn Any>,
    /// True for host values, which carry settings rather than numbers that train.
    host: bool,
}

impl Look for Current {
    fn float<const D: usize>(&mut self, _place: &Place, param: &Param<Tensor<D>>) {
        let tensor = param.base();
        // Settings of quantisers live on the host, never on the device that trains.
        let host = !tensor.is_autodiff();
        self.0.insert(param.id, Value { tensor: Box::new(tensor.without_autodiff()), host });
    }
}

struct Averager {
    current: Current,
    decay: f64,
}

impl Change for Averager {
    fn float<const D: usize>(&mut self, _place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(Value { tensor, host }) = self.current.0.remove(&param.id) else { return param };
        let Ok(value) = tensor.downcast::<Tensor<D>>() else { return param };
        let weight = 1.0 - self.decay;
        param.map(|old| {
            if host {
                return *value;
            }
            let old = old.without_autodiff();
            let value = value.to_device(&old.device());
            old.clone() + (value - old) * weight
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig},
        tensor::Device,
    };
    use stairs_noise::StairWeights;

    use super::*;

    #[derive(Module, Debug)]
    struct Net {
        layer: Linear,
        norm: BatchNorm,
    }

    /// w ← 0.9·w + s for every trainable parameter.
    struct Move(f64);

    impl Change for Move {
        fn float<const D: usize>(&mut self, _place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if !param.base().is_require_grad() {
                return param;
            }
            param.map(|w| Tensor::from_inner(w.without_autodiff() * 0.9 + self.0).require_grad())
        }
    }

    fn values(layer: &Linear) -> Vec<f32> {
        layer.weight.base().into_data().try_into_vec().unwrap()
    }

    #[test]
    fn the_average_follows_the_recursion_on_the_latent_weights() {
        let device = Device::flex().autodiff();
        let net = Net { layer: LinearConfig::new(3, 2).init(&device), norm: BatchNormConfig::new(2).init(&device) };
        let mut net = StairWeights::ternary().quantise(net).unwrap();
        let mut mean = net.valid();
        let mut expected: Vec<f64> = values(&net.layer).into_iter().map(f64::from).collect();
        for step in 1..=30 {
            net = change(net, Move(0.1 * step as f64)).0;
            let decay = decay_at(0.75, step);
            mean = average(mean, &net, decay);
            for (a, w) in expected.iter_mut().zip(values(&net.layer)) {
                *a = decay * *a + (1.0 - decay) * f64::from(w);
            }
        }
        for (found, expected) in values(&mean.layer).into_iter().zip(expected) {
            assert!((f64::from(found) - expected).abs() < 1e-5, "{found} {expected}");
        }
        // Quantised where it is used, and no longer the model's own statistics.
        let mut levels: Vec<f32> = mean.layer.weight.val().into_data().try_into_vec().unwrap();
        levels.sort_by(f32::total_cmp);
        levels.dedup();
        assert!(levels.len() <= 3, "{levels:?}");
    }

    #[test]
    fn running_statistics_are_averaged_and_constants_stay_exact() {
        let device = Device::flex().autodiff();
        let norm: BatchNorm = BatchNormConfig::new(2).init(&device);
        let mean = norm.valid();
        let batch = Tensor::<2>::from_floats([[1.0, 10.0], [3.0, 30.0]], &device);
        norm.forward(batch.clone());
        norm.forward(batch);
        // One update behind: 0.1 times the mean of the batch.
        let mean = average(mean, &norm, 0.5);
        let found: Vec<f32> = mean.running_mean.value().into_data().try_into_vec().unwrap();
        assert!((found[0] - 0.1).abs() < 1e-6 && (found[1] - 1.0).abs() < 1e-6, "{found:?}");
        let gamma: Vec<f32> = mean.gamma.val().into_data().try_into_vec().unwrap();
        assert_eq!(gamma, [1.0, 1.0]);
    }

    #[test]
    fn the_first_steps_forget_faster() {
        assert_eq!(decay_at(0.999, 1), 2.0 / 11.0);
        assert_eq!(decay_at(0.999, 90), 0.91);
        assert_eq!(decay_at(0.999, 1_000_000), 0.999);
        assert_eq!(decay_at(0.1, 1), 0.1);
    }
}
