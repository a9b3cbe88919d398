//! From networks and Burn modules: chains, the parameters of a trained network, and the Fisher matrix of any module.
//!
//! | want | take |
//! |---|---|
//! | capacity of a network before training | [`chain`] of the network that `stairs_noise::record_new` makes of any module |
//! | the same at a trained model's parameters | [`trained`] of the network that `stairs_noise::record` makes of it |
//! | capacity of a module that is no chain | [`module_spectrum`] |
//! | how curved its loss is in the weights of every layer | [`weight_curvature`] |

#[cfg(feature = "burn")]
mod curvature;
#[cfg(feature = "burn")]
mod module;
mod network;
mod stair;

#[cfg(feature = "burn")]
pub use curvature::{Curvature, weight_curvature};
#[cfg(feature = "burn")]
pub use module::module_spectrum;
pub use network::{ChainOptions, chain, trained};
pub use stair::SmoothStair;
