//! Max pools and adaptive average pools.

use burn::{
    nn::{
        PaddingConfig2d,
        pool::{AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, Distribution, Tensor, TensorData},
};
use proptest::prelude::*;
use stairs_kernels::{adaptive_avg_pool2d, max_pool2d};

use crate::case::{case, close, input, numbers, values};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn of_maxima(case in case(), ties in any::<bool>(), halve in any::<bool>()) {
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
    fn of_means(case in case(), output in [1_usize..9, 1..9], kind in 0..3) {
        let device = Device::flex().autodiff();
        let output = match kind {
            0 => [1, 1],
            1 => case.size,
            _ => output,
        };
        let pool = AdaptiveAvgPool2dConfig::new(output).init();
        let x = input(&case, &device).detach().require_grad();
        let run = |ours: bool| {
            let y = if ours { adaptive_avg_pool2d(&pool, x.clone()) } else { pool.forward(x.clone()) };
            let weights = numbers(y.dims(), case.seed ^ 1, &device);
            let gradients = (y.clone() * weights).sum().backward();
            (y.inner(), x.grad(&gradients).unwrap())
        };
        let (ours, theirs) = (run(true), run(false));
        close("output", ours.0, theirs.0);
        close("gradient", ours.1, theirs.1);
    }
}

#[test]
fn ceil_mode_goes_to_burn() {
    let device = Device::flex();
    let x = Tensor::<4>::random([2, 4, 6, 6], Distribution::Default, &device);
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
