//! The derivative of the outputs of a network without noise along a direction of its parameters.

use crate::chain::{Chain, Pass, PoolKind, patches};
use crate::linalg::product_nt;

/// The derivative of the outputs along `x`, a flat vector of parameters: layer by layer, channel by channel, and there
/// weights, bias, scale, shift; `[samples, outputs]`.
pub(crate) fn tangent(chain: &Chain, passes: &[Pass], x: &[f64]) -> Vec<f64> {
    let mut rest = x;
    let mut tangent: Vec<f64> = Vec::new();
    for (index, pass) in passes.iter().enumerate() {
        let (layer, geometry) = (&chain.layers[index], &chain.geometry[index]);
        let (own, after) = rest.split_at(chain.layer_dimension(index));
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
        tangent = pooled(chain, index, pass, &inner);
    }
    tangent
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
