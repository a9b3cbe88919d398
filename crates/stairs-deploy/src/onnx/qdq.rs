//! The requantised form: bytes times bytes between `DequantizeLinear` and `QuantizeLinear`, which onnxruntime fuses to one node.
//!
//! Its scale of results is 1 and its zero is 0, so that what is below the lowest level is cut off by the byte. Scales of weights are
//! those of [`fit`](super::fit); weights are bytes of their multiples.

use super::emit::Emitter;
use super::fit::Requantised;
use super::form::Form;
use super::graph::Attr;
use super::layer::Layer;
use super::stair::Stair;

/// Two products of a byte and a weight are added in 16 bits by onnxruntime on processors with AVX2 alone, and saturate there.
const PAIR: i64 = 32_767;

impl Emitter<'_> {
    /// round((M·acc + B)·s) as bytes, if that is right for every channel.
    pub(super) fn requantised(&mut self, layer: &Layer, stair: &Stair, unit: i64) -> Option<String> {
        let x = self.code(layer.source)?;
        let Form::Code { zero, step } = x.form else { return None };
        let bytes = {
            let range = layer.inputs(self.range(layer.source));
            (i64::from(range.low / step), i64::from(range.high / step))
        };
        let reach = bytes.0.abs().max(bytes.1.abs());
        let largest_byte = (bytes.1 + i64::from(zero)).max(zero.into()).max(1);
        let narrow = (PAIR / (2 * largest_byte)).min(127);
        let fan_in = layer.fan_in();
        let rows: Vec<&[i64]> = layer.weights.chunks(fan_in).collect();
        let (sums, magnitudes) = (layer.sums(bytes), layer.magnitudes());
        // Byte thresholds: what a sum of bytes must reach for step times it to reach the threshold.
        let stair = stair.divided_by(step.into());
        let fit = |largest: i64| -> Option<Vec<Requantised>> {
            let one = |c: usize| {
                let most = rows[c].iter().map(|w| w.abs()).max().unwrap_or(0).max(1);
                stair.count(c, sums[c]).requantised(largest / most, magnitudes[c] * reach, fan_in, unit)
            };
            (0..rows.len()).map(one).collect()
        };
        let signed = fit(narrow);
        let wide = signed.is_none();
        let fits = signed.or_else(|| fit(127))?;
        let factors: Vec<i64> = fits.iter().zip(&stair.signs).map(|(fit, sign)| fit.multiplier * sign).collect();
        let weights: Vec<i64> =
            rows.iter().zip(&factors).flat_map(|(row, factor)| row.iter().map(move |w| w * factor)).collect();
        let scales: Vec<f32> = fits.iter().map(|fit| fit.scale).collect();
        let biases: Vec<i32> = fits.iter().map(|fit| fit.bias as i32).collect();
        let graph = &mut self.graph;
        let (one, zero, no) = (graph.scalar(1f32), graph.scalar(zero as u8), graph.scalar(0u8));
        let count = [fits.len()];
        let scales = graph.constant("scale", &count, &scales);
        let (weights, zeros) = match wide {
            false => {
                let weights: Vec<i8> = weights.iter().map(|w| *w as i8).collect();
                (
                    graph.constant("weight", &layer.shape, &weights),
                    graph.constant("zero", &count, &vec![0i8; fits.len()]),
                )
            }
            // Unsigned weights, whose products onnxruntime adds in 32 bits.
            true => {
                let weights: Vec<u8> = weights.iter().map(|w| (w + 128) as u8).collect();
                (
                    graph.constant("weight", &layer.shape, &weights),
                    graph.constant("zero", &count, &vec![128u8; fits.len()]),
                )
            }
        };
        let biases = graph.constant("bias", &count, &biases);
        let no_bias = graph.constant("zero", &count, &vec![0i32; fits.len()]);
        let axis = [Attr::Int("axis", 0)];
        let x = graph.node("DequantizeLinear", &[&x.name, &one, &zero], &[]);
        let weights = graph.node("DequantizeLinear", &[&weights, &scales, &zeros], &axis);
        // A matrix product is fused only if its bias names its zero.
        let biases = graph.node("DequantizeLinear", &[&biases, &scales, &no_bias], &axis);
        let sums = graph.product(layer, &x, &weights, Some(&biases));
        Some(graph.node("QuantizeLinear", &[&sums, &one, &no], &[]))
    }
}
