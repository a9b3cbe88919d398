//! Tensors as the arrays that the plain forms of the laws are written in.

use std::ops::{Add, Div, Mul, Sub};

use burn::tensor::{Tensor, activation::sigmoid};

use crate::noise::Array;

/// A tensor of f32.
#[derive(Clone)]
pub(crate) struct Plain<const D: usize>(pub(crate) Tensor<D>);

impl<const D: usize> Add for Plain<D> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl<const D: usize> Sub for Plain<D> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl<const D: usize> Mul for Plain<D> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl<const D: usize> Div for Plain<D> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        Self(self.0 / other.0)
    }
}

impl<const D: usize> Add<f64> for Plain<D> {
    type Output = Self;

    fn add(self, other: f64) -> Self {
        Self(self.0 + other)
    }
}

impl<const D: usize> Mul<f64> for Plain<D> {
    type Output = Self;

    fn mul(self, other: f64) -> Self {
        Self(self.0 * other)
    }
}

impl<const D: usize> Array for Plain<D> {
    fn abs(self) -> Self {
        Self(self.0.abs())
    }

    fn square(self) -> Self {
        Self(self.0.square())
    }

    fn exp(self) -> Self {
        Self(self.0.exp())
    }

    fn ln_1p(self) -> Self {
        Self(self.0.log1p())
    }

    fn erf(self) -> Self {
        Self(self.0.erf())
    }

    fn sigmoid(self) -> Self {
        Self(sigmoid(self.0))
    }

    fn sin(self) -> Self {
        Self(self.0.sin())
    }

    fn cos(self) -> Self {
        Self(self.0.cos())
    }

    fn clamp(self, low: f64, high: f64) -> Self {
        Self(self.0.clamp(low, high))
    }

    fn clamp_min(self, low: f64) -> Self {
        Self(self.0.clamp_min(low))
    }

    fn at_least(self, bound: f64) -> Self {
        Self(self.0.greater_equal_elem(bound).float())
    }
}
