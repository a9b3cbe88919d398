//! What a bound must know of the inputs of a population.

use super::{constant, jacobi::eigenvalues};
use crate::MeasureError;

/// Moments of X = ‖(x, 1)‖₁, and the eigenvalues of E (x, 1)(x, 1)ᵀ: upper bounds of them are enough.
#[derive(Clone, Debug, PartialEq)]
pub struct InputMoments {
    /// Numbers p ≥ 1 of an input.
    pub(super) inputs: usize,
    /// E X.
    pub(super) mean: f64,
    /// E X².
    pub(super) square: f64,
    /// The largest X.
    pub(super) largest: f64,
    /// σ_i ≥ 0, p + 1 of them.
    pub(super) spectrum: Vec<f64>,
}

impl InputMoments {
    /// Moments of any population whose inputs are at most `bound` in absolute value: nothing else need be known of it. Of the second moments only
    /// the diagonal is.
    ///
    /// ```
    /// use stairs_capacity::certified::InputMoments;
    /// assert!(InputMoments::bounded(54, 1.0).is_ok());
    /// assert!(InputMoments::bounded(0, 1.0).is_err() && InputMoments::bounded(54, f64::NAN).is_err());
    /// ```
    ///
    /// # Errors
    /// [`MeasureError::Constant`] unless 1 ≤ `inputs` ≤ 10⁶ and `bound` is positive and finite.
    pub fn bounded(inputs: usize, bound: f64) -> Result<Self, MeasureError> {
        constant("the number of inputs", "1 to 1000000", inputs as f64, (1..=1_000_000).contains(&inputs))?;
        constant("the bound of the inputs", "positive and finite", bound, bound > 0.0)?;
        let largest = inputs as f64 * bound + 1.0;
        let spectrum = (0..inputs).map(|_| bound * bound).chain([1.0]).collect();
        Ok(Self { inputs, mean: largest, square: largest * largest, largest, spectrum })
    }

    /// From sums over `count` samples; `second` is the sum of (x, 1)(x, 1)ᵀ, row-major.
    pub(super) fn from_sums(count: usize, (mean, square, largest): (f64, f64, f64), second: &[f64]) -> Self {
        let (n, count) = (second.len().isqrt(), count as f64);
        let second: Vec<f64> = second.iter().map(|sum| sum / count).collect();
        let trace: f64 = (0..n).map(|i| second[i * n + i]).sum();
        // Rounding moves an eigenvalue by less than n ulps of the trace.
        let slack = 4.0 * n as f64 * f64::EPSILON * trace;
        let spectrum = eigenvalues(second, n).into_iter().map(|value| value.max(0.0) + slack).collect();
        Self { inputs: n - 1, mean: mean / count, square: square / count, largest, spectrum }
    }

    /// Numbers p of an input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// E X.
    pub fn mean(&self) -> f64 {
        self.mean
    }
}
