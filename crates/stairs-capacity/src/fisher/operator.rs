//! Products with the Fisher matrix of a whole network, by one forward and one backward pass each: matrix-free.
//!
//! F v = (1/n) Σ_i J_iᵀ S_i S_iᵀ J_i v: the derivative of the outputs along v, weighted by the head's own Fisher matrix, carried
//! back. For networks whose Gram matrix is too large; see [`stochastic_lanczos`](crate::stochastic_lanczos).

use super::{
    backward::{finite_passes, gradient},
    categorical::{columns, root},
    forward::tangent,
};
use crate::chain::{Chain, Pass};
use crate::{FisherError, LayerParameters, SymmetricOperator};

/// The Fisher matrix of a network without noise in its hidden layers, as an operator on flat parameter vectors: layer by
/// layer, channel by channel, and there weights, bias, scale, shift.
///
/// ```
/// use stairs_capacity::{Chain, Head, Layer, NetworkFisher, Prior, Shape, SymmetricOperator};
/// # use rand::SeedableRng;
/// let chain = Chain::new(Shape::vector(3), vec![Layer::dense(2).with_bias()], Head::Categorical)?;
/// let parameters = Prior::Initialiser.draw_all(&chain, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1))?;
/// let fisher = NetworkFisher::new(&chain, &parameters, &[0.5, -1.0, 2.0])?;
/// let mut out = vec![0.0; fisher.size()];
/// fisher.apply(&[1.0; 8], &mut out);
/// // Equal changes of both logits change no probability.
/// assert!(out.iter().all(|x| x.abs() < 1e-15));
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
#[derive(Debug)]
pub struct NetworkFisher<'a> {
    chain: &'a Chain,
    passes: Vec<Pass>,
    roots: Vec<Vec<f64>>,
}

impl<'a> NetworkFisher<'a> {
    /// The Fisher matrix at `parameters` over `inputs`.
    ///
    /// # Errors
    /// [`FisherError`] for parameters or inputs that do not fit, or an overflow.
    pub fn new(chain: &'a Chain, parameters: &[LayerParameters], inputs: &[f64]) -> Result<Self, FisherError> {
        let passes = finite_passes(chain, parameters, inputs)?;
        let logits = passes.last().map_or(&[][..], |pass| &pass.output);
        let roots = logits.chunks(chain.output().values()).map(|logits| root(chain.head, logits)).collect();
        Ok(Self { chain, passes, roots })
    }
}

impl SymmetricOperator for NetworkFisher<'_> {
    fn size(&self) -> usize {
        self.chain.dimension()
    }

    fn apply(&self, x: &[f64], out: &mut [f64]) {
        let outputs = self.chain.output().values();
        let per_sample = columns(self.chain.head, outputs);
        let mut direction = tangent(self.chain, &self.passes, x);
        let scale = 1.0 / self.roots.len() as f64;
        for (sample, root) in direction.chunks_mut(outputs).zip(&self.roots) {
            let seen: Vec<f64> =
                (0..per_sample).map(|a| (0..outputs).map(|c| root[c * per_sample + a] * sample[c]).sum()).collect();
            for (c, value) in sample.iter_mut().enumerate() {
                *value = scale * (0..per_sample).map(|a| root[c * per_sample + a] * seen[a]).sum::<f64>();
            }
        }
        out.fill(0.0);
        gradient(self.chain, &self.passes, direction, out);
    }
}
