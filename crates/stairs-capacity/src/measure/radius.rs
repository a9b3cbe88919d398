//! The radius ε of the cover for n samples.
//!
//! The deviation bound holds for every ε, and says something for some: a small ε makes the cover large, a large ε its cells
//! coarse. Two choices.
//!
//! # By n alone
//!
//! ```text
//! ε(n) = √(2π log n / (γ n))
//! ```
//!
//! With an excess t = 2Λε equal to what the cells cost, the right-hand side of the bound becomes
//! 2C·ε^{−d_ζ(ε)}·exp(−8nΛ²ε²/B²). With ε² = c·log n / n it is of order n^{d/2 − 8cΛ²/B²}: a radius that shrinks faster than
//! √(log n / n) leaves a bound that says less the more samples there are, and at this rate one that says more where c is large
//! enough; with c = 2π/γ that is γ < 32πΛ²/(d B²). The constant is that of the effective dimension of Abbas et al. (arXiv
//! 2011.00027), whose κ′ = γn/(2π log n) is 1/ε(n)²: both dimensions then speak of the same cover. It depends on nothing but n, so
//! networks are compared at the same ε.
//!
//! # By the bound
//! [`DeviationBound::radius`] is the ε that makes the deviation 2Λε + t smallest at a given confidence and dimension. Setting its
//! derivative to 0,
//!
//! ```text
//! ε²·(d·log(1/ε) + log(2C/δ)) = (B d)²/(32 Λ² n)          δ = 1 − confidence
//! ```
//!
//! which is of order √(d/(n log n)): smaller than ε(n) by a factor of log n, at which the deviation is smaller by a constant.
//!
//! # Source
//! Datres et al., arXiv 2401.09184, say that ε is to follow n as their Theorem 4.1 suggests. Both choices are derived here from the
//! form of the bound in [`DeviationBound`]; the theorem's own constant was not at hand.

use super::DeviationBound;
use crate::MeasureError;

/// log of the smallest radius that is looked at: near the smallest number there is.
const LOG_SMALLEST: f64 = -700.0;

/// ε(n) = √(2π log n / (γ n)), in (0, 1), for γ in (0, 1].
///
/// ```
/// use stairs_capacity::radius;
/// let (few, many) = (radius(1_000, 1.0)?, radius(1_000_000, 1.0)?);
/// assert!((few - 0.208).abs() < 1e-3 && (many - 0.00932).abs() < 1e-5);
/// assert!(radius(18, 1.0).is_err());
/// # Ok::<(), stairs_capacity::MeasureError>(())
/// ```
///
/// # Errors
/// [`MeasureError::Gamma`], and [`MeasureError::Samples`] where the radius is not below 1: with γ = 1, for n < 19.
pub fn radius(n: usize, gamma: f64) -> Result<f64, MeasureError> {
    Ok(kappa(n, gamma)?.sqrt().recip())
}

/// κ′ = γn/(2π log n), above 1.
pub(super) fn kappa(n: usize, gamma: f64) -> Result<f64, MeasureError> {
    if !(gamma > 0.0 && gamma <= 1.0) {
        return Err(MeasureError::Gamma(gamma));
    }
    let kappa = gamma * n as f64 / (std::f64::consts::TAU * (n as f64).ln());
    if n < 2 || !kappa.is_finite() || kappa <= 1.0 {
        return Err(MeasureError::Samples { n, gamma, kappa });
    }
    Ok(kappa)
}

