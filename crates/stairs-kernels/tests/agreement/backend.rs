//! The operations on the backend trait, which anybody can call with any shape: against the definition, in f64, for shapes
//! that can be; a panic for those that cannot, and for tensors that are not those of the shape.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::{
    backend::{Flex, flex::FlexTensor},
    tensor::TensorData,
};
use stairs_kernels::{AverageShape, Axis, ConvShape, KernelBackend, PoolShape};

use crate::dice::Dice;

fn filled(dims: &[usize], seed: u64) -> FlexTensor {
    let mut dice = Dice::new(seed);
    let count = dims.iter().product();
    let values: Vec<f32> = std::iter::repeat_with(|| dice.from(0, 2001) as f32 / 1000.0 - 1.0).take(count).collect();
    FlexTensor::from_data(TensorData::new(values, dims.to_vec()))
}

fn values(x: &FlexTensor) -> Vec<f32> {
    x.to_contiguous().as_slice::<f32>().expect("f32").to_vec()
}

fn dot(a: &FlexTensor, b: &FlexTensor) -> f64 {
    values(a).into_iter().zip(values(b)).map(|(a, b)| f64::from(a) * f64::from(b)).sum()
}

#[track_caller]
fn refuses<T>(what: &str, run: impl FnOnce() -> T) {
    let outcome = catch_unwind(AssertUnwindSafe(run));
    let Err(panic) = outcome else { panic!("{what}: no panic") };
    let text = panic.downcast_ref::<String>().map_or("", String::as_str);
    let clear = ["a kernel", "a norm", "conv2d:", "max_pool2d:", "adaptive_avg_pool2d:"];
    assert!(clear.iter().any(|start| text.contains(start)), "{what}: {text:?}");
}

/// Any axis there can be: outputs more or fewer than a padding gives, windows in nothing but padding.
fn axis(dice: &mut Dice) -> Axis {
    Axis {
        input: dice.side(),
        output: dice.side(),
        kernel: dice.from(1, 6),
        stride: dice.pick([1, 1, 1, 2, 3, 40, 1 << 40]),
        padding: dice.from(0, 8),
        dilation: dice.pick([1, 1, 2, 3, 50]),
    }
}

fn reads(axis: &Axis, o: usize, k: usize) -> Option<usize> {
    (o * axis.stride + k * axis.dilation).checked_sub(axis.padding).filter(|at| *at < axis.input)
}

fn dims_of(shape: &ConvShape) -> [[usize; 4]; 3] {
    let ConvShape { batch, channels_in, channels_out, groups, rows, columns } = *shape;
    [
        [batch, channels_in, rows.input, columns.input],
        [channels_out, channels_in / groups, rows.kernel, columns.kernel],
        [batch, channels_out, rows.output, columns.output],
    ]
}

/// y of the definition.
fn convolution(x: &[f32], weight: &[f32], shape: &ConvShape) -> Vec<f64> {
    let ConvShape { batch, channels_in, channels_out, groups, rows, columns } = *shape;
    let (share, of_group) = (channels_in / groups, channels_out / groups);
    let mut y = Vec::new();
    for (b, o) in (0..batch).flat_map(|b| (0..channels_out).map(move |o| (b, o))) {
        for (row, column) in (0..rows.output).flat_map(|r| (0..columns.output).map(move |c| (r, c))) {
            let mut sum = 0.0;
            for (ky, kx) in (0..rows.kernel).flat_map(|y| (0..columns.kernel).map(move |x| (y, x))) {
                let Some((i, j)) = reads(&rows, row, ky).zip(reads(&columns, column, kx)) else { continue };
                for c in 0..share {
                    let channel = o / of_group * share + c;
                    let x = x[((b * channels_in + channel) * rows.input + i) * columns.input + j];
                    let w = weight[((o * share + c) * rows.kernel + ky) * columns.kernel + kx];
                    sum += f64::from(x) * f64::from(w);
                }
            }
            y.push(sum);
        }
    }
    y
}

