//! Uniform noise on [−1, 1]; the scale is its half-width.
//!
//! | F(u) | f(u) | E (−v − ξ)₊ | E (−v − ξ)₊²/2 |
//! |---|---|---|---|
//! | clamp((u+1)/2, 0, 1) | ½ on −1 ≤ u < 1 | (1−v)₊²/4 | (1−v)₊³/12 |
//!
//! The density is taken on a half-open interval, so that windows of neighbouring thresholds that meet do not count twice.

use super::{Array, ClosedForm, Density, Isa, single::clamp};

/// The uniform law on [−1, 1].
#[derive(Clone, Copy, Debug)]
pub struct Uniform;

impl ClosedForm for Uniform {
    const NAME: &'static str = "uniform";
    const CODE: u8 = 0;

    fn cdf(u: f64) -> f64 {
        (0.5 * (u + 1.0)).clamp(0.0, 1.0)
    }

    fn pdf(u: f64) -> f64 {
        if (-1.0..1.0).contains(&u) { 0.5 } else { 0.0 }
    }

    fn ramp_tail(v: f64) -> f64 {
        let w = (1.0 - v).max(0.0);
        0.25 * w * w
    }

    fn parabola_tail(v: f64) -> f64 {
        let w = (1.0 - v).max(0.0);
        w * w * w / 12.0
    }

    fn mean_abs() -> f64 {
        0.5
    }

    fn std() -> f64 {
        1.0 / 3f64.sqrt()
    }

    fn sup_density() -> f64 {
        0.5
    }

    fn lipschitz_density() -> Option<f64> {
        None
    }

    fn density_shape() -> Density {
        Density::Flat
    }

    #[inline(always)]
    fn cdf_f32<I: Isa>(u: f32) -> f32 {
        clamp(I::mul_add(u, 0.5, 0.5), 0.0, 1.0)
    }

    #[inline(always)]
    fn pdf_f32<I: Isa>(u: f32) -> f32 {
        if (-1.0..1.0).contains(&u) { 0.5 } else { 0.0 }
    }

    fn cdf_array<A: Array>(u: A) -> A {
        (u * 0.5 + 0.5).clamp(0.0, 1.0)
    }

    fn pdf_array<A: Array>(u: A) -> A {
        (u.clone().at_least(-1.0) - u.at_least(1.0)) * 0.5
    }

    fn tail_array<A: Array>(v: A) -> A {
        (v * -0.5 + 0.5).clamp_min(0.0)
    }

    fn ramp_array<A: Array>(v: A) -> A {
        (v * -1.0 + 1.0).clamp_min(0.0).square() * 0.25
    }

    fn parabola_array<A: Array>(v: A) -> A {
        let w = (v * -1.0 + 1.0).clamp_min(0.0);
        w.clone() * w.square() * (1.0 / 12.0)
    }
}

/// The law in CubeCL.
#[cfg(feature = "cube")]
pub(super) mod cube {
    use cubecl::prelude::*;

    #[cube]
    pub(crate) fn cdf(u: f32) -> f32 {
        clamp(0.5 * u + 0.5, 0.0, 1.0)
    }

    #[cube]
    pub(crate) fn pdf(u: f32) -> f32 {
        let right = select(u >= -f32::new(1.0), f32::new(0.5), f32::new(0.0));
        select(u < f32::new(1.0), right, f32::new(0.0))
    }
}
