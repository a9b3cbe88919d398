//! Triangular noise on [−1, 1] with mode 0; the scale is its half-width.
//!
//! | F(u) | f(u) | E (−v − ξ)₊ | E (−v − ξ)₊²/2 |
//! |---|---|---|---|
//! | (1+u)²/2, then 1−(1−u)²/2 | (1−\|u\|)₊ | (1−v)₊³/6 | (1−v)₊⁴/24 |

use super::{Array, ClosedForm, Density, Isa, single::clamp};

/// The triangular law on [−1, 1].
#[derive(Clone, Copy, Debug)]
pub struct Triangular;

impl ClosedForm for Triangular {
    const NAME: &'static str = "triangular";
    const CODE: u8 = 1;

    fn cdf(u: f64) -> f64 {
        let v = u.clamp(-1.0, 1.0);
        if v <= 0.0 { 0.5 * (1.0 + v) * (1.0 + v) } else { 1.0 - 0.5 * (1.0 - v) * (1.0 - v) }
    }

    fn pdf(u: f64) -> f64 {
        (1.0 - u.abs()).max(0.0)
    }

    fn ramp_tail(v: f64) -> f64 {
        let w = (1.0 - v).max(0.0);
        w * w * w / 6.0
    }

    fn parabola_tail(v: f64) -> f64 {
        let w = (1.0 - v).max(0.0);
        w * w * w * w / 24.0
    }

    fn mean_abs() -> f64 {
        1.0 / 3.0
    }

    fn std() -> f64 {
        1.0 / 6f64.sqrt()
    }

    fn sup_density() -> f64 {
        1.0
    }

    fn lipschitz_density() -> Option<f64> {
        Some(1.0)
    }

    fn density_shape() -> Density {
        Density::Linear { nodes: vec![-1.0, 0.0, 1.0], ends: None }
    }

    /// F(u) = ½ + v − v|v|/2 with v = clamp(u, −1, 1): both branches in one expression.
    #[inline(always)]
    fn cdf_f32<I: Isa>(u: f32) -> f32 {
        let v = clamp(u, -1.0, 1.0);
        I::mul_add(v, I::mul_add(v.abs(), -0.5, 1.0), 0.5)
    }

    #[inline(always)]
    fn pdf_f32<I: Isa>(u: f32) -> f32 {
        let v = 1.0 - u.abs();
        if v < 0.0 { 0.0 } else { v }
    }

    fn cdf_array<A: Array>(u: A) -> A {
        let v = u.clamp(-1.0, 1.0);
        v.clone() * (v.abs() * -0.5 + 1.0) + 0.5
    }

    fn pdf_array<A: Array>(u: A) -> A {
        (u.abs() * -1.0 + 1.0).clamp_min(0.0)
    }

    fn tail_array<A: Array>(v: A) -> A {
        (v * -1.0 + 1.0).clamp_min(0.0).square() * 0.5
    }

    fn ramp_array<A: Array>(v: A) -> A {
        let w = (v * -1.0 + 1.0).clamp_min(0.0);
        w.clone() * w.square() * (1.0 / 6.0)
    }

    fn parabola_array<A: Array>(v: A) -> A {
        (v * -1.0 + 1.0).clamp_min(0.0).square().square() * (1.0 / 24.0)
    }
}

/// The law in CubeCL.
#[cfg(feature = "cube")]
pub(super) mod cube {
    use cubecl::prelude::*;

    #[cube]
    pub(crate) fn cdf(u: f32) -> f32 {
        let v = clamp(u, -1.0, 1.0);
        v * (1.0 - 0.5 * v.abs()) + 0.5
    }

    #[cube]
    pub(crate) fn pdf(u: f32) -> f32 {
        max(f32::new(1.0) - max(u, -u), f32::new(0.0))
    }
}
