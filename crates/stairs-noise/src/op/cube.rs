//! The regularised stair in CubeCL: one kernel source for wgpu, Vulkan, CUDA, ROCm and Metal.
//!
//! One thread an element. Law and strategy are compile-time parameters; everything that annealing changes (means, scales,
//! windows, keys) is run-time data, so a schedule never recompiles a kernel. All numbers of a pass travel in one small
//! buffer, laid out by [`constants`]. The arithmetic mirrors `cpu/kernel.rs`; the closed forms are in the files of the laws.

use burn::backend::{TensorMetadata, tensor::FloatTensor};
use burn::tensor::{DType, Shape as TensorShape};
use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};
use cubecl::{calculate_cube_count_elemwise, prelude::*};

use super::pass::{BackwardPass, Pass, Shape};
use super::random::{Key, MIX_1, MIX_2};
use super::{StairBackend, StairSpec, rules};
use crate::noise::{ClosedForm, Visitor, cube as closed};
use crate::{Noise, NoiseTable, Strategy};

/// Codes of what is no closed form, above all of theirs: compile-time parameters of the kernels.
const TABLE: u32 = 256;
const DIRAC_UPPER: u32 = 257;
const DIRAC_LOWER: u32 = 258;

/// Strategy codes.
const EXPECTATION: u32 = 0;
const MODE: u32 = 1;
const RANDOM: u32 = 2;

/// Numbers before the thresholds in the buffer: base, 1/(εs), then the window's first, spacing, 1/spacing, reach,
/// last start, step.
const HEADER: usize = 8;

/// F(u) of the unit law; `table` is where the table's density begins, its CDF follows.
#[cube]
fn cdf(u: f32, constants: &Tensor<f32>, table: usize, nodes: usize, #[comptime] law: u32) -> f32 {
    if comptime!(law == TABLE) {
        let cells = f32::cast_from(nodes - 1);
        let p = (clamp(u, -1.0, 1.0) + 1.0) * 0.5 * cells;
        let i = usize::cast_from(clamp(p.floor(), 0.0, cells - 1.0));
        let t = p - f32::cast_from(i);
        let left = constants[table + i];
        let rise = constants[table + i + 1] - left;
        let value = constants[table + nodes + i] + 2.0 / cells * t * (left + 0.5 * rise * t);
        clamp(value, 0.0, 1.0)
    } else if comptime!(law == DIRAC_UPPER) {
        select(u >= 0.0, 1.0, 0.0)
    } else if comptime!(law == DIRAC_LOWER) {
        select(u > 0.0, 1.0, 0.0)
    } else {
        closed::cdf(u, law)
    }
}

/// f(u) of the unit law.
#[cube]
fn pdf(u: f32, constants: &Tensor<f32>, table: usize, nodes: usize, #[comptime] law: u32) -> f32 {
    let zero = f32::new(0.0);
    let one = f32::new(1.0);
    if comptime!(law == TABLE) {
        let cells = f32::cast_from(nodes - 1);
        let p = (clamp(u, -one, one) + one) * f32::new(0.5) * cells;
        let i = usize::cast_from(clamp(p.floor(), zero, cells - one));
        let left = constants[table + i];
        let value = left + (constants[table + i + 1] - left) * (p - f32::cast_from(i));
        select(max(u, -u) <= one, value, zero)
    } else if comptime!(law == DIRAC_UPPER || law == DIRAC_LOWER) {
        zero
    } else {
        closed::pdf(u, law)
    }
}

/// Where the visited thresholds of one element begin: 0, or the start of its window.
#[cube]
fn start_of(x: f32, constants: &Tensor<f32>, #[comptime] windowed: bool) -> f32 {
    if comptime!(windowed) {
        let t = ((x - constants[2]) * constants[4] - constants[5]).ceil() - 1.0;
        clamp(t, 0.0, constants[6])
    } else {
        f32::new(0.0)
    }
}

/// The `k`-th visited threshold.
#[cube]
fn threshold(k: usize, start: f32, constants: &Tensor<f32>, #[comptime] windowed: bool) -> f32 {
    if comptime!(windowed) { (start + f32::cast_from(k)) * constants[3] + constants[2] } else { constants[HEADER + k] }
}

