//! Exact numbers: what thresholds are computed with.
//!
//! Parameters are binary fractions, and a batch normalisation divides by a square root. So everything that happens to a sum on its
//! way to a stair is in the numbers Σ cᵢ·√rᵢ with rational cᵢ and rᵢ, of which there is one term where there is one normalisation.

mod grid;
mod real;

pub(crate) use grid::Grid;
pub(crate) use real::Real;
