//! What noise does to a stair, with the published bounds beside the exact values.
//!
//! | quantity | value | bound |
//! |---|---|---|
//! | Lipschitz constant of σ_ν | sup \|σ_ν′\| | TV·sup f/s |
//! | Lipschitz constant of σ_ν′ | | TV·Lip f/s² |
//! | L¹ distance ∫\|σ_ν − σ\| | closed form between sign changes | TV·E\|ν\| |
//!
//! The L¹ bound holds for any mean m, with E|ν| = E|m + s·ξ|, and is attained where the transition regions of the steps,
//! [θ_k + min(0, m−s), θ_k + max(0, m+s)] for a compact law, do not overlap; for a single step always. With a quantum ε,
//! slopes are unchanged, the Lipschitz constant of the derivative is divided by ε, the L¹ distance is multiplied by ε².
//!
//! Source of the bounds: Spallanzani et al., arXiv 1905.10452, section 3, and Leonardi, Spallanzani, arXiv 2011.01858; that
//! the mean may be any number is derived here (Fubini, and ∫|σ(x − v) − σ(x)| dx ≤ TV·|v|).

use std::fmt;

use serde::{Deserialize, Serialize};
use stairs_laws::{Law, RegularisedStair};
use stairs_quant::StairFunction;

use super::{Enclosure, SlopeRange, difference::Difference, slope_range};

/// Lipschitz constants and L¹ distance of a regularised stair, exact and bounded.
///
/// ```
/// use stairs_certificate::SmoothingCertificate;
/// use stairs_laws::{Law, Noise, RegularisedStair};
/// use stairs_quant::Quantiser;
/// let law = Law::new(Noise::Triangular, -0.5, 0.25)?;
/// let certificate = SmoothingCertificate::new(&RegularisedStair::new(Quantiser::Ternary.stair(), law));
/// assert_eq!(certificate.lipschitz.unwrap().upper, 4.0); // one step: sup f/s
/// assert_eq!(certificate.lipschitz_bound, Some(8.0)); // two steps, as if they were one
/// assert!((certificate.area - 1.0).abs() < 1e-15); // 2·E|ν|, attained
/// assert_eq!(certificate.area_bound, 1.0);
/// println!("{certificate}");
/// # Ok::<(), stairs_laws::LawError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SmoothingCertificate {
    /// The stair σ, in units of the quantum.
    pub stair: StairFunction,
    /// The law of the noise, in units of the quantum.
    pub law: Law,
    /// The quantum ε.
    pub quantum: f64,
    /// TV(σ) = Σ|Δ_k|, in levels.
    pub total_variation: f64,
    /// E|ν|, in quanta.
    pub mean_abs: f64,
    /// Infimum and supremum of the derivative of εσ_ν(x/ε); `None` at scale 0.
    pub slopes: Option<SlopeRange>,
    /// Lipschitz constant of εσ_ν(x/ε); `None` at scale 0, where it jumps.
    pub lipschitz: Option<Enclosure>,
    /// TV·sup f/s ≥ the Lipschitz constant.
    pub lipschitz_bound: Option<f64>,
    /// TV·Lip f/(s²ε) ≥ the Lipschitz constant of the derivative; `None` where the density jumps (uniform noise, a table
    /// that does not end in 0) or the scale is 0, see [`derivative_note`](Self::derivative_note).
    pub derivative_bound: Option<f64>,
    /// ∫|εσ_ν(x/ε) − εσ(x/ε)| dx, in units of x times units of the output.
    pub area: f64,
    /// What the area may be off by besides rounding: cells too small to be split further.
    pub area_undecided: f64,
    /// ε²·TV·E|ν| ≥ the area.
    pub area_bound: f64,
}

impl SmoothingCertificate {
    /// The certificate of a regularised stair; any levels, thresholds, law, mean and scale.
    pub fn new(stair: &RegularisedStair) -> Self {
        let (function, law, quantum) = (stair.stair(), stair.law(), stair.quantum());
        let variation = function.total_variation();
        let slopes = slope_range(function, law);
        let per_scale = |factor: f64| (!law.is_hard()).then(|| variation * factor / law.scale());
        let (area, undecided) = Difference::new(function, law).area();
        let mean_abs = law.mean_abs();
        let square = quantum * quantum;
        Self {
            lipschitz: slopes.map(|range| range.lipschitz()),
            lipschitz_bound: per_scale(law.noise().sup_density()),
            derivative_bound: law
                .noise()
                .lipschitz_density()
                .and_then(|lip| Some(per_scale(lip)? / law.scale() / quantum)),
            area: square * area,
            area_undecided: square * undecided,
            area_bound: square * variation * mean_abs,
            stair: function.clone(),
            law: law.clone(),
            quantum,
            total_variation: variation,
            mean_abs,
            slopes,
        }
    }

    /// Why there is no bound on the Lipschitz constant of the derivative; `None` where there is one.
    pub fn derivative_note(&self) -> Option<&'static str> {
        match self.derivative_bound {
            Some(_) => None,
            None if self.law.is_hard() => Some("scale 0: the function itself jumps"),
            None => Some("the density jumps, so the derivative does: it is of bounded variation only"),
        }
    }

    /// area / bound in [0, 1]: 1 where the steps do not feel each other. 1 too where both are 0.
    pub fn area_tightness(&self) -> f64 {
        if self.area_bound > 0.0 { self.area / self.area_bound } else { 1.0 }
    }

    /// Lipschitz constant / bound in [0, 1]; `None` at scale 0, 1 for a constant stair.
    pub fn lipschitz_tightness(&self) -> Option<f64> {
        let (value, bound) = (self.lipschitz?.upper, self.lipschitz_bound?);
        Some(if bound > 0.0 { value / bound } else { 1.0 })
    }
}

impl fmt::Display for SmoothingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stair, law, quantum, .. } = self;
        writeln!(f, "stair {stair}, quantum {quantum}")?;
        writeln!(f, "noise {}, mean {}, scale {}: E|ν| = {:.6}", law.noise(), law.mean(), law.scale(), self.mean_abs)?;
        match (self.lipschitz, self.lipschitz_bound) {
            (Some(value), Some(bound)) => writeln!(f, "Lipschitz constant {value:.6}, at most {bound:.6}")?,
            _ => writeln!(f, "no Lipschitz constant: at scale 0 the function jumps")?,
        }
        match (self.derivative_bound, self.derivative_note()) {
            (Some(bound), _) => writeln!(f, "Lipschitz constant of the derivative at most {bound:.6}")?,
            (None, note) => writeln!(f, "no Lipschitz derivative: {}", note.unwrap_or_default())?,
        }
        write!(f, "L1 distance {:.6}, at most {:.6}", self.area, self.area_bound)
    }
}
