//! Products of integers, exact in any order of summation.
//!
//! A node of ONNX may add in any order, with or without fused multiplication. So it is given only sums whose every part is an integer
//! below 2²⁴ times one power of two. Where Σ|w|·|x| is larger:
//!
//! - a dense layer computes in double precision;
//! - a convolution is split. With x = hi + lo, lo the last k binary digits of x, both convolutions are exact. Their sum is taken in
//!   double precision, or, where it is compared with thresholds afterwards, rounded to single precision once: rounding keeps order, and
//!   the offset that makes thresholds small is part of both. It is written as a difference, hi − (−lo), because onnxruntime lets a
//!   convolution add to what an addition would have added, one product after the other.

use stairs_infer::{Op, Program, Range, Source, Window};

use super::OnnxError;
use super::emit::{Dialect, Emitter};
use super::fit::EXACT;
use super::form::{Form, Held};
use super::graph::{Attr, Graph, Type};

/// A dense layer, a convolution, or the sum of windows, which is one of ones.
pub(super) struct Layer {
    pub(super) path: String,
    pub(super) source: Source,
    /// The kernel and the groups of a convolution.
    pub(super) window: Option<(Window, usize)>,
    /// Sizes of the weights, outputs first.
    pub(super) shape: Vec<usize>,
    /// Weights, output after output.
    pub(super) weights: Vec<i64>,
    /// Axes of what it reads.
    pub(super) rank: usize,
}

impl Layer {
    /// Of a node that is one.
    pub(super) fn of(program: &Program, index: usize) -> Option<Self> {
        let node = &program.nodes()[index];
        let (window, shape, weights) = match &node.op {
            Op::Dense { weights } => (None, weights.shape().to_vec(), weights.values().to_vec()),
            Op::Conv { window, groups, weights } => {
                (Some((*window, *groups)), weights.shape().to_vec(), weights.values().to_vec())
            }
            Op::SumPool(window) => {
                let [rows, columns] = window.kernel;
                let shape = vec![node.shape[0], 1, rows, columns];
                (Some((*window, node.shape[0])), shape, vec![1; node.shape[0] * window.taps()])
            }
            _ => return None,
        };
        Some(Self {
            path: node.path.clone(),
            source: node.inputs[0],
            window,
            shape,
            weights: weights.into_iter().map(i64::from).collect(),
            rank: program.at(node.inputs[0]).0.len(),
        })
    }

    /// Weights of an output.
    pub(super) fn fan_in(&self) -> usize {
        self.shape.iter().skip(1).product::<usize>().max(1)
    }

    /// Σ|w| of each output.
    pub(super) fn magnitudes(&self) -> Vec<i64> {
        self.weights.chunks(self.fan_in()).map(|weights| weights.iter().map(|w| w.abs()).sum()).collect()
    }

    /// What the inputs can be, with the zeros around an image.
    pub(super) fn inputs(&self, range: Range) -> Range {
        if self.window.is_some_and(|(window, _)| window.pads()) { range.with_zero() } else { range }
    }

    /// The smallest and the largest sum of each output.
    pub(super) fn sums(&self, (low, high): (i64, i64)) -> Vec<(i64, i64)> {
        let sum = |weights: &[i64]| {
            weights
                .iter()
                .fold((0, 0), |(least, most), w| (least + (w * low).min(w * high), most + (w * low).max(w * high)))
        };
        self.weights.chunks(self.fan_in()).map(sum).collect()
    }

    /// The weights of each output times a factor.
    pub(super) fn times(&mut self, factors: &[i64]) {
        let fan_in = self.fan_in();
        for (weights, factor) in self.weights.chunks_mut(fan_in).zip(factors) {
            weights.iter_mut().for_each(|w| *w *= factor);
        }
    }
}

