//! Quadrature rules for tr f(F) from Lanczos runs: Gauss from above, Gauss–Radau from below.
//!
//! A Lanczos run of k steps from a probe v gives a k-point Gauss rule for vᵀf(F)v, and with one more node fixed at 0 a
//! Gauss–Radau rule. The f of this crate, log(1 + κ√λ) and log(1 + κλ), are Bernstein functions: their even derivatives
//! are negative and their odd ones positive, so that the Gauss rule errs upwards and the Radau rule downwards. The middle
//! is the estimate, half the gap bounds its truncation error. Source: G. H. Golub, G. Meurant, *Matrices, Moments and
//! Quadrature with Applications*, 2010, chapter 6; S. Ubaru, J. Chen, Y. Saad, *Fast Estimation of tr(f(A)) via
//! Stochastic Lanczos Quadrature*, SIAM J. Matrix Anal. Appl. 38 (2017).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::LogDet;

/// The two rules of one probe: (node, weight) pairs; the weights of each sum to the squared norm of the probe.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The Gauss rule.
    pub gauss: Vec<(f64, f64)>,
    /// The Gauss–Radau rule with a node at 0; the Gauss rule again where that is exact.
    pub radau: Vec<(f64, f64)>,
}

impl Probe {
    /// (estimate, half gap) of vᵀf(F)v.
    fn evaluate(&self, f: &(dyn Fn(f64) -> f64 + Sync)) -> (f64, f64) {
        let rule = |rule: &[(f64, f64)]| rule.iter().map(|(node, weight)| weight * f(*node)).sum::<f64>();
        let (above, below) = (rule(&self.gauss), rule(&self.radau));
        (0.5 * (above + below), 0.5 * (above - below).abs())
    }
}

/// Quadrature rules of a block-diagonal matrix: for every block, the rules of independent random probes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quadrature {
    /// `blocks[b][p]`: block b, probe p; every block has as many probes.
    pub blocks: Vec<Vec<Probe>>,
}

impl Quadrature {
    /// Σ over blocks of the mean over probes of vᵀf(F_b)v.
    ///
    /// The standard error adds up two parts in squares: the spread of the probes within every block, and the mean half
    /// gap between the two rules, which is no random error but a bound.
    pub fn sum(&self, f: &(dyn Fn(f64) -> f64 + Sync)) -> LogDet {
        let parts: Vec<(f64, f64, f64)> = self.blocks.par_iter().map(|probes| block(probes, f)).collect();
        let (mut value, mut variance, mut gap) = (0.0, 0.0, 0.0);
        for (mean, spread, half_gap) in parts {
            value += mean;
            variance += spread;
            gap += half_gap;
        }
        LogDet { value, standard_error: (variance + gap * gap).sqrt() }
    }
}

/// (mean, variance of the mean, mean half gap) of one block.
fn block(probes: &[Probe], f: &(dyn Fn(f64) -> f64 + Sync)) -> (f64, f64, f64) {
    let count = probes.len().max(1) as f64;
    let values: Vec<(f64, f64)> = probes.iter().map(|probe| probe.evaluate(f)).collect();
    let mean = values.iter().map(|v| v.0).sum::<f64>() / count;
    let gap = values.iter().map(|v| v.1).sum::<f64>() / count;
    let squares = values.iter().map(|v| (v.0 - mean).powi(2)).sum::<f64>();
    (mean, squares / ((count - 1.0).max(1.0) * count), gap)
}
