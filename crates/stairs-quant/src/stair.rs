//! Stair functions: piecewise constant functions with finitely many steps.
//!
//! Thresholds θ₁ < … < θ_K, levels q₀, …, q_K, steps Δ_k = q_k − q_{k−1}:
//!
//! σ(x) = q₀ + Σ_k Δ_k H(x − θ_k),  and with a quantum ε > 0:  σ_ε(x) = ε σ(x/ε).
//!
//! H is the unit step; its value at 0 is a choice, see [`ThresholdValue`]. Levels need not be ordered.
//! Source: Spallanzani et al., *Additive Noise Annealing and Approximation Properties of Quantized Neural Networks*,
//! arXiv 1905.10452, section 2. That H(0) = 1 is the default is our convention.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::StairError;

/// Relative tolerance within which thresholds and steps count as equally spaced.
const REGULARITY: f64 = 1e-12;

/// The value of a stair exactly on a threshold, that is H(0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThresholdValue {
    /// H(0) = 1: on a threshold the stair takes the level above it (right-continuous).
    #[default]
    Upper,
    /// H(0) = 0: on a threshold the stair takes the level below it (left-continuous).
    Lower,
}

/// A stair whose thresholds are equally spaced and whose steps are equal, in closed form:
/// σ(x) = `base` + `step`·(number of k in 0..`count` with x ≥ `first` + k·`spacing`).
///
/// A stair with one threshold is regular, with `spacing` 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegularStair {
    /// Smallest threshold θ₁.
    pub first: f64,
    /// Distance of neighbouring thresholds, positive.
    pub spacing: f64,
    /// Lowest-index level q₀, taken at −∞.
    pub base: f64,
    /// Height of every step, of either sign.
    pub step: f64,
    /// Number of thresholds, at least 1.
    pub count: usize,
}

/// A stair function σ with at least one threshold; all numbers finite, thresholds strictly increasing.
///
/// ```
/// use stairs_quant::StairFunction;
/// let ternary = StairFunction::new(vec![-0.5, 0.5], vec![-1.0, 0.0, 1.0])?;
/// assert_eq!(ternary.eval(0.5), 1.0); // H(0) = 1
/// assert_eq!(ternary.eval_with_quantum(0.3, 0.25), 0.25);
/// assert_eq!(ternary.total_variation(), 2.0);
/// assert!(StairFunction::new(vec![0.5, -0.5], vec![-1.0, 0.0, 1.0]).is_err());
/// # Ok::<(), stairs_quant::StairError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StairData", into = "StairData")]
pub struct StairFunction {
    thresholds: Vec<f64>,
    levels: Vec<f64>,
    threshold_value: ThresholdValue,
}

