//! The extremes of σ_ν′, and with them the Lipschitz constant of σ_ν.
//!
//! σ_ν′(x) = (1/s) Σ_k Δ_k f((x − m − θ_k)/s). By law:
//!
//! | law | σ_ν′ | how its extremes are found |
//! |---|---|---|
//! | uniform | piecewise constant | on a piece it is a difference of two levels over 2s: all pieces are looked at |
//! | triangular, table | piecewise linear | at the breakpoints θ_k + m + s·node, from both sides where f jumps |
//! | normal, logistic | analytic | branch and bound with the exact range of f″ on a cell |
//!
//! Windows of the uniform law that overlap by rounding only (less than 10⁻¹² of their width) count as meeting. Branch and
//! bound divides the most promising cell until no bound is more than 10⁻¹² of TV·sup f above the best value seen (or 40,000 cells
//! are spent, as on the plateau of hundreds of levels: the enclosure is then wider); what it proves is the upper
//! value of the enclosure, what it has seen the lower one. The enclosure is widened by the rounding of the sums.

use std::{cmp::Ordering, collections::BinaryHeap};

use serde::{Deserialize, Serialize};
use stairs_quant::StairFunction;

use super::Enclosure;
use crate::{Law, Noise, NoiseTable};

/// Relative overlap below which windows of compact noise count as meeting.
const MEETING: f64 = 1e-12;
/// Tolerance of branch and bound relative to TV·sup f.
const TOLERANCE: f64 = 1e-12;
/// Cells after which branch and bound stops with the enclosure it has.
const CELLS: usize = 40_000;

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
/// use stairs_noise::{Law, Noise, certificate::slope_range};
/// use stairs_quant::Quantiser;
/// let law = Law::new(Noise::Uniform, 0.0, 0.75)?;
/// let range = slope_range(&Quantiser::Ternary.stair(), &law).unwrap();
/// assert!((range.lipschitz().upper - 4.0 / 3.0).abs() < 1e-15); // the windows overlap: 2·(½/0.75)
/// # Ok::<(), stairs_noise::LawError>(())
/// ```
pub fn slope_range(stair: &StairFunction, law: &Law) -> Option<SlopeRange> {
    if law.is_hard() {
        return None;
    }
    let unit = Unit::new(stair, law.scale());
    let (low, high) = match law.noise() {
        Noise::Uniform => unit.uniform(stair),
        Noise::Triangular => unit.at_breakpoints(&[-1.0, 0.0, 1.0], |u| (law.noise().pdf(u), law.noise().pdf(u))),
        Noise::Table(table) => unit.at_breakpoints(&nodes(table), |u| one_sided(table, u)),
        noise => {
            let bell = if *noise == Noise::Normal { Bell::Normal } else { Bell::Logistic };
            let highest = bell.maximum(&unit, 1.0);
            let lowest = bell.maximum(&unit, -1.0).negated();
            let per = 1.0 / law.scale();
            return Some(SlopeRange { lowest: lowest.scaled(per), highest: highest.scaled(per) });
        }
    };
    let per = |value: f64| Enclosure::exact(value / law.scale());
    Some(SlopeRange { lowest: per(low), highest: per(high) })
}

/// A stair in units of the scale, without the mean: positions θ_k/s and steps Δ_k.
struct Unit {
    positions: Vec<f64>,
    steps: Vec<f64>,
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

fn nodes(table: &NoiseTable) -> Vec<f64> {
    let last = table.density().len() - 1;
    (0..=last).map(|i| -1.0 + 2.0 * i as f64 / last as f64).collect()
}

/// Density of a table at u from the left and from the right: different at the ends of its support.
fn one_sided(table: &NoiseTable, u: f64) -> (f64, f64) {
    let ends = (table.density()[0], table.density()[table.density().len() - 1]);
    if (u + 1.0).abs() <= 2.0 * MEETING {
        (0.0, ends.0)
    } else if (u - 1.0).abs() <= 2.0 * MEETING {
        (ends.1, 0.0)
    } else {
        (table.pdf(u), table.pdf(u))
    }
}

/// A cell of branch and bound: the larger its bound, the earlier it is looked at.
struct Cell {
    bound: f64,
    low: f64,
    high: f64,
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

/// The analytic densities.
#[derive(Clone, Copy)]
enum Bell {
    Normal,
    Logistic,
}

impl Bell {
    /// f, f′ and f″ at u.
    fn jet(self, u: f64) -> [f64; 3] {
        match self {
            Bell::Normal => {
                let f = Noise::Normal.pdf(u);
                [f, -u * f, (u * u - 1.0) * f]
            }
            Bell::Logistic => {
                let f = Noise::Logistic.pdf(u);
                // 1 − 2F = −tanh(u/2).
                [f, -f * (0.5 * u).tanh(), f - 6.0 * f * f]
            }
        }
    }

    /// Where f″ is largest; it rises from u = 0 to there and falls beyond.
    fn steepest(self) -> f64 {
        match self {
            Bell::Normal => 3f64.sqrt(),
            // f = 1/12: F = (1 ± √(2/3))/2.
            Bell::Logistic => ((1.0 + (2.0f64 / 3.0).sqrt()) / (1.0 - (2.0f64 / 3.0).sqrt())).ln(),
        }
    }

