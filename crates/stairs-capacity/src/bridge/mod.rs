//! From Burn: the chains of the zoo's models, the parameters of a trained one, and the Fisher matrix of any module.
//!
//! | want | take |
//! |---|---|
//! | capacity of a zoo model before training | [`MarkovModel`] of its configuration |
//! | the same at a trained model's parameters | [`trained`] |
//! | capacity of any other Burn module | [`module_spectrum`], or a [`Chain`] of your own |

mod module;
mod parameters;
mod stair;
mod zoo;

pub use module::module_spectrum;
pub use parameters::trained;
pub use stair::SmoothStair;

use crate::{Chain, ChainError};

/// A network that has a description as a chain.
///
/// Implement it for the configuration of a network of your own to use it wherever a zoo model can be used.
///
/// ```
/// use stairs_capacity::bridge::MarkovModel;
/// use stairs_zoo::MlpConfig;
/// let chain = MlpConfig::new(54, vec![16], 7).chain()?;
/// // Weights, scale and shift of the normalisation; weights and biases of the last layer.
/// assert_eq!(chain.dimension(), 54 * 16 + 2 * 16 + 16 * 7 + 7);
/// # Ok::<(), stairs_capacity::ChainError>(())
/// ```
pub trait MarkovModel {
    /// The chain, with an untrained network's statistics in its normalisations.
    ///
    /// # Errors
    /// [`ChainError`] for sizes that make no network, and [`ChainError::NotMarkov`] for a network, or a quantiser, that has
    /// no such description.
    fn chain(&self) -> Result<Chain, ChainError>;
}
