//! Derivatives of outputs carried back through the layers of a network without noise.
//!
//! A *seed* is a row vector over the outputs of one sample; several belong to one sample, one after the other.

use rayon::prelude::*;

use crate::chain::{Chain, Pass, PoolKind, pass, scatter};
use crate::linalg::product_nn;
use crate::{ChainError, LayerParameters};

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
