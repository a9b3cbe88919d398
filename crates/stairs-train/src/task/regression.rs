//! Numbers to be predicted.
//!
//! ```text
//! e = output − target        of every value; a sample has T of them
//! squared     ℓ = (1/T)·Σ e²
//! absolute    ℓ = (1/T)·Σ |e|
//! Huber(δ)    ℓ = (1/T)·Σ (e²/2 where |e| ≤ δ, else δ·(|e| − δ/2))
//! metric      rmse = √(mean over the samples of (1/T)·Σ e²)
//! ```
//!
//! Huber: *Robust Estimation of a Location Parameter*, The Annals of Mathematical Statistics 35 (1964).

use burn::tensor::Tensor;

use super::{Targets, Task, TaskRecord};
use crate::ConfigError;

/// Regression by one of three losses; the metric is the root mean square error, in the unit of the targets.
///
/// ```
/// use stairs_train::{Regression, Task};
/// assert_eq!(Regression::default().record().metric, "rmse");
/// assert!(Regression::huber(0.0).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Regression {
    loss: Error,
}

/// What is made of an error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Error {
    #[default]
    Squared,
    Absolute,
    Huber(f64),
}

impl Regression {
    /// By squared errors.
    pub fn squared() -> Self {
        Self { loss: Error::Squared }
    }

    /// By absolute errors.
    pub fn absolute() -> Self {
        Self { loss: Error::Absolute }
    }

    /// By Huber's loss: squared up to `delta`, absolute from there on.
    ///
    /// # Errors
    /// [`ConfigError::Range`] where `delta` is not positive and finite.
    pub fn huber(delta: f64) -> Result<Self, ConfigError> {
        if !(delta > 0.0 && delta.is_finite()) {
            return Err(ConfigError::Range { field: "delta of Huber's loss", value: delta, needs: "must be positive" });
        }
        Ok(Self { loss: Error::Huber(delta) })
    }
}

/// Mean of each row.
fn mean(errors: Tensor<2>) -> Tensor<1> {
    let [samples, _] = errors.dims();
    errors.mean_dim(1).reshape([samples])
}

/// Outputs less targets. Samples without targets were refused before.
fn errors(outputs: Tensor<2>, targets: &Targets) -> Tensor<2> {
    match &targets.values {
        Some(values) => outputs - values.clone(),
        None => outputs,
    }
}

impl Task for Regression {
    fn record(&self) -> TaskRecord {
        let name = match self.loss {
            Error::Squared => "regression, squared error".into(),
            Error::Absolute => "regression, absolute error".into(),
            Error::Huber(delta) => format!("regression, Huber's loss with delta {delta}"),
        };
        TaskRecord { name, metric: "rmse".into(), higher_is_better: false }
    }

    fn losses(&self, outputs: Tensor<2>, targets: &Targets, _training: bool) -> Tensor<1> {
        let errors = errors(outputs, targets);
        mean(match self.loss {
            Error::Squared => errors.powi_scalar(2),
            Error::Absolute => errors.abs(),
            Error::Huber(delta) => {
                // c·(|e| − c/2) with c = min(|e|, δ), which is both branches.
                let size = errors.abs();
                let cut = size.clone().clamp_max(delta);
                cut.clone() * (size - cut.mul_scalar(0.5))
            }
        })
    }

    fn scores(&self, outputs: Tensor<2>, targets: &Targets) -> Tensor<1> {
        mean(errors(outputs, targets).powi_scalar(2))
    }

    fn score(&self, mean: f64) -> f64 {
        mean.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn losses_and_their_derivatives_by_hand() {
        let device = Device::flex().autodiff();
        let targets = Targets {
            classes: Tensor::zeros([2], &device),
            values: Some(Tensor::from_floats([[0.0, 1.0], [0.0, 0.0]], &device)),
        };
        // Errors 2, −0.5 and 0.5, −3.
        let huber = Regression::huber(1.0).unwrap();
        for (task, losses, slopes) in [
            (Regression::squared(), [2.125, 4.625], [2.0, -0.5, 0.5, -3.0]),
            (Regression::absolute(), [1.25, 1.75], [0.5, -0.5, 0.5, -0.5]),
            (huber, [0.8125, 1.3125], [0.5, -0.25, 0.25, -0.5]),
        ] {
            let outputs = Tensor::<2>::from_floats([[2.0, 0.5], [0.5, -3.0]], &device).require_grad();
            let found = task.losses(outputs.clone(), &targets, true);
            let gradients = found.clone().sum().backward();
            assert_eq!(found.into_data().try_into_vec::<f32>().unwrap(), losses, "{task:?}");
            let slope = outputs.grad(&gradients).unwrap().into_data().try_into_vec::<f32>().unwrap();
            assert_eq!(slope, slopes, "{task:?}");
            let scores = task.scores(outputs, &targets).into_data().try_into_vec::<f32>().unwrap();
            assert_eq!(scores, [2.125, 4.625]);
        }
        assert_eq!(huber.score(6.25), 2.5);
    }
}