/// The output is that of the definition; the gradients are those of a function that is linear in x and in the weights:
/// ⟨y, g⟩ = ⟨x, dx⟩ = ⟨w, dw⟩.
#[test]
fn convolutions_of_any_shape() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let depthwise = dice.one_in(2);
        let channels_in = if depthwise { dice.from(2, 6) } else { dice.from(1, 10) };
        let channels_out = if depthwise { channels_in * dice.from(1, 3) } else { dice.from(1, 20) };
        let groups = if depthwise { channels_in } else { 1 };
        let (mut rows, mut columns) = (axis(&mut dice), axis(&mut dice));
        if dice.one_in(3) {
            // Shifts of the whole image, with padding that may be more than the kernel reaches.
            for axis in [&mut rows, &mut columns] {
                (axis.stride, axis.output) = (1, axis.input);
            }
        }
        let shape = ConvShape { batch: dice.from(1, 4), channels_in, channels_out, groups, rows, columns };
        let [x, weight, gradient] = dims_of(&shape);
        let (x, weight, gradient) = (filled(&x, seed ^ 1), filled(&weight, seed ^ 2), filled(&gradient, seed ^ 3));
        let expected = convolution(&values(&x), &values(&weight), &shape);
        let y = Flex::kernel_conv2d(x.clone(), weight.clone(), shape);
        let size = expected.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        for (i, (a, b)) in values(&y).into_iter().zip(&expected).enumerate() {
            assert!((f64::from(a) - b).abs() <= 1e-5 * size, "{shape:?} [{i}]: {a} instead of {b}");
        }
        let product: f64 = expected.iter().zip(values(&gradient)).map(|(y, g)| y * f64::from(g)).sum();
        let room = 1e-4 * size * (expected.len() as f64).sqrt().max(1.0);
        let dx = Flex::kernel_conv2d_input_gradient(weight.clone(), gradient.clone(), shape);
        assert!((dot(&x, &dx) - product).abs() <= room, "{shape:?}: {} instead of {product}", dot(&x, &dx));
        let dw = Flex::kernel_conv2d_weight_gradient(x, gradient, shape);
        assert!((dot(&weight, &dw) - product).abs() <= room, "{shape:?}: {} instead of {product}", dot(&weight, &dw));
    }
}

/// Pools of any shape whose windows all have a pixel: each output is the largest of its window, and the gradients all
/// arrive at pixels as large as the outputs.
#[test]
fn pools_of_any_shape() {
    let mut pooled = 0;
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let mut axis = || {
            let (axis, near) = (axis(&mut dice), !dice.one_in(4));
            let padding = if near { axis.padding % axis.kernel } else { axis.padding };
            let most = (axis.input + padding - 1) / axis.stride + 1;
            let output = if near { axis.output.min(most) } else { axis.output };
            Axis { dilation: 1, padding, output, ..axis }
        };
        let (rows, columns) = (axis(), axis());
        let (batch, channels) = (dice.from(1, 3), dice.from(1, 4));
        let shape = PoolShape { planes: batch * channels, rows, columns };
        let x = filled(&[batch, channels, rows.input, columns.input], seed ^ 1);
        let gradient = filled(&[batch, channels, rows.output, columns.output], seed ^ 2);
        let window = |axis: &Axis, o: usize| (0..axis.kernel).filter_map(|k| reads(axis, o, k)).collect::<Vec<_>>();
        let empty = |axis: &Axis| (0..axis.output).any(|o| window(axis, o).is_empty());
        if empty(&rows) || empty(&columns) {
            refuses("a window without a pixel", || Flex::kernel_max_pool2d(x.clone(), shape));
            refuses("a window without a pixel", || Flex::kernel_max_pool2d_gradient(x, gradient, shape));
            continue;
        }
        pooled += 1;
        let (input, mut expected) = (values(&x), Vec::new());
        for plane in 0..batch * channels {
            for (r, c) in (0..rows.output).flat_map(|r| (0..columns.output).map(move |c| (r, c))) {
                let pixel = |(i, j): (usize, usize)| input[(plane * rows.input + i) * columns.input + j];
                let inside =
                    window(&rows, r).into_iter().flat_map(|i| window(&columns, c).into_iter().map(move |j| (i, j)));
                expected.push(inside.map(pixel).fold(f32::NEG_INFINITY, f32::max));
            }
        }
        assert_eq!(values(&Flex::kernel_max_pool2d(x.clone(), shape)), expected, "{shape:?}");
        let dx = Flex::kernel_max_pool2d_gradient(x.clone(), gradient.clone(), shape);
        let product: f64 = expected.iter().zip(values(&gradient)).map(|(y, g)| f64::from(*y) * f64::from(g)).sum();
        assert!((dot(&x, &dx) - product).abs() <= 1e-3, "{shape:?}: {} instead of {product}", dot(&x, &dx));
    }
    assert!(pooled > 50, "{pooled} pools");
}

