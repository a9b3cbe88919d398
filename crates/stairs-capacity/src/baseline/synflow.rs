//! Synaptic flow: how much of the network of absolute weights goes through its parameters.
//!
//! ```text
//! log Σ_θ |θ · ∂R/∂|θ||          R = 1ᵀ f_{|θ|}(1)
//! ```
//!
//! f_{|θ|} is the network with the absolute values of its parameters, without activations (ReLU does nothing there; others are
//! left out) at the all-ones input: no data is needed. R is a sum over paths (see `paths`) and each path is linear in each of its
//! parameters, so that the measure is the sum over paths of the path's product times the number of parameters on it: the
//! derivative of R along |θ|, one forward pass.
//!
//! Source: Tanaka, Kunin, Yamins, Ganguli, *Pruning neural networks without any data by iteratively conserving synaptic
//! flow*, NeurIPS 2020, arXiv 2006.05467; as a measure of a network: Abdelfattah et al., arXiv 2101.08134. What is ours: θ are weights and
//! biases, not weights alone; those of the folded network, so that a normalisation is a part of the weights in front of it,
//! neither left out nor counted apart; a quantised weight counts as it is used; and the logarithm, since the sum itself grows
//! exponentially with the depth.

use super::{Batch, paths::Paths};
use crate::chain::flatten;
use crate::fisher::tangent;
use crate::linalg::in_pool;
use crate::{Chain, FisherError, LayerParameters};

/// log of the synaptic flow. The batch is not used.
///
/// ```
/// use stairs_capacity::{Batch, Chain, Head, Layer, LayerParameters, Shape, baseline::synflow};
/// let weights = |weight: &[f64]| LayerParameters { weight: weight.to_vec(), ..LayerParameters::default() };
/// let chain = Chain::new(Shape::vector(1), vec![Layer::dense(2), Layer::dense(1)], Head::Gaussian { variance: 1.0 })?;
/// let flow = synflow(&chain, &[weights(&[2.0, -3.0]), weights(&[5.0, 7.0])], &Batch::labelled(&[], &[]))?;
/// assert!((flow - (2.0 * (2.0 * 5.0 + 3.0 * 7.0f64)).ln()).abs() < 1e-12); // two paths, two weights on each
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError::Chain`], [`FisherError::Overflow`], and [`FisherError::Undefined`] where every path is 0.
pub fn synflow(chain: &Chain, parameters: &[LayerParameters], _: &Batch<'_>) -> Result<f64, FisherError> {
    in_pool(|| {
        let paths = Paths::new(chain, parameters, f64::abs)?;
        let along = flatten(&paths.chain, &paths.parameters);
        paths.log("synflow", &tangent(&paths.chain, &paths.passes, &along))
    })
}
