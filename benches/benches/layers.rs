//! The CPU kernels of `stairs-kernels` against the methods of Burn's modules, forward and backward, Flex: convolutions,
//! pools and batch normalisation of the LeNet and VGG kind, then the layers of MobileNetV2 at width 0.35 on 32×32 pixels.
//! Run with `cargo xtask bench layers`.
#![allow(missing_docs)]

use burn::{
    nn::{
        BatchNormConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::{AdaptiveAvgPool2dConfig, MaxPool2dConfig},
    },
    tensor::{Device, Distribution, Tensor, activation},
};
use stairs::kernels::{adaptive_avg_pool2d, batch_norm, conv2d, max_pool2d, relu6};
use stairs_benches::{Routine, interleaved, keep, print_ratios};

/// Forward and backward through `forward`, with a gradient for x.
fn pass(x: &Tensor<4>, forward: impl Fn(Tensor<4>) -> Tensor<4>) {
    let y = forward(x.clone().require_grad());
    keep(y.sum().backward());
}

/// Burn's method against the kernel, outside autodiff and forward with backward.
fn compare(
    title: &str,
    dims: [usize; 4],
    theirs: impl Fn(Tensor<4>) -> Tensor<4> + Copy,
    ours: impl Fn(Tensor<4>) -> Tensor<4> + Copy,
    device: &Device,
) {
    device.seed(1);
    let x = &Tensor::<4>::random(dims, Distribution::Normal(0.0, 1.0), device);
    let routines = &mut [
        Routine::new("Burn, forward and backward", move || pass(x, theirs)),
        Routine::new("kernel, forward and backward", move || pass(x, ours)),
    ];
    print_ratios(&format!("{title}, input {dims:?}"), &interleaved(9, routines));
}

fn same(channels: [usize; 2], device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [3, 3]).with_padding(PaddingConfig2d::Same).with_bias(false).init(device)
}

fn depthwise(channels: usize, stride: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([channels, channels], [3, 3])
        .with_groups(channels)
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .with_bias(false)
        .init(device)
}

fn main() {
    stairs::allocator::keep_memory();
    let device = &Device::flex().autodiff();
    plain(device);
    mobilenet(device);
}

/// Convolutions, pools and batch normalisation of plain networks.
fn plain(device: &Device) {
    for (channels, dims) in [
        ([1, 32], [64, 1, 28, 28]),
        ([32, 64], [64, 32, 14, 14]),
        ([128, 256], [16, 128, 16, 16]),
        ([256, 512], [16, 256, 8, 8]),
    ] {
        let conv = &same(channels, device);
        let title = format!("convolution 3×3, {} to {} channels", channels[0], channels[1]);
        compare(&title, dims, |x| conv.forward(x), |x| conv2d(conv, x), device);
    }
    let dims = [64, 32, 28, 28];
    let pool = &MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
    compare("max pool 2×2", dims, |x| pool.forward(x), |x| max_pool2d(pool, x), device);
    let norm = &BatchNormConfig::new(32).init(device);
    compare("batch normalisation", dims, |x| norm.forward(x), |x| batch_norm(norm, x), device);
    for (dims, size) in [([64, 256, 6, 6], [6, 6]), ([64, 512, 7, 7], [1, 1]), ([64, 256, 13, 13], [6, 6])] {
        let pool = &AdaptiveAvgPool2dConfig::new(size).init();
        let title = format!("adaptive average pool to {}×{}", size[0], size[1]);
        compare(&title, dims, |x| pool.forward(x), |x| adaptive_avg_pool2d(pool, x), device);
    }
}

/// The layers of MobileNetV2, width 0.35, stride 1 in the first layer.
fn mobilenet(device: &Device) {
    for (channels, size, stride) in
        [(16, 32, 1), (48, 32, 2), (96, 16, 1), (96, 8, 2), (144, 8, 1), (144, 4, 1), (192, 4, 2), (336, 2, 1)]
    {
        let conv = &depthwise(channels, stride, device);
        let title = format!("depthwise convolution 3×3, stride {stride}");
        compare(&title, [64, channels, size, size], |x| conv.forward(x), |x| conv2d(conv, x), device);
    }
    for ([from, to], size) in
        [([8, 48], 32), ([16, 96], 16), ([96, 24], 8), ([24, 144], 4), ([56, 336], 2), ([112, 1280], 2)]
    {
        let conv = &Conv2dConfig::new([from, to], [1, 1]).with_bias(false).init(device);
        let title = format!("pointwise convolution, {from} to {to} channels");
        compare(&title, [64, from, size, size], |x| conv.forward(x), |x| conv2d(conv, x), device);
    }
    for (channels, size) in [(48, 32), (96, 16), (144, 8), (192, 4), (336, 2), (336, 1)] {
        let norm = &BatchNormConfig::new(channels).init(device);
        let dims = [64, channels, size, size];
        compare("batch normalisation", dims, |x| norm.forward(x), |x| batch_norm(norm, x), device);
    }
    for dims in [[64, 48, 32, 32], [64, 144, 4, 4]] {
        compare("ReLU6", dims, activation::relu6, relu6, device);
    }
    let global = &AdaptiveAvgPool2dConfig::new([1, 1]).init();
    let dims = [64, 1280, 2, 2];
    compare("global average pool", dims, |x| global.forward(x), |x| adaptive_avg_pool2d(global, x), device);
}