const AXIS: Axis = Axis { input: 6, output: 3, kernel: 2, stride: 2, padding: 0, dilation: 1 };
const CONV: ConvShape = ConvShape { batch: 2, channels_in: 3, channels_out: 4, groups: 1, rows: AXIS, columns: AXIS };
const POOL: PoolShape = PoolShape { planes: 6, rows: AXIS, columns: AXIS };
const AVERAGE: AverageShape = AverageShape { planes: 6, input: [6, 6], output: [3, 2] };

/// Every field of a shape, with numbers that make no shape of it or another one than that of the tensors.
#[test]
fn shapes_that_are_not_those_of_the_tensors() {
    let conv = |shape: ConvShape, name: &str| {
        let (x, weight, gradient) = (filled(&[2, 3, 6, 6], 1), filled(&[4, 3, 2, 2], 2), filled(&[2, 4, 3, 3], 3));
        let name = format!("{name} {shape:?}");
        // Each operation has two tensors and makes the third; a longer output is one with more padding after the input.
        if !name.starts_with("input ") {
            refuses(&name, || Flex::kernel_conv2d_input_gradient(weight.clone(), gradient.clone(), shape));
        }
        if !name.starts_with("kernel ") {
            refuses(&name, || Flex::kernel_conv2d_weight_gradient(x.clone(), gradient.clone(), shape));
        }
        if !name.starts_with("output ") {
            refuses(&name, || Flex::kernel_conv2d(x, weight, shape));
        }
    };
    let pool = |shape: PoolShape, name: &str| {
        let (x, gradient) = (filled(&[2, 3, 6, 6], 1), filled(&[2, 3, 3, 3], 3));
        let name = format!("{name} {shape:?}");
        refuses(&name, || Flex::kernel_max_pool2d_gradient(x.clone(), gradient, shape));
        if !name.starts_with("output ") {
            refuses(&name, || Flex::kernel_max_pool2d(x, shape));
        }
    };
    let average = |shape: AverageShape, name: &str| {
        let (x, gradient) = (filled(&[2, 3, 6, 6], 1), filled(&[2, 3, 3, 2], 3));
        let name = format!("{name} {shape:?}");
        if !name.starts_with("input ") {
            refuses(&name, || Flex::kernel_average_pool2d_gradient(gradient, shape));
        }
        if !name.starts_with("output ") {
            refuses(&name, || Flex::kernel_average_pool2d(x, shape));
        }
    };
    for n in [0, 1, 5, 7, 1 << 20, 1 << 32, 1 << 62, isize::MAX as usize, usize::MAX] {
        conv(ConvShape { batch: n, ..CONV }, "batch");
        conv(ConvShape { channels_in: n, ..CONV }, "channels_in");
        conv(ConvShape { channels_out: n, ..CONV }, "channels_out");
        pool(PoolShape { planes: n, ..POOL }, "planes");
        average(AverageShape { planes: n, ..AVERAGE }, "planes");
        average(AverageShape { input: [6, n], ..AVERAGE }, "input");
        average(AverageShape { output: [n, 2], ..AVERAGE }, if n == 0 || n > 1 << 32 { "zero" } else { "output" });
        if n != 1 {
            conv(ConvShape { groups: n, ..CONV }, "groups");
        }
        for (axis, name) in [(Axis { input: n, ..AXIS }, "input"), (Axis { kernel: n, ..AXIS }, "kernel")] {
            conv(ConvShape { rows: axis, ..CONV }, name);
            conv(ConvShape { columns: axis, ..CONV }, name);
        }
        pool(PoolShape { columns: Axis { input: n, ..AXIS }, ..POOL }, "input");
    }
    for n in [1, 5] {
        conv(ConvShape { rows: Axis { output: n, ..AXIS }, ..CONV }, "output");
        conv(ConvShape { columns: Axis { output: n, ..AXIS }, ..CONV }, "output");
    }
    pool(PoolShape { rows: Axis { output: 1, ..AXIS }, ..POOL }, "output");
    for wild in [
        Axis { output: 0, ..AXIS },
        Axis { output: usize::MAX, ..AXIS },
        Axis { stride: 0, ..AXIS },
        Axis { stride: usize::MAX, ..AXIS },
        Axis { dilation: 0, ..AXIS },
        Axis { dilation: usize::MAX, ..AXIS },
        Axis { kernel: usize::MAX, dilation: 2, ..AXIS },
        Axis { padding: usize::MAX, ..AXIS },
    ] {
        conv(ConvShape { rows: wild, ..CONV }, "wild");
        conv(ConvShape { columns: wild, ..CONV }, "wild");
        pool(PoolShape { rows: wild, ..POOL }, "wild");
        pool(PoolShape { columns: wild, ..POOL }, "wild");
    }
}

