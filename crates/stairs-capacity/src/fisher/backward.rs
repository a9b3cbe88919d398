//! Derivatives of outputs carried back through the layers of a network without noise.
//!
//! A *seed* is a row vector over the outputs of one sample; several belong to one sample, one after the other.

use rayon::prelude::*;

use crate::chain::{Chain, Pass, PoolKind, pass, scatter};
use crate::linalg::{add_product_tn, product_nn};
use crate::{ChainError, FisherError, LayerParameters};

/// The passes of all layers, without noise.
pub(crate) fn passes(chain: &Chain, parameters: &[LayerParameters], inputs: &[f64]) -> Result<Vec<Pass>, ChainError> {
    chain.check(parameters)?;
    let samples = chain.samples(inputs)?;
    let mut passes: Vec<Pass> = Vec::with_capacity(parameters.len());
    for (index, own) in parameters.iter().enumerate() {
        let next = match passes.last() {
            None => pass(chain, index, own, inputs, samples),
            Some(last) => pass(chain, index, own, &last.output, samples),
        };
        passes.push(next);
    }
    Ok(passes)
}

/// The same, refused where an output is not finite.
pub(crate) fn finite_passes(
    chain: &Chain,
    parameters: &[LayerParameters],
    inputs: &[f64],
) -> Result<Vec<Pass>, FisherError> {
    let passes = passes(chain, parameters, inputs)?;
    let outputs = passes.last().map_or(&[][..], |pass| &pass.output);
    if outputs.iter().any(|output| !output.is_finite()) {
        return Err(FisherError::Overflow { layer: passes.len() - 1 });
    }
    Ok(passes)
}

/// From derivatives by the layer's output `[seeds, channels · outputs]` to those by the activation's argument u,
/// `[seeds · positions, channels]`; `per_sample` seeds to a sample.
pub(crate) fn to_inner(chain: &Chain, index: usize, pass: &Pass, outer: &[f64], per_sample: usize) -> Vec<f64> {
    let (geometry, layer) = (&chain.geometry[index], &chain.layers[index]);
    let (channels, positions, outputs) = (pass.channels, pass.positions, geometry.output.positions());
    let mut inner = vec![0.0; outer.len() / outputs * positions];
    let seeds = inner.par_chunks_mut(positions * channels).zip(outer.par_chunks(channels * outputs)).enumerate();
    seeds.for_each(|(seed, (inner, outer))| {
        let sample = seed / per_sample;
        for (channel, image) in outer.chunks(outputs).enumerate() {
            for (q, value) in image.iter().enumerate() {
                match layer.pool {
                    None => inner[q * channels + channel] = *value,
                    Some(pool) if pool.kind == PoolKind::Average => {
                        let (y, x) = (q / geometry.output.width, q % geometry.output.width);
                        let share = value / (pool.size[0] * pool.size[1]) as f64;
                        let window = pool.window(y, x, geometry.inner.width);
                        window.for_each(|p| inner[p * channels + channel] += share);
                    }
                    Some(_) => {
                        let from = pass.selected[(sample * channels + channel) * outputs + q] as usize;
                        inner[from * channels + channel] += value;
                    }
                }
            }
        }
        let slope = &pass.slope[sample * positions * channels..(sample + 1) * positions * channels];
        inner.iter_mut().zip(slope).for_each(|(inner, slope)| *inner *= slope);
    });
    inner
}

/// Multiplies derivatives by u with du/dz.
pub(crate) fn by_gain(pass: &Pass, inner: &mut [f64]) {
    inner.par_chunks_mut(pass.channels).for_each(|row| row.iter_mut().zip(&pass.gain).for_each(|(x, g)| *x *= g));
}

/// From derivatives by z `[seeds · positions, channels]` to those by the layer's input `[seeds, values]`.
pub(crate) fn to_input(chain: &Chain, index: usize, pass: &Pass, inner: &[f64]) -> Vec<f64> {
    let (geometry, layer) = (&chain.geometry[index], &chain.layers[index]);
    let values = geometry.input.values();
    let image = pass.positions * pass.channels;
    let mut input = vec![0.0; inner.len() / image * values];
    // Seeds in groups: few large products, bounded memory.
    let group = (4096 / pass.positions).max(1);
    input.par_chunks_mut(group * values).zip(inner.par_chunks(group * image)).for_each(|(input, inner)| {
        let mut rows = vec![0.0; inner.len() / pass.channels * pass.fan_in];
        product_nn(inner, &pass.weight, pass.channels, &mut rows);
        for (sample, rows) in input.chunks_mut(values).zip(rows.chunks(pass.positions * pass.fan_in)) {
            scatter(layer, geometry, rows, sample);
        }
    });
    input
}

/// Σ over samples of the derivatives of the outputs, by all parameters, in the directions `outer` `[samples, outputs]`. The
/// order of `out` is that of [`tangent`](super::forward::tangent).
pub(crate) fn gradient(chain: &Chain, passes: &[Pass], mut outer: Vec<f64>, out: &mut [f64]) {
    let mut end = out.len();
    for (index, pass) in passes.iter().enumerate().rev() {
        let layer = &chain.layers[index];
        let width = chain.geometry[index].width(layer);
        let start = end - chain.layer_dimension(index);
        let own = &mut out[start..end];
        end = start;
        let mut inner = to_inner(chain, index, pass, &outer, 1);
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
            outer = to_input(chain, index, pass, &inner);
        }
    }
}
