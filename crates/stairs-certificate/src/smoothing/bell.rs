//! Branch and bound for Σ Δ_k f(x − t_k) with a smooth density f, a [`Bell`].
//!
//! On a cell the sum is bounded term by term by the exact range of f, by Taylor's formula of second order with the exact range
//! of f″, and by that of third order with a bound of f‴; the smallest counts. The most promising cell is divided first.
//!
//! Where a density ends, f″ may jump. Cells are divided there from the start, so that on each of them every term is smooth;
//! Taylor's formula of second order needs no more than f′ continuous anyway.

use std::{cmp::Ordering, collections::BinaryHeap};

use stairs_laws::noise::Bell;

use super::{Enclosure, slope::Unit};

/// Tolerance of branch and bound relative to TV·sup f.
const TOLERANCE: f64 = 1e-12;
/// Cells after which branch and bound stops with the enclosure it has.
const CELLS: usize = 40_000;

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

/// Range of f and of f″ on [low, high].
fn ranges(bell: &Bell, low: f64, high: f64) -> [(f64, f64); 2] {
    let (near, far) = match (low <= 0.0, high >= 0.0) {
        (true, true) => (0.0, high.max(-low)),
        (true, false) => (-high, -low),
        _ => (low, high),
    };
    let ([f0, _, c0], [f1, _, c1]) = ((bell.jet)(near), (bell.jet)(far));
    let top = bell.steepest;
    let largest = if (near..=far).contains(&top) { (bell.jet)(top)[2] } else { c0.max(c1) };
    [(f1, f0), (c0.min(c1), largest)]
}

/// sup over x of `sign`·Σ Δ_k f(x − t_k), at least the 0 of infinity.
pub(super) fn maximum(bell: &Bell, unit: &Unit, sign: f64) -> Enclosure {
    let total: f64 = unit.steps.iter().map(|step| step.abs()).sum();
    let peak = (bell.jet)(0.0)[0];
    let tolerance = TOLERANCE * total * peak;
    let terms = |x: f64| {
        felt(bell, unit, x, x).fold([0.0; 3], |sum, (t, step)| {
            let jet = (bell.jet)(x - t);
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
        for (t, step) in felt(bell, unit, low, high) {
            let [(f0, f1), (c0, c1)] = ranges(bell, low - t, high - t);
            let step = sign * step;
            let (f, c) = if step >= 0.0 { (f1, c1) } else { (f0, c0) };
            plain += step * f;
            curvature += step * c;
            third += step.abs() * bell.largest_third;
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
    for (low, high) in cells(bell, unit) {
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
fn felt<'a>(bell: &Bell, unit: &'a Unit, low: f64, high: f64) -> impl Iterator<Item = (f64, f64)> + use<'a> {
    let from = unit.positions.partition_point(|t| *t < low - bell.reach);
    let to = unit.positions.partition_point(|t| *t <= high + bell.reach).max(from);
    unit.positions[from..to].iter().copied().zip(unit.steps[from..to].iter().copied())
}

/// Cells that cover everything within reach of a step, split at the positions.
fn cells(bell: &Bell, unit: &Unit) -> Vec<(f64, f64)> {
    let reach = bell.reach;
    let mut edges: Vec<f64> = unit.positions.iter().flat_map(|t| [t - reach, *t, t + reach]).collect();
    edges.sort_by(f64::total_cmp);
    let near = |x: f64| unit.positions.iter().any(|t| (x - t).abs() <= reach);
    edges.windows(2).map(|e| (e[0], e[1])).filter(|(a, b)| a < b && near(0.5 * (a + b))).collect()
}
