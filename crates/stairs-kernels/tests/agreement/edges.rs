//! Cases at the edge of what a layer can be, one by one: Burn's result, or a panic that says what is wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::{
    module::{Module, RunningState},
    nn::{
        BatchNorm, BatchNormConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::{AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, FloatDType, Tensor, s},
};
use stairs_kernels::{adaptive_avg_pool2d, batch_norm, conv2d, max_pool2d};

use crate::case::{numbers, values};

#[track_caller]
fn panics(expected: &str, run: impl FnOnce()) {
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err(expected);
    let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
    let text = text.unwrap_or_default();
    assert!(text.contains(expected), "{text:?} does not say {expected:?}");
}

/// Outputs and input gradients, bit for bit: the maxima are values of the input, and windows do not overlap.
#[track_caller]
fn same_pool(pool: &MaxPool2d, x: Tensor<4>) {
    let x = x.detach().require_grad();
    let run = |ours: bool| {
        let y = if ours { max_pool2d(pool, x.clone()) } else { pool.forward(x.clone()) };
        let weights = numbers(y.dims(), 1, &y.device());
        let finite = y.clone().mask_fill(y.clone().is_inf(), 0.0);
        let gradients = (y.clone() + weights.clone() * 0.0 + finite * weights).sum().backward();
        (values(y), values(x.grad(&gradients).unwrap()))
    };
    let bits = |(y, g): (Vec<f32>, Vec<f32>)| [y, g].concat().into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(run(true)), bits(run(false)), "{pool:?} on {:?}", x.dims());
}

/// A window of 2×2 in steps of 2 has one output more than pairs of pixels where padding follows an odd side.
#[test]
fn halving_odd_sides_with_padding_after() {
    let device = Device::flex().autodiff();
    let paddings = [
        (0, 0, 1, 1),
        (0, 0, 1, 0),
        (0, 0, 0, 1),
        (1, 1, 1, 1),
        (1, 0, 0, 1),
        (0, 1, 1, 0),
        (0, 0, 0, 0),
        (0, 0, 2, 2),
    ];
    let explicit = paddings.map(|(top, left, bottom, right)| PaddingConfig2d::Explicit(top, left, bottom, right));
    for padding in explicit.into_iter().chain([PaddingConfig2d::Same, PaddingConfig2d::Valid]) {
        let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).with_padding(padding).init();
        for (height, width) in (1..8).flat_map(|h| (1..8).map(move |w| (h, w))) {
            same_pool(&pool, numbers([2, 3, height, width], 5, &device));
        }
        same_pool(&pool, numbers([9, 16, 33, 65], 5, &device));
    }
}

/// Same padding with longer strides and kernels.
#[test]
fn pools_that_keep_a_share_of_the_size() {
    let device = Device::flex().autodiff();
    for (kernel, stride) in (1..6).flat_map(|k| (1..6).map(move |s| (k, s))) {
        let config = MaxPool2dConfig::new([kernel, kernel]).with_strides([stride.max(kernel), stride.max(kernel)]);
        let pool = config.with_padding(PaddingConfig2d::Same).init();
        for side in 1..10 {
            same_pool(&pool, numbers([2, 2, side, 11 - side], 6, &device));
        }
    }
}

/// Burn writes unequal padding to memory as −∞, where a window of −∞ alone leaves its gradient.
#[test]
fn windows_of_minus_infinity() {
    let device = Device::flex().autodiff();
    for (top, left, bottom, right) in [(0, 0, 1, 1), (1, 0, 2, 1), (1, 1, 1, 1), (1, 1, 0, 0), (0, 1, 0, 0)] {
        let padding = PaddingConfig2d::Explicit(top, left, bottom, right);
        let pool = MaxPool2dConfig::new([3, 3]).with_strides([3, 3]).with_padding(padding).init();
        let x = Tensor::<4>::full([1, 2, 5, 7], f32::NEG_INFINITY, &device).require_grad();
        let gradient = |y: Tensor<4>| values(x.grad(&y.sum().backward()).unwrap());
        assert_eq!(gradient(max_pool2d(&pool, x.clone())), gradient(pool.forward(x.clone())), "{pool:?}");
    }
}

