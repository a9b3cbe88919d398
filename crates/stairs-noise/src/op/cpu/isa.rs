//! The instruction sets the CPU kernels are compiled for, as zero-sized types.
//!
//! One kernel body is instantiated per set; the choice is made once per call from what the processor reports. The sets
//! differ in one thing the source can see: whether a fused multiply-add exists. (Without it, `f32::mul_add` is a call
//! into libm, a hundred times slower.)

use crate::noise::Isa;

/// No fused multiply-add: two roundings.
#[derive(Clone, Copy)]
pub(crate) struct Separate;

/// Fused multiply-add: one rounding. Only inside functions compiled for a set that has it.
#[derive(Clone, Copy)]
pub(crate) struct Fused;

impl Isa for Separate {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

impl Isa for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}
