//! The path norm: the sum over all paths of the product of the squared weights.
//!
//! ```text
//! log Σ over paths Π over the path of w²
//! ```
//!
//! One forward pass of squares through the network without activations at the all-ones input. Unlike a norm of the weights
//! it does not change when a ReLU unit's inputs are multiplied and its outputs divided by a positive number. Source:
//! Neyshabur, Salakhutdinov, Srebro, *Path-SGD: Path-Normalized Optimization in Deep Neural Networks*, NeurIPS 2015,
//! arXiv 1506.02617, for p = 2 (its norm is the square root); as a measure of generalisation: Jiang et al., *Fantastic
//! Generalization Measures and Where to Find Them*, ICLR 2020, arXiv 1912.02178. What is ours: normalisations are folded into the
//! weights in front of them, a quantised weight counts as it is used, pools as said in `paths`, and biases are paths of
//! their own. Of a network whose activations are not ReLU it is a norm of the weights, without the invariance.

use super::{Batch, paths::Paths};
use crate::linalg::in_pool;
use crate::{Chain, FisherError, LayerParameters};

/// log of the path norm, squared. The batch is not used.
///
/// ```
/// use stairs_capacity::{Batch, Chain, Head, Layer, LayerParameters, Shape, baseline::path_norm};
/// let weights = |weight: &[f64]| LayerParameters { weight: weight.to_vec(), ..LayerParameters::default() };
/// let chain = Chain::new(Shape::vector(1), vec![Layer::dense(2), Layer::dense(1)], Head::Gaussian { variance: 1.0 })?;
/// let norm = path_norm(&chain, &[weights(&[2.0, -3.0]), weights(&[5.0, 7.0])], &Batch::labelled(&[], &[]))?;
/// assert!((norm - (2f64 * 2.0 * 5.0 * 5.0 + 3.0 * 3.0 * 7.0 * 7.0).ln()).abs() < 1e-12); // two paths
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError::Chain`], [`FisherError::Overflow`], and [`FisherError::Undefined`] where every path is 0.
pub fn path_norm(chain: &Chain, parameters: &[LayerParameters], _: &Batch<'_>) -> Result<f64, FisherError> {
    in_pool(|| {
        let paths = Paths::new(chain, parameters, |w| w * w)?;
        paths.log("path_norm", paths.passes.last().map_or(&[][..], |pass| &pass.output))
    })
}
