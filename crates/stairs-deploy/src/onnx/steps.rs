//! Stairs of integers, alone or behind the product that nothing else reads.
//!
//! Tried in this order, for all channels of a layer together:
//!
//! 1. the requantised form: bytes times bytes, one fused node in onnxruntime ([`fit`](super::fit));
//! 2. the divided form: sums in single precision, exact, and one `QuantizeLinear` with a scale for each channel;
//! 3. comparisons.

use stairs_infer::{Op, Source};

use super::OnnxError;
use super::emit::{Dialect, Emitter, Form, Held};
use super::fit::{Divided, Requantised};
use super::graph::{Attr, Type};
use super::layer::Layer;
use super::stair::{Code, Stair};

/// Two products of a byte and a weight are added in 16 bits by onnxruntime on processors with AVX2 alone, and saturate there.
const PAIR: i64 = 32_767;

impl Emitter<'_> {
    /// Whatever gives levels or fixed-point numbers.
    pub(super) fn steps(&mut self, index: usize) -> Result<Held, OnnxError> {
        let node = &self.program.nodes()[index];
        let source = node.inputs[0];
        match &node.op {
            Op::Fix { fraction, low, high } => return Ok(self.fix(source, *fraction, *low, *high)),
            Op::Steps { thresholds, levels } => return Ok(self.float_steps(source, thresholds, levels)),
            _ => {}
        }
        let channels = self.program.at(source).0[0];
        match (Stair::of(&node.op, channels), &node.op) {
            (Some(stair), _) => match self.waiting(source).and_then(|before| Layer::of(self.program, before)) {
                Some(layer) => self.behind(layer, &stair),
                None => Ok(self.alone(source, &stair)),
            },
            (None, Op::Rescale { factors, offsets, shift, low, high }) => {
                Ok(self.rescale(&node.inputs, factors, offsets, *shift, [*low, *high]))
            }
            // No other operation comes here.
            (None, _) => Ok(self.double(source)),
        }
    }

    /// A stair behind a layer.
    fn behind(&mut self, mut layer: Layer, stair: &Stair) -> Result<Held, OnnxError> {
        let range = layer.inputs(self.range(layer.source));
        let sums = layer.sums((range.low.into(), range.high.into()));
        if self.dialect == Dialect::Qonnx {
            layer.times(&stair.signs);
            return self.behind_in_qonnx(&layer, stair, &sums);
        }
        let code = stair.code();
        let unit = code.map_or(1, |code| code.unit);
        let few = stair.levels.len() <= 256 && stair.levels.len() > 1;
        if few && let Some(counts) = self.requantised(&layer, stair, unit) {
            return Ok(self.coded(&counts, stair, code));
        }
        layer.times(&stair.signs);
        let magnitudes = layer.magnitudes();
        let reach = self.range(layer.source).reach();
        let fits = |split: bool| -> Option<Vec<Divided>> {
            (0..sums.len()).map(|c| stair.count(c, sums[c]).divided(magnitudes[c] * reach, unit, split)).collect()
        };
        if few && let Some(fits) = fits(false).or_else(|| fits(true)) {
            layer.times(&fits.iter().map(|fit| fit.factor).collect::<Vec<_>>());
            let offsets: Vec<f64> = fits.iter().map(|fit| fit.offset).collect();
            let held = self.product(&layer, Some(&offsets))?;
            let counts = self.divided(&held, &fits);
            return Ok(self.coded(&counts, stair, code));
        }
        let held = self.product(&layer, None)?;
        let rank = self.program.at(layer.source).0.len();
        let held = self.comparable(held, &sums);
        Ok(self.compare(&held, stair, &sums, rank))
    }

    /// A stair of what is there already.
    fn alone(&mut self, source: Source, stair: &Stair) -> Held {
        let (shape, range) = (self.program.at(source).0, self.range(source));
        let (rank, channels) = (shape.len(), shape[0]);
        let sums = vec![(i64::from(range.low), i64::from(range.high)); channels];
        if self.dialect == Dialect::Qonnx {
            let held = self.signed(source, stair);
            return self.thresholds_in_qonnx(&held, stair, &sums, &vec![0.0; channels], rank);
        }
        let code = stair.code();
        let unit = code.map_or(1, |code| code.unit);
        let fits = |split: bool| -> Option<Vec<Divided>> {
            (0..channels).map(|c| stair.count(c, sums[c]).divided(range.reach(), unit, split)).collect()
        };
        let exact = if self.is_single(source) { fits(false) } else { None };
        let form = if exact.is_some() { Form::Single } else { Form::Double };
        let few = stair.levels.len() <= 256 && stair.levels.len() > 1;
        if few && let Some(fits) = exact.or_else(|| fits(true)) {
            let mut held = if form == Form::Single { self.single(source) } else { self.double(source) };
            let factors: Vec<f64> =
                fits.iter().zip(&stair.signs).map(|(fit, sign)| (fit.factor * sign) as f64).collect();
            let offsets: Vec<f64> = fits.iter().map(|fit| fit.offset).collect();
            for (op, values, nothing) in [("Mul", factors, 1.0), ("Add", offsets, 0.0)] {
                if values.iter().any(|value| *value != nothing) {
                    let values = self.graph.channels("offset", form, rank, &values);
                    held.name = self.graph.node(op, &[&held.name, &values], &[]);
                }
            }
            let counts = self.divided(&held, &fits);
            return self.coded(&counts, stair, code);
        }
        let held = self.signed(source, stair);
        self.compare(&held, stair, &sums, rank)
    }

    /// Sums in a form in which their differences from thresholds are exact.
    fn comparable(&mut self, held: Held, sums: &[(i64, i64)]) -> Held {
        let most = sums.iter().map(|(low, high)| low.abs().max(high.abs())).max().unwrap_or(0);
        if held.form == Form::Double || most < super::fit::EXACT / 4 {
            return held;
        }
        Held { name: self.graph.cast(&held.name, Type::Double), form: Form::Double }
    }

    /// round(v/x) as bytes, for sums with their offsets.
    fn divided(&mut self, held: &Held, fits: &[Divided]) -> String {
        let name = match held.form {
            Form::Double => self.graph.cast(&held.name, Type::Float),
            _ => held.name.clone(),
        };
        let steps: Vec<f32> = fits.iter().map(|fit| fit.step).collect();
        let steps = self.graph.constant("step", &[steps.len()], &steps);
        let zeros = self.graph.constant("zero", &[fits.len()], &vec![0u8; fits.len()]);
        self.graph.node("QuantizeLinear", &[&name, &steps, &zeros], &[Attr::Int("axis", 1)])
    }

    /// round((M·acc + B)·s) as bytes, if that is right for every channel.
    fn requantised(&mut self, layer: &Layer, stair: &Stair, unit: i64) -> Option<String> {
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
                stair.count(c, sums[c]).requantised(largest / most, magnitudes[c] * reach, unit)
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

    /// Counts, not yet bounded above, as levels.
    fn coded(&mut self, counts: &str, stair: &Stair, code: Option<Code>) -> Held {
        let top = (stair.levels.len() as i64 - 1) * code.map_or(1, |code| code.unit);
        let name = match top {
            255 => counts.to_owned(),
            top => {
                let (low, high) = (self.graph.scalar(0u8), self.graph.scalar(top as u8));
                self.graph.node("Clip", &[counts, &low, &high], &[])
            }
        };
        match code {
            Some(Code { zero, step, .. }) => Held { name, form: Form::Code { zero, step } },
            None => self.table(&name, stair),
        }
    }
}
