//! The quantiser as a Burn module, and the passes that attach it to a model and set its laws.
//!
//! | file | what |
//! |---|---|
//! | `stair` | [`Stair`](crate::Stair): quantises features or, as a reparameterisation, weights |
//! | `weights` | [`StairWeights`](crate::StairWeights): makes the weights of any model quantised |
//! | `axes` | which axes of a layer's weight count outputs and inputs |
//! | `layers` | which quantisers a schedule anneals together |
//! | `setting` | [`Setting`](crate::Setting): what changes during training |
//! | `apply` | reading and replacing settings by path |
//! | `walk` | [`walk`]: looking at parameters and changing them, with the place of each |
//! | `scales`, `host` | quantum and output scale; host numbers in Burn's records |
//! | `weight_scales` | the scales of quantised weights, value by value |
//! | `own` | Burn's `Module` for the types that walks recognise |

pub mod apply;
pub mod axes;
pub mod host;
pub mod layers;
pub(crate) mod own;
mod scales;
pub mod setting;
pub mod stair;
pub mod walk;
pub mod weight_scales;
pub mod weights;
