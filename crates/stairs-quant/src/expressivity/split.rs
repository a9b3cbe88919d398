//! How much of η the cells take, and how much the levels.
//!
//! With N₀ = L√n/(2η), the number of cells a side that would use up all of η, and N = r·N₀, the levels get
//! δ = 2η(1 − 1/r). The non-zero weights are about
//!
//! ```text
//! Cells:    Nⁿ·mean(v)  ∝  rⁿ · r/(r−1)              least at r = (n+1)/n: δ = 2η/(n+1)
//! Corners:  Nⁿ⁻¹·J      ∝  rⁿ⁻¹ · r/(r−1)            least at r = n/(n−1): δ = 2η/n    (n ≥ 2, many cells a level)
//! ```
//!
//! and in one dimension corners are the fewer the larger r is: only the samples cost. Both laws leave out terms that
//! matter (two sides a cell and axis; corners that cancel where there are many levels a cell), so the weights are counted
//! on a ladder of r from 1.05 to 8, with rⁿ ≤ 8, and the fewest win; ties go to the coarser grid.

use super::{
    Approximation, Certificate, Construction, StairNetwork, cells, corners,
    grid::Grid,
    samples::{Function, Samples, cell_count},
};
use crate::ExpressivityError;

/// Values of r = N/N₀.
const LADDER: [f64; 12] = [1.05, 1.1, 1.2, 4.0 / 3.0, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0];
/// Largest rⁿ.
const FINEST: f64 = 8.0;
/// Units in the last place, of max|f| + L√n, that are allowed for rounding.
const ROUNDING: f64 = 16.0;

/// The network for N and δ as set, or the cheapest.
pub(super) fn choose(task: &Approximation, f: Function<'_>) -> Result<StairNetwork, ExpressivityError> {
    match (task.side, task.step) {
        (Some(side), step) => build(task, f, side, step),
        (None, Some(step)) => {
            let rest = task.eta - 0.5 * step;
            if rest <= 0.0 {
                return Err(ExpressivityError::StepAlone { step, eta: task.eta });
            }
            let side = least(task, rest)?;
            // The allowance for rounding may take one cell more.
            match build(task, f, side, Some(step)) {
                Err(ExpressivityError::Coarse { .. }) => build(task, f, side + 1, Some(step)),
                built => built,
            }
        }
        (None, None) => search(task, f),
    }
}

/// L√n/2, the error of a single cell.
fn reach(task: &Approximation) -> f64 {
    0.5 * task.lipschitz * (task.dimension as f64).sqrt()
}

/// The smallest N with L√n/(2N) < `error`.
fn least(task: &Approximation, error: f64) -> Result<usize, ExpressivityError> {
    let side = (reach(task) / error).floor() + 1.0;
    cell_count(task.dimension, side, task.limit).map(|_| side as usize)
}

fn search(task: &Approximation, f: Function<'_>) -> Result<StairNetwork, ExpressivityError> {
    let least = least(task, task.eta)?;
    let most = reach(task) / task.eta;
    let fits = |side: &usize| cell_count(task.dimension, *side as f64, task.limit).is_ok();
    let ladder = LADDER.iter().filter(|r| r.powi(task.dimension as i32) <= FINEST * (1.0 + 1e-9));
    let mut sides: Vec<usize> = ladder.map(|r| least.max((r * most).ceil() as usize)).filter(fits).collect();
    if sides.is_empty() {
        sides.push(least);
    }
    sides.dedup();
    let mut best: Option<StairNetwork> = None;
    let mut refused = None;
    for side in sides {
        match build(task, f, side, None) {
            Ok(network) => {
                let cost = |network: &StairNetwork| network.certificate().nonzero_weights();
                if best.as_ref().is_none_or(|best| cost(&network) < cost(best)) {
                    best = Some(network);
                }
            }
            // Too many levels, or too little left for them: another grid may do.
            Err(error @ (ExpressivityError::TooLarge { .. } | ExpressivityError::Coarse { .. })) => {
                refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    match (best, refused) {
        (Some(best), _) => Ok(best),
        (None, Some(error)) => Err(error),
        (None, None) => Err(ExpressivityError::NoCells),
    }
}

/// The network on one grid; δ as given, or what the cells leave.
fn build(
    task: &Approximation,
    f: Function<'_>,
    side: usize,
    step: Option<f64>,
) -> Result<StairNetwork, ExpressivityError> {
    let &Approximation { dimension, lipschitz, eta, construction, limit, .. } = task;
    cell_count(dimension, side as f64, limit)?;
    let samples = Samples::take(f, dimension, side, lipschitz)?;
    let cell_error = reach(task) / side as f64;
    let rounding_error = ROUNDING * f64::EPSILON * (samples.magnitude() + 2.0 * reach(task));
    let rest = eta - cell_error - rounding_error;
    let step = match step {
        Some(step) => step,
        // Less an ulp or two, so that the three parts do not exceed η when they are added.
        None => 2.0 * (rest - 2.0 * f64::EPSILON * eta),
    };
    let level_error = 0.5 * step;
    if step <= 0.0 || cell_error + level_error + rounding_error > eta {
        return Err(ExpressivityError::Coarse { eta, side, step: step.max(0.0), cell_error, rounding_error });
    }
    let grid = Grid::new(&samples, dimension, step)?;
    let layers = match construction {
        Construction::Cells => cells::count(&grid),
        Construction::Corners => corners::count(&grid),
    };
    let certificate = Certificate {
        dimension,
        lipschitz,
        eta,
        construction,
        side,
        step,
        levels: grid.levels,
        low: grid.low,
        cell_error,
        level_error,
        rounding_error,
        observed_slope: samples.slope,
        layers,
    };
    Ok(StairNetwork::new(grid, certificate))
}
