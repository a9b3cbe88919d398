//! Options of stochastic Lanczos quadrature.

use serde::{Deserialize, Serialize};

use crate::FisherError;

/// Number format of the matrix products of a Lanczos run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// f32: half the time and memory. Eigenvalues below about 10⁻⁷ of the largest are rounding noise.
    #[default]
    Single,
    /// f64.
    Double,
}

/// Options of stochastic Lanczos quadrature.
///
/// ```
/// use stairs_capacity::LanczosOptions;
/// let options = LanczosOptions::default();
/// assert_eq!((options.probes, options.steps), (2, 24));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanczosOptions {
    /// Random probes per block, at least 2: without a second one there is no standard error.
    pub probes: usize,
    /// Lanczos steps per probe, at least 2; never more than the size of the block.
    pub steps: usize,
    /// Number format of the products.
    pub precision: Precision,
}

impl Default for LanczosOptions {
    fn default() -> Self {
        Self { probes: 2, steps: 24, precision: Precision::Single }
    }
}

impl LanczosOptions {
    pub(crate) fn check(&self) -> Result<(), FisherError> {
        for (what, got) in [("the number of probes", self.probes), ("the number of Lanczos steps", self.steps)] {
            if got < 2 {
                return Err(FisherError::Lanczos { what, least: 2, got });
            }
        }
        Ok(())
    }
}
