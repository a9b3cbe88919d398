//! f at the centres of the cells, with the checks that samples allow.

use crate::ExpressivityError;

/// Relative tolerance on slopes: beyond it the Lipschitz constant is contradicted.
const SLOPE_TOLERANCE: f64 = 1e-10;

/// A function of `n` numbers.
pub(super) type Function<'a> = &'a dyn Fn(&[f64]) -> f64;

/// Values at the centres of `side`ⁿ cells, last axis fastest.
pub(super) struct Samples {
    pub(super) side: usize,
    pub(super) values: Vec<f64>,
    /// Smallest value.
    pub(super) low: f64,
    /// Largest value.
    pub(super) high: f64,
    /// Steepest slope between neighbours, diagonal ones included.
    pub(super) slope: f64,
}

impl Samples {
    /// Samples `f` on a grid that the caller has found not too large.
    ///
    /// # Errors
    /// [`ExpressivityError::NotFinite`] for a value that is NaN or infinite, [`ExpressivityError::Steeper`] where
    /// neighbours contradict the Lipschitz constant.
    pub(super) fn take(
        f: Function<'_>,
        dimension: usize,
        side: usize,
        lipschitz: f64,
    ) -> Result<Self, ExpressivityError> {
        let mut values = Vec::with_capacity(side.pow(dimension as u32));
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut cell = vec![0; dimension];
        let mut point = vec![0.0; dimension];
        loop {
            for (x, c) in point.iter_mut().zip(&cell) {
                *x = centre(*c, side);
            }
            let value = f(&point);
            if !value.is_finite() {
                return Err(ExpressivityError::NotFinite { point, value });
            }
            (low, high) = (low.min(value), high.max(value));
            values.push(value);
            if !advance(&mut cell, side) {
                break;
            }
        }
        let mut samples = Self { side, values, low, high, slope: 0.0 };
        samples.check_slopes(dimension, lipschitz)?;
        Ok(samples)
    }

    /// A coarse grid that finds the grossest contradictions before anything is planned.
    pub(super) fn probe(f: Function<'_>, dimension: usize, lipschitz: f64) -> Result<(), ExpressivityError> {
        let side = [64, 16, 8][dimension - 1];
        Self::take(f, dimension, side, lipschitz).map(|_| ())
    }

    /// An upper bound on |f| at the centres.
    pub(super) fn magnitude(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// Compares every cell with its 2, 8 or 26 neighbours, each pair once.
    fn check_slopes(&mut self, dimension: usize, lipschitz: f64) -> Result<(), ExpressivityError> {
        let side = self.side as isize;
        let noise = 8.0 * f64::EPSILON * self.magnitude();
        for offset in half_neighbourhood(dimension) {
            let shift = offset.iter().fold(0, |shift, o| shift * side + o);
            let distance = (offset.iter().map(|o| o * o).sum::<isize>() as f64).sqrt() / self.side as f64;
            let most = lipschitz * distance * (1.0 + SLOPE_TOLERANCE) + noise;
            let mut cell = vec![0; dimension];
            let mut steepest: f64 = 0.0;
            for (at, value) in self.values.iter().enumerate() {
                let inside = cell.iter().zip(&offset).all(|(c, o)| (0..side).contains(&(*c as isize + o)));
                if inside {
                    let change = (self.values[(at as isize + shift) as usize] - value).abs();
                    if change > most {
                        let from = cell.iter().map(|c| centre(*c, self.side)).collect();
                        let to = cell.iter().zip(&offset).map(|(c, o)| centre((*c as isize + o) as usize, self.side));
                        let slope = change / distance;
                        return Err(ExpressivityError::Steeper { from, to: to.collect(), slope, lipschitz });
                    }
                    steepest = steepest.max(change);
                }
                advance(&mut cell, self.side);
            }
            self.slope = self.slope.max(steepest / distance);
        }
        Ok(())
    }
}

/// The number of cells, or the error that says that they are too many. `side` may be larger than any integer type.
pub(super) fn cell_count(dimension: usize, side: f64, limit: u64) -> Result<u64, ExpressivityError> {
    let needed = side.powi(dimension as i32);
    if needed <= limit as f64 {
        return Ok((side as u64).pow(dimension as u32));
    }
    let advice = "a larger eta, fewer cells a side, or a larger limit";
    Err(ExpressivityError::TooLarge { what: "cells", needed, limit, advice })
}

/// Centre of cell `cell` of `side` along one axis.
fn centre(cell: usize, side: usize) -> f64 {
    (cell as f64 + 0.5) / side as f64
}

/// The next multi-index, last axis fastest; false after the last.
pub(super) fn advance(index: &mut [usize], side: usize) -> bool {
    for i in index.iter_mut().rev() {
        *i += 1;
        if *i < side {
            return true;
        }
        *i = 0;
    }
    false
}

/// One of each pair ±o of the offsets in {−1, 0, 1}ⁿ.
fn half_neighbourhood(dimension: usize) -> Vec<Vec<isize>> {
    let count = 3usize.pow(dimension as u32);
    let offset = |code: usize| (0..dimension).rev().map(move |i| (code / 3usize.pow(i as u32) % 3) as isize - 1);
    (count / 2 + 1..count).map(|code| offset(code).collect()).collect()
}
