//! Standard normal noise; the scale is its standard deviation.
//!
//! | F(u) | f(u) | E (−v − ξ)₊ | E (−v − ξ)₊²/2 |
//! |---|---|---|---|
//! | Φ(u) | φ(u) = e^(−u²/2)/√(2π) | φ(v) − vΦ(−v) | ((v²+1)Φ(−v) − vφ(v))/2 |

use std::f64::consts::{E, FRAC_1_SQRT_2, PI};

use super::{
    Array, Bell, ClosedForm, Density, Isa, Tails,
    single::{clamp, exp_nonpositive, horner},
};

/// The standard normal law.
#[derive(Clone, Copy, Debug)]
pub struct Normal;

/// Φ(u) ≈ ½ + u·P(u²)/Q(u²) for |u| ≤ [`REACH`]: absolute error below 2.3e-7 in f32 against f64. Highest power first; fitted
/// as the coefficients of [`exp_nonpositive`] are.
const P: [f32; 6] = [2.275_019_2e-8, 6.351_947e-6, 1.688_096e-4, 4.677_162_4e-3, 3.385_112_8e-2, 3.989_422_3e-1];
/// Denominator of [`P`], highest power first.
const Q: [f32; 6] = [1.197_515_6e-6, 7.364_203e-5, 1.884_354_2e-3, 2.864_498_8e-2, 2.515_181e-1, 1.0];
/// Beyond this, Φ is 0 or 1 to within 2e-8.
const REACH: f32 = 5.5;
/// Beyond this, all partial moments are below the smallest f64; infinity is caught too.
const END: f64 = 40.0;

impl ClosedForm for Normal {
    const NAME: &'static str = "normal";
    const CODE: u8 = 2;
    const TAILS: Option<Tails> = Some(Tails { single: 5.5, mass: 9.2, moment: 40.0 });

    /// Φ⁻¹(0.975).
    fn window() -> f64 {
        1.959_963_984_540_054
    }

    fn cdf(u: f64) -> f64 {
        0.5 * libm::erfc(-u * FRAC_1_SQRT_2)
    }

    fn pdf(u: f64) -> f64 {
        (-0.5 * u * u).exp() / (2.0 * PI).sqrt()
    }

    fn ramp_tail(v: f64) -> f64 {
        if v > END { 0.0 } else { (Self::pdf(v) - v * Self::cdf(-v)).max(0.0) }
    }

    fn parabola_tail(v: f64) -> f64 {
        if v > END { 0.0 } else { (0.5 * ((v * v + 1.0) * Self::cdf(-v) - v * Self::pdf(v))).max(0.0) }
    }

    fn mean_abs() -> f64 {
        (2.0 / PI).sqrt()
    }

    fn std() -> f64 {
        1.0
    }

    fn sup_density() -> f64 {
        1.0 / (2.0 * PI).sqrt()
    }

    fn lipschitz_density() -> Option<f64> {
        Some(1.0 / (2.0 * PI * E).sqrt())
    }

    /// f″ = (u² − 1)f is largest at √3; f‴ = (3u − u³)f at u² = 3 − √6.
    fn density_shape() -> Density {
        let jet = |u: f64| {
            let f = Self::pdf(u);
            [f, -u * f, (u * u - 1.0) * f]
        };
        Density::Bell(Bell { jet, steepest: 3f64.sqrt(), largest_third: 0.5507, reach: 9.2 })
    }

    #[inline(always)]
    fn cdf_f32<I: Isa>(u: f32) -> f32 {
        let v = clamp(u, -REACH, REACH);
        let x = v * v;
        let ratio = horner::<I, 6>(x, P) / horner::<I, 6>(x, Q);
        clamp(I::mul_add(v, ratio, 0.5), 0.0, 1.0)
    }

    #[inline(always)]
    fn pdf_f32<I: Isa>(u: f32) -> f32 {
        const FACTOR: f32 = 0.398_942_3;
        FACTOR * exp_nonpositive::<I>(-0.5 * u * u)
    }

    fn cdf_array<A: Array>(u: A) -> A {
        (u * FRAC_1_SQRT_2).erf() * 0.5 + 0.5
    }

    fn pdf_array<A: Array>(u: A) -> A {
        (u.clone() * u * -0.5).exp() * (1.0 / (2.0 * PI).sqrt())
    }

    fn tail_array<A: Array>(v: A) -> A {
        (v * FRAC_1_SQRT_2).erf() * -0.5 + 0.5
    }

    fn ramp_array<A: Array>(v: A) -> A {
        (density(v.clone()) - v.clone() * Self::tail_array(v)).clamp_min(0.0)
    }

    fn parabola_array<A: Array>(v: A) -> A {
        let mass = Self::tail_array(v.clone());
        ((v.clone().square() + 1.0) * mass - v.clone() * density(v)) * 0.5
    }
}

/// φ(v).
fn density<A: Array>(v: A) -> A {
    (v.square() * -0.5).exp() * (1.0 / (2.0 * PI).sqrt())
}

/// The law in CubeCL.
#[cfg(feature = "cube")]
pub(super) mod cube {
    use cubecl::prelude::*;

    #[cube]
    pub(crate) fn cdf(u: f32) -> f32 {
        0.5 * cubecl::frontend::Erf::erf(u * 0.70710678) + 0.5
    }

    /// Past 13 the density is below the smallest normal f32; the bound keeps an infinity finite.
    #[cube]
    pub(crate) fn pdf(u: f32) -> f32 {
        let v = min(max(u, -u), f32::new(13.0));
        f32::new(0.3989423) * (-f32::new(0.5) * v * v).exp()
    }
}
