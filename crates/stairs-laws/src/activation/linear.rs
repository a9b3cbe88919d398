//! Continuous piecewise linear functions: knots k₁ < … < k_K, slopes p₀, …, p_K, the value at the first knot.
//!
//! Its derivative is a stair with the knots as thresholds and the slopes as levels. Every piecewise linear activation is one,
//! and its regularisation is that of its corners:
//!
//! ```text
//! φ_ν(x) = φ(k₁) + p₀·(x − E ν − k₁) + Σ_i (p_i − p_{i−1})·E (x − ν − k_i)₊
//! ```

use serde::{Deserialize, Serialize};
use stairs_quant::StairFunction;

use super::ActivationError;

/// A continuous piecewise linear function with at least one knot.
///
/// ```
/// use stairs_laws::PiecewiseLinear;
/// // Hard-tanh.
/// let f = PiecewiseLinear::new(vec![-1.0, 1.0], vec![0.0, 1.0, 0.0], -1.0)?;
/// assert_eq!((f.eval(-7.0), f.eval(0.25), f.eval(1e300)), (-1.0, 0.25, 1.0));
/// assert_eq!((f.derivative(-1.0), f.lipschitz()), (1.0, 1.0));
/// # Ok::<(), stairs_laws::ActivationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawLinear", into = "RawLinear")]
pub struct PiecewiseLinear {
    knots: Vec<f64>,
    slopes: Vec<f64>,
    /// φ at the knots.
    values: Vec<f64>,
}

impl PiecewiseLinear {
    /// The function with these strictly increasing `knots`, these `slopes` (one more than knots) and
    /// φ(knots\[0\]) = `value`.
    ///
    /// # Errors
    /// [`ActivationError`] when there is no knot, the counts do not fit, a number is not finite or the knots do not
    /// increase.
    pub fn new(knots: Vec<f64>, slopes: Vec<f64>, value: f64) -> Result<Self, ActivationError> {
        if knots.is_empty() {
            return Err(ActivationError::NoKnot);
        }
        if slopes.len() != knots.len() + 1 {
            return Err(ActivationError::SlopeCount { knots: knots.len(), slopes: slopes.len() });
        }
        let named = |what: &str, list: &[f64]| {
            let bad = list.iter().enumerate().find(|(_, value)| !value.is_finite())?;
            Some(ActivationError::NotFinite { what: format!("{what} {}", bad.0), value: *bad.1 })
        };
        if let Some(error) = named("knot", &knots).or_else(|| named("slope", &slopes)) {
            return Err(error);
        }
        if let Some(at) = knots.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(ActivationError::Order { index: at + 1, previous: knots[at], value: knots[at + 1] });
        }
        let mut values = vec![value];
        for (i, pair) in knots.windows(2).enumerate() {
            values.push(values[i] + slopes[i + 1] * (pair[1] - pair[0]));
        }
        if let Some(error) = named("value at knot", &values) {
            return Err(error);
        }
        Ok(Self { knots, slopes, values })
    }

    /// A function whose numbers are valid by construction.
    pub(super) fn known(knots: &[f64], slopes: &[f64], value: f64) -> Self {
        let values = knots.iter().scan((knots[0], value, 0), |(at, value, i), knot| {
            *value += slopes[*i] * (knot - *at);
            (*at, *i) = (*knot, *i + 1);
            Some(*value)
        });
        Self { knots: knots.to_vec(), slopes: slopes.to_vec(), values: values.collect() }
    }

    /// k₁ < … < k_K.
    pub fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// p₀, …, p_K: left of the first knot, between the knots, right of the last.
    pub fn slopes(&self) -> &[f64] {
        &self.slopes
    }

    /// φ at the knots.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// φ(x). NaN in, NaN out; ±∞ give the limits.
    pub fn eval(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let piece = self.knots.partition_point(|knot| *knot <= x);
        let anchor = piece.saturating_sub(1);
        let slope = self.slopes[piece];
        // A flat piece is constant up to infinity.
        if slope == 0.0 { self.values[anchor] } else { self.values[anchor] + slope * (x - self.knots[anchor]) }
    }

    /// φ′(x), at a knot the slope to its right (as a stair with H(0) = 1). NaN in, NaN out.
    pub fn derivative(&self, x: f64) -> f64 {
        if x.is_nan() { x } else { self.slopes[self.knots.partition_point(|knot| *knot <= x)] }
    }

    /// Lip(φ) = max |p_i|.
    pub fn lipschitz(&self) -> f64 {
        self.slopes.iter().fold(0.0, |largest: f64, slope| largest.max(slope.abs()))
    }

    /// φ′ as a stair function: the knots are its thresholds, the slopes its levels.
    pub fn slope_stair(&self) -> StairFunction {
        StairFunction::new(self.knots.clone(), self.slopes.clone())
            .unwrap_or_else(|_| unreachable!("knots and slopes are those of a stair"))
    }
}

/// What a piecewise linear function looks like in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLinear {
    knots: Vec<f64>,
    slopes: Vec<f64>,
    value: f64,
}

impl TryFrom<RawLinear> for PiecewiseLinear {
    type Error = ActivationError;

    fn try_from(raw: RawLinear) -> Result<Self, ActivationError> {
        Self::new(raw.knots, raw.slopes, raw.value)
    }
}

impl From<PiecewiseLinear> for RawLinear {
    fn from(f: PiecewiseLinear) -> Self {
        Self { value: f.values[0], knots: f.knots, slopes: f.slopes }
    }
}
