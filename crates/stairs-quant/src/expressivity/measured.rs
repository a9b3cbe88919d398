//! The error that a network has, on a dense grid.

use super::{
    grid::Grid,
    samples::{Function, advance},
};
use crate::ExpressivityError;

/// Points at most.
const POINTS: u64 = 1 << 30;

/// The largest error found.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredError {
    /// |f − network|.
    pub error: f64,
    /// Where.
    pub at: Vec<f64>,
    /// Number of points looked at.
    pub points: u64,
}

/// The largest error over `per_cell` + 1 points a side in every cell.
pub(super) fn measure(grid: &Grid, f: Function<'_>, per_cell: usize) -> Result<MeasuredError, ExpressivityError> {
    let per_cell = per_cell.max(1);
    let needed = (grid.side as f64 * (per_cell as f64 + 1.0)).powi(grid.dimension as i32);
    if needed > POINTS as f64 {
        let advice = "fewer points a cell";
        return Err(ExpressivityError::TooLarge { what: "points", needed, limit: POINTS, advice });
    }
    // Coordinates of all cells of an axis: lower end, …, upper end. In the last cell the upper end is 1 itself.
    let coordinates: Vec<f64> = (0..grid.side)
        .flat_map(|j| {
            let low = grid.threshold(j);
            let high = if j + 1 == grid.side { 1.0 } else { grid.threshold(j + 1).next_down() };
            (0..=per_cell)
                .map(move |i| if i == per_cell { high } else { low + (high - low) * i as f64 / per_cell as f64 })
        })
        .collect();
    let mut worst = MeasuredError { error: -1.0, at: Vec::new(), points: needed as u64 };
    let mut index = vec![0; grid.dimension];
    let mut point = vec![0.0; grid.dimension];
    loop {
        for (x, i) in point.iter_mut().zip(&index) {
            *x = coordinates[*i];
        }
        let value = f(&point);
        let error = (value - grid.eval(&point)).abs();
        if !error.is_finite() {
            return Err(ExpressivityError::NotFinite { point, value });
        }
        if error > worst.error {
            worst.error = error;
            worst.at.clone_from(&point);
        }
        if !advance(&mut index, coordinates.len()) {
            return Ok(worst);
        }
    }
}
