//! Arithmetic on whole arrays: what the plain tensor form of a law is written in.
//!
//! An array is a tensor of any backend, or an f64, on which the tests evaluate the same text.

use std::ops::{Add, Div, Mul, Sub};

/// Elementwise arithmetic, with scalars on the right.
pub trait Array:
    Clone
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    /// |x|.
    fn abs(self) -> Self;
    /// x².
    fn square(self) -> Self;
    /// e^x.
    fn exp(self) -> Self;
    /// ln(1 + x).
    fn ln_1p(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// 1/(1 + e^−x).
    fn sigmoid(self) -> Self;
    /// sin x.
    fn sin(self) -> Self;
    /// cos x.
    fn cos(self) -> Self;
    /// x, at least `low` and at most `high`.
    fn clamp(self, low: f64, high: f64) -> Self;
    /// x, at least `low`.
    fn clamp_min(self, low: f64) -> Self;
    /// 1 where x ≥ `bound`, 0 elsewhere.
    fn at_least(self, bound: f64) -> Self;
}

impl Array for f64 {
    fn abs(self) -> Self {
        f64::abs(self)
    }

    fn square(self) -> Self {
        self * self
    }

    fn exp(self) -> Self {
        f64::exp(self)
    }

    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }

    fn erf(self) -> Self {
        libm::erf(self)
    }

    fn sigmoid(self) -> Self {
        1.0 / (1.0 + f64::exp(-self))
    }

    fn sin(self) -> Self {
        f64::sin(self)
    }

    fn cos(self) -> Self {
        f64::cos(self)
    }

    fn clamp(self, low: f64, high: f64) -> Self {
        f64::clamp(self, low, high)
    }

    fn clamp_min(self, low: f64) -> Self {
        self.max(low)
    }

    fn at_least(self, bound: f64) -> Self {
        if self >= bound { 1.0 } else { 0.0 }
    }
}
