//! The two-scale effective dimension and its lower bounds.
//!
//! ```text
//! d_ζ(ε) = ζ d + (1 − ζ) · log E_θ det(I + κ F̂(θ)^{1/2}) / log κ          κ = ε^{ζ−1}
//! ```
//!
//! ε ∈ (0, 1) is the radius of a cover, ζ ∈ [2/3, 1) splits its scales. For a Markov chain the determinant is a product
//! Π_j D_j over layers, and lower bounds of log E Π D_j give lower bounds of d_ζ. Source: Datres, Leonardi, Figalli, Sutter,
//! *A two-scale Complexity Measure for Deep Learning Models*, NeurIPS 2024, arXiv 2401.09184.

use super::{
    Draws,
    estimate::{Estimate, log_mean_exp, log_mean_exp_estimate, mean_estimate},
};
use crate::{LogDet, MeasureError};

/// log κ = (ζ − 1)·log ε, positive.
///
/// # Errors
/// [`MeasureError::Epsilon`] unless 0 < ε < 1, [`MeasureError::Zeta`] unless 2/3 ≤ ζ < 1 (up to rounding of 2/3).
pub fn log_kappa(eps: f64, zeta: f64) -> Result<f64, MeasureError> {
    if !(eps > 0.0 && eps < 1.0) {
        return Err(MeasureError::Epsilon(eps));
    }
    if !((2.0 / 3.0 - 1e-12..1.0).contains(&zeta)) {
        return Err(MeasureError::Zeta(zeta));
    }
    Ok((zeta - 1.0) * eps.ln())
}

/// One point of a curve; see [`Draws::curve`].
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Point {
    /// ε.
    pub eps: f64,
    /// ζ.
    pub zeta: f64,
    /// 2sED.
    pub two_scale: Estimate,
    /// Jensen's lower bound.
    pub jensen: Estimate,
    /// The lower bound with the last layer exact.
    pub last_layer_exact: Estimate,
}

/// Log-determinants of one draw: of the hidden layers together, and of the last layer at each of its inner draws.
struct LogDets {
    hidden: LogDet,
    last: Vec<LogDet>,
}

impl Draws {
    fn log_dets(&self, log_kappa: f64) -> Vec<LogDets> {
        let scale = self.log_scale();
        let one = |draw: &super::Draw| {
            let hidden: Vec<LogDet> = draw.hidden.iter().map(|spectrum| spectrum.log_det(log_kappa, scale)).collect();
            let last = draw.last.iter().map(|spectrum| spectrum.log_det(log_kappa, scale)).collect();
            LogDets { hidden: sum(&hidden), last }
        };
        self.draws.iter().map(one).collect()
    }

    /// 2sED: d_ζ(ε), in [ζd, ∞).
    ///
    /// log-mean-exp over the draws is biased downwards; the bias is of the order of the squared standard error, and large
    /// where one draw dominates (see [`Estimate::warning`]). The standard error takes the normalisation as given.
    ///
    /// # Errors
    /// As [`log_kappa`].
    pub fn two_scale(&self, eps: f64, zeta: f64) -> Result<Estimate, MeasureError> {
        self.measure(eps, zeta, |dets| log_mean_exp_estimate_of(dets, false))
    }

    /// Jensen's lower bound: Σ_j E log D_j in place of log E Π_j D_j.
    ///
    /// # Errors
    /// As [`log_kappa`].
    pub fn jensen(&self, eps: f64, zeta: f64) -> Result<Estimate, MeasureError> {
        self.measure(eps, zeta, |dets| {
            let (values, errors): (Vec<f64>, Vec<f64>) = dets
                .iter()
                .map(|det| {
                    let count = det.last.len() as f64;
                    let last = sum(&det.last);
                    let value = det.hidden.value + last.value / count;
                    (value, det.hidden.standard_error.hypot(last.standard_error / count))
                })
                .unzip();
            mean_estimate(&values, &errors)
        })
    }

    /// The lower bound with the last layer exact: E_{θ<L}[Σ_{j<L} log D_j + log E_{θ_L} D_L], over the inner draws.
    ///
    /// With one inner draw it is Jensen's.
    ///
    /// # Errors
    /// As [`log_kappa`].
    pub fn last_layer_exact(&self, eps: f64, zeta: f64) -> Result<Estimate, MeasureError> {
        self.measure(eps, zeta, |dets| log_mean_exp_estimate_of(dets, true))
    }

    /// lim ε → 0 of [`two_scale`](Self::two_scale): ζd + (1 − ζ)·(largest rank); `None` where a rank is unknown.
    ///
    /// # Errors
    /// [`MeasureError::Zeta`].
    pub fn limit(&self, zeta: f64) -> Result<Option<f64>, MeasureError> {
        log_kappa(0.5, zeta)?;
        let rank = self.largest_rank();
        Ok(rank.map(|rank| zeta * self.dimension() as f64 + (1.0 - zeta) * rank as f64))
    }

    /// All three at every ε and ζ, from the one set of spectra; ζ outside, ε inside.
    ///
    /// # Errors
    /// As [`log_kappa`].
    pub fn curve(&self, eps: &[f64], zeta: &[f64]) -> Result<Vec<Point>, MeasureError> {
        let pairs = zeta.iter().flat_map(|zeta| eps.iter().map(move |eps| (*eps, *zeta)));
        let point = |(eps, zeta)| {
            Ok(Point {
                eps,
                zeta,
                two_scale: self.two_scale(eps, zeta)?,
                jensen: self.jensen(eps, zeta)?,
                last_layer_exact: self.last_layer_exact(eps, zeta)?,
            })
        };
        pairs.map(point).collect()
    }

    fn measure(
        &self,
        eps: f64,
        zeta: f64,
        log_mean: impl Fn(&[LogDets]) -> Estimate,
    ) -> Result<Estimate, MeasureError> {
        let log_kappa = log_kappa(eps, zeta)?;
        Ok(scaled(self.dimension(), zeta, log_kappa, log_mean(&self.log_dets(log_kappa))))
    }
}

/// ζd + (1 − ζ)·log E det / log κ.
pub(crate) fn scaled(dimension: usize, zeta: f64, log_kappa: f64, log_mean: Estimate) -> Estimate {
    log_mean.affine(zeta * dimension as f64, (1.0 - zeta) / log_kappa)
}

fn sum(dets: &[LogDet]) -> LogDet {
    dets.iter().fold(LogDet::default(), |sum, det| LogDet {
        value: sum.value + det.value,
        standard_error: sum.standard_error.hypot(det.standard_error),
    })
}

/// Per draw, log of the mean over inner draws; then, over draws, log-mean-exp or the mean.
fn log_mean_exp_estimate_of(dets: &[LogDets], mean: bool) -> Estimate {
    let (values, errors): (Vec<f64>, Vec<f64>) = dets
        .iter()
        .map(|det| {
            let logs: Vec<f64> = det.last.iter().map(|last| last.value).collect();
            let errors: Vec<f64> = det.last.iter().map(|last| last.standard_error).collect();
            let inner = log_mean_exp_estimate(&logs, &errors);
            (det.hidden.value + log_mean_exp(&logs), det.hidden.standard_error.hypot(inner.spectrum_error))
        })
        .unzip();
    if mean { mean_estimate(&values, &errors) } else { log_mean_exp_estimate(&values, &errors) }
}