/// Tensors of another rank, size or type than the operation says.
#[test]
fn tensors_that_are_not_those_of_the_shape() {
    let (x, weight, gradient) = (filled(&[2, 3, 6, 6], 1), filled(&[4, 3, 2, 2], 2), filled(&[2, 4, 3, 3], 3));
    let integers =
        |dims: &[usize]| FlexTensor::from_data(TensorData::new(vec![1_i64; dims.iter().product()], dims.to_vec()));
    for other in [filled(&[2, 3, 6, 5], 1), filled(&[2, 3, 36], 1), filled(&[216], 1), integers(&[2, 3, 6, 6])] {
        refuses("x", || Flex::kernel_conv2d(other.clone(), weight.clone(), CONV));
        refuses("x", || Flex::kernel_conv2d_weight_gradient(other.clone(), gradient.clone(), CONV));
        refuses("x", || Flex::kernel_max_pool2d(other.clone(), POOL));
        refuses("x", || Flex::kernel_max_pool2d_gradient(other.clone(), filled(&[2, 3, 3, 3], 1), POOL));
        refuses("x", || Flex::kernel_average_pool2d(other.clone(), AVERAGE));
    }
    for other in [filled(&[4, 3, 2], 1), filled(&[4, 3, 2, 3], 1), filled(&[3, 4, 2, 2], 1), integers(&[4, 3, 2, 2])] {
        refuses("weights", || Flex::kernel_conv2d(x.clone(), other.clone(), CONV));
        refuses("weights", || Flex::kernel_conv2d_input_gradient(other.clone(), gradient.clone(), CONV));
    }
    for other in [filled(&[2, 4, 3, 2], 1), filled(&[1], 1), filled(&[0, 4, 3, 3], 1), integers(&[2, 4, 3, 3])] {
        refuses("gradient", || Flex::kernel_conv2d_input_gradient(weight.clone(), other.clone(), CONV));
        refuses("gradient", || Flex::kernel_conv2d_weight_gradient(x.clone(), other.clone(), CONV));
        refuses("gradient", || Flex::kernel_max_pool2d_gradient(x.clone(), other.clone(), POOL));
        refuses("gradient", || Flex::kernel_average_pool2d_gradient(other.clone(), AVERAGE));
        refuses("gradient", || Flex::kernel_relu6_gradient(x.clone(), other.clone()));
    }
    let channels = |n: usize| filled(&[n], 4);
    for n in [0, 1, 2, 4] {
        refuses("gamma", || Flex::kernel_batch_norm(x.clone(), channels(n), channels(3), 1e-5));
        refuses("beta", || Flex::kernel_batch_norm(x.clone(), channels(3), channels(n), 1e-5));
        refuses("scale", || Flex::kernel_affine(x.clone(), channels(n), channels(3)));
        refuses("shift", || Flex::kernel_affine(x.clone(), channels(3), channels(n)));
        for at in 0..3 {
            let [gamma, mean, variance] = std::array::from_fn(|i| channels(if i == at { n } else { 3 }));
            refuses("statistics", || {
                Flex::kernel_batch_norm_gradient(x.clone(), gamma, mean, variance, x.clone(), 1e-5)
            });
        }
    }
    for other in [filled(&[3], 1), filled(&[2, 3, 0], 1), filled(&[0, 3, 4], 1), integers(&[2, 3, 6, 6])] {
        refuses("x", || Flex::kernel_batch_norm(other.clone(), channels(3), channels(3), 1e-5));
        refuses("x", || Flex::kernel_affine(other.clone(), channels(3), channels(3)));
        refuses("gradient", || {
            Flex::kernel_batch_norm_gradient(x.clone(), channels(3), channels(3), channels(3), other.clone(), 1e-5)
        });
    }
    refuses("integers", || Flex::kernel_relu6(integers(&[3])));
}
