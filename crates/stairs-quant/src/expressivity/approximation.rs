//! What to build: dimension, Lipschitz constant, error, and what may be set by hand.

use super::{CELL_LIMIT, Construction, StairNetwork, samples::Samples, split};
use crate::ExpressivityError;

/// A task: approximate an L-Lipschitz function on \[0, 1\]ⁿ to within η.
///
/// Without more, N and δ are those with the fewest non-zero weights among a ladder of grids; see
/// [`with_side`](Self::with_side) and [`with_step`](Self::with_step) to set them.
///
/// ```
/// use stairs_quant::{ExpressivityError, expressivity::Approximation};
///
/// let vee = |x: &[f64]| (x[0] - 0.5).abs();
/// let network = Approximation::new(1, 1.0, 0.01).with_side(200).build(vee)?;
/// assert!((network.certificate().step - 0.015).abs() < 1e-12); // what 1/(2·200) leaves of 0.01, twice
///
/// // A constant that the function contradicts is found.
/// let wrong = Approximation::new(1, 0.5, 0.01).build(vee);
/// assert!(matches!(wrong, Err(ExpressivityError::Steeper { .. })));
/// # Ok::<(), ExpressivityError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approximation {
    pub(super) dimension: usize,
    pub(super) lipschitz: f64,
    pub(super) eta: f64,
    pub(super) construction: Construction,
    pub(super) side: Option<usize>,
    pub(super) step: Option<f64>,
    pub(super) limit: u64,
}

impl Approximation {
    /// The task for functions of `dimension` (1, 2 or 3) numbers in [0, 1] whose Lipschitz constant in the Euclidean norm
    /// is `lipschitz` (at least 0), within `eta` (positive). [`build`](Self::build) checks them.
    pub fn new(dimension: usize, lipschitz: f64, eta: f64) -> Self {
        let construction = Construction::default();
        Self { dimension, lipschitz, eta, construction, side: None, step: None, limit: CELL_LIMIT }
    }

    /// Takes another construction than the paper's.
    #[must_use]
    pub fn with_construction(mut self, construction: Construction) -> Self {
        self.construction = construction;
        self
    }

    /// Sets N, cells a side. Without a step, δ is what the cells leave of η: 2(η − L√n/(2N)).
    #[must_use]
    pub fn with_side(mut self, side: usize) -> Self {
        self.side = Some(side);
        self
    }

    /// Sets δ. Without a side, N is the smallest with L√n/(2N) + δ/2 ≤ η.
    #[must_use]
    pub fn with_step(mut self, step: f64) -> Self {
        self.step = Some(step);
        self
    }

    /// Allows this many cells instead of [`CELL_LIMIT`]. Building takes about 20 bytes a cell, the network four. At most
    /// 2³² − 1 cells can be numbered; a larger limit is taken as that.
    #[must_use]
    pub fn with_limit(mut self, cells: u64) -> Self {
        self.limit = cells.min(u64::from(u32::MAX));
        self
    }

    /// Samples `f` and makes the network.
    ///
    /// `f` is evaluated at the centres of cells, and is handed n numbers. Without N and δ it is evaluated on up to twelve
    /// grids, of at most 8 times the fewest cells.
    ///
    /// # Errors
    /// [`ExpressivityError`] for numbers out of range, N or δ that η does not allow, a grid beyond the limit, values of `f`
    /// that are not finite, and a Lipschitz constant that neighbouring samples contradict.
    pub fn build(&self, f: impl Fn(&[f64]) -> f64) -> Result<StairNetwork, ExpressivityError> {
        self.build_dyn(&f)
    }

    /// Not generic, so that it is compiled once, in this crate.
    fn build_dyn(&self, f: &dyn Fn(&[f64]) -> f64) -> Result<StairNetwork, ExpressivityError> {
        if !(1..=3).contains(&self.dimension) {
            return Err(ExpressivityError::Dimension(self.dimension));
        }
        if !(self.lipschitz >= 0.0 && self.lipschitz.is_finite()) {
            return Err(ExpressivityError::Lipschitz(self.lipschitz));
        }
        if !(self.eta > 0.0 && self.eta.is_finite()) {
            return Err(ExpressivityError::Eta(self.eta));
        }
        if let Some(step) = self.step.filter(|step| !(*step > 0.0 && step.is_finite())) {
            return Err(ExpressivityError::Step(step));
        }
        if self.side == Some(0) {
            return Err(ExpressivityError::NoCells);
        }
        Samples::probe(f, self.dimension, self.lipschitz)?;
        split::choose(self, f)
    }
}
