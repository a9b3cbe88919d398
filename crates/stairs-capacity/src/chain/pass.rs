//! One layer applied to a batch, with everything its Fisher block needs.

use rayon::prelude::*;

use super::{Chain, LayerParameters, PoolKind, patches::patches};
use crate::linalg::product_nt;

/// What a layer computed. Rows are (sample, position) pairs: row i·P + p is position p of sample i.
///
/// With u the argument of the activation of channel o at row r, the derivative of u with respect to the channel's
/// parameters is `[gain_o·(patch_r ∘ bend_o), gain_o, normal_ro, 1]`: weights, bias, scale, shift, of which a layer
/// without bias or normalisation has fewer.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) samples: usize,
    pub(crate) positions: usize,
    pub(crate) channels: usize,
    pub(crate) fan_in: usize,
    /// `[rows, fan_in]`.
    pub(crate) patches: Vec<f64>,
    /// φ′(u), `[rows, channels]`.
    pub(crate) slope: Vec<f64>,
    /// The normalised values before scale and shift, `[rows, channels]`; empty without normalisation.
    pub(crate) normal: Vec<f64>,
    /// du/dz per channel.
    pub(crate) gain: Vec<f64>,
    /// d(weight used)/d(latent weight), `[channels, fan_in]`; empty for 1.
    pub(crate) bend: Vec<f64>,
    /// The weights used, `[channels, fan_in]`.
    pub(crate) weight: Vec<f64>,
    /// Max pool: the position each output came from, `[samples, channels, output positions]`; empty without.
    pub(crate) selected: Vec<u32>,
    /// `[samples, channels · output positions]`, channel by channel.
    pub(crate) output: Vec<f64>,
}

impl Pass {
    pub(crate) fn rows(&self) -> usize {
        self.samples * self.positions
    }

    pub(crate) fn has_norm(&self) -> bool {
        !self.normal.is_empty()
    }

    /// The factor of row r and channel o in the block of the channel: φ′(u), times how many windows of a max pool take
    /// the value (as a square root, since factors enter in pairs). `[rows, channels]`.
    pub(crate) fn factors(&self) -> Vec<f64> {
        if self.selected.is_empty() {
            return self.slope.clone();
        }
        let outputs = self.selected.len() / (self.samples * self.channels);
        let mut counts = vec![0.0f64; self.slope.len()];
        for (image, selected) in self.selected.chunks(outputs.max(1)).enumerate() {
            let (sample, channel) = (image / self.channels, image % self.channels);
            for position in selected {
                counts[(sample * self.positions + *position as usize) * self.channels + channel] += 1.0;
            }
        }
        counts.iter().zip(&self.slope).map(|(count, slope)| count.sqrt() * slope).collect()
    }
}

/// Applies layer `index` with checked parameters to checked inputs `[samples, values]`.
pub(crate) fn pass(chain: &Chain, index: usize, parameters: &LayerParameters, inputs: &[f64], samples: usize) -> Pass {
    let (layer, geometry) = (&chain.layers[index], &chain.geometry[index]);
    let (channels, fan_in) = (layer.channels(), geometry.fan_in);
    let (weight, bend) = match &layer.weight_map {
        None => (parameters.weight.clone(), Vec::new()),
        Some(map) => parameters.weight.par_iter().map(|&latent| (map.value(latent), map.slope(latent))).unzip(),
    };
    let patches = patches(layer, geometry, inputs);
    let rows = samples * geometry.inner.positions();
    let mut slope = vec![0.0; rows * channels];
    product_nt(&patches, &weight, fan_in, &mut slope);

    // z → u in place, then u → (φ(u), φ′(u)).
    let mut normal = Vec::new();
    let mut gain = vec![1.0; channels];
    if !parameters.bias.is_empty() {
        slope.par_chunks_mut(channels).for_each(|row| row.iter_mut().zip(&parameters.bias).for_each(|(z, b)| *z += b));
    }
    if let Some(norm) = &layer.norm {
        let deviation = |o: usize| (norm.variance.get(o).copied().unwrap_or(1.0) + norm.epsilon).sqrt();
        let (mean, inverse): (Vec<f64>, Vec<f64>) =
            (0..channels).map(|o| (norm.mean.get(o).copied().unwrap_or(0.0), 1.0 / deviation(o))).unzip();
        for o in 0..channels {
            gain[o] = parameters.scale[o] * inverse[o];
        }
        slope.par_chunks_mut(channels).for_each(|row| {
            row.iter_mut().zip(mean.iter().zip(&inverse)).for_each(|(z, (mean, inverse))| *z = (*z - mean) * inverse);
        });
        normal = slope.clone();
        slope.par_chunks_mut(channels).for_each(|row| {
            let affine = parameters.scale.iter().zip(&parameters.shift);
            row.iter_mut().zip(affine).for_each(|(z, (scale, shift))| *z = scale * *z + shift);
        });
    }
    let mut values = vec![0.0; slope.len()];
    values.par_chunks_mut(channels).zip(slope.par_chunks_mut(channels)).for_each(|(values, row)| {
        for (value, u) in values.iter_mut().zip(row) {
            (*value, *u) = (layer.activation.value(*u), layer.activation.slope(*u));
        }
    });
    let (output, selected) = pooled(chain, index, &values, samples);
    let positions = geometry.inner.positions();
    Pass { samples, positions, channels, fan_in, patches, slope, normal, gain, bend, weight, selected, output }
}

/// Values `[samples, positions, channels]` pooled and ordered channel by channel; positions taken by a max pool.
fn pooled(chain: &Chain, index: usize, values: &[f64], samples: usize) -> (Vec<f64>, Vec<u32>) {
    let (layer, geometry) = (&chain.layers[index], &chain.geometry[index]);
    let (channels, positions, outputs) = (layer.channels(), geometry.inner.positions(), geometry.output.positions());
    let mut output = vec![0.0; samples * channels * outputs];
    let is_max = layer.pool.is_some_and(|pool| pool.kind == PoolKind::Max);
    let mut selected = vec![0u32; if is_max { output.len() } else { 0 }];
    for (sample, image) in output.chunks_mut(channels * outputs).enumerate() {
        let at = |position: usize, channel: usize| values[(sample * positions + position) * channels + channel];
        for (channel, image) in image.chunks_mut(outputs).enumerate() {
            for (q, out) in image.iter_mut().enumerate() {
                let (y, x) = (q / geometry.output.width, q % geometry.output.width);
                *out = match layer.pool {
                    None => at(q, channel),
                    Some(pool) => {
                        let mut window = pool.window(y, x, geometry.inner.width);
                        if is_max {
                            let first = window.next().unwrap_or(0);
                            let best =
                                window.fold(first, |best, p| if at(p, channel) > at(best, channel) { p } else { best });
                            selected[(sample * channels + channel) * outputs + q] = best as u32;
                            at(best, channel)
                        } else {
                            let size = (pool.size[0] * pool.size[1]) as f64;
                            window.map(|p| at(p, channel)).sum::<f64>() / size
                        }
                    }
                };
            }
        }
    }
    (output, selected)
}
