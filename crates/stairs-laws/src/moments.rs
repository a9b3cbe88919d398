//! Partial moments of the noise laws: the first and the second antiderivative of F, from both sides.
//!
//! ```text
//! ramp(u)     = E (u − ξ)₊   = ∫_{−∞}^u F         ramp_above(u)     = E (ξ − u)₊   = ∫_u^∞ (1 − F)
//! parabola(u) = E (u − ξ)₊²/2 = ∫_{−∞}^u ramp      parabola_above(u) = E (ξ − u)₊²/2 = ∫_u^∞ ramp_above
//! ```
//!
//! They are linked by `ramp(u) = u − E ξ + ramp_above(u)`: each is computed from the side where it is small, so that
//! nothing cancels in the tails. `ramp` is the ReLU under unit noise; with them come E|ν| for any mean, the L¹ distance of
//! a stair from its smooth version, and every regularised activation.
//!
//! | law | `ramp` at −v, v ≥ 0 | `parabola` at −v |
//! |---|---|---|
//! | uniform | (1−v)₊²/4 | (1−v)₊³/12 |
//! | triangular | (1−v)₊³/6 | (1−v)₊⁴/24 |
//! | normal | φ(v) − vΦ(−v) | ((v²+1)Φ(−v) − vφ(v))/2 |
//! | logistic | ln(1+e^−v) | −Li₂(−e^−v), Li₂ the dilogarithm |
//! | table | cubic in a cell | quartic in a cell |
//!
//! Elementary integrals, derived here.

use crate::{Law, Noise};

impl Noise {
    /// E ξ: 0 for the closed-form laws; a table may be off centre.
    pub fn centre(&self) -> f64 {
        match self {
            Noise::Table(table) => table.centre(),
            _ => 0.0,
        }
    }

    /// P(ξ > u) = 1 − F(u), accurate in the upper tail of the closed-form laws. NaN in, NaN out.
    pub fn tail(&self, u: f64) -> f64 {
        match self {
            Noise::Table(table) => 1.0 - table.cdf(u),
            symmetric => symmetric.cdf(-u),
        }
    }

    /// E (u − ξ)₊ ≥ 0, the ReLU under unit noise. NaN in, NaN out.
    ///
    /// ```
    /// use stairs_laws::Noise;
    /// assert_eq!(Noise::Uniform.ramp(0.0), 0.25);
    /// assert!((Noise::Logistic.ramp(2.0) - (1.0 + 2f64.exp()).ln()).abs() < 1e-15); // softplus
    /// assert_eq!(Noise::Normal.ramp(1e30), 1e30);
    /// ```
    pub fn ramp(&self, u: f64) -> f64 {
        match self {
            Noise::Table(table) => table.ramp(u),
            _ if u > 0.0 => u + self.ramp_tail(u),
            _ => self.ramp_tail(-u),
        }
    }

    /// E (ξ − u)₊ ≥ 0. NaN in, NaN out.
    pub fn ramp_above(&self, u: f64) -> f64 {
        match self {
            Noise::Table(table) => table.ramp_above(u),
            symmetric => symmetric.ramp(-u),
        }
    }

    /// E (u − ξ)₊²/2 ≥ 0. NaN in, NaN out.
    pub fn parabola(&self, u: f64) -> f64 {
        match self {
            Noise::Table(table) => table.parabola(u),
            _ if u > 0.0 => 0.5 * (u * u + self.std().powi(2)) - self.parabola_tail(u),
            _ => self.parabola_tail(-u),
        }
    }

    /// E (ξ − u)₊²/2 ≥ 0. NaN in, NaN out.
    pub fn parabola_above(&self, u: f64) -> f64 {
        match self {
            Noise::Table(table) => table.parabola_above(u),
            symmetric => symmetric.parabola(-u),
        }
    }

    /// E ξ², about 0.
    pub fn second_moment(&self) -> f64 {
        self.std().powi(2) + self.centre().powi(2)
    }

    /// `ramp(−v)` of a symmetric law, v ≥ 0 or NaN.
    fn ramp_tail(&self, v: f64) -> f64 {
        let w = (1.0 - v).max(0.0);
        match self {
            _ if v.is_nan() => v,
            Noise::Uniform => 0.25 * w * w,
            Noise::Triangular => w * w * w / 6.0,
            Noise::Logistic => (-v).exp().ln_1p(),
            // Beyond 40 all of it is below the smallest f64; infinity is caught too.
            _ if v > 40.0 => 0.0,
            _ => (self.pdf(v) - v * self.cdf(-v)).max(0.0),
        }
    }

    /// `parabola(−v)` of a symmetric law, v ≥ 0 or NaN.
    fn parabola_tail(&self, v: f64) -> f64 {
        let w = (1.0 - v).max(0.0);
        match self {
            _ if v.is_nan() => v,
            Noise::Uniform => w * w * w / 12.0,
            Noise::Triangular => w * w * w * w / 24.0,
            Noise::Logistic => minus_dilogarithm((-v).exp().ln_1p()),
            _ if v > 40.0 => 0.0,
            _ => (0.5 * ((v * v + 1.0) * self.cdf(-v) - v * self.pdf(v))).max(0.0),
        }
    }
}

