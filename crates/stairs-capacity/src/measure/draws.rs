//! Spectra of many parameter draws, with a normalisation: everything a measure is computed from.

use serde::{Deserialize, Serialize};

use crate::{MeasureError, Spectrum};

/// The spectra at one draw of the parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// Blocks of the hidden layers; empty for a Fisher matrix that is not split into layers.
    pub hidden: Vec<Spectrum>,
    /// The last layer (or the whole matrix), at one or more draws of its parameters given the hidden layers.
    pub last: Vec<Spectrum>,
}

/// How F becomes F̂.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "value")]
pub enum Normalisation {
    /// F̂ = d·F / (mean over the draws of tr F); 0 if that mean is 0. Our convention.
    #[default]
    MeanTrace,
    /// F̂ = d·F / t for a mean trace t known beforehand.
    Trace(f64),
    /// F̂ = F.
    None,
}

/// Draws of one network, checked and normalised. The measures are its methods, each a function of one set of spectra.
///
/// ```
/// use stairs_capacity::{Draw, Draws, Normalisation, Spectrum};
/// // F̂ = I in dimension 3: d_ζ(ε) = ζd + (1 − ζ)·d·log(1 + κ)/log κ.
/// let identity = Draw { hidden: vec![], last: vec![Spectrum::exact(3, vec![1.0; 3])] };
/// let draws = Draws::new(vec![identity], Normalisation::MeanTrace)?;
/// let (eps, zeta): (f64, f64) = (1e-3, 0.75);
/// let log_kappa = (zeta - 1.0) * eps.ln();
/// let exact = zeta * 3.0 + (1.0 - zeta) * 3.0 * log_kappa.exp().ln_1p() / log_kappa;
/// assert!((draws.two_scale(eps, zeta)?.value - exact).abs() < 1e-12);
/// # Ok::<(), stairs_capacity::MeasureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Draws {
    pub(crate) draws: Vec<Draw>,
    dimension: usize,
    mean_trace: f64,
    log_scale: f64,
}

impl Draws {
    /// Checked draws.
    ///
    /// # Errors
    /// [`MeasureError::NoDraws`], [`MeasureError::Ragged`] for draws that differ in their numbers of layers, inner draws or
    /// parameters, [`MeasureError::Trace`] for a trace that is negative or not finite.
    pub fn new(draws: Vec<Draw>, normalisation: Normalisation) -> Result<Self, MeasureError> {
        let first = draws.first().ok_or(MeasureError::NoDraws)?;
        let dimension = |draw: &Draw| {
            let hidden: usize = draw.hidden.iter().map(Spectrum::dimension).sum();
            hidden + draw.last.first().map_or(0, Spectrum::dimension)
        };
        let counts = |draw: &Draw| [draw.hidden.len(), draw.last.len(), dimension(draw)];
        let expected = counts(first);
        if first.last.is_empty() {
            return Err(MeasureError::NoDraws);
        }
        for (index, draw) in draws.iter().enumerate() {
            let whats = ["a number of hidden layers of", "a number of inner draws of", "a dimension of"];
            for ((what, expected), got) in whats.into_iter().zip(expected).zip(counts(draw)) {
                if expected != got {
                    return Err(MeasureError::Ragged { draw: index, what, expected, got });
                }
            }
        }
        let dimension = expected[2];
        let mean_trace = match normalisation {
            Normalisation::Trace(trace) => trace,
            _ => draws.iter().map(trace).sum::<f64>() / draws.len() as f64,
        };
        if !mean_trace.is_finite() || mean_trace < 0.0 {
            return Err(MeasureError::Trace(mean_trace));
        }
        let log_scale = match normalisation {
            Normalisation::None => 0.0,
            _ if mean_trace == 0.0 => f64::NEG_INFINITY,
            _ => (dimension as f64).ln() - mean_trace.ln(),
        };
        Ok(Self { draws, dimension, mean_trace, log_scale })
    }

    /// Number of draws.
    pub fn len(&self) -> usize {
        self.draws.len()
    }

    /// False: there is at least one draw.
    pub fn is_empty(&self) -> bool {
        self.draws.is_empty()
    }

    /// Number of parameters d.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Mean over the draws of tr F (or the one given).
    pub fn mean_trace(&self) -> f64 {
        self.mean_trace
    }

    /// log of the factor s in F̂ = s·F; −∞ where the mean trace is 0.
    pub fn log_scale(&self) -> f64 {
        self.log_scale
    }

    /// The largest rank of F over the draws, up to rounding; `None` where a spectrum is a quadrature.
    pub fn largest_rank(&self) -> Option<usize> {
        let ranks = self.draws.iter().map(|draw| {
            let hidden: Option<usize> = draw.hidden.iter().map(Spectrum::rank).sum();
            let last = draw.last.iter().map(Spectrum::rank).collect::<Option<Vec<usize>>>()?;
            Some(hidden? + last.into_iter().max()?)
        });
        ranks.collect::<Option<Vec<usize>>>()?.into_iter().max()
    }
}

/// tr F at one draw, averaged over its inner draws.
fn trace(draw: &Draw) -> f64 {
    let hidden: f64 = draw.hidden.iter().map(Spectrum::trace).sum();
    hidden + draw.last.iter().map(Spectrum::trace).sum::<f64>() / draw.last.len() as f64
}
