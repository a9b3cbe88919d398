//! The inputs of every output position as the rows of a matrix (im2col), and its transpose.

use rayon::prelude::*;

use super::{Geometry, Layer, Map};

/// Calls `f(patch entry, input index)` for every entry of the patch at output position (y, x) that lies in the image.
fn walk(layer: &Layer, geometry: &Geometry, y: usize, x: usize, mut f: impl FnMut(usize, usize)) {
    match layer.map {
        Map::Dense { .. } => (0..geometry.fan_in).for_each(|k| f(k, k)),
        Map::Conv { .. } => {
            // Sizes were checked when the chain was made.
            let Some(window) = layer.map.window() else { return };
            let size = [geometry.input.height, geometry.input.width];
            for channel in 0..geometry.input.channels {
                let (entry, pixel) = (channel * window.taps(), channel * size[0] * size[1]);
                window.patch([y, x], size).for_each(|(tap, at)| f(entry + tap, pixel + at));
            }
        }
    }
}

/// Patches `[samples · positions, fan_in]` of inputs `[samples, values]`.
pub(crate) fn patches(layer: &Layer, geometry: &Geometry, inputs: &[f64]) -> Vec<f64> {
    if matches!(layer.map, Map::Dense { .. }) {
        return inputs.to_vec();
    }
    let (fan_in, values) = (geometry.fan_in, geometry.input.values());
    let positions = geometry.inner.positions();
    let mut out = vec![0.0; inputs.len() / values * positions * fan_in];
    out.par_chunks_mut(positions * fan_in).zip(inputs.par_chunks(values)).for_each(|(rows, sample)| {
        for (position, row) in rows.chunks_mut(fan_in).enumerate() {
            let (y, x) = (position / geometry.inner.width, position % geometry.inner.width);
            walk(layer, geometry, y, x, |entry, at| row[entry] = sample[at]);
        }
    });
    out
}

/// The transpose of taking patches, for one sample: adds rows `[positions, fan_in]` back to where they came from.
pub(crate) fn scatter(layer: &Layer, geometry: &Geometry, rows: &[f64], sample: &mut [f64]) {
    for (position, row) in rows.chunks(geometry.fan_in).enumerate() {
        let (y, x) = (position / geometry.inner.width, position % geometry.inner.width);
        walk(layer, geometry, y, x, |entry, at| sample[at] += row[entry]);
    }
}
