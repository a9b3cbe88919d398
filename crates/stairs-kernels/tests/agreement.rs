//! The kernels against Burn's own modules: values, gradients, running statistics, for random shapes.
#![allow(missing_docs)]

use burn::{
    module::Module,
    nn::{
        BatchNormConfig, PaddingConfig2d,
        conv::Conv2dConfig,
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, Distribution, Tensor, TensorData},
};
use proptest::prelude::*;
use stairs_kernels::{batch_norm, conv2d, max_pool2d};

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec::<f32>().unwrap()
}

/// Equal up to the order of sums.
fn close<const D: usize>(what: &str, ours: Tensor<D>, theirs: Tensor<D>) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let (ours, theirs) = (values(ours), values(theirs));
    let size = theirs.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
    for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        assert!((a - b).abs() <= 2e-5 * size, "{what}[{i}]: {a} instead of {b}");
    }
}

/// Numbers that no generator shared between tests can change.
fn numbers<const D: usize>(dims: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = std::iter::repeat_with(next).take(dims.iter().product()).collect();
    Tensor::from_data(TensorData::new(values, dims), device)
}

#[derive(Clone, Debug)]
struct Case {
    batch: usize,
    channels: [usize; 2],
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    padding: PaddingConfig2d,
    bias: bool,
    strided: bool,
    seed: u64,
}

fn pair(range: std::ops::Range<usize>) -> impl Strategy<Value = [usize; 2]> {
    [range.clone(), range]
}

