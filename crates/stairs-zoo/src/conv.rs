//! Convolutions with what follows them, the pieces of every convolutional network here.

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::BatchNormConfig;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use stairs_kernels::{batch_norm, conv2d, max_pool2d};

use crate::activation::Rectifier;
use crate::{Activation, ModelError, Quantisation};

/// Convolution – batch norm; without a norm the convolution has a bias.
#[derive(Module, Debug)]
pub(crate) struct ConvNorm {
    conv: Conv2d,
    norm: Option<BatchNorm>,
}

/// Convolution – batch norm – activation – pool; all but the convolution may be missing.
#[derive(Module, Debug)]
pub(crate) struct ConvBlock {
    conv: Conv2d,
    norm: Option<BatchNorm>,
    activation: Option<Activation>,
    pool: Option<MaxPool2d>,
    #[module(skip)]
    pools_first: bool,
}

impl ConvNorm {
    /// A convolution without bias and its norm.
    pub(crate) fn new(conv: &Conv2dConfig, device: &Device) -> Self {
        Self { conv: conv.clone().with_bias(false).init(device), norm: Some(norm(conv, device)) }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        normalised(&self.conv, &self.norm, x)
    }
}

impl ConvBlock {
    /// A block around `conv`; a convolution with a norm has no bias, as the norm has one.
    pub(crate) fn new(
        conv: &Conv2dConfig,
        norm: bool,
        pool: Option<MaxPool2dConfig>,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Self::build(&conv.clone().with_bias(!norm), norm, Some(Rectifier::Relu), pool, quantisation, device)
    }

    /// A block whose convolution has a bias or not as `conv` says, and whose activation stands for `rectifier`.
    pub(crate) fn build(
        conv: &Conv2dConfig,
        normed: bool,
        rectifier: Option<Rectifier>,
        pool: Option<MaxPool2dConfig>,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let activation = |rectifier| Activation::in_place_of(rectifier, quantisation, device);
        Ok(Self {
            conv: conv.init(device),
            norm: normed.then(|| norm(conv, device)),
            activation: rectifier.map(activation).transpose()?,
            pool: pool.map(|pool| pool.init()),
            pools_first: false,
        })
    }

    /// The same block with its pool in front of the norm.
    pub(crate) fn pooling_first(self) -> Self {
        Self { pools_first: true, ..self }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let pooled = |x| match &self.pool {
            Some(pool) => max_pool2d(pool, x),
            None => x,
        };
        let x = conv2d(&self.conv, x);
        let x = if self.pools_first { pooled(x) } else { x };
        let x = match &self.norm {
            Some(norm) => batch_norm(norm, x),
            None => x,
        };
        let x = match &self.activation {
            Some(activation) => activation.forward(x),
            None => x,
        };
        if self.pools_first { x } else { pooled(x) }
    }
}

fn norm(conv: &Conv2dConfig, device: &Device) -> BatchNorm {
    BatchNormConfig::new(conv.channels[1]).init(device)
}

fn normalised(conv: &Conv2d, norm: &Option<BatchNorm>, x: Tensor<4>) -> Tensor<4> {
    let x = conv2d(conv, x);
    match norm {
        Some(norm) => batch_norm(norm, x),
        None => x,
    }
}

/// A square convolution of odd size `kernel` that keeps the size at stride 1 (padding kernel/2 on all sides).
pub(crate) fn square(channels: [usize; 2], kernel: usize, stride: usize) -> Conv2dConfig {
    let padding = PaddingConfig2d::Explicit(kernel / 2, kernel / 2, kernel / 2, kernel / 2);
    Conv2dConfig::new(channels, [kernel; 2]).with_stride([stride; 2]).with_padding(padding)
}

/// The pool of 2×2 that halves the size, rounding down.
pub(crate) fn halving() -> MaxPool2dConfig {
    MaxPool2dConfig::new([2, 2]).with_strides([2, 2])
}

/// Means over the image, `[B, C]`, of `[B, C, H, W]`.
pub(crate) fn global_mean(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, _, _] = x.dims();
    x.reshape([batch as i32, channels as i32, -1]).mean_dim(2).flatten::<2>(1, 2)
}

/// Height or width after a window of `kernel` with this padding on both sides; `None` where the window does not fit.
pub(crate) fn windows(size: usize, kernel: usize, stride: usize, padding: usize) -> Option<usize> {
    Some((size + 2 * padding).checked_sub(kernel)? / stride + 1)
}
