//! What a measure needs of a Fisher matrix: its eigenvalues, or a quadrature rule that stands for them.
//!
//! ```text
//! log det(I + κ(sF)^{1/2}) = Σ_i log(1 + κ√(s λ_i)) = Σ_i softplus(log κ + ½ log(s λ_i))
//! ```
//!
//! One spectrum gives the whole curve over ε and ζ. Everything stays in logarithms, so that neither κ nor the determinant
//! can overflow.

#[cfg(feature = "fisher")]
mod lanczos;
mod options;
mod quadrature;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "fisher")]
pub(crate) use lanczos::{Batch, lanczos};
#[cfg(feature = "fisher")]
pub use lanczos::{SymmetricOperator, stochastic_lanczos};
pub use options::{LanczosOptions, Precision};
pub use quadrature::{Probe, Quadrature};

/// log(1 + e^x) without overflow.
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// A log-determinant with the error of the quadrature, 0 for exact eigenvalues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogDet {
    /// log det(I + κ(sF)^{1/2}).
    pub value: f64,
    /// Standard error of the value: random probes and truncated quadrature together.
    pub standard_error: f64,
}

/// The spectrum of a Fisher matrix of some dimension.
///
/// ```
/// use stairs_capacity::Spectrum;
/// // Three parameters, one of which does not matter.
/// let spectrum = Spectrum::exact(3, vec![4.0, 1.0]);
/// assert_eq!((spectrum.trace(), spectrum.rank()), (5.0, Some(2)));
/// let logdet = spectrum.log_det(0.0, 0.0); // κ = 1, no scaling: log(1 + 2) + log(1 + 1)
/// assert!((logdet.value - 6f64.ln()).abs() < 1e-15 && logdet.standard_error == 0.0);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spectrum {
    dimension: usize,
    trace: f64,
    values: Values,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Values {
    Exact(Vec<f64>),
    Lanczos(Quadrature),
}

impl Spectrum {
    /// Exact eigenvalues of a matrix of size `dimension`; those that are not positive are left out.
    pub fn exact(dimension: usize, eigenvalues: Vec<f64>) -> Self {
        let values: Vec<f64> = eigenvalues.into_iter().filter(|value| *value > 0.0).collect();
        Self { dimension, trace: values.iter().sum(), values: Values::Exact(values) }
    }

    /// A quadrature rule for a matrix of size `dimension` with a known trace.
    pub fn lanczos(dimension: usize, trace: f64, quadrature: Quadrature) -> Self {
        Self { dimension, trace, values: Values::Lanczos(quadrature) }
    }

    /// Size of the matrix.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Sum of all eigenvalues; exact in both cases.
    pub fn trace(&self) -> f64 {
        self.trace
    }

    /// Number of eigenvalues that are not 0 up to rounding; `None` for a quadrature, which cannot tell.
    pub fn rank(&self) -> Option<usize> {
        match &self.values {
            Values::Exact(values) => Some(values.len()),
            Values::Lanczos(_) => None,
        }
    }

    /// The positive eigenvalues, in no particular order; `None` for a quadrature.
    pub fn eigenvalues(&self) -> Option<&[f64]> {
        match &self.values {
            Values::Exact(values) => Some(values),
            Values::Lanczos(_) => None,
        }
    }

    /// log det(I + κ(sF)^{1/2}), from log κ and log s; log s = −∞ gives 0.
    pub fn log_det(&self, log_kappa: f64, log_scale: f64) -> LogDet {
        let term =
            move |value: f64| if value > 0.0 { softplus(log_kappa + 0.5 * (log_scale + value.ln())) } else { 0.0 };
        self.sum(&term)
    }

    /// log det(I + κ s F), from log κ and log s: what the effective dimension of Abbas et al. needs.
    pub fn log_det_linear(&self, log_kappa: f64, log_scale: f64) -> LogDet {
        let term = move |value: f64| if value > 0.0 { softplus(log_kappa + log_scale + value.ln()) } else { 0.0 };
        self.sum(&term)
    }

    fn sum(&self, term: &(dyn Fn(f64) -> f64 + Sync)) -> LogDet {
        match &self.values {
            // Summed in blocks of fixed size: the same number for every number of threads.
            Values::Exact(values) => {
                let blocks: Vec<f64> =
                    values.par_chunks(1 << 12).map(|block| block.iter().map(|value| term(*value)).sum()).collect();
                LogDet { value: blocks.into_iter().sum(), standard_error: 0.0 }
            }
            Values::Lanczos(quadrature) => quadrature.sum(term),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softplus_is_exact_at_both_ends() {
        assert_eq!(softplus(1e6), 1e6);
        assert_eq!(softplus(-1e6), 0.0);
        assert!((softplus(0.0) - 2f64.ln()).abs() < 1e-16);
        assert_eq!(softplus(f64::NEG_INFINITY), 0.0);
        assert!((softplus(-40.0) / (-40f64).exp() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_zero_scale_gives_zero() {
        let spectrum = Spectrum::exact(2, vec![1.0, 2.0]);
        assert_eq!(spectrum.log_det(1.0, f64::NEG_INFINITY), LogDet::default());
    }
}
