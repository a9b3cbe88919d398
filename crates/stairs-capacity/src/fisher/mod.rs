//! Fisher matrices and their spectra.
//!
//! | file | what |
//! |---|---|
//! | `block` | hidden layer of a Markov chain: one eigenproblem a channel |
//! | `lanczos` | the same by batched products, for stochastic Lanczos quadrature |
//! | `output` | categorical last layer |
//! | `gram` | a whole network without noise: the Gram matrix of its samples and outputs |
//! | `operator` | the same by forward and backward products alone |
//! | `reference` | full Jacobians and a d × d matrix, naively: the reference |
//!
//! Expectations over labels are exact; expectations over inputs are means over the samples given.

mod backward;
mod block;
mod categorical;
mod forward;
mod gram;
mod lanczos;
mod operator;
mod options;
mod output;
pub mod reference;

pub use gram::gram_spectrum;
pub use operator::NetworkFisher;
pub use options::{MarkovOptions, Method};

pub(crate) use backward::{finite_passes, gradient};
#[cfg(feature = "burn")]
pub(crate) use categorical::root;
pub(crate) use categorical::softmax;
pub(crate) use forward::tangent;

use crate::chain::{Chain, Head, Pass};
use crate::{FisherError, Spectrum};

/// Spectrum of the block of layer `index` of a Markov chain, given its pass.
pub(crate) fn markov_block(
    chain: &Chain,
    index: usize,
    pass: &Pass,
    options: &MarkovOptions,
    seed: u64,
) -> Result<Spectrum, FisherError> {
    match chain.head {
        _ if index + 1 < chain.layers.len() => {
            block::gaussian_block(chain, index, pass, options.noise_variance, options, seed)
        }
        Head::Gaussian { variance } => block::gaussian_block(chain, index, pass, variance, options, seed),
        Head::Categorical => output::categorical_block(chain, index, pass),
    }
}

/// Spectra of the independent units of layer `index`: its channels, or one of the whole layer for the last one and where
/// Lanczos is used.
pub(crate) fn markov_units(
    chain: &Chain,
    index: usize,
    pass: &Pass,
    options: &MarkovOptions,
    seed: u64,
) -> Result<Vec<Spectrum>, FisherError> {
    if index + 1 < chain.layers.len() {
        return block::gaussian_units(chain, index, pass, options.noise_variance, options, seed);
    }
    Ok(vec![markov_block(chain, index, pass, options, seed)?])
}