#[test]
fn pools_that_cannot_be() {
    let device = Device::flex().autodiff();
    let x = || numbers([1, 2, 5, 5], 1, &device);
    let pool: MaxPool2d = MaxPool2dConfig::new([3, 3]).init();
    let wide = |padding| MaxPool2d { padding: PaddingConfig2d::Explicit(padding, 0, padding, 0), ..pool.clone() };
    panics("beyond", || drop(max_pool2d(&MaxPool2d { dilation: [1 << 63, 1], ..pool.clone() }, x())));
    panics("beyond", || drop(max_pool2d(&MaxPool2d { dilation: [usize::MAX, 1], ..pool.clone() }, x())));
    panics("beyond", || {
        drop(max_pool2d(&MaxPool2d { kernel_size: [usize::MAX, 1], dilation: [2, 1], ..pool.clone() }, x()))
    });
    panics("beyond", || drop(max_pool2d(&wide(usize::MAX), x())));
    panics("beyond", || drop(max_pool2d(&wide(usize::MAX / 2), x())));
    panics("beyond", || drop(max_pool2d(&wide(1 << 61), x())));
    panics("memory", || drop(max_pool2d(&wide(1 << 57), x())));
    panics("kernel size", || drop(max_pool2d(&MaxPool2d { kernel_size: [0, 1], ..pool.clone() }, x())));
    panics("stride", || drop(max_pool2d(&MaxPool2d { stride: [1, 0], ..pool.clone() }, x())));
    panics("dilation", || drop(max_pool2d(&MaxPool2d { dilation: [1, 0], ..pool.clone() }, x())));
    // Only this much is Burn's to answer: no window fits.
    let long = MaxPool2d { kernel_size: [6, 1 << 40], ..pool };
    assert_eq!(max_pool2d(&long, x()).dims(), long.forward(x()).dims());
}

#[test]
fn convolutions_that_cannot_be() {
    let device = Device::flex().autodiff();
    let x = || numbers([1, 2, 5, 5], 1, &device);
    let conv: Conv2d = Conv2dConfig::new([2, 4], [3, 3]).init(&device);
    let with = |change: fn(&mut Conv2d)| {
        let mut conv = conv.clone();
        change(&mut conv);
        conv
    };
    for (expected, change) in [
        ("beyond", (|c| c.dilation = [1 << 63, 1]) as fn(&mut Conv2d)),
        ("beyond", |c| c.dilation = [usize::MAX, 1]),
        ("beyond", |c| c.dilation = [1, usize::MAX / 2 + 1]),
        ("does not fit", |c| c.dilation = [1 << 40, 1 << 40]),
        ("does not fit", |c| c.dilation = [1, 3]),
        ("beyond", |c| c.padding = PaddingConfig2d::Explicit(usize::MAX, 0, 1, 0)),
        ("beyond", |c| c.padding = PaddingConfig2d::Explicit(1 << 62, 0, 1 << 62, 0)),
        ("beyond", |c| c.padding = PaddingConfig2d::Explicit(1 << 40, 1 << 40, 0, 0)),
        ("memory", |c| c.padding = PaddingConfig2d::Explicit(1 << 57, 0, 0, 0)),
        ("stride", |c| c.stride = [0, 1]),
        ("stride", |c| (c.stride, c.padding) = ([1, 0], PaddingConfig2d::Same)),
        ("channels", |c| c.groups = 0),
        ("channels", |c| c.groups = 2),
        ("channels", |c| c.groups = usize::MAX / 2 + 2),
        ("bias", |c| c.bias = c.bias.take().map(|b| b.map(|b| b.slice(s![0..3])))),
        ("bias", |c| c.bias = c.bias.take().map(|b| b.map(|b| b.repeat(&[2])))),
    ] {
        panics(expected, || drop(conv2d(&with(change), x())));
    }
    panics("channels", || drop(conv2d(&conv, numbers([1, 3, 5, 5], 1, &device))));
    panics("does not fit", || drop(conv2d(&conv, numbers([1, 2, 0, 5], 1, &device))));
    // Outputs that the groups do not divide: Burn makes such a layer in two steps only.
    let mut uneven: Conv2d = Conv2dConfig::new([4, 3], [1, 1]).init(&device);
    (uneven.weight, uneven.groups) = (uneven.weight.map(|w| w.slice([0..3, 0..2])), 2);
    panics("divisible", || drop(conv2d(&uneven, numbers([1, 4, 5, 5], 1, &device))));
    // Another type than the input's.
    let wide = with(|c| c.weight = c.weight.clone().map(|w| w.cast(FloatDType::F64)));
    panics("f32", || drop(conv2d(&wide, x())));
    // The same on a device without kernels of this crate's.
    panics("beyond", || drop(conv2d(&with(|c| c.dilation = [1 << 63, 1]), x().cast(FloatDType::F64))));
}

/// The weights say how large a kernel is; the setting is only there for the padding.
#[test]
fn a_kernel_that_is_not_that_of_the_setting() {
    let device = Device::flex();
    for padding in [PaddingConfig2d::Valid, PaddingConfig2d::Same] {
        for groups in [1, 2] {
            let config = Conv2dConfig::new([2, 4], [5, 2]).with_groups(groups).with_padding(padding.clone());
            let mut conv: Conv2d = config.init(&device);
            conv.kernel_size = [3, 4];
            let x = numbers([2, 2, 9, 8], 1, &device);
            crate::case::close("output", conv2d(&conv, x.clone()), conv.forward(x));
        }
    }
}

