//! Levels of f on the grid: all that the networks are made of.

use super::{LEVEL_LIMIT, samples::Samples};
use crate::ExpressivityError;

/// Integer levels v_c ≥ 0 of `side`ⁿ cells, last axis fastest; the function is `low + step·v`.
///
/// Four bytes a cell. As the layer of levels of [`Cells`](super::Construction::Cells) it is the matrix whose column c has
/// ones in the rows 1, …, v_c and zeros below: a column is given by its height.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    pub(super) dimension: usize,
    pub(super) side: usize,
    pub(super) low: f64,
    pub(super) step: f64,
    pub(super) values: Vec<u32>,
    /// Largest v.
    pub(super) levels: u32,
}

impl Grid {
    /// Rounds samples to multiples of `step` above the smallest.
    pub(super) fn new(samples: &Samples, dimension: usize, step: f64) -> Result<Self, ExpressivityError> {
        let low = samples.low;
        let level = |value: f64| ((value - low) / step).round();
        let needed = level(samples.high);
        if needed > LEVEL_LIMIT as f64 {
            let advice = "a larger eta or step";
            return Err(ExpressivityError::TooLarge { what: "levels", needed, limit: LEVEL_LIMIT, advice });
        }
        let values = samples.values.iter().map(|value| level(*value) as u32).collect();
        Ok(Self { dimension, side: samples.side, low, step, values, levels: needed as u32 })
    }

    /// Threshold j/N of the first layer.
    pub(super) fn threshold(&self, j: usize) -> f64 {
        j as f64 / self.side as f64
    }

    /// Number of thresholds j/N, 0 < j < N, that `x` in [0, 1] reaches.
    pub(super) fn position(&self, x: f64) -> usize {
        let mut j = ((x * self.side as f64) as usize).min(self.side - 1);
        // The product is rounded; the comparison with the thresholds is what counts.
        while j > 0 && x < self.threshold(j) {
            j -= 1;
        }
        while j + 1 < self.side && x >= self.threshold(j + 1) {
            j += 1;
        }
        j
    }

    /// The function at a point of the cube.
    pub(super) fn eval(&self, point: &[f64]) -> f64 {
        let cell = point.iter().fold(0, |cell, x| cell * self.side + self.position(*x));
        self.rescale(f64::from(self.values[cell]))
    }

    /// The affine map at the end of the network.
    pub(super) fn rescale(&self, level: f64) -> f64 {
        self.low + self.step * level
    }
}
