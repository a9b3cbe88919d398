//! The effective dimension of Abbas et al.
//!
//! ```text
//! d_{γ,n} = 2·log E_θ √det(I + κ′ F̂(θ)) / log κ′          κ′ = γ n / (2π log n)
//! ```
//!
//! Global with draws over the whole prior; local with draws around trained parameters ([`Prior::Around`](crate::Prior)).
//! Sources: Abbas, Sutter, Zoufal, Lucchi, Figalli, Woerner, *The power of quantum neural networks*, Nature Computational
//! Science 1 (2021), arXiv 2011.00027; Abbas, Sutter, Figalli, Woerner, *Effective dimension of machine learning models*,
//! arXiv 2112.04807.

use super::{Draws, estimate::Estimate, estimate::log_mean_exp_estimate, radius::kappa};
use crate::MeasureError;

impl Draws {
    /// The effective dimension for n samples and γ ∈ (0, 1].
    ///
    /// ```
    /// use stairs_capacity::{Draw, Draws, Normalisation, Spectrum};
    /// let draw = Draw { hidden: vec![], last: vec![Spectrum::exact(3, vec![2.0, 1.0])] };
    /// let draws = Draws::new(vec![draw], Normalisation::MeanTrace)?;
    /// assert!((1.9..3.0).contains(&draws.effective_dimension(1_000_000, 1.0)?.value));
    /// assert!(draws.effective_dimension(18, 1.0).is_err());
    /// # Ok::<(), stairs_capacity::MeasureError>(())
    /// ```
    ///
    /// # Errors
    /// [`MeasureError::Gamma`], and [`MeasureError::Samples`] where κ′ ≤ 1: with γ = 1, for n < 19.
    pub fn effective_dimension(&self, n: usize, gamma: f64) -> Result<Estimate, MeasureError> {
        let log_kappa = kappa(n, gamma)?.ln();
        let (mut logs, mut errors) = (Vec::new(), Vec::new());
        for draw in &self.draws {
            let det = |spectrum: &crate::Spectrum| spectrum.log_det_linear(log_kappa, self.log_scale());
            let hidden: Vec<_> = draw.hidden.iter().map(det).collect();
            let value: f64 = hidden.iter().map(|det| det.value).sum();
            let error = hidden.iter().fold(0.0f64, |error, det| error.hypot(det.standard_error));
            let last: Vec<_> = draw.last.iter().map(det).collect();
            let halves: Vec<f64> = last.iter().map(|det| 0.5 * det.value).collect();
            let half_errors: Vec<f64> = last.iter().map(|det| 0.5 * det.standard_error).collect();
            let inner = log_mean_exp_estimate(&halves, &half_errors);
            logs.push(0.5 * value + inner.value);
            errors.push((0.5 * error).hypot(inner.spectrum_error));
        }
        Ok(log_mean_exp_estimate(&logs, &errors).affine(0.0, 2.0 / log_kappa))
    }
}