/// A kernel whose positions are far apart, with as much padding, is one that sees the middle alone; a far stride is one
/// output.
#[test]
fn far_away() {
    let device = Device::flex().autodiff();
    let far = 1 << 20;
    for groups in [1, 4] {
        let config = Conv2dConfig::new([4, 8], [3, 3]).with_groups(groups).with_bias(false);
        let mut conv: Conv2d = config.init(&device);
        (conv.dilation, conv.padding) = ([far, far], PaddingConfig2d::Explicit(far, far, far, far));
        let x = numbers([2, 4, 6, 8], 1, &device).require_grad();
        let mut middle = conv.clone();
        middle.weight = middle.weight.map(|w| w.slice([0..8, 0..4 / groups, 1..2, 1..2]));
        (middle.dilation, middle.padding) = ([1, 1], PaddingConfig2d::Valid);
        let (ours, theirs) = (conv2d(&conv, x.clone()), middle.forward(x.clone()));
        crate::case::close("output", ours.clone(), theirs.clone());
        let gradient = |y: Tensor<4>| x.grad(&y.powi_scalar(2).sum().backward()).unwrap();
        crate::case::close("gradient", gradient(ours), gradient(theirs));
        for stride in [usize::MAX, isize::MAX as usize + 1, 1 << 40] {
            let once = Conv2d { stride: [stride, 1], ..config_of(&device, groups) };
            let y = once.forward(x.clone());
            crate::case::close("far stride", conv2d(&once, x.clone()), y);
        }
    }
}

fn config_of(device: &Device, groups: usize) -> Conv2d {
    Conv2dConfig::new([4, 8], [3, 3]).with_groups(groups).init(device)
}

#[test]
fn means_that_cannot_be() {
    let device = Device::flex().autodiff();
    let x = || numbers([1, 2, 5, 5], 1, &device);
    for (expected, size) in
        [("beyond", [1 << 40, 1 << 40]), ("beyond", [usize::MAX, 1]), ("memory", [1 << 29, 1 << 28])]
    {
        panics(expected, || drop(adaptive_avg_pool2d(&AdaptiveAvgPool2dConfig::new(size).init(), x())));
    }
}

/// Each of a norm's vectors must have a value for each channel, in training and in evaluation: nothing is broadcast, and
/// no running statistic moves before the other is known to fit.
#[test]
fn norms_whose_parameters_do_not_fit() {
    let device = Device::flex().autodiff();
    let x = || numbers([2, 3, 4, 4], 1, &device);
    for (at, length) in (0..4).flat_map(|at| [1, 2, 4].map(|length| (at, length))) {
        let lengths: [usize; 4] = std::array::from_fn(|i| if i == at { length } else { 3 });
        let make = || {
            let mut norm: BatchNorm = BatchNormConfig::new(3).init(&device);
            norm.gamma = norm.gamma.map(|_| numbers([lengths[0]], 2, &device).require_grad());
            norm.beta = norm.beta.map(|_| numbers([lengths[1]], 3, &device).require_grad());
            norm.running_mean = RunningState::new(numbers([lengths[2]], 4, &device));
            norm.running_var = RunningState::new(numbers([lengths[3]], 5, &device).abs());
            norm
        };
        let trained = |ours: bool| {
            let norm = make();
            let run = || drop(if ours { batch_norm(&norm, x()) } else { norm.forward(x()) });
            let panicked = catch_unwind(AssertUnwindSafe(run)).is_err();
            (panicked, values(norm.running_mean.value_sync()), values(norm.running_var.value_sync()))
        };
        assert_eq!(trained(true), trained(false), "{lengths:?}");
        let evaluated = |ours: bool| {
            let (norm, x) = (make().valid(), x().inner());
            catch_unwind(AssertUnwindSafe(|| drop(if ours { batch_norm(&norm, x) } else { norm.forward(x) }))).is_err()
        };
        assert!(evaluated(true) && evaluated(false), "{lengths:?}");
    }
}

/// No images, no channels, no lines, no columns.
#[test]
fn nothing() {
    let device = Device::flex().autodiff();
    let pool: MaxPool2d = MaxPool2dConfig::new([2, 2]).init();
    let mean = AdaptiveAvgPool2dConfig::new([2, 2]).init();
    let conv: Conv2d =
        Conv2dConfig::new([3, 4], [1, 1]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(&device);
    for dims in [[0, 3, 4, 4], [2, 3, 0, 4], [2, 3, 4, 0], [0, 3, 0, 0]] {
        let x = numbers(dims, 1, &device);
        let outcome =
            |run: &dyn Fn() -> Tensor<4>| catch_unwind(AssertUnwindSafe(|| (run().dims(), values(run())))).ok();
        let same = |what: &str, ours: &dyn Fn() -> Tensor<4>, theirs: &dyn Fn() -> Tensor<4>| {
            assert_eq!(outcome(ours), outcome(theirs), "{what} {dims:?}");
        };
        same("max", &|| max_pool2d(&pool, x.clone()), &|| pool.forward(x.clone()));
        same("mean", &|| adaptive_avg_pool2d(&mean, x.clone()), &|| mean.forward(x.clone()));
        same("conv", &|| conv2d(&conv, x.clone()), &|| conv.forward(x.clone()));
    }
}
