//! The instruction sets the CPU kernels are compiled for, as zero-sized types.
//!
//! One kernel body is instantiated per set; the choice is made once per call from what the processor reports. The sets
//! differ in one thing the source can see: whether a fused multiply-add exists. (Without it, `f32::mul_add` is a call
//! into libm, a hundred times slower.)

/// How a kernel multiplies and adds.
pub(crate) trait Isa: Copy {
    /// a·b + c.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

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

/// Horner's rule, highest coefficient first.
#[inline(always)]
pub(crate) fn horner<I: Isa, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut value = coefficients[0];
    for c in coefficients.into_iter().skip(1) {
        value = I::mul_add(value, x, c);
    }
    value
}
