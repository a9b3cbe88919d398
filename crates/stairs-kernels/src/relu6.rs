//! ReLU6: y = min(max(x, 0), 6).

use burn::{backend::Dispatch, tensor::Tensor};

use crate::{KernelBackend, covered};

/// What `burn::tensor::activation::relu6(x)` computes, faster on Flex, any shape: where nothing else holds `x`, in its
/// memory. NaN gives NaN.
///
/// The gradient is that of the output where 0 < y < 6, and 0 at both kinks, as PyTorch has it; Burn's function, which
/// other devices call, lets the gradient pass where x is exactly 0 or 6.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_kernels::relu6;
///
/// let x = Tensor::<1>::from_floats([-1.0, 2.0, 7.0], &Device::flex());
/// assert_eq!(relu6(x).into_data().try_to_vec::<f32>().unwrap(), [0.0, 2.0, 6.0]);
/// ```
pub fn relu6<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !covered(&x) {
        return burn::tensor::activation::relu6(x);
    }
    Tensor::from_dispatch(Dispatch::kernel_relu6(x.into_dispatch()))
}
