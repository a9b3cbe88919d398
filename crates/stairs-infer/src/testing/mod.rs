//! Random programs and samples, for tests of whatever evaluates programs.
//!
//! [`program`] makes valid programs from a seed, in which every operation occurs and its corners with it: 1, 3 and 65 channels, images
//! of one pixel, strides larger than kernels, groups, depthwise kernels, dilation, padding on one side only, all kinds of levels,
//! falling channels, thresholds that are always or never passed. Half of them follow the order in which networks compute, so that
//! what an engine fuses is met; the others join operations at random. [`samples`] are ordinary numbers, ties and extremes.
//!
//! The same seed gives the same program on every machine.

mod dice;
mod networks;
mod operations;
mod parameters;
mod walk;

use alloc::vec::Vec;

pub use dice::Dice;
pub use networks::{NETWORKS, macs, network};
pub use walk::program;

use crate::{Program, Value};

/// `count` samples of `program`, one behind the other, the first of zeros. No NaN; infinities are rare.
pub fn samples(program: &Program, seed: u64, count: usize) -> Vec<f32> {
    let size: usize = program.input().iter().product();
    let mut dice = Dice::new(seed ^ 0x5A5A);
    let mut all = Vec::with_capacity(size * count);
    for sample in 0..count {
        // Infinities make NaNs in float layers; most samples are spared them.
        let (wild, scale) = (dice.one_in(4), dice.pick(&[0.5, 1.0, 4.0, 100.0]));
        all.extend((0..size).map(|_| match dice.below(12) {
            _ if sample == 0 => 0.0,
            0 => dice.pick(&[0.0, -0.0, 0.5, -0.5, 1.0, -1.0]),
            1 if wild => {
                dice.pick(&[f32::MAX, f32::MIN, 1e9, -1e9, f32::MIN_POSITIVE, f32::INFINITY, f32::NEG_INFINITY])
            }
            // Multiples of 1/64 meet thresholds exactly.
            2..5 => dice.integer(-256, 256) as f32 / 64.0,
            _ => dice.unit() * scale,
        }));
    }
    all
}

/// Whether two results are the same: equal integers, or equal floats, where NaN equals NaN and 0 equals −0.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Integers(a), Value::Integers(b)) => a == b,
        (Value::Floats(a), Value::Floats(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || a.is_nan() && b.is_nan())
        }
        _ => false,
    }
}
