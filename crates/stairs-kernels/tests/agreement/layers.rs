//! Random layers of every kind, with settings that somebody means and some that nobody does, and what they give.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::{
    module::{Module, RunningState},
    nn::{
        BatchNorm, BatchNormConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::{AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, FloatDType, Tensor, activation},
};
use stairs_kernels::{adaptive_avg_pool2d, batch_norm, conv2d, max_pool2d, relu6};

use crate::{
    case::{numbers, values},
    dice::Dice,
};

/// An output or a gradient: its name, dimensions and values.
pub(crate) type Named = (&'static str, Vec<usize>, Vec<f32>);

/// What a layer gives; `None` if it panics.
pub(crate) type Outcome = Option<Vec<Named>>;

/// The description of a layer, its outcome and Burn's.
pub(crate) type Trial = (String, Outcome, Outcome);

pub(crate) fn convolution(dice: &mut Dice, seed: u64) -> Trial {
    let device = Device::flex().autodiff();
    let groups = if dice.one_in(2) { 1 } else { dice.from(1, 7) };
    let (share, multiplier) = match dice.below(8) {
        0 | 1 => (dice.from(1, 40), dice.from(1, 40)),
        2..6 if groups > 1 => (1, dice.from(1, 4)),
        _ => (dice.from(1, 4), dice.from(1, 4)),
    };
    let (channels_in, channels_out) = (share * groups, multiplier * groups);
    let kernel = dice.pair(1, 6);
    let mut conv: Conv2d = Conv2dConfig::new([channels_in, channels_out], kernel)
        .with_groups(groups)
        .with_bias(dice.one_in(2))
        .init(&device);
    conv.stride = dice.pair(1, 4);
    conv.dilation = if dice.one_in(2) { [1, 1] } else { dice.pair(1, 4) };
    conv.padding = dice.padding(kernel);
    let mut x = [dice.batch(), channels_in, dice.side(), dice.side()];
    if dice.one_in(12) {
        // Settings nobody means.
        match dice.below(9) {
            0 => conv.dilation[dice.below(2)] = dice.huge(),
            1 => conv.stride[dice.below(2)] = dice.huge(),
            2 => conv.groups = dice.pick([0, 2, 3, usize::MAX]),
            3 => x[1] += 1,
            4 => conv.kernel_size = dice.pair(1, 6),
            5 => conv.stride[dice.below(2)] = 0,
            6 => x[dice.pick([0, 2, 3])] = 0,
            7 => conv.dilation[dice.below(2)] = 1 << 20,
            _ => {
                let reach = 1 << 20;
                let at = dice.below(2);
                conv.weight = conv.weight.map(|w| w.slice([0..channels_out, 0..share, 0..1, 0..1]));
                conv.weight = conv.weight.map(|w| w.repeat(&[1, 1, 3, 3]));
                conv.dilation[at] = reach;
                conv.padding = match at {
                    0 => PaddingConfig2d::Explicit(reach, 1, reach, 1),
                    _ => PaddingConfig2d::Explicit(1, reach, 1, reach),
                };
            }
        }
    }
    conv.weight = conv.weight.map(|w| numbers(w.dims(), seed ^ 2, &device).detach().require_grad());
    let layout = dice.layout();
    let weighting = dice.below(3);
    let what = format!("{seed}: {x:?} {layout:?} {:?} {conv:?}", conv.weight.dims());
    let run = |ours: bool| {
        outcome(|| {
            let x = layout.make(x, seed, &device).detach().require_grad();
            let y = if ours { conv2d(&conv, x.clone()) } else { conv.forward(x.clone()) };
            let gradients = weighted(y.clone(), weighting, seed).sum().backward();
            let mut all = vec![of("output", y), of("input gradient", x.grad(&gradients).unwrap())];
            all.push(of("weight gradient", conv.weight.grad(&gradients).unwrap()));
            all.extend(conv.bias.as_ref().map(|b| of("bias gradient", b.grad(&gradients).unwrap())));
            all
        })
    };
    (what, run(true), run(false))
}

pub(crate) fn max_pool(dice: &mut Dice, seed: u64) -> Trial {
    let device = Device::flex().autodiff();
    let kernel = if dice.one_in(3) { [2, 2] } else { dice.pair(1, 5) };
    let mut pool: MaxPool2d = MaxPool2dConfig::new(kernel).init();
    if dice.one_in(2) {
        pool.stride = dice.pair(1, 6);
    }
    pool.padding = dice.padding(kernel);
    if dice.one_in(6) {
        pool.dilation = dice.pair(1, 4);
    }
    pool.ceil_mode = dice.one_in(8);
    let mut x = [dice.batch(), dice.from(1, 6), dice.side(), dice.side()];
    if dice.one_in(12) {
        match dice.below(8) {
            0 => pool.dilation[dice.below(2)] = dice.huge(),
            1 => pool.stride[dice.below(2)] = dice.huge(),
            2 => pool.kernel_size[dice.below(2)] = 0,
            3 => pool.stride[dice.below(2)] = 0,
            4 => x[dice.below(4)] = 0,
            5 => pool.stride[dice.below(2)] = (1 << 32) - 1,
            6 => pool.kernel_size[dice.below(2)] = 100,
            _ => {
                // Almost all of the kernel is padding.
                pool.kernel_size = [(1 << 40) + 1, 3];
                (pool.stride, pool.dilation, pool.padding) = ([1, 1], [1, 1], PaddingConfig2d::Same);
            }
        }
    }
    let layout = dice.layout();
    let (kind, weighting) = (dice.below(4), dice.below(3));
    let what = format!("{seed}: {x:?} {layout:?} values {kind} {pool:?}");
    let run = |ours: bool| {
        outcome(|| {
            let x = layout.make(x, seed, &device);
            let x = match kind {
                0 => (x * 3.0).round(),
                1 => {
                    let infinite = x.clone().abs().lower_elem(0.5);
                    x.mask_fill(infinite, f32::NEG_INFINITY)
                }
                _ => x,
            };
            let x = x.detach().require_grad();
            let y = if ours { max_pool2d(&pool, x.clone()) } else { pool.forward(x.clone()) };
            let gradients = weighted(y.clone(), weighting, seed).sum().backward();
            vec![of("output", y), of("gradient", x.grad(&gradients).unwrap())]
        })
    };
    (what, run(true), run(false))
}

pub(crate) fn mean_pool(dice: &mut Dice, seed: u64) -> Trial {
    let device = Device::flex().autodiff();
    let mut x = [dice.batch(), dice.from(1, 6), dice.side(), dice.side()];
    let output = match dice.below(4) {
        0 => [1, 1],
        1 => [x[2], x[3]],
        _ => dice.pair(1, 24),
    };
    let mut pool = AdaptiveAvgPool2dConfig::new(output).init();
    if dice.one_in(12) {
        match dice.below(3) {
            0 => pool.output_size[dice.below(2)] = 0,
            1 => x[dice.below(4)] = 0,
            _ => x[dice.pick([0, 1])] = 0,
        }
    }
    let layout = dice.layout();
    let weighting = dice.below(3);
    let what = format!("{seed}: {x:?} {layout:?} {pool:?}");
    let run = |ours: bool| {
        outcome(|| {
            let x = layout.make(x, seed, &device).detach().require_grad();
            let y = if ours { adaptive_avg_pool2d(&pool, x.clone()) } else { pool.forward(x.clone()) };
            let gradients = weighted(y.clone(), weighting, seed).sum().backward();
            vec![of("output", y), of("gradient", x.grad(&gradients).unwrap())]
        })
    };
    (what, run(true), run(false))
}

pub(crate) fn norm(dice: &mut Dice, seed: u64) -> Trial {
    let device = Device::flex().autodiff();
    let channels = dice.pick([1, 2, 3, 7, 40, 300]);
    let mut x = [dice.batch(), channels, dice.side(), dice.side()];
    let mut lengths = [channels; 4];
    if dice.one_in(6) {
        match dice.below(3) {
            0 => x[dice.pick([0, 2, 3])] = 0,
            1 => x[1] += 1,
            _ => lengths[dice.below(4)] = dice.pick([1, channels + 1]),
        }
    }
    let make = || {
        let mut norm: BatchNorm = BatchNormConfig::new(channels).init(&device);
        norm.gamma = norm.gamma.map(|_| numbers([lengths[0]], seed ^ 2, &device).detach().require_grad());
        norm.beta = norm.beta.map(|_| numbers([lengths[1]], seed ^ 3, &device).detach().require_grad());
        norm.running_mean = RunningState::new(numbers([lengths[2]], seed ^ 4, &device));
        norm.running_var = RunningState::new(numbers([lengths[3]], seed ^ 5, &device).abs() + 0.1);
        norm
    };
    let layout = dice.layout();
    let (weighting, evaluated) = (dice.below(3), dice.one_in(3));
    // The order of sums is all there is of a variance of few values that are next to equal.
    let few = x[0] * x[2] * x[3] <= 4 || layout.repeats();
    let what = format!("{seed}: {x:?} {layout:?} {lengths:?} evaluated {evaluated}");
    let run = |ours: bool| {
        outcome(|| {
            let x = (layout.make(x, seed, &device) * 2.0 + 0.5).detach().require_grad();
            let norm = make();
            if evaluated {
                let (norm, x) = (norm.valid(), x.inner());
                let y = if ours { batch_norm(&norm, x) } else { norm.forward(x) };
                return vec![of("evaluation", y)];
            }
            let y = if ours { batch_norm(&norm, x.clone()) } else { norm.forward(x.clone()) };
            let gradients = weighted(y.clone(), weighting, seed).sum().backward();
            let mut all = vec![of("running mean", norm.running_mean.value_sync())];
            all.push(of("running variance", norm.running_var.value_sync()));
            if !few {
                // `normalisation` measures the gradients for γ and β, whose sums nearly cancel.
                all.extend([of("output", y), of("input gradient", x.grad(&gradients).unwrap())]);
            }
            all
        })
    };
    (what, run(true), run(false))
}

pub(crate) fn threshold(dice: &mut Dice, seed: u64) -> Trial {
    let device = Device::flex().autodiff();
    let mut x = [dice.batch(), dice.from(1, 6), dice.side(), dice.side()];
    if dice.one_in(6) {
        x[dice.below(4)] = 0;
    }
    let (layout, held, weighting) = (dice.layout(), dice.one_in(2), dice.below(3));
    let wide = dice.one_in(4);
    let what = format!("{seed}: {x:?} {layout:?} held {held} f64 {wide}");
    let run = |ours: bool| {
        outcome(|| {
            let x = (layout.make(x, seed, &device) * 12.0).detach();
            let x = if wide { x.cast(FloatDType::F64) } else { x }.require_grad();
            let z = if held { x.clone() } else { x.clone() * 1.5 };
            let y = if ours { relu6(z) } else { activation::relu6(z) };
            let gradients = weighted(y.clone().cast(FloatDType::F32), weighting, seed).sum().backward();
            vec![of("output", y), of("gradient", x.grad(&gradients).unwrap())]
        })
    };
    (what, run(true), run(false))
}

fn outcome(run: impl FnOnce() -> Vec<Named>) -> Outcome {
    catch_unwind(AssertUnwindSafe(run)).ok()
}

fn of<const D: usize>(what: &'static str, x: Tensor<D>) -> Named {
    (what, x.dims().to_vec(), values(x.cast(FloatDType::F32)))
}

/// Something to differentiate, whose gradient is dense, transposed or one number for all.
fn weighted(y: Tensor<4>, how: usize, seed: u64) -> Tensor<4> {
    let device = y.device();
    match how {
        0 => y,
        1 => {
            let y = y.swap_dims(2, 3);
            let weights = numbers(y.dims(), seed ^ 1, &device);
            y * weights
        }
        _ => {
            let weights = numbers(y.dims(), seed ^ 1, &device);
            y * weights
        }
    }
}
