//! The losses of a run.
//!
//! ```text
//! cross entropy    ℓ = (1 − ε)·(−log p_y) + ε·(1/K)·Σ_k (−log p_k)      p = softmax(z), z the logits, K of them, y the target
//! squared hinge    ℓ = (1/K)·Σ_k max(0, 1 − t_k·z_k)²                    t_y = 1, all other t_k = −1
//! ```
//!
//! Squared hinge: Courbariaux, Bengio, David, *BinaryConnect*, NeurIPS 2015 (arXiv 1511.00363), and \[ANA19\]
//! (arXiv 1905.10452). ε smooths the labels of the training samples alone: of held-out samples the loss without it is
//! reported. Szegedy et al.,
//! *Rethinking the Inception Architecture for Computer Vision*, CVPR 2016 (arXiv 1512.00567), §7; the mixture with the
//! uniform distribution over all classes, target included, is that of `torch.nn.CrossEntropyLoss(label_smoothing=)`.

use std::{fmt, str::FromStr};

use burn::tensor::{Int, Tensor, activation::log_softmax};
use serde::{Deserialize, Serialize};

/// Loss of a run; formulas and sources are at the head of its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Cross entropy of the softmax, in nats.
    #[default]
    CrossEntropy,
    /// Mean over the classes of the squared hinge loss on targets ±1.
    SquaredHinge,
}

impl Loss {
    /// Each loss with its name in text.
    pub const ALL: [(&str, Self); 2] = [("cross-entropy", Self::CrossEntropy), ("squared-hinge", Self::SquaredHinge)];

    /// Loss of each sample: logits `[samples, classes]`, targets `[samples]`; `smoothing` in [0, 1), for cross entropy.
    pub(crate) fn of(self, logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
        match self {
            Self::CrossEntropy => smoothed_cross_entropy(logits, targets, smoothing),
            Self::SquaredHinge => squared_hinge(logits, targets),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL.iter().find(|(_, loss)| loss == self).map_or("", |(name, _)| name))
    }
}

impl FromStr for Loss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found
            .map(|(_, loss)| *loss)
            .ok_or_else(|| format!("expected one of {}, got `{text}`", Self::ALL.map(|(name, _)| name).join(", ")))
    }
}

/// Mean over the classes of max(0, 1 − t·z)² of each sample.
fn squared_hinge(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [samples, classes] = logits.dims();
    let signs: Tensor<2> = targets.one_hot::<2>(classes).float() * 2.0 - 1.0;
    let missing = (logits * signs).neg().add_scalar(1.0).clamp_min(0.0);
    missing.powi_scalar(2).mean_dim(1).reshape([samples])
}

/// Cross entropy of each sample, in nats: −log softmax(logits)\[target\].
pub(crate) fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [samples] = targets.dims();
    log_softmax(logits, 1).gather(1, targets.reshape([samples, 1])).reshape([samples]).neg()
}

/// The same against targets mixed with the uniform distribution; `smoothing` in [0, 1).
fn smoothed_cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
    if smoothing == 0.0 {
        return cross_entropy(logits, targets);
    }
    let [samples] = targets.dims();
    let log = log_softmax(logits, 1);
    let uniform = log.clone().mean_dim(1).reshape([samples]);
    let target = log.gather(1, targets.reshape([samples, 1])).reshape([samples]);
    (target * (1.0 - smoothing) + uniform * smoothing).neg()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn squared_hinge_by_hand() {
        let device = Device::flex().autodiff();
        let logits = Tensor::<2>::from_floats([[2.0, -0.5, -2.0], [0.0, 0.5, 3.0]], &device).require_grad();
        let targets = Tensor::from_ints([0, 1], &device);
        let losses = Loss::SquaredHinge.of(logits.clone(), targets, 0.0);
        let gradients = losses.clone().sum().backward();
        // Sample 0: 0, (1 − 0.5)², 0. Sample 1: 1, (1 − 0.5)², (1 + 3)².
        let losses: Vec<f32> = losses.into_data().try_into_vec().unwrap();
        assert!((losses[0] - 0.25 / 3.0).abs() < 1e-6 && (losses[1] - 17.25 / 3.0).abs() < 1e-6, "{losses:?}");
        let gradient: Vec<f32> = logits.grad(&gradients).unwrap().into_data().try_into_vec().unwrap();
        let expected = [0.0, 1.0, 0.0, 2.0, -1.0, 8.0].map(|g: f32| g / 3.0);
        assert!(gradient.iter().zip(expected).all(|(found, g)| (found - g).abs() < 1e-6), "{gradient:?}");
    }

    #[test]
    fn label_smoothing_is_the_formula() {
        let device = Device::flex();
        let logits = [[1.0, -0.5, 2.0], [0.0, 0.25, -1.0]];
        let targets = [2, 0];
        for smoothing in [0.0, 0.1, 0.5] {
            let losses = smoothed_cross_entropy(
                Tensor::from_floats(logits.map(|row| row.map(|x| x as f32)), &device),
                Tensor::from_ints(targets, &device),
                smoothing,
            );
            let losses: Vec<f32> = losses.into_data().try_into_vec().unwrap();
            for (i, row) in logits.iter().enumerate() {
                let total: f64 = row.iter().map(|x: &f64| x.exp()).sum();
                let minus_log = row.map(|x| total.ln() - x);
                let mean = minus_log.iter().sum::<f64>() / 3.0;
                let expected = (1.0 - smoothing) * minus_log[targets[i] as usize] + smoothing * mean;
                assert!((f64::from(losses[i]) - expected).abs() < 1e-6, "{smoothing} {i}: {losses:?} {expected}");
            }
        }
    }
}
