//! Building blocks of single-precision kernels, written so that the compiler turns a loop over them into vector code: no
//! branches, no calls, no saturating casts.
//!
//! NaN is propagated by every comparison (`if u < low { low } else { u }` keeps a NaN; `f32::max` would lose it).

/// How a kernel multiplies and adds: with one rounding where the instruction set has that, with two elsewhere.
pub trait Isa: Copy {
    /// a·b + c.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// `u`, at least `low` and at most `high`.
#[inline(always)]
pub fn clamp(u: f32, low: f32, high: f32) -> f32 {
    let u = if u < low { low } else { u };
    if u > high { high } else { u }
}

/// Horner's rule, highest coefficient first.
#[inline(always)]
pub fn horner<I: Isa, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut value = coefficients[0];
    for c in coefficients.into_iter().skip(1) {
        value = I::mul_add(value, x, c);
    }
    value
}

/// 2^f for |f| ≤ ½: relative error below 1.5e-7. Highest power first. Fitted for this project by iteratively reweighted
/// least squares on Chebyshev nodes (the reweighting drives the fit towards equal ripple); the error is the largest over the
/// interval, evaluated in f32 against f64.
const EXP2: [f32; 6] = [1.327_646_7e-3, 9.675_542e-3, 5.550_713_3e-2, 2.402_212e-1, 6.931_469_6e-1, 1.000_000_1];
/// exp is evaluated for −87 ≤ z ≤ 0 only: below it the result is under the smallest normal f32.
const EXP_LOWEST: f32 = -87.0;

/// e^z for z ≤ 0. Adding 1.5·2²³ rounds to an integer and leaves it in the low bits, which become the exponent: a
/// saturating `as i32` would keep the loop from being vectorised.
#[inline(always)]
pub fn exp_nonpositive<I: Isa>(z: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let t = clamp(z, EXP_LOWEST, 0.0) * std::f32::consts::LOG2_E;
    let rounded = t + ROUND;
    let fraction = t - (rounded - ROUND);
    let mantissa = horner::<I, 6>(fraction, EXP2);
    f32::from_bits(mantissa.to_bits().wrapping_add(rounded.to_bits() << 23))
}
