//! The training loss.
//!
//! ```text
//! ℓ = (1 − ε)·(−log p_y) + ε·(1/K)·Σ_k (−log p_k)      p = softmax(logits), K classes, y the target
//! ```
//!
//! With ε = 0 it is the cross entropy, which is what is reported of test samples whatever ε is. Szegedy et al.,
//! *Rethinking the Inception Architecture for Computer Vision*, CVPR 2016 (arXiv 1512.00567), §7; the mixture with the
//! uniform distribution over all classes, target included, is that of `torch.nn.CrossEntropyLoss(label_smoothing=)`.

use burn::tensor::{Int, Tensor, activation::log_softmax};

/// Cross entropy of each sample, in nats: −log softmax(logits)\[target\].
pub(crate) fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [samples] = targets.dims();
    log_softmax(logits, 1).gather(1, targets.reshape([samples, 1])).reshape([samples]).neg()
}

/// The same against targets mixed with the uniform distribution; `smoothing` in [0, 1).
pub(crate) fn smoothed_cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
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
