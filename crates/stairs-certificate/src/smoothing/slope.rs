//! The extremes of σ_ν′, and with them the Lipschitz constant of σ_ν.
//!
//! σ_ν′(x) = (1/s) Σ_k Δ_k f((x − m − θ_k)/s). By the [shape](Density) of f, which the file of every law names:
//!
//! | shape | σ_ν′ | how its extremes are found |
//! |---|---|---|
//! | flat | piecewise constant | on a piece it is a difference of two levels over 2s: all pieces are looked at |
//! | linear | piecewise linear | at the breakpoints θ_k + m + s·node, from both sides where f jumps |
//! | bell | smooth | branch and bound with the exact range of f″ on a cell |
//!
//! Windows of the uniform law that overlap by rounding only (less than 10⁻¹² of their width) count as meeting. Branch and
//! bound divides the most promising cell until no bound is more than 10⁻¹² of TV·sup f above the best value seen (or 40,000 cells
//! are spent, as on the plateau of hundreds of levels: the enclosure is then wider); what it proves is the upper
//! value of the enclosure, what it has seen the lower one. The enclosure is widened by the rounding of the sums.

use serde::{Deserialize, Serialize};
use stairs_laws::{Law, Noise, noise::Density};
use stairs_quant::StairFunction;

use super::{Enclosure, bell::maximum};

/// Relative overlap below which windows of compact noise count as meeting.
const MEETING: f64 = 1e-12;

/// Infimum and supremum of σ_ν′ over all x, each at least as extreme as the 0 that σ_ν′ approaches at ±∞.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlopeRange {
    /// inf σ_ν′ ≤ 0; 0 for an ascending stair.
    pub lowest: Enclosure,
    /// sup σ_ν′ ≥ 0.
    pub highest: Enclosure,
}

impl SlopeRange {
    /// Lip(σ_ν) = sup |σ_ν′|.
    pub fn lipschitz(&self) -> Enclosure {
        self.highest.max(self.lowest.negated())
    }
}

/// The extremes of σ_ν′ for `stair` under `law`, in levels per quantum; `None` at scale 0, where σ_ν is a stair and has no
/// Lipschitz constant.
///
/// Takes O(K²) operations for K thresholds, times the number of nodes squared for a table.
///
/// ```
/// use stairs_certificate::slope_range;
/// use stairs_laws::{Law, Noise};
/// use stairs_quant::Quantiser;
/// let law = Law::new(Noise::Uniform, 0.0, 0.75)?;
/// let range = slope_range(&Quantiser::Ternary.stair(), &law).unwrap();
/// assert!((range.lipschitz().upper - 4.0 / 3.0).abs() < 1e-15); // the windows overlap: 2·(½/0.75)
/// # Ok::<(), stairs_laws::LawError>(())
/// ```
pub fn slope_range(stair: &StairFunction, law: &Law) -> Option<SlopeRange> {
    if law.is_hard() {
        return None;
    }
    let unit = Unit::new(stair, law.scale());
    let noise = law.noise();
    let (low, high) = match noise.density_shape() {
        Density::Flat => unit.uniform(stair),
        Density::Linear { nodes, ends } => unit.at_breakpoints(&nodes, |u| one_sided(noise, ends, u)),
        Density::Bell(bell) => {
            let highest = maximum(&bell, &unit, 1.0);
            let lowest = maximum(&bell, &unit, -1.0).negated();
            let per = 1.0 / law.scale();
            return Some(SlopeRange { lowest: lowest.scaled(per), highest: highest.scaled(per) });
        }
    };
    let per = |value: f64| Enclosure::exact(value / law.scale());
    Some(SlopeRange { lowest: per(low), highest: per(high) })
}

/// A stair in units of the scale, without the mean: positions θ_k/s and steps Δ_k.
pub(super) struct Unit {
    pub(super) positions: Vec<f64>,
    pub(super) steps: Vec<f64>,
}

impl Unit {
    fn new(stair: &StairFunction, scale: f64) -> Self {
        Self {
            positions: stair.thresholds().iter().map(|threshold| threshold / scale).collect(),
            steps: stair.steps().collect(),
        }
    }

    /// Extremes under uniform noise. Where the windows of the steps i..=j are open, the slope is half of q_j − q_{i−1}.
    fn uniform(&self, stair: &StairFunction) -> (f64, f64) {
        let (levels, last) = (stair.levels(), self.positions.len());
        let apart = |i: usize, j: usize| self.positions[j] - self.positions[i] >= 2.0 * (1.0 - MEETING);
        let mut range = (0.0f64, 0.0f64);
        let mut note = |value: f64| range = (range.0.min(value), range.1.max(value));
        let (mut first, mut end) = (0, 0);
        for k in 0..last {
            // Just after window k opens: those behind that are still open.
            while apart(first, k) {
                first += 1;
            }
            note(0.5 * (levels[k + 1] - levels[first]));
            // Just after window k closes: those ahead that are open already.
            while end < last && (end <= k || !apart(k, end)) {
                end += 1;
            }
            note(0.5 * (levels[end] - levels[k + 1]));
        }
        range
    }

    /// Extremes of a piecewise linear Σ Δ_k f(x − t_k) whose breakpoints are t_k + `nodes`; `density` gives f from the
    /// left and from the right.
    fn at_breakpoints(&self, nodes: &[f64], density: impl Fn(f64) -> (f64, f64)) -> (f64, f64) {
        let mut range = (0.0f64, 0.0f64);
        for (j, position) in self.positions.iter().enumerate() {
            // Only steps less than a window apart are felt.
            let from = self.positions.partition_point(|other| position - other > 2.0 + MEETING);
            let to = self.positions.partition_point(|other| other - position <= 2.0 + MEETING);
            for node in nodes {
                let (mut left, mut right) = (0.0, 0.0);
                for k in from..to {
                    let u = if k == j { *node } else { (position - self.positions[k]) + node };
                    let (below, above) = density(u);
                    left += self.steps[k] * below;
                    right += self.steps[k] * above;
                }
                range = (range.0.min(left).min(right), range.1.max(left).max(right));
            }
        }
        range
    }
}

/// Density at u from the left and from the right: different at the ends of the support, where it may jump.
fn one_sided(noise: &Noise, ends: Option<(f64, f64)>, u: f64) -> (f64, f64) {
    match ends {
        Some((first, _)) if (u + 1.0).abs() <= 2.0 * MEETING => (0.0, first),
        Some((_, last)) if (u - 1.0).abs() <= 2.0 * MEETING => (last, 0.0),
        Some(_) | None => [noise.pdf(u); 2].into(),
    }
}
