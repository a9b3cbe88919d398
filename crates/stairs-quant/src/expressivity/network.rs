//! The network: evaluated fast, or written out.

use super::{
    Certificate, Construction, LayeredNetwork, MeasuredError, SPARSE_LIMIT, cells, corners, grid::Grid, measured,
};
use crate::ExpressivityError;

/// A quantised network that approximates a Lipschitz function, with its [`Certificate`].
///
/// It holds the level of every cell, four bytes each, in which both constructions have all their weights; what it computes
/// is what its [`layers`](Self::layers) compute, bit for bit. See [`Approximation`](super::Approximation).
#[derive(Clone, Debug, PartialEq)]
pub struct StairNetwork {
    grid: Grid,
    certificate: Certificate,
}

impl StairNetwork {
    pub(super) fn new(grid: Grid, certificate: Certificate) -> Self {
        Self { grid, certificate }
    }

    /// Bound and cost.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// n.
    pub fn dimension(&self) -> usize {
        self.grid.dimension
    }

    /// The network at a point of \[0, 1\]ⁿ, in O(n): the half-spaces that a coordinate reaches are the first ones of its axis,
    /// so that the one cell which answers is known without asking the others, and with it the levels.
    ///
    /// # Errors
    /// [`ExpressivityError::Length`] and [`ExpressivityError::Point`] for what is no point of the cube.
    pub fn eval(&self, point: &[f64]) -> Result<f64, ExpressivityError> {
        check_point(point, self.grid.dimension, 0)?;
        Ok(self.grid.eval(point))
    }

    /// The network at many points, shape `[B, n]` row by row; B values.
    ///
    /// # Errors
    /// As [`eval`](Self::eval), with the index of the point.
    pub fn eval_batch(&self, points: &[f64]) -> Result<Vec<f64>, ExpressivityError> {
        let rows = points.chunks(self.grid.dimension).enumerate();
        rows.map(|(index, point)| {
            check_point(point, self.grid.dimension, index)?;
            Ok(self.grid.eval(point))
        })
        .collect()
    }

    /// The largest |f − network| over a grid of `per_cell` + 1 points a side in every cell, ends included: at the upper
    /// end, the last number before the next cell. `per_cell` below 1 is taken as 1. At most 2³⁰ points.
    ///
    /// # Errors
    /// [`ExpressivityError::NotFinite`] for a value of `f`, [`ExpressivityError::TooLarge`] for too many points.
    pub fn measure(&self, f: impl Fn(&[f64]) -> f64, per_cell: usize) -> Result<MeasuredError, ExpressivityError> {
        measured::measure(&self.grid, &f, per_cell)
    }

    /// All layers with all their weights.
    ///
    /// # Errors
    /// [`ExpressivityError::TooLarge`] for more than [`SPARSE_LIMIT`] non-zero weights.
    pub fn layers(&self) -> Result<LayeredNetwork, ExpressivityError> {
        let nonzero = self.certificate.nonzero_weights();
        if nonzero > SPARSE_LIMIT {
            let (what, needed) = ("non-zero weights", nonzero as f64);
            let advice = "a larger eta, or the construction `corners`";
            return Err(ExpressivityError::TooLarge { what, needed, limit: SPARSE_LIMIT, advice });
        }
        Ok(match self.certificate.construction {
            Construction::Cells => cells::layers(&self.grid),
            Construction::Corners => corners::layers(&self.grid),
        })
    }
}

/// Whether `point` has `dimension` coordinates, all in [0, 1]; `index` is its number in a batch.
pub(super) fn check_point(point: &[f64], dimension: usize, index: usize) -> Result<(), ExpressivityError> {
    if point.len() != dimension {
        return Err(ExpressivityError::Length { index, length: point.len(), dimension });
    }
    match point.iter().position(|x| !(0.0..=1.0).contains(x)) {
        Some(axis) => Err(ExpressivityError::Point { index, axis, value: point[axis] }),
        None => Ok(()),
    }
}
