//! The deviation that the bounds allow: at radii that are given, at the best ones, and the number of samples from which they say anything.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use super::Constants;
use crate::{
    MeasureError,
    measure::{hoeffding, log_kappa},
};

/// Rounding: see the head of the module.
const RAISE: f64 = 1.0 + 1e-8;
/// Values of log ε and of ζ that are looked at first, and how often the neighbourhood of the best is looked at again.
const GRID: (usize, usize, usize) = (120, 6, 6);
/// The smallest log ε.
const LOWEST: f64 = -60.0;
/// The largest ζ.
const HIGHEST: f64 = 0.999;

/// Deviations sup |R − R̂_n| over a box that hold with a given probability.
///
/// ```
/// use stairs_capacity::certified::{CertifiedBound, CertifiedLoss, Constants, InputMoments, SmallModel};
/// let model = SmallModel::new(2, None, 2)?;
/// let constants = Constants::new(model, CertifiedLoss::Error, 1.0, &InputMoments::bounded(2, 1.0)?)?;
/// let bound = CertifiedBound::new(constants, 0.95)?;
/// let best = bound.two_scale(10_000)?;
/// assert!(best.deviation < 0.06 && bound.euclidean(10_000)?.deviation < 0.06);
/// assert!(best.deviation <= bound.two_scale_at(10_000, 1e-3, 0.7)?.deviation);
/// # Ok::<(), stairs_capacity::MeasureError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CertifiedBound {
    constants: Constants,
    confidence: f64,
}

/// The bound of two scales at a number of samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TwoScale {
    /// The deviation 2Λε + t.
    pub deviation: f64,
    /// ε.
    pub eps: f64,
    /// ζ.
    pub zeta: f64,
    /// 2Λε, the width of the brackets.
    pub width: f64,
    /// Of it, what the change of the gradient in a meso-cell makes up.
    pub curvature: f64,
    /// log C.
    pub log_constant: f64,
    /// d_ζ(ε), or the upper bound of it.
    pub dimension: f64,
}

/// The bound of the plain cover at a number of samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Euclidean {
    /// The deviation.
    pub deviation: f64,
    /// Cubes along an axis.
    pub cubes: u64,
}

impl CertifiedBound {
    /// The bounds that hold with probability `confidence`.
    ///
    /// # Errors
    /// [`MeasureError::Constant`] for a confidence outside (0, 1).
    pub fn new(constants: Constants, confidence: f64) -> Result<Self, MeasureError> {
        super::constant("the confidence", "above 0 and below 1", confidence, confidence > 0.0 && confidence < 1.0)?;
        Ok(Self { constants, confidence })
    }

    /// The constants.
    pub fn constants(&self) -> &Constants {
        &self.constants
    }

    /// The bound of two scales at ε and ζ, with the upper bound of 2sED.
    ///
    /// # Errors
    /// [`MeasureError::Epsilon`], [`MeasureError::Zeta`], or [`MeasureError::Constant`] for n = 0.
    pub fn two_scale_at(&self, n: usize, eps: f64, zeta: f64) -> Result<TwoScale, MeasureError> {
        log_kappa(eps, zeta)?;
        self.checked(n)?;
        Ok(self.at(n as f64, eps, zeta, true))
    }

    /// The bound of two scales at the ε in (0, 1) and ζ in [2/3, 1) where it is least; those are looked for numerically, and the bound holds
    /// wherever the search ends, since neither depends on the samples.
    ///
    /// # Errors
    /// [`MeasureError::Constant`] for n = 0.
    pub fn two_scale(&self, n: usize) -> Result<TwoScale, MeasureError> {
        self.checked(n)?;
        Ok(self.best(n as f64, true))
    }

    /// What the bound of two scales would be with the least 2sED that there can be, ζd, that of a Fisher matrix that vanishes: *no bound*, but below
    /// the one with the true 2sED.
    ///
    /// # Errors
    /// [`MeasureError::Constant`] for n = 0.
    pub fn two_scale_floor(&self, n: usize) -> Result<TwoScale, MeasureError> {
        self.checked(n)?;
        Ok(self.best(n as f64, false))
    }

