//! The CPU kernels of `stairs-kernels` against the methods of Burn's modules: convolution, max pool, batch normalisation
//! and a whole training step, forward and backward, Flex. Run with `cargo xtask bench layers`.
#![allow(missing_docs)]

use burn::{
    nn::{
        BatchNormConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::MaxPool2dConfig,
    },
    tensor::{Device, Distribution, Tensor},
};
use stairs::kernels::{batch_norm, conv2d, max_pool2d};
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

fn main() {
    stairs::allocator::keep_memory();
    let device = &Device::flex().autodiff();
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
}
