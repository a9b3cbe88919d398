//! Partial moments of noise: the first and the second antiderivative of F, from both sides.
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
//! The closed forms, elementary integrals that are derived in this project, are in the files of the laws; those of a table
//! are cubic and quartic in a cell.

use crate::Law;

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
    use crate::{Noise, NoiseTable};

    fn noises() -> Vec<Noise> {
        // Off centre, and with a jump at one end.
        let own = NoiseTable::from_density(65, |u| (1.0 - u) * (1.2 + u).powi(2)).unwrap();
        Noise::ALL.into_iter().chain([Noise::from(own)]).collect()
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
