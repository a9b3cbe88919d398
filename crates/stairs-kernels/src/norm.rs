//! Batch normalisation: y = γ·(x − μ)/√(v + ε) + β per channel, with the statistics of the batch in training (biased
//! variance) and the running ones in evaluation.

use burn::{backend::Dispatch, nn::BatchNorm, tensor::Tensor};

use crate::{KernelBackend, covered};

/// What `norm.forward(x)` computes, faster on Flex: `[batch, channels, …]` to the same. Training moves the running
/// statistics as the method does.
///
/// # Panics
/// As `norm.forward` where γ, β or the running statistics do not have one value for each channel.
///
/// ```
/// use burn::{nn::BatchNormConfig, tensor::{Device, Distribution, Tensor}};
/// use stairs_kernels::batch_norm;
///
/// let device = Device::flex().autodiff();
/// let norm = BatchNormConfig::new(3).init(&device);
/// let x = Tensor::<4>::random([4, 3, 8, 8], Distribution::Uniform(1.0, 3.0), &device);
/// let y = batch_norm(&norm, x); // training: mean 0
/// assert!(y.mean().into_scalar::<f32>().abs() < 1e-5);
/// ```
pub fn batch_norm<const D: usize>(norm: &BatchNorm, x: Tensor<D>) -> Tensor<D> {
    let dims = x.dims();
    let statistics = [&norm.running_mean, &norm.running_var].map(|r| r.value().dims());
    let each = [norm.gamma.dims(), norm.beta.dims()].into_iter().chain(statistics);
    let fits = D > 2 && each.into_iter().all(|dims_of| dims_of == [dims[1]]) && !dims.contains(&0);
    if !fits || !covered(&x) {
        return norm.forward(x);
    }
    match x.device().is_autodiff() {
        true if norm.training.is_enabled() => train(norm, x),
        true => norm.forward(x),
        false => evaluate(norm, x),
    }
}

fn train<const D: usize>(norm: &BatchNorm, x: Tensor<D>) -> Tensor<D> {
    let device = x.device();
    let (gamma, beta) = (norm.gamma.val().into_dispatch(), norm.beta.val().into_dispatch());
    let (y, mean, variance) = Dispatch::kernel_batch_norm(x.into_dispatch(), gamma, beta, norm.epsilon);
    for (running, new) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let new = Tensor::<1>::from_dispatch(new).detach();
        let old = running.value_sync().to_device(&device);
        running.update((old * (1.0 - norm.momentum) + new * norm.momentum).detach());
    }
    Tensor::from_dispatch(y)
}

fn evaluate<const D: usize>(norm: &BatchNorm, x: Tensor<D>) -> Tensor<D> {
    let device = x.device();
    let mean = norm.running_mean.value().to_device(&device);
    let variance = norm.running_var.value().to_device(&device);
    let scale = norm.gamma.val() / (variance + norm.epsilon).sqrt();
    let shift = norm.beta.val() - mean * scale.clone();
    let y = Dispatch::kernel_affine(x.into_dispatch(), scale.into_dispatch(), shift.into_dispatch());
    Tensor::from_dispatch(y)
}