    /// The bound of the plain cover, with the number of cubes where it is least.
    ///
    /// # Errors
    /// [`MeasureError::Constant`] for n = 0.
    pub fn euclidean(&self, n: usize) -> Result<Euclidean, MeasureError> {
        self.checked(n)?;
        Ok(self.cubes(n as f64))
    }

    /// The least number of samples from which the bound of two scales, or with `false` that of the plain cover, is below B; `None` where 10¹⁸ are
    /// too few.
    pub fn informative_from(&self, two_scale: bool) -> Option<u64> {
        let says = |n: u64| match two_scale {
            true => self.best(n as f64, true).deviation < self.constants.range(),
            false => self.cubes(n as f64).deviation < self.constants.range(),
        };
        let mut high = 1;
        while !says(high) {
            high = high.checked_mul(2).filter(|high| *high <= 1 << 60)?;
        }
        let mut low = high / 2;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if says(middle) { high = middle } else { low = middle }
        }
        Some(high)
    }

    fn checked(&self, n: usize) -> Result<(), MeasureError> {
        super::constant("the number of samples", "at least 1", n as f64, n > 0)
    }

    /// The width of the brackets and the t with 2N exp(−2nt²/B²) = 1 − confidence.
    fn deviation(&self, width: f64, log_cover: f64, n: f64) -> f64 {
        let log = LN_2 + log_cover - (1.0 - self.confidence).ln();
        RAISE * (width + hoeffding(log, self.constants.range(), n))
    }

    fn at(&self, n: f64, eps: f64, zeta: f64, with_fisher: bool) -> TwoScale {
        let (constants, d) = (&self.constants, self.constants.model().parameters() as f64);
        let side = eps.powf(zeta);
        let curvature = 0.5 * side * side * constants.curvature(side);
        let width = constants.model().rank() as f64 * constants.fisher(side) * eps + curvature;
        let log_constant = d * (2f64.sqrt() * (2.0 * constants.radius() + side)).ln();
        let log_det = if with_fisher { constants.log_det(side / eps, side) } else { 0.0 };
        // ε^{−(1 − ζ) log E / log κ} = E: exactly the determinant.
        let dimension = zeta * d + log_det / -eps.ln();
        let log_cover = log_constant - zeta * d * eps.ln() + log_det;
        let deviation = self.deviation(width, log_cover, n);
        TwoScale { deviation, eps, zeta, width, curvature, log_constant, dimension }
    }

    fn best(&self, n: f64, with_fisher: bool) -> TwoScale {
        let (radii, ratios, rounds) = GRID;
        let (mut logs, mut zetas) = ((LOWEST, -1e-3), (2.0 / 3.0, HIGHEST));
        let along =
            |(low, high): (f64, f64), i: usize, count: usize| low + (high - low) * i as f64 / (count - 1) as f64;
        let mut best = self.at(n, 0.5, 2.0 / 3.0, with_fisher);
        for _ in 0..rounds {
            for i in 0..radii {
                for j in 0..ratios {
                    let at = self.at(n, along(logs, i, radii).exp(), along(zetas, j, ratios), with_fisher);
                    // A width beyond all numbers is no bound.
                    if at.deviation < best.deviation || best.deviation.is_nan() {
                        best = at;
                    }
                }
            }
            let around = |at: f64, (low, high): (f64, f64), share: f64| {
                ((at - share * (high - low)).max(low), (at + share * (high - low)).min(high))
            };
            (logs, zetas) = (around(best.eps.ln(), logs, 0.05), around(best.zeta, zetas, 0.25));
        }
        best
    }

    fn cubes(&self, n: f64) -> Euclidean {
        let (constants, d) = (&self.constants, self.constants.model().parameters() as f64);
        let at = |cubes: u64| {
            let width = 2.0 * constants.radius() / cubes as f64 * constants.slope();
            let log_cover = d * (cubes as f64).ln();
            Euclidean { deviation: self.deviation(width, log_cover, n), cubes }
        };
        // Every number up to 64, then in steps of a 64th.
        let mut best = at(1);
        let mut cubes = 1u64;
        while cubes < 1 << 50 {
            cubes += (cubes / 64).max(1);
            let next = at(cubes);
            if next.deviation < best.deviation {
                best = next;
            }
        }
        best
    }
}