/// The step at the `k`-th visited threshold.
#[cube]
fn step_of(k: usize, count: usize, constants: &Tensor<f32>, #[comptime] windowed: bool) -> f32 {
    if comptime!(windowed) { constants[7] } else { constants[HEADER + count + k] }
}

#[cube]
fn mix(value: u32) -> u32 {
    let mut h = value;
    h = h ^ (h >> 16);
    h = h * MIX_1;
    h = h ^ (h >> 13);
    h = h * MIX_2;
    h ^ (h >> 16)
}

#[cube(launch)]
fn forward_kernel(
    x: &Tensor<f32>,
    out: &mut Tensor<f32>,
    constants: &Tensor<f32>,
    count: usize,
    visited: usize,
    nodes: usize,
    key_low: u32,
    key_high: u32,
    #[comptime] law: u32,
    #[comptime] strategy: u32,
    #[comptime] windowed: bool,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let v = x[ABSOLUTE_POS];
    let table = HEADER + 2 * count;
    let start = start_of(v, constants, windowed);
    let mut level = constants[0];
    if comptime!(windowed) {
        level += start * constants[7];
    }
    let mut y = level;
    if comptime!(strategy == MODE) {
        let mut above = f32::new(1.0);
        let mut best = f32::new(-1.0);
        for k in 0..visited {
            let f = cdf((v - threshold(k, start, constants, windowed)) * constants[1], constants, table, nodes, law);
            let better = above - f > best;
            y = select(better, level, y);
            best = select(better, above - f, best);
            level += step_of(k, count, constants, windowed);
            above = f;
        }
        y = select(above > best, level, y);
    } else if comptime!(strategy == RANDOM) {
        let h = mix(mix(u32::cast_from(ABSOLUTE_POS) ^ key_low) + key_high);
        let u = f32::cast_from(h >> 9) * 1.1920929e-7 + 5.9604645e-8;
        for k in 0..visited {
            let f = cdf((v - threshold(k, start, constants, windowed)) * constants[1], constants, table, nodes, law);
            y += select(u < f, step_of(k, count, constants, windowed), 0.0);
        }
    } else {
        for k in 0..visited {
            let f = cdf((v - threshold(k, start, constants, windowed)) * constants[1], constants, table, nodes, law);
            y += f * step_of(k, count, constants, windowed);
        }
    }
    out[ABSOLUTE_POS] = select(v.is_nan(), v, y);
}

#[cube(launch)]
fn backward_kernel(
    x: &Tensor<f32>,
    gradient: &Tensor<f32>,
    out: &mut Tensor<f32>,
    constants: &Tensor<f32>,
    count: usize,
    visited: usize,
    nodes: usize,
    #[comptime] law: u32,
    #[comptime] windowed: bool,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let v = x[ABSOLUTE_POS];
    let table = HEADER + 2 * count;
    let start = start_of(v, constants, windowed);
    let mut slope = f32::new(0.0);
    for k in 0..visited {
        let f = pdf((v - threshold(k, start, constants, windowed)) * constants[1], constants, table, nodes, law);
        slope += f * step_of(k, count, constants, windowed);
    }
    out[ABSOLUTE_POS] = gradient[ABSOLUTE_POS] * select(v.is_nan(), v, slope);
}

fn law_code(shape: &Shape) -> u32 {
    struct Code;

    impl Visitor for Code {
        type Output = u32;

        fn closed<F: ClosedForm>(self, _: F) -> u32 {
            F::CODE.into()
        }

        fn table(self, _: &NoiseTable) -> u32 {
            TABLE
        }
    }

    match shape {
        Shape::Law(noise) => noise.visit(Code),
        Shape::Dirac { upper: true } => DIRAC_UPPER,
        Shape::Dirac { upper: false } => DIRAC_LOWER,
    }
}

/// The table of a pass under a user's law.
fn table_of(pass: &Pass) -> Option<&NoiseTable> {
    if let Shape::Law(Noise::Table(table)) = &pass.shape { Some(table) } else { None }
}

