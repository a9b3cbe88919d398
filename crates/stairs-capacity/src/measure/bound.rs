//! The deviation bound that 2sED was made for.
//!
//! ```text
//! P( sup_θ |R(θ) − R̂_n(θ)| ≥ 2Λε + t )  ≤  2 C ε^{−d_ζ(ε)} exp(−2 n t²/B²)
//! ```
//!
//! for a loss in [0, B]; the form is that of arXiv 2401.09184. 2Λε must bound the mean, over the population, of how far the loss of a sample
//! varies in one micro-box: a loss that is Λ-Lipschitz in the Fisher metric for every sample would do, and hardly any is. C is a constant of the
//! parameter space that grows exponentially with d. [`certified`](crate::certified) has the proof, and both constants for models where they are
//! known; here they are whatever is given. The bound says nothing unless n is large compared with d_ζ(ε)·log(1/ε) + log C.

use crate::MeasureError;

/// Constants of the deviation bound.
///
/// ```
/// use stairs_capacity::DeviationBound;
/// let bound = DeviationBound { loss: 1.0, lipschitz: 1.0, constant: 1.0 };
/// let few = bound.log_probability(1_000, 1e-2, 0.05, 50.0)?;
/// let many = bound.log_probability(1_000_000, 1e-2, 0.05, 50.0)?;
/// assert!(few > 0.0 && many < -1000.0); // vacuous, then strong
/// // The deviation that holds with probability 99 %:
/// let t = bound.deviation(1_000_000, 1e-2, 50.0, 0.99)?;
/// assert!((t - 0.032).abs() < 2e-3);
/// # Ok::<(), stairs_capacity::MeasureError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviationBound {
    /// Range B of the loss, positive.
    pub loss: f64,
    /// Λ at least 0: in a micro-box of Fisher side ε the loss varies by at most 2Λε in the mean over the population.
    pub lipschitz: f64,
    /// Constant C of the parameter space, positive.
    pub constant: f64,
}

impl DeviationBound {
    fn check(&self, eps: f64, dimension: f64) -> Result<(), MeasureError> {
        let positive = "positive and finite";
        let all = [
            ("the range of the loss", positive, self.loss, self.loss > 0.0),
            ("the Lipschitz constant", "finite and at least 0", self.lipschitz, self.lipschitz >= 0.0),
            ("the constant C", positive, self.constant, self.constant > 0.0),
            ("the dimension", "finite and at least 0", dimension, dimension >= 0.0),
        ];
        for (what, needs, value, holds) in all {
            if !holds || !value.is_finite() {
                return Err(MeasureError::Constant { what, needs, value });
            }
        }
        if eps > 0.0 && eps < 1.0 { Ok(()) } else { Err(MeasureError::Epsilon(eps)) }
    }

    /// log of the right-hand side for n samples, radius ε, excess t ≥ 0 and d_ζ(ε) = `dimension`; above 0 it says nothing.
    ///
    /// # Errors
    /// [`MeasureError::Constant`] or [`MeasureError::Epsilon`].
    pub fn log_probability(&self, n: usize, eps: f64, excess: f64, dimension: f64) -> Result<f64, MeasureError> {
        self.check(eps, dimension)?;
        if !(excess >= 0.0 && excess.is_finite()) {
            let (what, needs) = ("the excess t", "finite and at least 0");
            return Err(MeasureError::Constant { what, needs, value: excess });
        }
        let cover = (2.0 * self.constant).ln() - dimension * eps.ln();
        Ok(cover - 2.0 * n as f64 * (excess / self.loss).powi(2))
    }

    /// The deviation 2Λε + t of the risk that holds with probability `confidence` for all θ together.
    ///
    /// # Errors
    /// [`MeasureError::Constant`], also for a confidence outside (0, 1) or n = 0, or [`MeasureError::Epsilon`].
    pub fn deviation(&self, n: usize, eps: f64, dimension: f64, confidence: f64) -> Result<f64, MeasureError> {
        self.check(eps, dimension)?;
        if !(confidence > 0.0 && confidence < 1.0) {
            let (what, needs) = ("the confidence", "above 0 and below 1");
            return Err(MeasureError::Constant { what, needs, value: confidence });
        }
        if n == 0 {
            return Err(MeasureError::Constant { what: "the number of samples", needs: "at least 1", value: 0.0 });
        }
        let log = (2.0 * self.constant).ln() - dimension * eps.ln() - (1.0 - confidence).ln();
        Ok(2.0 * self.lipschitz * eps + hoeffding(log, self.loss, n as f64))
    }
}

/// The t with e^log · exp(−2nt²/B²) = 1.
pub(crate) fn hoeffding(log: f64, range: f64, n: f64) -> f64 {
    range * (log.max(0.0) / (2.0 * n)).sqrt()
}
