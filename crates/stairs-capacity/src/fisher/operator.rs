//! Products with the Fisher matrix of a whole network, by one forward and one backward pass each: matrix-free.
//!
//! F v = (1/n) Σ_i J_iᵀ S_i S_iᵀ J_i v: the derivative of the outputs along v, weighted by the head's own Fisher matrix, carried
//! back. For networks whose Gram matrix is too large; see [`stochastic_lanczos`](crate::stochastic_lanczos).

use super::{
    backward::{by_gain, passes, to_inner, to_input},
    categorical::{columns, root},
};
use crate::chain::{Chain, Pass, PoolKind, patches};
use crate::linalg::{add_product_tn, product_nt};
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
        let passes = passes(chain, parameters, inputs)?;
        let logits = passes.last().map_or(&[][..], |pass| &pass.output);
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(FisherError::Overflow { layer: passes.len() - 1 });
        }
        let roots = logits.chunks(chain.output().values()).map(|logits| root(chain.head, logits)).collect();
        Ok(Self { chain, passes, roots })
    }

    /// The derivative of the outputs along `x`, `[samples, outputs]`.
    fn along(&self, x: &[f64]) -> Vec<f64> {
        let mut rest = x;
        let mut tangent: Vec<f64> = Vec::new();
        for (index, pass) in self.passes.iter().enumerate() {
            let (layer, geometry) = (&self.chain.layers[index], &self.chain.geometry[index]);
            let (own, after) = rest.split_at(self.chain.layer_dimension(index));
            rest = after;
            let width = geometry.width(layer);
            let mut weight: Vec<f64> = own.chunks(width).flat_map(|row| row[..pass.fan_in].iter().copied()).collect();
            weight.iter_mut().zip(&pass.bend).for_each(|(x, bend)| *x *= bend);
            let mut inner = vec![0.0; pass.rows() * pass.channels];
            product_nt(&pass.patches, &weight, pass.fan_in, &mut inner);
            if index > 0 {
                let carried = patches(layer, geometry, &tangent);
                let mut through = vec![0.0; inner.len()];
                product_nt(&carried, &pass.weight, pass.fan_in, &mut through);
                inner.iter_mut().zip(through).for_each(|(inner, through)| *inner += through);
            }
            for (at, value) in inner.iter_mut().enumerate() {
                let o = at % pass.channels;
                let mut others = own[o * width + pass.fan_in..(o + 1) * width].iter();
                if layer.bias {
                    *value += others.next().copied().unwrap_or(0.0);
                }
                *value *= pass.gain[o];
                if pass.has_norm() {
                    *value += pass.normal[at] * others.next().copied().unwrap_or(0.0);
                    *value += others.next().copied().unwrap_or(0.0);
                }
                *value *= pass.slope[at];
            }
            tangent = pooled(self.chain, index, pass, &inner);
        }
        tangent
    }

    /// Σ over samples of the derivatives of the outputs in the directions `outer` `[samples, outputs]`.
    fn back(&self, mut outer: Vec<f64>, out: &mut [f64]) {
        let mut end = out.len();
        for (index, pass) in self.passes.iter().enumerate().rev() {
            let (layer, width) =
                (&self.chain.layers[index], self.chain.geometry[index].width(&self.chain.layers[index]));
            let start = end - self.chain.layer_dimension(index);
            let own = &mut out[start..end];
            end = start;
            let mut inner = to_inner(self.chain, index, pass, &outer, 1);
            let first = pass.fan_in + usize::from(layer.bias);
            for (at, value) in inner.iter().enumerate().take(if pass.has_norm() { inner.len() } else { 0 }) {
                let channel = &mut own[at % pass.channels * width..];
                channel[first] += value * pass.normal[at];
                channel[first + 1] += value;
            }
            by_gain(pass, &mut inner);
            let mut weight = vec![0.0; pass.channels * pass.fan_in];
            add_product_tn(&inner, &pass.patches, pass.channels, &mut weight);
            weight.iter_mut().zip(&pass.bend).for_each(|(x, bend)| *x *= bend);
            for (own, weight) in own.chunks_mut(width).zip(weight.chunks(pass.fan_in)) {
                own[..pass.fan_in].copy_from_slice(weight);
            }
            if layer.bias {
                inner.iter().enumerate().for_each(|(at, value)| own[at % pass.channels * width + pass.fan_in] += value);
            }
            if index > 0 {
                outer = to_input(self.chain, index, pass, &inner);
            }
        }
    }
}

impl SymmetricOperator for NetworkFisher<'_> {
    fn size(&self) -> usize {
        self.chain.dimension()
    }

    fn apply(&self, x: &[f64], out: &mut [f64]) {
        let outputs = self.chain.output().values();
        let per_sample = columns(self.chain.head, outputs);
        let mut direction = self.along(x);
        let scale = 1.0 / self.roots.len() as f64;
        for (sample, root) in direction.chunks_mut(outputs).zip(&self.roots) {
            let seen: Vec<f64> =
                (0..per_sample).map(|a| (0..outputs).map(|c| root[c * per_sample + a] * sample[c]).sum()).collect();
            for (c, value) in sample.iter_mut().enumerate() {
                *value = scale * (0..per_sample).map(|a| root[c * per_sample + a] * seen[a]).sum::<f64>();
            }
        }
        out.fill(0.0);
        self.back(direction, out);
    }
}

/// Tangents `[samples · positions, channels]` through the pool, ordered channel by channel.
fn pooled(chain: &Chain, index: usize, pass: &Pass, inner: &[f64]) -> Vec<f64> {
    let (layer, geometry) = (&chain.layers[index], &chain.geometry[index]);
    let outputs = geometry.output.positions();
    let mut out = vec![0.0; pass.samples * pass.channels * outputs];
    for (image, values) in out.chunks_mut(outputs).enumerate() {
        let (sample, channel) = (image / pass.channels, image % pass.channels);
        let at = |position: usize| inner[(sample * pass.positions + position) * pass.channels + channel];
        for (q, value) in values.iter_mut().enumerate() {
            let (y, x) = (q / geometry.output.width, q % geometry.output.width);
            *value = match layer.pool {
                None => at(q),
                Some(pool) if pool.kind == PoolKind::Average => {
                    let sum: f64 = pool.window(y, x, geometry.inner.width).map(at).sum();
                    sum / (pool.size[0] * pool.size[1]) as f64
                }
                Some(_) => at(pass.selected[image * outputs + q] as usize),
            };
        }
    }
    out
}
