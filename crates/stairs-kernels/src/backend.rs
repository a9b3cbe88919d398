//! The operations on Burn's backend trait. Routed to Flex only: the functions of this crate ask for the device first.

use burn::backend::{Backend, backend_extension, tensor::FloatTensor};

use crate::{AverageShape, ConvShape, PoolShape};

/// Backends with kernels of this crate: Flex, and `Autodiff` over it. All tensors f32.
///
/// # Panics
/// Every method panics, before it computes anything, where a tensor is not of f32, does not have the dimensions that the
/// shape or the other tensors give it, or is empty (but for ReLU6); where a shape cannot be (a length of 0, positions
/// beyond the machine's integers); and where there is no kernel for a shape: groups of several channels, pools with
/// dilation or with a window without a pixel.
#[backend_extension(Autodiff, Flex: cfg(feature = "flex"))]
pub trait KernelBackend: Backend {
    /// Convolution of `x` with `weight`, shapes as in [`ConvShape`].
    fn kernel_conv2d(x: FloatTensor<Self>, weight: FloatTensor<Self>, shape: ConvShape) -> FloatTensor<Self>;

    /// Gradient of a convolution for its input, from the `gradient` of its output.
    fn kernel_conv2d_input_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self>;

    /// Gradient of a convolution for its weights, from the `gradient` of its output.
    fn kernel_conv2d_weight_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self>;

    /// Max pool of `x`, shapes as in [`PoolShape`].
    fn kernel_max_pool2d(x: FloatTensor<Self>, shape: PoolShape) -> FloatTensor<Self>;

    /// Gradient of a max pool for its input, from the `gradient` of its output.
    fn kernel_max_pool2d_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: PoolShape,
    ) -> FloatTensor<Self>;

    /// Adaptive average pool of `x`, shapes as in [`AverageShape`].
    fn kernel_average_pool2d(x: FloatTensor<Self>, shape: AverageShape) -> FloatTensor<Self>;

    /// Gradient of an adaptive average pool for its input, from the `gradient` of its output.
    fn kernel_average_pool2d_gradient(gradient: FloatTensor<Self>, shape: AverageShape) -> FloatTensor<Self>;

    /// min(max(x, 0), 6), in the memory of `x` if nothing else holds it.
    fn kernel_relu6(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient of ReLU6 for its input, from its output `y` and the `gradient` of that.
    fn kernel_relu6_gradient(y: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Batch normalisation of `x` `[batch, channels, …]` with its own statistics: output, mean and biased variance
    /// `[channels]`.
    fn kernel_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Gradients of [`kernel_batch_norm`](Self::kernel_batch_norm) for `x`, `gamma` and β, from the `gradient` of its
    /// output and the statistics it returned.
    fn kernel_batch_norm_gradient(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// y = scale·x + shift per channel of `x` `[batch, channels, …]`; not differentiable.
    fn kernel_affine(x: FloatTensor<Self>, scale: FloatTensor<Self>, shift: FloatTensor<Self>) -> FloatTensor<Self>;
}
