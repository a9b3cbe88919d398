//! Raised cosine noise on [−1, 1]; the scale is its half-width.
//!
//! With y = π(1−v)₊ and the remainders of Taylor's series R₂(y) = 1 − cos y, R₃(y) = y − sin y, R₄(y) = y²/2 − 1 + cos y,
//! R₅(y) = y³/6 − y + sin y, each the integral of the one before:
//!
//! | F(u) | f(u) | F(−v) | E (−v − ξ)₊ | E (−v − ξ)₊²/2 |
//! |---|---|---|---|---|
//! | (1+u+sin(πu)/π)/2 on \|u\| ≤ 1 | (1+cos(πu))/2 on \|u\| ≤ 1 | R₃(y)/2π | R₄(y)/2π² | R₅(y)/2π³ |
//!
//! The smoothest of the laws that end: density and slope of the density are continuous, so gradients fade out at the ends of
//! the window. f(u) + f(u − 1) = 1 inside: under scale 1 the expectation of an integer stair has slope 1 between its outer
//! windows, as under uniform noise of scale ½.
//!
//! Elementary integrals, derived in this project.

use std::f64::consts::PI;

use super::{
    Array, Bell, ClosedForm, Density, Isa,
    single::{clamp, horner},
};

/// The raised cosine law on [−1, 1].
#[derive(Clone, Copy, Debug)]
pub struct RaisedCosine;

/// F(u) ≈ ½ + u·P(u²) on |u| ≤ 1: absolute error below 1.7e-7 in f32 against f64. Highest power first; fitted by iteratively
/// reweighted least squares on Chebyshev nodes.
const CDF: [f32; 6] = [-9.536_29e-4, 1.280_867_7e-2, -9.521_954_5e-2, 4.058_261_2e-1, -8.224_614e-1, 9.999_998e-1];
/// f(u) ≈ P(u²) on |u| ≤ 1: absolute error below 2e-7, likewise.
const PDF: [f32; 7] = [7.970_716e-4, -1.267_984e-2, 1.175_152_96e-1, -6.675_794e-1, 2.029_347_4, -2.467_400_6, 1.0];

impl ClosedForm for RaisedCosine {
    const NAME: &'static str = "raised-cosine";
    const CODE: u8 = 4;

    fn cdf(u: f64) -> f64 {
        if u <= 0.0 { lower(1.0 + u) } else { 1.0 - lower(1.0 - u) }
    }

    fn pdf(u: f64) -> f64 {
        let half = (0.5 * PI * (1.0 - u.abs()).max(0.0)).sin();
        half * half
    }

    fn ramp_tail(v: f64) -> f64 {
        remainder(4, PI * (1.0 - v).max(0.0)) / (2.0 * PI * PI)
    }

    fn parabola_tail(v: f64) -> f64 {
        remainder(5, PI * (1.0 - v).max(0.0)) / (2.0 * PI * PI * PI)
    }

    /// ½ − 2/π².
    fn mean_abs() -> f64 {
        0.5 - 2.0 / (PI * PI)
    }

    /// The variance is ⅓ − 2/π².
    fn std() -> f64 {
        (1.0 / 3.0 - 2.0 / (PI * PI)).sqrt()
    }

    fn sup_density() -> f64 {
        1.0
    }

    fn lipschitz_density() -> Option<f64> {
        Some(0.5 * PI)
    }

    /// On the support f′ = −(π/2) sin πu, f″ = −(π²/2) cos πu and |f‴| = (π³/2)|sin πu|. f falls in |u|; f″ rises from −π²/2 at
    /// 0 to π²/2 at 1, where it jumps to 0; f′ is 0 at 1 and so continuous.
    fn density_shape() -> Density {
        let jet = |u: f64| {
            if u.abs() > 1.0 {
                return [0.0; 3];
            }
            let (sin, cos) = (PI * u).sin_cos();
            [Self::pdf(u), -0.5 * PI * sin, -0.5 * PI * PI * cos]
        };
        Density::Bell(Bell { jet, steepest: 1.0, largest_third: 0.5 * PI * PI * PI, reach: 1.0 })
    }

    #[inline(always)]
    fn cdf_f32<I: Isa>(u: f32) -> f32 {
        let inside = clamp(I::mul_add(u, horner::<I, 6>(u * u, CDF), 0.5), 0.0, 1.0);
        // Exact at and beyond the ends, where polynomials are not.
        let inside = if u <= -1.0 { 0.0 } else { inside };
        if u >= 1.0 { 1.0 } else { inside }
    }

