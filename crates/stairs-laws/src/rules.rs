//! Backward rules of published quantisers that are the derivative of no one law.
//!
//! With u = x/ε, levels q₀ < … < q_K and g the gradient that arrives; outside [q₀, q_K) no gradient passes:
//!
//! | rule | factor on g | source |
//! |---|---|---|
//! | [`Dsq`] | s·κ·sech²(κ·v) with v = 2(u − m_k)/Δ_k in the cell [q_{k−1}, q_k) around m_k, s = 1/tanh κ | Gong et al. 2019, *Differentiable Soft Quantization* (arXiv 1908.05033), equations 4 to 7 |
//! | [`Ewgs`] | 1 + δ·sign(g)·(u − σ(u))/(q_K − q₀) | Lee et al. 2021, *Network Quantization with Element-wise Gradient Scaling* (arXiv 2104.00903), equation 4 |
//!
//! DSQ gives its temperature as α = 1 − tanh κ: half the gap between the soft levels that meet between two cells, in units of
//! half a step. On levels at equal distance its soft stair is the stair under logistic noise that is cut off at half a
//! step. EWGS counts positions in units of the whole range, as its authors do after their normalisation to [0, 1].

use serde::{Deserialize, Serialize};
use stairs_quant::StairFunction;
use thiserror::Error;

/// A rule that does not exist for this parameter.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RuleError {
    /// α of DSQ outside (0, 1).
    #[error("alpha of DSQ must be above 0 (the hard stair) and below 1 (the clipped identity), got {0}: 0.2 is usual")]
    Alpha(f64),
    /// δ of EWGS negative or not finite.
    #[error("delta of EWGS must be finite and at least 0 (the clipped identity), got {0}: 0.001 is usual")]
    Delta(f64),
}

/// DSQ: the derivative of a piece of tanh in every cell between two levels.
///
/// ```
/// use stairs_laws::Dsq;
/// use stairs_quant::Quantiser;
/// let dsq = Dsq::new(0.2)?;
/// let ternary = Quantiser::Ternary.stair();
/// assert!(dsq.slope(&ternary, 0.5) > 1.3 && dsq.slope(&ternary, 0.0) < 0.6);
/// assert_eq!(dsq.slope(&ternary, 1.5), 0.0);
/// assert!(Dsq::new(0.0).is_err());
/// # Ok::<(), stairs_laws::RuleError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawDsq")]
pub struct Dsq {
    alpha: f64,
}

/// EWGS: the clipped identity, larger where the step of the optimiser leads away from the level and smaller where it leads
/// towards it.
///
/// ```
/// use stairs_laws::Ewgs;
/// use stairs_quant::Quantiser;
/// let ewgs = Ewgs::new(0.4)?;
/// let ternary = Quantiser::Ternary.stair();
/// assert_eq!((ewgs.factor(&ternary, 0.25, 1.0), ewgs.factor(&ternary, 0.25, -1.0)), (1.05, 0.95));
/// assert!(Ewgs::new(f64::NAN).is_err());
/// # Ok::<(), stairs_laws::RuleError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawEwgs")]
pub struct Ewgs {
    delta: f64,
}

impl Dsq {
    /// α in (0, 1): towards 0 the hard stair, towards 1 the clipped identity.
    ///
    /// # Errors
    /// [`RuleError::Alpha`].
    pub fn new(alpha: f64) -> Result<Self, RuleError> {
        // In single precision, which records have, 1 − α must be neither 1 nor 0.
        let possible = (1e-6..=1.0 - 1e-6).contains(&alpha);
        if possible { Ok(Self { alpha }) } else { Err(RuleError::Alpha(alpha)) }
    }

    /// α.
    pub fn alpha(self) -> f64 {
        self.alpha
    }

    /// κ = artanh(1 − α), the paper's k times half a cell.
    pub fn steepness(self) -> f64 {
        0.5 * (2.0 / self.alpha - 1.0).ln()
    }

    /// The soft quantiser of the paper at u, in units of the quantum; 0 for a stair whose levels do not rise.
    pub fn value(self, stair: &StairFunction, u: f64) -> f64 {
        let levels = stair.levels();
        let Some(cell) = cell(stair, u) else {
            return match rises(stair) {
                true if u.is_nan() => f64::NAN,
                true => u.clamp(stair.lowest_level(), stair.highest_level()),
                false => 0.0,
            };
        };
        let step = levels[cell + 1] - levels[cell];
        let v = (2.0 * u - levels[cell] - levels[cell + 1]) / step;
        levels[cell] + 0.5 * step * (1.0 + (self.steepness() * v).tanh() / (1.0 - self.alpha))
    }

    /// The derivative of [`value`](Self::value), in [0, ∞).
    pub fn slope(self, stair: &StairFunction, u: f64) -> f64 {
        if u.is_nan() {
            return u;
        }
        let levels = stair.levels();
        let Some(cell) = cell(stair, u) else { return 0.0 };
        let v = (2.0 * u - levels[cell] - levels[cell + 1]) / (levels[cell + 1] - levels[cell]);
        let kappa = self.steepness();
        kappa / (1.0 - self.alpha) / (kappa * v).cosh().powi(2)
    }
}

impl Ewgs {
    /// δ ≥ 0, the paper's scaling factor; 0 is the clipped identity.
    ///
    /// # Errors
    /// [`RuleError::Delta`].
    pub fn new(delta: f64) -> Result<Self, RuleError> {
        // Single precision, which records have, must hold it.
        if (0.0..=1e6).contains(&delta) { Ok(Self { delta }) } else { Err(RuleError::Delta(delta)) }
    }

    /// δ.
    pub fn delta(self) -> f64 {
        self.delta
    }

    /// What a gradient g is multiplied by at u, in units of the quantum.
    pub fn factor(self, stair: &StairFunction, u: f64, gradient: f64) -> f64 {
        let (low, high) = (stair.lowest_level(), stair.highest_level());
        if u.is_nan() || gradient.is_nan() {
            return f64::NAN;
        }
        if !(low..high).contains(&u) {
            return 0.0;
        }
        let sign = if gradient == 0.0 { 0.0 } else { gradient.signum() };
        1.0 + self.delta * sign * (u - stair.eval(u)) / (high - low)
    }
}

/// Whether every level is above the one before it: what DSQ's cells lie between.
pub fn rises(stair: &StairFunction) -> bool {
    stair.levels().windows(2).all(|pair| pair[0] < pair[1])
}

/// The index of the level below the cell that u is in; `None` outside all cells.
fn cell(stair: &StairFunction, u: f64) -> Option<usize> {
    let levels = stair.levels();
    if !rises(stair) || u.is_nan() || u < levels[0] {
        return None;
    }
    let above = levels.partition_point(|level| *level <= u);
    (above < levels.len()).then(|| above - 1)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDsq {
    alpha: f64,
}

impl TryFrom<RawDsq> for Dsq {
    type Error = RuleError;

    fn try_from(raw: RawDsq) -> Result<Self, RuleError> {
        Self::new(raw.alpha)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEwgs {
    delta: f64,
}

impl TryFrom<RawEwgs> for Ewgs {
    type Error = RuleError;

    fn try_from(raw: RawEwgs) -> Result<Self, RuleError> {
        Self::new(raw.delta)
    }
}
