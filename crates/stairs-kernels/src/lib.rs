//! Fast CPU kernels for layers of convolutional networks: Burn's [`Conv2d`], [`MaxPool2d`], [`AdaptiveAvgPool2d`],
//! [`BatchNorm`] and ReLU6.
//!
//! The modules stay Burn's own, with their parameters, records and configurations; only their forward pass goes through
//! a function of this crate instead of the method:
//!
//! | instead of | write |
//! |---|---|
//! | `conv.forward(x)` | [`conv2d`]`(&conv, x)` |
//! | `pool.forward(x)`, maximum | [`max_pool2d`]`(&pool, x)` |
//! | `pool.forward(x)`, adaptive mean | [`adaptive_avg_pool2d`]`(&pool, x)` |
//! | `norm.forward(x)` | [`batch_norm`]`(&norm, x)` |
//! | `activation::relu6(x)` | [`relu6`]`(x)` |
//!
//! On Flex with f32 tensors the functions run kernels of their own, forward and backward; on every other device, and for
//! what the kernels do not cover (grouped convolutions between the ordinary and the depthwise, other element types), they call the method. The results agree up
//! to the order of floating-point sums. The same shapes give the same numbers for any number of threads.
//!
//! | file | what |
//! |---|---|
//! | `conv`, `pool`, `average`, `norm`, `relu6` | the functions and the shapes they work on |
//! | `checked`, `misfit` | which shapes the kernels may trust, and why not others |
//! | `backend` | the operations on Burn's backend trait |
//! | `autodiff/` | their backward rules |
//! | `flex` | tensors to slices and back |
//! | `cpu/` | the kernels on slices |
//!
//! [`Conv2d`]: burn::nn::conv::Conv2d
//! [`MaxPool2d`]: burn::nn::pool::MaxPool2d
//! [`AdaptiveAvgPool2d`]: burn::nn::pool::AdaptiveAvgPool2d
//! [`BatchNorm`]: burn::nn::BatchNorm

mod autodiff;
mod average;
mod backend;
mod checked;
mod conv;
#[cfg(feature = "flex")]
mod cpu;
#[cfg(feature = "flex")]
mod flex;
mod misfit;
mod norm;
mod pool;
mod relu6;
mod window;

pub use average::{AverageShape, adaptive_avg_pool2d};
pub use backend::KernelBackend;
pub use conv::{ConvShape, conv2d};
pub use norm::batch_norm;
pub use pool::{PoolShape, max_pool2d};
pub use relu6::relu6;
pub use window::Axis;

use burn::tensor::Tensor;

/// Whether the kernels of this crate can run on `x`: f32 on Flex.
fn covered<const D: usize>(x: &Tensor<D>) -> bool {
    #[cfg(feature = "flex")]
    {
        x.dtype() == burn::tensor::DType::F32 && x.device() == burn::tensor::Device::flex()
    }
    #[cfg(not(feature = "flex"))]
    {
        let _ = x;
        false
    }
}
