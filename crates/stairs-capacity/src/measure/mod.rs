//! Measures of capacity from spectra, each as a function of ε and ζ, with errors.
//!
//! | measure | method |
//! |---|---|
//! | number of parameters d | [`Draws::dimension`] |
//! | 2sED | [`Draws::two_scale`] |
//! | its lower bounds | [`Draws::jensen`], [`Draws::last_layer_exact`], [`factorised_bound`], [`sequential_monte_carlo`] |
//! | what each layer adds to 2sED | [`Draws::layer_excess`] |
//! | effective dimension of Abbas et al., global or local by the prior | [`Draws::effective_dimension`] |
//! | the radius ε for n samples | [`radius`], [`DeviationBound::radius`] |
//!
//! A measure is a method of [`Draws`] in a file of its own. One that is a number for the whole network, without ε and ζ, is also a row
//! of [`SCALARS`]: then every measurement of `stairs capacity` has it.

mod bound;
mod draws;
mod effective;
mod estimate;
mod factorised;
mod layers;
mod radius;
mod smc;
mod two_scale;

use crate::MeasureError;

pub use bound::DeviationBound;
pub(crate) use bound::hoeffding;
pub use draws::{Draw, Draws, Normalisation};
pub use estimate::Estimate;
#[cfg(feature = "fisher")]
pub(crate) use estimate::mean_estimate;
pub use factorised::{FactorisedOptions, FactorisedPoint, UnitSequence, factorised_bound};
pub use radius::radius;
pub use smc::{Sequence, SmcOptions, SmcPoint, sequential_monte_carlo};
pub use two_scale::{Point, log_kappa};

/// A measure that is one number for a network and a number of training samples.
#[derive(Clone, Copy, Debug)]
pub struct Scalar {
    /// Its name in results, in snake case.
    pub name: &'static str,
    /// The number for n samples.
    pub of: fn(&Draws, n: usize) -> Result<Estimate, MeasureError>,
}

/// All of them, in the order in which results have them.
pub const SCALARS: [Scalar; 1] =
    [Scalar { name: "effective_dimension", of: |draws, n| draws.effective_dimension(n, 1.0) }];