impl DeviationBound {
    /// The ε in (0, 1) at which [`deviation`](Self::deviation) is smallest, for a dimension that does not depend on ε.
    ///
    /// ```
    /// use stairs_capacity::DeviationBound;
    /// let bound = DeviationBound { loss: 1.0, lipschitz: 1.0, constant: 1.0 };
    /// let eps = bound.radius(1_000_000, 50.0, 0.99)?;
    /// let at = |eps| bound.deviation(1_000_000, eps, 50.0, 0.99);
    /// assert!(at(eps)? < at(0.9 * eps)? && at(eps)? < at(1.1 * eps)?);
    /// # Ok::<(), stairs_capacity::MeasureError>(())
    /// ```
    ///
    /// # Errors
    /// [`MeasureError::Constant`] as [`deviation`](Self::deviation), also for a Lipschitz constant or a dimension of 0 (the coarsest or
    /// the finest cover is best), and for an n so small that the deviation falls all the way to ε = 1.
    pub fn radius(&self, n: usize, dimension: f64, confidence: f64) -> Result<f64, MeasureError> {
        self.deviation(n, 0.5, dimension, confidence)?;
        for (what, value) in [("the Lipschitz constant", self.lipschitz), ("the dimension", dimension)] {
            if value == 0.0 {
                return Err(MeasureError::Constant { what, needs: "positive, for a best radius", value });
            }
        }
        // Above this ε the cover costs nothing, and the deviation is 2Λε: the best radius is below, or here.
        let rest = (2.0 * self.constant).ln() - (1.0 - confidence).ln();
        let free = (rest / dimension).min(0.0);
        // 2 log ε + log(d·log(1/ε) + rest) grows with log ε up to where d·log(1/ε) + rest = d/2.
        let end = (rest / dimension - 0.5).min(0.0);
        let target = 2.0 * (self.loss * dimension / self.lipschitz).ln() - (32.0 * n as f64).ln();
        let excess = |log: f64| 2.0 * log + (rest - dimension * log).ln() - target;
        let (mut low, mut high) = (LOG_SMALLEST.min(end), end);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if excess(middle) > 0.0 { high = middle } else { low = middle }
        }
        let largest = 1.0 - f64::EPSILON;
        let at = |log: f64| self.deviation(n, log.exp().min(largest), dimension, confidence);
        if excess(end) > 0.0 && at(high)? < at(free)? {
            return Ok(high.exp());
        }
        if free < 0.0 {
            return Ok(free.exp());
        }
        let needs = "large enough for a deviation that is smallest below epsilon = 1";
        Err(MeasureError::Constant { what: "the number of samples", needs, value: n as f64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_radius_of_n_is_that_of_the_effective_dimension() {
        for n in [19, 100, 1437, 60_000, 1 << 40] {
            let eps = radius(n, 1.0).unwrap();
            let exact = (std::f64::consts::TAU * (n as f64).ln() / n as f64).sqrt();
            assert!((eps / exact - 1.0).abs() < 1e-14 && eps < 1.0, "{n}: {eps} {exact}");
            assert!(radius(n + 1, 1.0).unwrap() < eps);
        }
        assert!((radius(1000, 0.25).unwrap() / radius(1000, 1.0).unwrap() - 2.0).abs() < 1e-14);
        for n in [0, 1, 2, 18] {
            assert!(matches!(radius(n, 1.0), Err(MeasureError::Samples { .. })), "{n}");
        }
        for gamma in [0.0, -1.0, 1.5, f64::NAN, f64::INFINITY] {
            assert!(matches!(radius(1000, gamma), Err(MeasureError::Gamma(_))), "{gamma}");
        }
    }

    /// The order in n that the head derives: at t = 2Λε the logarithm of the bound over log n tends to d/2 − 16πΛ²/(γB²).
    #[test]
    fn the_bound_at_this_radius_vanishes_where_the_head_says() {
        let bound = DeviationBound { loss: 1.0, lipschitz: 1.0, constant: 1.0 };
        let log = |n: usize, dimension: f64| {
            let eps = radius(n, 1.0).unwrap();
            bound.log_probability(n, eps, 2.0 * eps, dimension).unwrap()
        };
        let edge = 32.0 * std::f64::consts::PI;
        assert!(log(1 << 50, 0.9 * edge) < log(1 << 25, 0.9 * edge));
        assert!(log(1 << 50, 1.5 * edge) > log(1 << 25, 1.5 * edge));
    }

    #[test]
    fn the_radius_of_the_bound_is_the_best_of_a_grid() {
        for (loss, lipschitz, constant, n, dimension, confidence) in [
            (1.0, 1.0, 1.0, 10_000, 5.0, 0.95),
            (2.0, 0.3, 1e6, 1_000_000, 300.0, 0.99),
            (1.0, 10.0, 1e-3, 500, 0.5, 0.5),
        ] {
            let bound = DeviationBound { loss, lipschitz, constant };
            let at = |eps: f64| bound.deviation(n, eps, dimension, confidence).unwrap();
            let eps = bound.radius(n, dimension, confidence).unwrap();
            let best = (1..3000).map(|i| at((-0.005 * f64::from(i)).exp())).fold(f64::INFINITY, f64::min);
            assert!(at(eps) <= best * (1.0 + 1e-9), "{eps}: {} {best}", at(eps));
        }
        let bound = DeviationBound { loss: 1.0, lipschitz: 1.0, constant: 1.0 };
        for (n, dimension) in [(10, 1e4), (0, 1.0), (100, 0.0), (100, f64::NAN)] {
            assert!(matches!(bound.radius(n, dimension, 0.9), Err(MeasureError::Constant { .. })), "{n} {dimension}");
        }
        assert!(DeviationBound { lipschitz: 0.0, ..bound }.radius(100, 1.0, 0.9).is_err());
    }
}
