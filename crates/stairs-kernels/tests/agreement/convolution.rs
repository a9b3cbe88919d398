//! Convolutions, ordinary and depthwise.

use burn::{
    nn::{
        PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{Device, Distribution, Tensor},
};
use proptest::prelude::*;
use stairs_kernels::conv2d;

use crate::case::{Case, case, close, input, numbers, values};

/// The layer of a case, with weights of its own.
fn layer(case: &Case, groups: usize, device: &Device) -> Conv2d {
    let mut conv = Conv2dConfig::new(case.channels, case.kernel)
        .with_stride(case.stride)
        .with_dilation(case.dilation)
        .with_padding(case.padding.clone())
        .with_bias(case.bias)
        .with_groups(groups)
        .init(device);
    conv.weight = conv.weight.map(|w| numbers(w.dims(), case.seed ^ 2, device).detach().require_grad());
    conv
}

/// Values and gradients of the kernels and of Burn.
fn check(conv: &Conv2d, case: &Case, device: &Device) {
    let x = input(case, device).detach().require_grad();
    let run = |ours: bool| {
        let y = if ours { conv2d(conv, x.clone()) } else { conv.forward(x.clone()) };
        let weights = numbers(y.dims(), case.seed ^ 1, device);
        let gradients = (y.clone() * weights).sum().backward();
        let bias = conv.bias.as_ref().map(|b| b.grad(&gradients).unwrap());
        (y.inner(), x.grad(&gradients).unwrap(), conv.weight.grad(&gradients).unwrap(), bias)
    };
    let (ours, theirs) = (run(true), run(false));
    close("output", ours.0, theirs.0);
    close("input gradient", ours.1, theirs.1);
    close("weight gradient", ours.2, theirs.2);
    if let (Some(ours), Some(theirs)) = (ours.3, theirs.3) {
        close("bias gradient", ours, theirs);
    }
}

/// Layers with as many groups as input channels, on images down to one pixel.
fn depthwise() -> impl Strategy<Value = Case> {
    let sizes = ([1_usize..14, 1..14], [1_usize..6, 1..6], [1_usize..4, 1..4], [1_usize..3, 1..3]);
    (case(), 2_usize..6, 1_usize..4, sizes)
        .prop_map(|(case, channels, multiplier, (size, kernel, stride, dilation))| {
            let same = case.padding == PaddingConfig2d::Same;
            Case {
                channels: [channels, channels * multiplier],
                size,
                kernel,
                stride: if same { [1, 1] } else { stride },
                dilation: if same { [1, 1] } else { dilation },
                ..case
            }
        })
        .prop_filter("the kernel fits", |case| {
            let around = match case.padding {
                PaddingConfig2d::Same => return true,
                PaddingConfig2d::Valid => [0, 0],
                PaddingConfig2d::Explicit(top, left, bottom, right) => [top + bottom, left + right],
            };
            (0..2).all(|i| case.dilation[i] * (case.kernel[i] - 1) < case.size[i] + around[i])
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn ordinary(case in case()) {
        let device = Device::flex().autodiff();
        check(&layer(&case, 1, &device), &case, &device);
    }

    #[test]
    fn of_single_channels(case in depthwise()) {
        let device = Device::flex().autodiff();
        check(&layer(&case, case.channels[0], &device), &case, &device);
    }
}

/// The layers of MobileNetV2 on small images, more images than a block has.
#[test]
fn depthwise_layers_of_mobilenet() {
    let device = Device::flex().autodiff();
    for (channels, size, stride) in
        [(48, 16, 1), (48, 16, 2), (32, 8, 2), (40, 4, 1), (16, 2, 1), (16, 2, 2), (24, 1, 1)]
    {
        let case = Case {
            batch: 33,
            channels: [channels; 2],
            size: [size; 2],
            kernel: [3; 2],
            stride: [stride; 2],
            dilation: [1; 2],
            padding: PaddingConfig2d::Explicit(1, 1, 1, 1),
            bias: false,
            strided: false,
            seed: 6,
        };
        check(&layer(&case, channels, &device), &case, &device);
    }
}

/// Lines that are whole runs of 8 or 16 pixels, blocks of channels that are not full, more images than a group has.
#[test]
fn lines_of_whole_runs() {
    let device = Device::flex().autodiff();
    for (channels, size, kernel) in
        [([3, 16], [5, 32], 3), ([5, 12], [3, 24], 5), ([9, 20], [8, 8], 3), ([4, 8], [4, 16], 3), ([6, 7], [9, 40], 3)]
    {
        let case = Case {
            batch: 37,
            channels,
            size,
            kernel: [kernel; 2],
            stride: [1; 2],
            dilation: [1; 2],
            padding: PaddingConfig2d::Same,
            bias: false,
            strided: false,
            seed: 7,
        };
        check(&layer(&case, 1, &device), &case, &device);
    }
}

#[test]
fn other_groups_go_to_burn() {
    let device = Device::flex();
    let grouped = Conv2dConfig::new([4, 4], [3, 3]).with_groups(2).init(&device);
    let x = Tensor::<4>::random([2, 4, 6, 6], Distribution::Default, &device);
    close("grouped", conv2d(&grouped, x.clone()), grouped.forward(x));
}

/// The cut of the work, and so the order of sums, does not depend on the pool it runs in.
#[test]
fn one_thread_and_three_give_the_same_bits() {
    let run = |threads: usize, channels: [usize; 2], groups: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let device = Device::flex().autodiff();
            let config = Conv2dConfig::new(channels, [3, 3]).with_groups(groups).with_padding(PaddingConfig2d::Same);
            let mut conv = config.with_bias(false).init(&device);
            conv.weight = conv.weight.map(|w| numbers(w.dims(), 4, &device).detach().require_grad());
            let x = numbers([37, channels[0], 7, 7], 5, &device).require_grad();
            let y = conv2d(&conv, x.clone());
            let gradients = y.clone().powi_scalar(2).sum().backward();
            let all = [values(x.grad(&gradients).unwrap()), values(conv.weight.grad(&gradients).unwrap())].concat();
            all.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        })
    };
    assert!(run(1, [3, 8], 1) == run(3, [3, 8], 1));
    assert!(run(1, [24, 24], 24) == run(3, [24, 24], 24));
}
