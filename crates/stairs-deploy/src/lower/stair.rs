//! A quantiser of features on the integer line: its thresholds as exact numbers, its levels as integers.

use stairs_network::{Comparison, Stair};
use stairs_quant::ThresholdValue;

use crate::exact::{Grid, Real};

/// Levels beyond this many units are no small integers: such levels are put on a grid of 2^−15 of the largest instead.
const REACH: i32 = 32_767;

/// A stair, exactly.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// Thresholds of x, as the kernels compare with them: rounded to single precision where scales are fixed, ε·θ where they are
    /// learned.
    pub(super) thresholds: Vec<Real>,
    /// Whether x at a threshold belongs to the level below.
    pub(super) strict: bool,
    /// Levels as integers.
    pub(super) levels: Vec<i32>,
    /// What one unit of them stands for.
    pub(super) unit: Real,
    /// Largest error of a level; 0 where levels are multiples of a common unit.
    pub(super) error: f64,
}

impl Steps {
    /// `None` for levels or thresholds that are not finite.
    pub(super) fn new(stair: &Stair) -> Option<Self> {
        let (quantum, output) = (stair.scales.quantum(), stair.scales.output());
        let threshold = |t: &f64| match stair.comparison {
            Comparison::Folded => Real::from_f64(f64::from((quantum * t) as f32)),
            Comparison::Divided => Some(Real::from_f64(quantum)?.mul(&Real::from_f64(*t)?)),
        };
        let function = &stair.function;
        let (levels, unit, error) = match Grid::new(function.levels(), REACH) {
            Some(Grid { unit, levels }) => (levels, unit.mul(&Real::from_f64(output)?), 0.0),
            None => near(function.levels(), output)?,
        };
        Some(Self {
            thresholds: function.thresholds().iter().map(threshold).collect::<Option<_>>()?,
            strict: function.threshold_value() == ThresholdValue::Lower,
            levels,
            unit,
            error,
        })
    }

    /// The distance of neighbouring thresholds, the nominal one, where levels are consecutive and thresholds evenly spaced.
    pub(super) fn spacing(&self, stair: &Stair) -> Option<Real> {
        let thresholds = stair.function.thresholds();
        let consecutive = self.levels.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let even = thresholds.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
        (consecutive && even && !thresholds.is_empty()).then(|| Real::from_f64(stair.scales.quantum())).flatten()
    }
}

fn near(levels: &[f64], output: f64) -> Option<(Vec<i32>, Real, f64)> {
    let largest = levels.iter().fold(0.0f64, |largest, level| largest.max(level.abs()));
    let unit = 2f64.powi(largest.log2().ceil() as i32 - 15);
    let integers: Vec<i32> = levels.iter().map(|level| (level / unit).round() as i32).collect();
    let errors = integers.iter().zip(levels).map(|(n, level)| (f64::from(*n) * unit - level).abs() * output);
    let error = errors.fold(0.0, f64::max);
    Some((integers, Real::from_f64(unit)?.mul(&Real::from_f64(output)?), error))
}
