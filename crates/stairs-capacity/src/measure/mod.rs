//! Measures of capacity from spectra, each as a function of ε and ζ, with errors.
//!
//! | measure | method |
//! |---|---|
//! | number of parameters d | [`Draws::dimension`] |
//! | 2sED | [`Draws::two_scale`] |
//! | its lower bounds | [`Draws::jensen`], [`Draws::last_layer_exact`], [`factorised_bound`], [`sequential_monte_carlo`] |
//! | effective dimension of Abbas et al., global or local by the prior | [`Draws::effective_dimension`] |

mod bound;
mod draws;
mod effective;
mod estimate;
mod factorised;
mod smc;
mod two_scale;

pub use bound::DeviationBound;
pub use draws::{Draw, Draws, Normalisation};
pub use estimate::Estimate;
pub use factorised::{FactorisedOptions, FactorisedPoint, UnitSequence, factorised_bound};
pub use smc::{Sequence, SmcOptions, SmcPoint, sequential_monte_carlo};
pub use two_scale::{Point, log_kappa};