impl StairFunction {
    /// The stair with these thresholds (strictly increasing) and levels (one more than thresholds), H(0) = 1.
    ///
    /// # Errors
    /// [`StairError`] when there is no threshold, the counts do not fit, a number is not finite, or the thresholds do
    /// not increase strictly.
    pub fn new(thresholds: Vec<f64>, levels: Vec<f64>) -> Result<Self, StairError> {
        if thresholds.is_empty() {
            return Err(StairError::NoThreshold);
        }
        if levels.len() != thresholds.len() + 1 {
            return Err(StairError::LevelCount { thresholds: thresholds.len(), levels: levels.len() });
        }
        if let Some((index, &value)) = thresholds.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(StairError::Threshold { index, value });
        }
        if let Some((index, &value)) = levels.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(StairError::Level { index, value });
        }
        if let Some(at) = thresholds.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(StairError::Order { index: at + 1, previous: thresholds[at], value: thresholds[at + 1] });
        }
        Ok(Self { thresholds, levels, threshold_value: ThresholdValue::default() })
    }

    /// H(x): 0 below 0, 1 from 0 on.
    pub fn heaviside() -> Self {
        Self { thresholds: vec![0.0], levels: vec![0.0, 1.0], threshold_value: ThresholdValue::Upper }
    }

    /// The stair with these (strictly increasing, finite, at least two) levels and their arithmetic midpoints as
    /// thresholds: rounding to the nearest level, ties upwards.
    pub(crate) fn nearest(levels: Vec<f64>) -> Self {
        debug_assert!(levels.len() >= 2 && levels.windows(2).all(|pair| pair[0] < pair[1]));
        let thresholds = levels.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
        Self { thresholds, levels, threshold_value: ThresholdValue::default() }
    }

    /// The same stair with another value on its thresholds.
    #[must_use]
    pub fn with_threshold_value(mut self, threshold_value: ThresholdValue) -> Self {
        self.threshold_value = threshold_value;
        self
    }

    /// The convention for H(0).
    pub fn threshold_value(&self) -> ThresholdValue {
        self.threshold_value
    }

    /// θ₁ < … < θ_K, in units of the quantum.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// q₀, …, q_K, in units of the quantum; one more than thresholds.
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// Δ_k = q_k − q_{k−1} for k = 1, …, K.
    pub fn steps(&self) -> impl Iterator<Item = f64> + '_ {
        self.levels.windows(2).map(|pair| pair[1] - pair[0])
    }

    /// Number of thresholds K, at least 1.
    pub fn threshold_count(&self) -> usize {
        self.thresholds.len()
    }

    /// Index into [`levels`](Self::levels) of σ(x); `None` for NaN.
    pub fn level_index(&self, x: f64) -> Option<usize> {
        if x.is_nan() {
            return None;
        }
        Some(match self.threshold_value {
            ThresholdValue::Upper => self.thresholds.partition_point(|&threshold| threshold <= x),
            ThresholdValue::Lower => self.thresholds.partition_point(|&threshold| threshold < x),
        })
    }

    /// σ(x). NaN in, NaN out; ±∞ give the last and the first level. O(log K).
    pub fn eval(&self, x: f64) -> f64 {
        self.level_index(x).map_or(f64::NAN, |index| self.levels[index])
    }

    /// σ_ε(x) = ε σ(x/ε) for a quantum ε > 0; NaN where the quantum is not positive and finite.
    pub fn eval_with_quantum(&self, x: f64, quantum: f64) -> f64 {
        if quantum > 0.0 && quantum.is_finite() { quantum * self.eval(x / quantum) } else { f64::NAN }
    }

    /// TV(σ) = Σ|Δ_k|.
    pub fn total_variation(&self) -> f64 {
        self.steps().map(f64::abs).sum()
    }

    /// Largest minus smallest level. Equal to the total variation exactly when the levels are monotone.
    pub fn oscillation(&self) -> f64 {
        self.highest_level() - self.lowest_level()
    }

    /// The smallest level.
    pub fn lowest_level(&self) -> f64 {
        self.levels.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The largest level.
    pub fn highest_level(&self) -> f64 {
        self.levels.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Smallest distance of two neighbouring thresholds; `None` for a single threshold.
    pub fn min_gap(&self) -> Option<f64> {
        self.thresholds.windows(2).map(|pair| pair[1] - pair[0]).reduce(f64::min)
    }

    /// Smallest distance of two different levels, whether neighbours or not; `None` when all levels are equal.
    pub fn min_level_gap(&self) -> Option<f64> {
        let mut sorted = self.levels.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.windows(2).map(|pair| pair[1] - pair[0]).filter(|&gap| gap > 0.0).reduce(f64::min)
    }

    /// The closed form of this stair where its thresholds are equally spaced and its steps equal, up to a relative
    /// tolerance of 10⁻¹²; `None` otherwise.
    pub fn is_regular(&self) -> Option<RegularStair> {
        let (first, spacing) = equally_spaced(&self.thresholds)?;
        let (base, step) = equally_spaced(&self.levels)?;
        Some(RegularStair { first, spacing, base, step, count: self.threshold_count() })
    }
}

/// First value and spacing of equally spaced values; spacing 1 for a single value.
fn equally_spaced(values: &[f64]) -> Option<(f64, f64)> {
    let (first, last) = (*values.first()?, *values.last()?);
    if values.len() == 1 {
        return Some((first, 1.0));
    }
    let spacing = (last - first) / (values.len() - 1) as f64;
    if !spacing.is_finite() {
        return None;
    }
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let tolerance = REGULARITY * spacing.abs() + 4.0 * f64::EPSILON * largest;
    let regular = values.iter().enumerate().all(|(k, value)| (value - (first + k as f64 * spacing)).abs() <= tolerance);
    regular.then_some((first, spacing))
}

impl fmt::Display for StairFunction {
    /// Levels with the thresholds between them, for example `-1 |-0.5| 0 |0.5| 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.levels[0])?;
        for (threshold, level) in self.thresholds.iter().zip(&self.levels[1..]) {
            write!(f, " |{threshold}| {level}")?;
        }
        match self.threshold_value {
            ThresholdValue::Upper => Ok(()),
            ThresholdValue::Lower => f.write_str(" (H(0) = 0)"),
        }
    }
}

/// What a stair looks like in a file: plain numbers, validated when read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StairData {
    thresholds: Vec<f64>,
    levels: Vec<f64>,
    #[serde(default)]
    threshold_value: ThresholdValue,
}

impl TryFrom<StairData> for StairFunction {
    type Error = StairError;

    fn try_from(data: StairData) -> Result<Self, StairError> {
        Ok(Self::new(data.thresholds, data.levels)?.with_threshold_value(data.threshold_value))
    }
}

impl From<StairFunction> for StairData {
    fn from(stair: StairFunction) -> Self {
        Self { thresholds: stair.thresholds, levels: stair.levels, threshold_value: stair.threshold_value }
    }
}
