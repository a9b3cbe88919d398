//! What each layer adds to the two-scale effective dimension beyond ζd.
//!
//! ```text
//! e_j = (1 − ζ) · E_θ log det(I + κ F̂_j(θ)^{1/2}) / log κ          Σ_j e_j + ζ d = Jensen's lower bound of d_ζ(ε)
//! ```
//!
//! F̂_j is the block of layer j of a Markov chain, normalised with all others. e_j/(1 − ζ) counts the directions of the layer's parameters in
//! which steps of size 1/κ are told apart, softly: log₂(1 + κ√λ) is the number of bits that the coordinate along an eigenvector with eigenvalue λ is
//! worth at that resolution.

use super::{Draws, estimate::Estimate, estimate::mean_estimate, two_scale::log_kappa};
use crate::MeasureError;

impl Draws {
    /// e_j of every layer, in the order of the chain; one entry for a Fisher matrix that is not split into layers.
    ///
    /// ```
    /// use stairs_capacity::{Draw, Draws, Normalisation, Spectrum};
    /// let draw = Draw { hidden: vec![Spectrum::exact(4, vec![9.0])], last: vec![Spectrum::exact(2, vec![1.0, 0.5])] };
    /// let draws = Draws::new(vec![draw], Normalisation::MeanTrace)?;
    /// let (eps, zeta) = (1e-3, 0.75);
    /// let excess: f64 = draws.layer_excess(eps, zeta)?.iter().map(|layer| layer.value).sum();
    /// assert!((excess + zeta * 6.0 - draws.jensen(eps, zeta)?.value).abs() < 1e-12);
    /// # Ok::<(), stairs_capacity::MeasureError>(())
    /// ```
    ///
    /// # Errors
    /// As [`log_kappa`].
    pub fn layer_excess(&self, eps: f64, zeta: f64) -> Result<Vec<Estimate>, MeasureError> {
        let log_kappa = log_kappa(eps, zeta)?;
        let scale = self.log_scale();
        let hidden = self.draws.first().map_or(0, |draw| draw.hidden.len());
        let layer = |index: usize| {
            let one = |draw: &super::Draw| match draw.hidden.get(index) {
                Some(spectrum) => {
                    let det = spectrum.log_det(log_kappa, scale);
                    (det.value, det.standard_error)
                }
                None => {
                    let dets = draw.last.iter().map(|spectrum| spectrum.log_det(log_kappa, scale));
                    let count = draw.last.len() as f64;
                    let sum = |(value, error): (f64, f64), det: crate::LogDet| {
                        (value + det.value / count, error.hypot(det.standard_error / count))
                    };
                    dets.fold((0.0, 0.0), sum)
                }
            };
            let (values, errors): (Vec<f64>, Vec<f64>) = self.draws.iter().map(one).unzip();
            mean_estimate(&values, &errors).affine(0.0, (1.0 - zeta) / log_kappa)
        };
        Ok((0..=hidden).map(layer).collect())
    }
}