/// The numbers of a pass: header, thresholds, steps, density and CDF of a table.
fn constants(pass: &Pass, like: &CubeTensor) -> CubeTensor {
    let mut numbers = vec![pass.base, pass.inverse_scale];
    match &pass.window {
        Some(w) => numbers.extend([w.first, w.spacing, w.inverse_spacing, w.reach, w.last_start, w.step]),
        None => numbers.extend([0.0; 6]),
    }
    numbers.extend(&pass.thresholds);
    numbers.extend(&pass.steps);
    if let Some(table) = table_of(pass) {
        let (density, cumulative) = table.single();
        numbers.extend(density);
        numbers.extend(cumulative);
    }
    let bytes: Vec<u8> = numbers.iter().flat_map(|v| v.to_ne_bytes()).collect();
    let handle = like.client.create_from_slice(&bytes);
    CubeTensor::new_contiguous(
        like.client.clone(),
        like.device.clone(),
        TensorShape::from([numbers.len()]),
        handle,
        DType::F32,
    )
}

fn nodes(pass: &Pass) -> usize {
    table_of(pass).map_or(2, |table| table.density().len())
}

/// Thresholds visited per element.
fn visited(pass: &Pass) -> usize {
    pass.window.map_or(pass.thresholds.len(), |window| window.len)
}

fn empty_like(x: &CubeTensor) -> CubeTensor {
    let bytes = x.shape().num_elements() * x.dtype.size();
    CubeTensor::new_contiguous(x.client.clone(), x.device.clone(), x.shape(), x.client.empty(bytes), x.dtype)
}

fn checked(x: CubeTensor) -> CubeTensor {
    assert!(x.dtype == DType::F32, "the regularised stair needs f32 tensors, got {:?}", x.dtype);
    into_contiguous(x)
}

impl StairBackend for CubeBackend {
    fn regularised_stair(x: FloatTensor<Self>, spec: StairSpec) -> FloatTensor<Self> {
        if spec.is_relaxed() {
            return rules::relaxed::<Self>(x, &spec);
        }
        let x = checked(x);
        let n = x.shape().num_elements();
        if n == 0 {
            return x;
        }
        let pass = Pass::forward(&spec);
        let strategy = match pass.strategy(&spec) {
            Strategy::Expectation | Strategy::Relaxed => EXPECTATION,
            Strategy::Mode => MODE,
            Strategy::Random => RANDOM,
        };
        let Key { low, high } = spec.random_key();
        let out = empty_like(&x);
        let dim = CubeDim::new(&x.client, n);
        let cubes = calculate_cube_count_elemwise(&x.client, n, dim);
        let constants = constants(&pass, &x);
        forward_kernel::launch(
            &out.client,
            cubes,
            dim,
            x.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            constants.into_tensor_arg(),
            pass.thresholds.len(),
            visited(&pass),
            nodes(&pass),
            low,
            high,
            law_code(&pass.shape),
            strategy,
            pass.window.is_some(),
        );
        out
    }

    fn regularised_stair_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        spec: StairSpec,
    ) -> FloatTensor<Self> {
        use burn::backend::ops::FloatTensorOps;
        let pass = match BackwardPass::new(&spec) {
            None => return rules::gradient::<Self>(x, gradient, &spec),
            Some(BackwardPass::Zero) => return Self::float_zeros(x.shape(), &x.device, burn::tensor::FloatDType::F32),
            Some(BackwardPass::Constant(c)) => return Self::float_mul_scalar(gradient, c.into()),
            Some(BackwardPass::Density(pass)) => pass,
        };
        let (x, gradient) = (checked(x), checked(gradient));
        let n = x.shape().num_elements();
        if n == 0 {
            return x;
        }
        let out = empty_like(&x);
        let dim = CubeDim::new(&x.client, n);
        let cubes = calculate_cube_count_elemwise(&x.client, n, dim);
        let constants = constants(&pass, &x);
        backward_kernel::launch(
            &out.client,
            cubes,
            dim,
            x.into_tensor_arg(),
            gradient.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            constants.into_tensor_arg(),
            pass.thresholds.len(),
            visited(&pass),
            nodes(&pass),
            law_code(&pass.shape),
            pass.window.is_some(),
        );
        out
    }
}
