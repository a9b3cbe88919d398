//! Standard logistic noise (variance π²/3); the scale is that of the logistic law.
//!
//! | F(u) | f(u) | E (−v − ξ)₊ | E (−v − ξ)₊²/2 |
//! |---|---|---|---|
//! | 1/(1+e^−u) | F(1−F) | ln(1+e^−v) | −Li₂(−e^−v), Li₂ the dilogarithm |

use std::f64::consts::{LN_2, PI};

use super::{Array, Bell, ClosedForm, Density, Isa, Tails, single::exp_nonpositive};

/// The standard logistic law.
#[derive(Clone, Copy, Debug)]
pub struct Logistic;

impl ClosedForm for Logistic {
    const NAME: &'static str = "logistic";
    const CODE: u8 = 3;
    const TAILS: Option<Tails> = Some(Tails { single: 17.0, mass: 44.0, moment: 40.0 });

    /// F⁻¹(0.975) = ln 39.
    fn window() -> f64 {
        39f64.ln()
    }

    fn cdf(u: f64) -> f64 {
        let e = (-u.abs()).exp();
        if u >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
    }

    fn pdf(u: f64) -> f64 {
        let e = (-u.abs()).exp();
        e / ((1.0 + e) * (1.0 + e))
    }

    fn ramp_tail(v: f64) -> f64 {
        (-v).exp().ln_1p()
    }

    fn parabola_tail(v: f64) -> f64 {
        minus_dilogarithm((-v).exp().ln_1p())
    }

    fn mean_abs() -> f64 {
        2.0 * LN_2
    }

    fn std() -> f64 {
        PI / 3f64.sqrt()
    }

    fn sup_density() -> f64 {
        0.25
    }

    fn lipschitz_density() -> Option<f64> {
        Some(1.0 / (6.0 * 3f64.sqrt()))
    }

    /// f′ = (1 − 2F)f with 1 − 2F = −tanh(u/2), f″ = f − 6f² is largest at f = 1/12, that is at F = (1 ± √(2/3))/2;
    /// f‴ = f·tanh(u/2)·(12f − 1) at tanh(u/2) ≈ 0.399.
    fn density_shape() -> Density {
        let jet = |u: f64| {
            let f = Self::pdf(u);
            [f, -f * (0.5 * u).tanh(), f - 6.0 * f * f]
        };
        let root = (2.0f64 / 3.0).sqrt();
        let steepest = ((1.0 + root) / (1.0 - root)).ln();
        Density::Bell(Bell { jet, steepest, largest_third: 0.1278, reach: 43.0 })
    }

    #[inline(always)]
    fn cdf_f32<I: Isa>(u: f32) -> f32 {
        let e = exp_nonpositive::<I>(-u.abs());
        let numerator = if u >= 0.0 { 1.0 } else { e };
        numerator / (1.0 + e)
    }

    #[inline(always)]
    fn pdf_f32<I: Isa>(u: f32) -> f32 {
        let e = exp_nonpositive::<I>(-u.abs());
        let r = 1.0 / (1.0 + e);
        e * r * r
    }

    fn cdf_array<A: Array>(u: A) -> A {
        u.sigmoid()
    }

    fn pdf_array<A: Array>(u: A) -> A {
        let e = (u.abs() * -1.0).exp();
        e.clone() / ((e.clone() + 1.0) * (e + 1.0))
    }

    fn tail_array<A: Array>(v: A) -> A {
        let e = (v * -1.0).exp();
        e.clone() / (e + 1.0)
    }

    fn ramp_array<A: Array>(v: A) -> A {
        (v * -1.0).exp().ln_1p()
    }

    fn parabola_array<A: Array>(v: A) -> A {
        let w = (v * -1.0).exp().ln_1p();
        let square = w.clone().square();
        let start = w.clone() * 0.0;
        let series = DILOGARITHM[..5].iter().rev().fold(start, |sum, c| sum * square.clone() + *c);
        w.clone() + square.clone() * 0.25 + w * square * series
    }
}

/// Coefficients of w³, w⁵, … in −Li₂(1 − e^w): B₂ₙ/(2n+1)!, with the Bernoulli numbers B₂ₙ.
const DILOGARITHM: [f64; 8] = [
    1.0 / 36.0,
    -1.0 / 3600.0,
    1.0 / 211_680.0,
    -1.0 / 10_886_400.0,
    1.0 / 526_901_760.0,
    -691.0 / 16_999_766_784_000.0,
    1.0 / 1_120_863_744_000.0,
    -3617.0 / 181_400_588_328_960_000.0,
];

/// −Li₂(−z) for z = e^w − 1 ∈ [0, 1], as a series in w = ln(1 + z) ≤ ln 2: w + w²/4 + Σ B₂ₙ w^{2n+1}/(2n+1)!. It
/// converges for w < 2π; the terms left out are below 10⁻¹⁷.
fn minus_dilogarithm(w: f64) -> f64 {
    let square = w * w;
    let series = DILOGARITHM.iter().rev().fold(0.0, |sum, c| sum * square + c);
    w + 0.25 * square + w * square * series
}

/// The law in CubeCL.
#[cfg(feature = "cube")]
pub(super) mod cube {
    use cubecl::prelude::*;

    #[cube]
    pub(crate) fn cdf(u: f32) -> f32 {
        let e = (-u.abs()).exp();
        select(u >= 0.0, 1.0, e) / (1.0 + e)
    }

    #[cube]
    pub(crate) fn pdf(u: f32) -> f32 {
        let e = (-min(max(u, -u), f32::new(87.0))).exp();
        let r = f32::new(1.0) / (f32::new(1.0) + e);
        e * r * r
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_bernoulli_numbers_over_factorials() {
        let bernoulli =
            [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0, -3617.0 / 510.0];
        for (n, (c, b)) in DILOGARITHM.iter().zip(bernoulli).enumerate() {
            let factorial: f64 = (1..=2 * (n + 1) + 1).map(|i| i as f64).product();
            assert!((c * factorial / b - 1.0).abs() < 1e-12, "term {n}: {c} against {}", b / factorial);
        }
        // −Li₂(−1) = π²/12.
        assert!((minus_dilogarithm(LN_2) - PI.powi(2) / 12.0).abs() < 1e-15);
    }
}