    /// A bound of |f‴|: of (3u − u³)φ(u) at u² = 3 − √6, of f·tanh(u/2)·(12f − 1) at tanh(u/2) ≈ 0.399.
    fn largest_third(self) -> f64 {
        match self {
            Bell::Normal => 0.5507,
            Bell::Logistic => 0.1278,
        }
    }

    /// Beyond this f is below 10⁻¹⁸ of its peak.
    fn reach(self) -> f64 {
        match self {
            Bell::Normal => 9.2,
            Bell::Logistic => 43.0,
        }
    }

    /// Range of f and of f″ on [low, high].
    fn ranges(self, low: f64, high: f64) -> [(f64, f64); 2] {
        let (near, far) = match (low <= 0.0, high >= 0.0) {
            (true, true) => (0.0, high.max(-low)),
            (true, false) => (-high, -low),
            _ => (low, high),
        };
        let ([f0, _, c0], [f1, _, c1]) = (self.jet(near), self.jet(far));
        let top = self.steepest();
        let largest = if (near..=far).contains(&top) { self.jet(top)[2] } else { c0.max(c1) };
        [(f1, f0), (c0.min(c1), largest)]
    }

    /// sup over x of `sign`·Σ Δ_k f(x − t_k), at least the 0 of infinity.
    fn maximum(self, unit: &Unit, sign: f64) -> Enclosure {
        let total: f64 = unit.steps.iter().map(|step| step.abs()).sum();
        let peak = self.jet(0.0)[0];
        let tolerance = TOLERANCE * total * peak;
        let terms = |x: f64| {
            self.felt(unit, x, x).fold([0.0; 3], |sum, (t, step)| {
                let jet = self.jet(x - t);
                [0, 1, 2].map(|i| sum[i] + sign * step * jet[i])
            })
        };
        let mut best = unit.positions.iter().map(|t| terms(*t)[0]).fold(0.0, f64::max);
        let mut bound = |low: f64, high: f64| {
            let (middle, radius) = (0.5 * (low + high), 0.5 * (high - low));
            let [value, slope, bend] = terms(middle);
            best = best.max(value);
            // Term by term: the range of f, and that of f″ and f‴ for Taylor bounds about the middle. The one of third order
            // is for plateaus, where the terms are large and their sum hardly bends.
            let (mut plain, mut curvature, mut third) = (0.0, 0.0, 0.0);
            for (t, step) in self.felt(unit, low, high) {
                let [(f0, f1), (c0, c1)] = self.ranges(low - t, high - t);
                let step = sign * step;
                let (f, c) = if step >= 0.0 { (f1, c1) } else { (f0, c0) };
                plain += step * f;
                curvature += step * c;
                third += step.abs() * self.largest_third();
            }
            let taylor = if curvature < 0.0 && slope.abs() < -curvature * radius {
                value - 0.5 * slope * slope / curvature
            } else {
                value + slope.abs() * radius + 0.5 * curvature * radius * radius
            };
            let cubic = value + radius * (slope.abs() + radius * (0.5 * bend.max(0.0) + radius * third / 6.0));
            (plain.min(taylor).min(cubic), best)
        };
        // The most promising cell first, so that whatever is left when the search ends has the smallest proven bound.
        let mut heap: BinaryHeap<Cell> = BinaryHeap::new();
        let (mut seen, mut proven, mut visited) = (0.0f64, 0.0f64, 0);
        for (low, high) in self.cells(unit) {
            let (bound, best) = bound(low, high);
            seen = seen.max(best);
            heap.push(Cell { bound, low, high });
        }
        while let Some(Cell { bound: top, low, high }) = heap.pop() {
            let middle = 0.5 * (low + high);
            if top <= seen + tolerance || visited >= CELLS || middle <= low || middle >= high {
                proven = top;
                break;
            }
            for (low, high) in [(low, middle), (middle, high)] {
                let (bound, best) = bound(low, high);
                seen = seen.max(best);
                heap.push(Cell { bound, low, high });
                visited += 1;
            }
        }
        // Rounding, and the steps out of reach.
        let rounding = (8.0 * unit.steps.len() as f64 + 32.0) * f64::EPSILON * total * peak;
        Enclosure::new((seen - rounding).max(0.0), proven.max(seen) + rounding)
    }

    /// Positions and steps within reach of a point of [low, high].
    fn felt(self, unit: &Unit, low: f64, high: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let from = unit.positions.partition_point(|t| *t < low - self.reach());
        let to = unit.positions.partition_point(|t| *t <= high + self.reach()).max(from);
        unit.positions[from..to].iter().copied().zip(unit.steps[from..to].iter().copied())
    }

    /// Cells that cover everything within reach of a step, split at the positions.
    fn cells(self, unit: &Unit) -> Vec<(f64, f64)> {
        let reach = self.reach();
        let mut edges: Vec<f64> = unit.positions.iter().flat_map(|t| [t - reach, *t, t + reach]).collect();
        edges.sort_by(f64::total_cmp);
        let near = |x: f64| unit.positions.iter().any(|t| (x - t).abs() <= reach);
        edges.windows(2).map(|e| (e[0], e[1])).filter(|(a, b)| a < b && near(0.5 * (a + b))).collect()
    }
}
