//! The noise laws in single precision, written so that the compiler turns a loop over them into vector code: no
//! branches, no calls, no saturating casts.
//!
//! NaN is propagated by every comparison (`if u < lo { lo } else { u }` keeps a NaN; `f32::max` would lose it). Absolute
//! error of F and f below 5e-7 everywhere.

use super::isa::{Isa, horner};
use crate::op::approx::{EXP_LOWEST, EXP2, NORMAL_P, NORMAL_Q, NORMAL_REACH};

/// CDF and density of a unit-scale law.
pub(crate) trait CpuLaw: Copy {
    fn cdf<I: Isa>(self, u: f32) -> f32;
    fn pdf<I: Isa>(self, u: f32) -> f32;
}

#[inline(always)]
fn clamp(u: f32, low: f32, high: f32) -> f32 {
    let u = if u < low { low } else { u };
    if u > high { high } else { u }
}

/// e^z for z ≤ 0. Adding 1.5·2²³ rounds to an integer and leaves it in the low bits, which become the exponent: a
/// saturating `as i32` would keep the loop from being vectorised.
#[inline(always)]
fn exp_nonpositive<I: Isa>(z: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let t = clamp(z, EXP_LOWEST, 0.0) * std::f32::consts::LOG2_E;
    let rounded = t + ROUND;
    let fraction = t - (rounded - ROUND);
    let mantissa = horner::<I, 6>(fraction, EXP2);
    f32::from_bits(mantissa.to_bits().wrapping_add(rounded.to_bits() << 23))
}

/// Uniform on [−1, 1].
#[derive(Clone, Copy)]
pub(crate) struct Uniform;

impl CpuLaw for Uniform {
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        clamp(I::mul_add(u, 0.5, 0.5), 0.0, 1.0)
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, u: f32) -> f32 {
        // Half-open, so that windows which meet never count twice.
        if (-1.0..1.0).contains(&u) { 0.5 } else { 0.0 }
    }
}

/// Triangular on [−1, 1].
#[derive(Clone, Copy)]
pub(crate) struct Triangular;

impl CpuLaw for Triangular {
    /// F(u) = ½ + v − v|v|/2 with v = clamp(u, −1, 1): both branches in one expression.
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        let v = clamp(u, -1.0, 1.0);
        I::mul_add(v, I::mul_add(v.abs(), -0.5, 1.0), 0.5)
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, u: f32) -> f32 {
        let v = 1.0 - u.abs();
        if v < 0.0 { 0.0 } else { v }
    }
}

/// Standard normal.
#[derive(Clone, Copy)]
pub(crate) struct Normal;

impl CpuLaw for Normal {
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        let v = clamp(u, -NORMAL_REACH, NORMAL_REACH);
        let x = v * v;
        let ratio = horner::<I, 6>(x, NORMAL_P) / horner::<I, 6>(x, NORMAL_Q);
        clamp(I::mul_add(v, ratio, 0.5), 0.0, 1.0)
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, u: f32) -> f32 {
        const FACTOR: f32 = 0.398_942_3;
        FACTOR * exp_nonpositive::<I>(-0.5 * u * u)
    }
}

/// Standard logistic.
#[derive(Clone, Copy)]
pub(crate) struct Logistic;

impl CpuLaw for Logistic {
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        let e = exp_nonpositive::<I>(-u.abs());
        let numerator = if u >= 0.0 { 1.0 } else { e };
        numerator / (1.0 + e)
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, u: f32) -> f32 {
        let e = exp_nonpositive::<I>(-u.abs());
        let r = 1.0 / (1.0 + e);
        e * r * r
    }
}

/// The Dirac law: the stair itself. `upper` says whether a threshold belongs to the step above it (H(0) = 1).
#[derive(Clone, Copy)]
pub(crate) struct Dirac {
    pub(crate) upper: bool,
}

impl CpuLaw for Dirac {
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        let above = if self.upper { u >= 0.0 } else { u > 0.0 };
        if above { 1.0 } else { 0.0 }
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, _u: f32) -> f32 {
        0.0
    }
}

/// A user's law: density and CDF at the nodes of a table over [−1, 1].
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) density: &'a [f32],
    pub(crate) cumulative: &'a [f32],
}

impl Table<'_> {
    #[inline(always)]
    fn cell(self, u: f32) -> (usize, f32) {
        let cells = self.density.len() - 1;
        let p = clamp(u, -1.0, 1.0) * (0.5 * cells as f32) + 0.5 * cells as f32;
        // A NaN becomes cell 0 here; the caller puts the NaN back.
        let i = (p as usize).min(cells - 1);
        (i, p - i as f32)
    }
}

impl CpuLaw for Table<'_> {
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        let (i, t) = self.cell(u);
        let (f0, f1) = (self.density[i], self.density[i + 1]);
        let step = 2.0 / (self.density.len() - 1) as f32;
        clamp(self.cumulative[i] + step * t * (f0 + 0.5 * (f1 - f0) * t), 0.0, 1.0)
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, u: f32) -> f32 {
        let (i, t) = self.cell(u);
        let value = self.density[i] + (self.density[i + 1] - self.density[i]) * t;
        if u.abs() <= 1.0 { value } else { 0.0 }
    }
}
