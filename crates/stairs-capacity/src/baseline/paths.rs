//! The network of paths: non-negative weights, no activations, the all-ones input. Its outputs are sums over paths.
//!
//! With f(w) in place of every weight and bias w of the folded network, and the identity in place of every activation (what
//! ReLU is on numbers that are not negative), output o is
//!
//! ```text
//! R_o = Σ over paths that end in o of Π over the path's weights of f(w)
//! ```
//!
//! a path starting at an input or at a bias. A mean pool over k values is k weights of 1/k, of which f is taken as well; a
//! max pool takes the position with the largest sum.
//!
//! R grows or falls geometrically with the depth. A positive factor of a layer can be moved to the next one, so every layer is
//! divided by its largest sum, and the logarithms of these are added up: no sum overflows.

use super::affine::folded;
use crate::chain::{Activation, Chain, Pass, PoolKind, pass};
use crate::{FisherError, LayerParameters};

/// The network of paths, its layers scaled to a largest sum of at most 1.
pub(super) struct Paths {
    pub(super) chain: Chain,
    pub(super) parameters: Vec<LayerParameters>,
    pub(super) passes: Vec<Pass>,
    /// log of what all sums must be multiplied by.
    pub(super) log_scale: f64,
}

impl Paths {
    pub(super) fn new(chain: &Chain, parameters: &[LayerParameters], f: fn(f64) -> f64) -> Result<Self, FisherError> {
        let (mut chain, parameters) = folded(chain, parameters)?;
        let mut paths = Self { chain: chain.clone(), parameters: Vec::new(), passes: Vec::new(), log_scale: 0.0 };
        chain.layers.iter_mut().for_each(|layer| layer.activation = Activation::Identity);
        let mut state = vec![1.0; chain.input.values()];
        for (index, mut own) in parameters.into_iter().enumerate() {
            let size = chain.layers[index].pool.filter(|pool| pool.kind == PoolKind::Average);
            let size = size.map_or(1.0, |pool| (pool.size[0] * pool.size[1]) as f64);
            let of = |w: &mut f64| *w = size * f(1.0 / size) * f(*w);
            own.weight.iter_mut().for_each(of);
            own.bias.iter_mut().for_each(of);
            let bias = std::mem::take(&mut own.bias);
            // The scale of this layer: its largest sum without biases, or its largest bias.
            let largest = |list: &[f64]| list.iter().copied().fold(0.0, f64::max).ln();
            let before = paths.log_scale;
            let sums = pass(&chain, index, &own, &state, 1).output;
            let scale = (before + largest(&sums)).max(largest(&bias));
            if scale.is_finite() {
                paths.log_scale = scale;
            } else if scale > 0.0 || scale.is_nan() {
                return Err(FisherError::Overflow { layer: index });
            }
            let factor = (before - paths.log_scale).exp();
            own.weight.iter_mut().for_each(|w| *w *= factor);
            own.bias = bias.into_iter().map(|b| (b.ln() - paths.log_scale).exp()).collect();
            let pass = pass(&chain, index, &own, &state, 1);
            if pass.output.iter().any(|sum| !sum.is_finite()) {
                return Err(FisherError::Overflow { layer: index });
            }
            state.clone_from(&pass.output);
            paths.parameters.push(own);
            paths.passes.push(pass);
        }
        paths.chain = chain;
        Ok(paths)
    }

    /// log of a sum of this network's outputs, or of derivatives of them, unscaled.
    pub(super) fn log(&self, measure: &'static str, sums: &[f64]) -> Result<f64, FisherError> {
        let sum: f64 = sums.iter().sum();
        if sum > 0.0 {
            return Ok(self.log_scale + sum.ln());
        }
        let reason =
            "every path from the input to the output has a weight of 0, and the logarithm of the sum is -infinity";
        Err(FisherError::Undefined { measure, reason: reason.to_owned() })
    }
}