/// Coefficients of w³, w⁵, … in −Li₂(1 − e^w): B₂ₙ/(2n+1)!, with the Bernoulli numbers B₂ₙ.
#[doc(hidden)]
pub const DILOGARITHM: [f64; 8] = [
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

impl Law {
    /// P(ν > x), accurate in the upper tail of the closed-form laws.
    pub fn tail(&self, x: f64) -> f64 {
        if self.is_hard() { 1.0 - self.cdf(x) } else { self.noise().tail((x - self.mean()) / self.scale()) }
    }

    /// E (x − ν)₊: the ReLU under this law, in units of the quantum.
    pub fn ramp(&self, x: f64) -> f64 {
        let y = x - self.mean();
        if self.is_hard() { y.max(0.0) } else { self.scale() * self.noise().ramp(y / self.scale()) }
    }

    /// E (ν − x)₊, in units of the quantum.
    pub fn ramp_above(&self, x: f64) -> f64 {
        let y = x - self.mean();
        if self.is_hard() { (-y).max(0.0) } else { self.scale() * self.noise().ramp_above(y / self.scale()) }
    }

    /// E|ν| for any mean, in units of the quantum: |m| + 2s·ramp(−|m|/s) for the closed-form laws.
    ///
    /// ```
    /// use stairs_laws::{Law, Noise};
    /// // Uniform on [0, 1]: the mean of ν itself.
    /// assert_eq!(Law::new(Noise::Uniform, 0.5, 0.5)?.mean_abs(), 0.5);
    /// assert_eq!(Law::new(Noise::Uniform, 0.0, 0.5)?.mean_abs(), 0.25);
    /// assert_eq!(Law::new(Noise::Normal, -0.5, 0.0)?.mean_abs(), 0.5);
    /// # Ok::<(), stairs_laws::LawError>(())
    /// ```
    pub fn mean_abs(&self) -> f64 {
        self.ramp(0.0) + self.ramp_above(0.0)
    }

    /// E ν = m + s·E ξ, in units of the quantum; the mean m itself for the closed-form laws.
    pub fn expectation(&self) -> f64 {
        self.mean() + self.scale() * self.noise().centre()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NoiseTable;

    fn noises() -> Vec<Noise> {
        // Off centre, and with a jump at one end.
        let own = NoiseTable::from_density(65, |u| (1.0 - u) * (1.2 + u).powi(2)).unwrap();
        Noise::ALL.into_iter().chain([Noise::from(own)]).collect()
    }

    #[test]
    fn coefficients_are_bernoulli_numbers_over_factorials() {
        let bernoulli =
            [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0, -3617.0 / 510.0];
        for (n, (c, b)) in DILOGARITHM.iter().zip(bernoulli).enumerate() {
            let factorial: f64 = (1..=2 * (n + 1) + 1).map(|i| i as f64).product();
            assert!((c * factorial / b - 1.0).abs() < 1e-12, "term {n}: {c} against {}", b / factorial);
        }
        // −Li₂(−1) = π²/12.
        assert!((minus_dilogarithm(std::f64::consts::LN_2) - std::f64::consts::PI.powi(2) / 12.0).abs() < 1e-15);
    }

    #[test]
    fn each_is_the_slope_of_the_next() {
        for noise in noises() {
            for i in -80..=80 {
                let (u, h) = (0.0613 * f64::from(i), 1e-4);
                let slope = |f: &dyn Fn(f64) -> f64| (f(u + h) - f(u - h)) / (2.0 * h);
                assert!((slope(&|u| noise.ramp(u)) - noise.cdf(u)).abs() < 1e-4, "{noise} at {u}");
                assert!((slope(&|u| noise.parabola(u)) - noise.ramp(u)).abs() < 1e-8, "{noise} at {u}");
                assert!((slope(&|u| noise.ramp_above(u)) + noise.tail(u)).abs() < 1e-4, "{noise} at {u}");
                assert!((slope(&|u| noise.parabola_above(u)) + noise.ramp_above(u)).abs() < 1e-8, "{noise} at {u}");
            }
        }
    }

    #[test]
    fn both_sides_agree() {
        for noise in noises() {
            let (mean, second) = (noise.centre(), noise.second_moment());
            for i in -60..=60 {
                let u = 0.11 * f64::from(i);
                assert!((noise.ramp(u) - noise.ramp_above(u) - (u - mean)).abs() < 1e-13, "{noise} at {u}");
                let both = noise.parabola(u) + noise.parabola_above(u);
                assert!((both - 0.5 * (u * u - 2.0 * u * mean + second)).abs() < 1e-12, "{noise} at {u}");
            }
            let at_zero = noise.ramp(0.0) + noise.ramp_above(0.0);
            assert!((at_zero - noise.mean_abs()).abs() < 1e-12, "{noise}");
        }
    }

    #[test]
    fn far_away_nothing_breaks() {
        for noise in noises() {
            for u in [1e5, 1e30, 1e200, f64::INFINITY] {
                assert_eq!((noise.ramp(-u), noise.parabola(-u)), (0.0, 0.0), "{noise}");
                assert_eq!((noise.ramp_above(u), noise.parabola_above(u)), (0.0, 0.0), "{noise}");
                assert!((noise.ramp(u) / u - 1.0).abs() < 1e-5 || u.is_infinite(), "{noise}");
                assert!(!noise.parabola(u).is_nan(), "{noise}");
            }
            assert!(noise.ramp(f64::NAN).is_nan() && noise.parabola(f64::NAN).is_nan(), "{noise}");
        }
    }
}