    #[inline(always)]
    fn pdf_f32<I: Isa>(u: f32) -> f32 {
        let inside = clamp(horner::<I, 7>(u * u, PDF), 0.0, 1.0);
        if u.abs() < 1.0 { inside } else { 0.0 }
    }

    fn cdf_array<A: Array>(u: A) -> A {
        let v = u.clamp(-1.0, 1.0);
        ((v.clone() * PI).sin() * (0.5 / PI) + v * 0.5 + 0.5).clamp(0.0, 1.0)
    }

    fn pdf_array<A: Array>(u: A) -> A {
        (u.clamp(-1.0, 1.0) * PI).cos() * 0.5 + 0.5
    }

    fn tail_array<A: Array>(v: A) -> A {
        let w = (v * -1.0 + 1.0).clamp_min(0.0);
        (w.clone() * 0.5 - (w * PI).sin() * (0.5 / PI)).clamp_min(0.0)
    }

    fn ramp_array<A: Array>(v: A) -> A {
        let w = (v * -1.0 + 1.0).clamp_min(0.0);
        // 1 − cos y = 2 sin²(y/2).
        (w.clone().square() * 0.25 - (w * (0.5 * PI)).sin().square() * (1.0 / (PI * PI))).clamp_min(0.0)
    }

    fn parabola_array<A: Array>(v: A) -> A {
        let w = (v * -1.0 + 1.0).clamp_min(0.0);
        let cubic = (w.clone().square() * (1.0 / 12.0) + -0.5 / (PI * PI)) * w.clone();
        (cubic + (w * PI).sin() * (0.5 / (PI * PI * PI))).clamp_min(0.0)
    }
}

/// F(w − 1) for w ≤ 1: the series where w − sin(πw)/π would cancel, else the closed form, which is exactly ½ at 1.
fn lower(w: f64) -> f64 {
    let w = w.max(0.0);
    if w > 0.5 { 0.5 * (w - (PI * w).sin() / PI) } else { remainder(3, PI * w) / (2.0 * PI) }
}

/// R_n(y) = yⁿ/n! − yⁿ⁺²/(n+2)! + … for 0 ≤ y ≤ π: 14 terms, those left out are below 10⁻¹⁶ of the first.
fn remainder(n: u32, y: f64) -> f64 {
    let square = y * y;
    let step = |sum: f64, k: u32| {
        let at = f64::from(n + 2 * k);
        1.0 - square / ((at - 1.0) * at) * sum
    };
    let first = (1..=n).fold(1.0, |power, k| power * y / f64::from(k));
    first * (1..14).rev().fold(1.0, step)
}

/// The law in CubeCL. Its polynomials, because the sine of a GPU may have an error of 2⁻¹¹.
#[cfg(feature = "cube")]
pub(super) mod cube {
    use cubecl::prelude::*;

    #[cube]
    pub(crate) fn cdf(u: f32) -> f32 {
        let v = clamp(u, -1.0, 1.0);
        let z = v * v;
        let high = (z * f32::new(-9.53629e-4) + f32::new(1.2808677e-2)) * z + f32::new(-9.5219545e-2);
        let low = ((high * z + f32::new(4.0582612e-1)) * z + f32::new(-8.224614e-1)) * z + f32::new(9.999998e-1);
        let inside = clamp(v * low + f32::new(0.5), 0.0, 1.0);
        let inside = select(u <= -f32::new(1.0), f32::new(0.0), inside);
        select(u >= f32::new(1.0), f32::new(1.0), inside)
    }

    #[cube]
    pub(crate) fn pdf(u: f32) -> f32 {
        let v = clamp(u, -1.0, 1.0);
        let z = v * v;
        let high = (z * f32::new(7.970716e-4) + f32::new(-1.267984e-2)) * z + f32::new(1.17515296e-1);
        let middle = (high * z + f32::new(-6.675794e-1)) * z + f32::new(2.0293474);
        let inside = clamp((middle * z + f32::new(-2.4674006)) * z + f32::new(1.0), 0.0, 1.0);
        select(max(u, -u) < f32::new(1.0), inside, f32::new(0.0))
    }
}