impl Emitter<'_> {
    /// The sums of a layer, as they are.
    pub(super) fn sums(&mut self, index: usize) -> Result<Held, OnnxError> {
        match Layer::of(self.program, index) {
            Some(layer) => self.product(&layer, None),
            None => Ok(Held { name: String::new(), form: Form::Double }),
        }
    }

    /// The sums of a layer and an offset for each of its outputs, exact; in single precision those above 2²⁴ are rounded.
    pub(super) fn product(&mut self, layer: &Layer, offsets: Option<&[f64]>) -> Result<Held, OnnxError> {
        let reach = self.range(layer.source).reach();
        let magnitude = layer.magnitudes().into_iter().max().unwrap_or(0);
        let most = offsets.unwrap_or(&[]).iter().fold(0f64, |most, offset| most.max(offset.abs()));
        let fraction = fraction(offsets.unwrap_or(&[]));
        let whole =
            layer.window.is_some_and(|(window, groups)| self.covers(layer.source, &window) && groups == layer.shape[0]);
        let ones = layer.weights.iter().all(|w| *w == 1);
        if whole && ones && offsets.is_none() && layer.fan_in() > 1 {
            return Ok(self.total(layer.source, magnitude));
        }
        if (magnitude as f64 * reach as f64 + most) * f64::from(fraction).exp2() < EXACT as f64 {
            let x = self.single(layer.source).name;
            let weights = self.weights(layer, Form::Single);
            let bias = offsets.map(|offsets| self.graph.numbers("bias", Form::Single, &[offsets.len()], offsets));
            let name = self.graph.product(layer, &x, &weights, bias.as_deref());
            return Ok(Held { name, form: Form::Single });
        }
        let Some(_) = layer.window else {
            let x = self.double(layer.source).name;
            let weights = self.weights(layer, Form::Double);
            let bias = offsets.map(|offsets| self.graph.numbers("bias", Form::Double, &[offsets.len()], offsets));
            let name = self.graph.product(layer, &x, &weights, bias.as_deref());
            return Ok(Held { name, form: Form::Double });
        };
        self.split(layer, reach, magnitude, offsets, fraction)
    }

    fn split(
        &mut self,
        layer: &Layer,
        reach: i64,
        magnitude: i64,
        offsets: Option<&[f64]>,
        fraction: u32,
    ) -> Result<Held, OnnxError> {
        let room = (EXACT - 1) / (2 * magnitude + 2);
        let Some(digits) = room.checked_ilog2().and_then(|digits| digits.checked_sub(fraction)).filter(|k| *k > 0)
        else {
            return Err(OnnxError::Wide { path: layer.path.clone(), magnitude });
        };
        let mut parts = 1;
        while reach >> (digits * parts).min(63) > 0 {
            parts += 1;
        }
        let weights = self.weights(layer, Form::Single);
        let x = self.double(layer.source).name;
        if let (2, Some(offsets)) = (parts, offsets) {
            let unit = f64::from(digits).exp2();
            let high = self.top(&x, digits);
            let low = self.graph.node("Sub", &[&high, &x], &[]);
            let upper: Vec<f64> = offsets.iter().map(|offset| (offset / unit).floor() * unit).collect();
            let lower: Vec<f64> = offsets.iter().zip(&upper).map(|(offset, upper)| upper - offset).collect();
            let [high, low] = [(high, upper), (low, lower)].map(|(part, bias)| {
                let part = self.graph.cast(&part, Type::Float);
                let bias = self.graph.numbers("bias", Form::Single, &[bias.len()], &bias);
                self.graph.product(layer, &part, &weights, Some(&bias))
            });
            return Ok(Held { name: self.graph.node("Sub", &[&high, &low], &[]), form: Form::Single });
        }
        let (mut rest, mut sum) = (x, None::<String>);
        for part in (0..parts).rev() {
            let top = if part == 0 { rest.clone() } else { self.top(&rest, digits * part) };
            if part > 0 {
                rest = self.graph.node("Sub", &[&rest, &top], &[]);
            }
            let top = self.graph.cast(&top, Type::Float);
            let product = self.graph.product(layer, &top, &weights, None);
            let product = self.graph.cast(&product, Type::Double);
            sum = Some(match sum {
                None => product,
                Some(before) => self.graph.node("Add", &[&before, &product], &[]),
            });
        }
        let mut name = sum.unwrap_or_default();
        if let Some(offsets) = offsets {
            let offsets = self.graph.channels("offset", Form::Double, 3, offsets);
            name = self.graph.node("Add", &[&name, &offsets], &[]);
        }
        Ok(Held { name, form: Form::Double })
    }

    /// ⌊x/2^digits⌋·2^digits.
    fn top(&mut self, x: &str, digits: u32) -> String {
        let unit = f64::from(digits).exp2();
        let divided = self.graph.linear(x, Form::Double, 1.0 / unit, 0.0);
        let whole = self.graph.node("Floor", &[&divided], &[]);
        self.graph.linear(&whole, Form::Double, unit, 0.0)
    }

    /// Whether one window covers a whole image.
    fn covers(&self, source: Source, window: &Window) -> bool {
        let image = &self.program.at(source).0[1..];
        window.kernel == image && !window.pads() && window.dilation == [1; 2]
    }

    /// The sum of all pixels of each channel, of `pixels` pixels.
    fn total(&mut self, source: Source, pixels: i64) -> Held {
        let small = self.range(source).reach() * pixels < EXACT;
        let held = if small { self.single(source) } else { self.double(source) };
        let axes = self.graph.constant("axes", &[2], &[2i64, 3]);
        let name = self.graph.node("ReduceSum", &[&held.name, &axes], &[Attr::Int("keepdims", 1)]);
        Held { name, ..held }
    }

    /// The weights of a layer in a form: bytes and a cast, which onnxruntime does once.
    fn weights(&mut self, layer: &Layer, form: Form) -> String {
        let (shape, values) = self.arranged(layer);
        if self.dialect == Dialect::Qonnx && form == Form::Single {
            return self.quantised_weights(&shape, &values);
        }
        let bytes: Result<Vec<i8>, _> = values.iter().map(|w| i8::try_from(*w)).collect();
        match bytes {
            Ok(bytes) => {
                let bytes = self.graph.constant("weight", &shape, &bytes);
                self.graph.cast(&bytes, form.of())
            }
            // 128, of a weight of −128 in a channel whose sign was changed.
            Err(_) => {
                let values: Vec<f64> = values.iter().map(|w| *w as f64).collect();
                self.graph.numbers("weight", form, &shape, &values)
            }
        }
    }

    /// Weights as their node takes them: a dense layer of several axes reads its weights by columns.
    fn arranged(&self, layer: &Layer) -> (Vec<usize>, Vec<i64>) {
        match (layer.window, &layer.shape[..]) {
            (None, &[outputs, inputs]) if layer.rank > 1 => {
                let at = |at: usize| layer.weights[at % outputs * inputs + at / outputs];
                (vec![inputs, outputs], (0..layer.weights.len()).map(at).collect())
            }
            _ => (layer.shape.clone(), layer.weights.clone()),
        }
    }
}

impl Graph {
    /// A layer of what the names stand for.
    pub(super) fn product(&mut self, layer: &Layer, x: &str, weights: &str, bias: Option<&str>) -> String {
        let inputs: Vec<&str> = [x, weights].into_iter().chain(bias).collect();
        match layer.window {
            Some((window, groups)) => self.conv(&inputs, &window, groups),
            None if layer.rank == 1 => self.node("Gemm", &inputs, &[Attr::Int("transB", 1)]),
            None => self.node("MatMul", &inputs[..2], &[]),
        }
    }
}

/// Binary digits behind the point that these have at most.
fn fraction(offsets: &[f64]) -> u32 {
    let digits =
        |offset: &f64| (0..32).find(|digits| (offset * f64::from(*digits).exp2()).fract() == 0.0).unwrap_or(32);
    offsets.iter().map(digits).max().unwrap_or(0)
}