fn padding() -> impl Strategy<Value = PaddingConfig2d> {
    prop_oneof![
        Just(PaddingConfig2d::Same),
        Just(PaddingConfig2d::Valid),
        [0_usize..3, 0..3, 0..3, 0..3].prop_map(|[t, l, b, r]| PaddingConfig2d::Explicit(t, l, b, r)),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    (
        (1_usize..40, pair(1..5), pair(5..14), pair(1..4)),
        (pair(1..3), pair(1..3), padding(), any::<bool>(), any::<bool>(), any::<u64>()),
    )
        .prop_map(|((batch, channels, size, kernel), (stride, dilation, padding, bias, strided, seed))| Case {
            batch,
            channels,
            size,
            kernel,
            // Burn defines "same" padding for stride and dilation 1.
            stride: if padding == PaddingConfig2d::Same { [1, 1] } else { stride },
            dilation: if padding == PaddingConfig2d::Same { [1, 1] } else { dilation },
            padding,
            bias,
            strided,
            seed,
        })
}

/// `[batch, channels, height, width]`, if asked for as a view with swapped axes.
fn input(case: &Case, device: &Device) -> Tensor<4> {
    let ([c, _], [h, w]) = (case.channels, case.size);
    match case.strided {
        false => numbers([case.batch, c, h, w], case.seed, device),
        true => numbers([case.batch, c, w, h], case.seed, device).swap_dims(2, 3),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn convolution(case in case()) {
        let device = Device::flex().autodiff();
        let conv = Conv2dConfig::new(case.channels, case.kernel)
            .with_stride(case.stride)
            .with_dilation(case.dilation)
            .with_padding(case.padding.clone())
            .with_bias(case.bias)
            .init(&device);
        let x = input(&case, &device).detach().require_grad();
        let run = |ours: bool| {
            let y = if ours { conv2d(&conv, x.clone()) } else { conv.forward(x.clone()) };
            let weights = numbers(y.dims(), case.seed ^ 1, &device);
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

    #[test]
    fn pooling(case in case(), ties in any::<bool>(), halve in any::<bool>()) {
        let device = Device::flex().autodiff();
        let padding = if case.padding == PaddingConfig2d::Valid {
            PaddingConfig2d::Valid
        } else {
            let [h, w] = case.kernel.map(|k| k / 2);
            PaddingConfig2d::Explicit(h, w, h, w)
        };
        let (kernel, stride, padding) =
            if halve { ([2, 2], [2, 2], PaddingConfig2d::Valid) } else { (case.kernel, case.stride, padding) };
        let pool: MaxPool2d = MaxPool2dConfig::new(kernel).with_strides(stride).with_padding(padding).init();
        let x = input(&case, &device);
        let x = if ties { (x * 3.0).round() } else { x };
        let x = x.detach().require_grad();
        let run = |ours: bool| {
            let y = if ours { max_pool2d(&pool, x.clone()) } else { pool.forward(x.clone()) };
            let weights = numbers(y.dims(), case.seed ^ 1, &device);
            let gradients = (y.clone() * weights).sum().backward();
            (y.inner(), x.grad(&gradients).unwrap())
        };
        let (ours, theirs) = (run(true), run(false));
        close("output", ours.0, theirs.0);
        close("gradient", ours.1, theirs.1);
    }

    #[test]
    fn normalisation(case in case()) {
        let device = Device::flex().autodiff();
        let channels = case.channels[0];
        let make = || {
            let mut norm = BatchNormConfig::new(channels).init(&device);
            norm.gamma = norm.gamma.map(|_| numbers([channels], case.seed ^ 2, &device).detach().require_grad());
            norm.beta = norm.beta.map(|_| numbers([channels], case.seed ^ 3, &device).detach().require_grad());
            norm
        };
        let x = (input(&case, &device) * 2.0 + 0.5).detach().require_grad();
        let run = |ours: bool| {
            let norm = make();
            let y = if ours { batch_norm(&norm, x.clone()) } else { norm.forward(x.clone()) };
            let weights = numbers(y.dims(), case.seed ^ 1, &device);
            let gradients = (y.clone() * weights).sum().backward();
            let evaluated = norm.valid();
            let inner = x.clone().inner();
            let z = if ours { batch_norm(&evaluated, inner) } else { evaluated.forward(inner) };
            let parameters = [&norm.gamma, &norm.beta].map(|p| p.grad(&gradients).unwrap());
            let running = [norm.running_mean.value_sync(), norm.running_var.value_sync()].map(|r| r.inner());
            (y.inner(), x.grad(&gradients).unwrap(), parameters, running, z)
        };
        let (ours, theirs) = (run(true), run(false));
        close("output", ours.0, theirs.0);
        close("input gradient", ours.1, theirs.1);
        for (ours, theirs) in ours.2.into_iter().chain(ours.3).zip(theirs.2.into_iter().chain(theirs.3)) {
            close("parameter gradients and running statistics", ours, theirs);
        }
        close("evaluation", ours.4, theirs.4);
    }
}

#[test]
fn what_the_kernels_do_not_cover_goes_to_burn() {
    let device = Device::flex();
    let grouped = Conv2dConfig::new([4, 4], [3, 3]).with_groups(4).init(&device);
    let x = Tensor::<4>::random([2, 4, 6, 6], Distribution::Default, &device);
    close("grouped", conv2d(&grouped, x.clone()), grouped.forward(x.clone()));
    let ceil = MaxPool2dConfig::new([4, 4]).with_ceil_mode(true).init();
    close("ceil mode", max_pool2d(&ceil, x.clone()), ceil.forward(x));
}

#[test]
fn nan_and_infinity_pass_a_pool() {
    let device = Device::flex().autodiff();
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let top = [nan, 1.0, 1.0, nan, -inf, -inf, inf, 0.0];
    for kernel in [[1, 2], [2, 2]] {
        let pool = MaxPool2dConfig::new(kernel).init();
        // The second line never wins.
        let lines = if kernel[0] == 2 { [top, [-inf; 8]].concat() } else { top.to_vec() };
        let x = Tensor::<4>::from_data(TensorData::new(lines, [1, 1, kernel[0], 8]), &device).require_grad();
        let y = max_pool2d(&pool, x.clone());
        let gradients = y.clone().sum().backward();
        let y = values(y);
        assert!(y[0].is_nan() && y[1].is_nan());
        assert_eq!(y[2..], [-inf, inf]);
        let gradient = values(x.grad(&gradients).unwrap());
        assert_eq!(gradient[..8], [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
        assert!(gradient[8..].iter().all(|g| *g == 0.0));
    }
}

/// The cut of the work, and so the order of sums, does not depend on the pool it runs in.
#[test]
fn one_thread_and_three_give_the_same_bits() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let device = Device::flex().autodiff();
            let config = Conv2dConfig::new([3, 8], [3, 3]).with_padding(PaddingConfig2d::Same).with_bias(false);
            let mut conv = config.init(&device);
            conv.weight = conv.weight.map(|w| numbers(w.dims(), 4, &device).detach().require_grad());
            let x = numbers([37, 3, 7, 7], 5, &device).require_grad();
            let y = conv2d(&conv, x.clone());
            let gradients = y.clone().powi_scalar(2).sum().backward();
            let all = [values(x.grad(&gradients).unwrap()), values(conv.weight.grad(&gradients).unwrap())].concat();
            all.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        })
    };
    assert!(run(1) == run(3));
}
