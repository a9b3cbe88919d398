//! Why weights cannot be quantised.

use stairs_quant::{LayersError, ScaleError};
use thiserror::Error;

use crate::PlanError;

/// Why a model's weights cannot be quantised as asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// A pattern that selects nothing.
    #[error("`{pattern}` matches no weight; the weights of this model are: {known}")]
    NoSuchWeight {
        /// The pattern.
        pattern: String,
        /// The paths that exist.
        known: String,
    },
    /// Nothing is selected.
    #[error("no weight is selected: {selects}; the float parameters of rank 2 or more are: {known}")]
    NothingSelected {
        /// What selects parameters, as asked.
        selects: String,
        /// The paths that exist.
        known: String,
    },
    /// A weight that has a quantiser, an adapter or another reparameterisation already.
    #[error(
        "weight `{path}` already has the reparameterisation `{found}`, and Burn keeps one a parameter: take the model without it \
         (`materialize()` bakes it in), or leave the weight out with `with_except`"
    )]
    Taken {
        /// Path of the parameter.
        path: String,
        /// Name of what is attached: `stair` for a quantiser.
        found: String,
    },
    /// Settings that contradict each other.
    #[error("{first} and {second} exclude each other: {reason}")]
    Combination {
        /// The first of the two.
        first: &'static str,
        /// The second.
        second: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Weights of a sign that the stair has no level for.
    #[error(
        "weight `{path}`: {count} of {of} values are {side} 0, and the stair {stair} has no level there: they would be 0 for ever; take \
         levels of both signs, or start inside the support of the noise (`WeightInit::InsideSupport`)"
    )]
    OneSided {
        /// Path of the parameter.
        path: String,
        /// Values without a level of their sign.
        count: usize,
        /// All values.
        of: usize,
        /// `below` or `above`.
        side: &'static str,
        /// The stair, printed.
        stair: String,
    },
    /// A plan of quantisers for the layers that does not fit the model.
    #[error(transparent)]
    Layers(#[from] LayersError),
    /// A malformed pattern.
    #[error(transparent)]
    Pattern(#[from] PlanError),
    /// No scale for the values of a weight.
    #[error("weight `{path}`: {source}")]
    Scale {
        /// Path of the parameter.
        path: String,
        /// What the policy says.
        source: ScaleError,
    },
}
