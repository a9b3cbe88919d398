//! How far a network with regularised activations is from the network: the estimate of Leonardi and Spallanzani.
//!
//! | file | what |
//! |---|---|
//! | `affine` | [`AffineMap`]: dense layers, convolutions, folded batch normalisation as plain numbers |
//! | `norm` | bounds of their operator norms |
//! | `estimate` | [`NetworkEstimate`]: the recursion over the layers |

mod affine;
mod estimate;
mod norm;

pub use affine::{AffineError, AffineMap};
pub use estimate::{EstimateError, LayerEstimate, NetworkEstimate, NetworkLayer};
