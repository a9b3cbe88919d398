//! QONNX: weights by `Quant` and `BipolarQuant`, features by `MultiThreshold`.
//!
//! All tensors are single precision, as its tools want them; sums are exact as in [`layer`](super::layer). Thresholds are counted
//! (x ≥ t), never rounded, so that no rounding mode of `Quant` is asked to equal a stair.

use super::OnnxError;
use super::compare::form;
use super::emit::Emitter;
use super::fit::EXACT;
use super::form::{Form, Held};
use super::graph::{Attr, Type};
use super::layer::Layer;
use super::stair::Stair;

impl Emitter<'_> {
    /// Weights of this shape.
    pub(super) fn quantised_weights(&mut self, shape: &[usize], values: &[i64]) -> String {
        let numbers: Vec<f32> = values.iter().map(|w| *w as f32).collect();
        let (low, high) = values.iter().fold((0, 0), |(low, high), w| (low.min(*w), high.max(*w)));
        let numbers = self.graph.constant("weight", shape, &numbers);
        let one = self.graph.scalar(1f32);
        if !values.is_empty() && values.iter().all(|w| w.abs() == 1) {
            return self.graph.custom("BipolarQuant", &[&numbers, &one], &[]);
        }
        let bits = (2..9).find(|bits| -(1 << (bits - 1)) <= low && high < 1 << (bits - 1)).unwrap_or(9);
        let narrow = low > -(1 << (bits - 1));
        let (zero, bits) = (self.graph.scalar(0f32), self.graph.scalar(bits as f32));
        let attributes =
            [Attr::Int("signed", 1), Attr::Int("narrow", narrow.into()), Attr::Text("rounding_mode", "ROUND")];
        self.graph.custom("Quant", &[&numbers, &one, &zero, &bits], &attributes)
    }

    /// A stair behind a layer, whose signs are those of the stair.
    pub(super) fn behind_in_qonnx(
        &mut self,
        layer: &Layer,
        stair: &Stair,
        sums: &[(i64, i64)],
    ) -> Result<Held, OnnxError> {
        let reach = self.range(layer.source).reach();
        let most = layer.magnitudes().into_iter().max().unwrap_or(0) * reach;
        // Sums that single precision does not hold are made small where thresholds are.
        let offset = |c: usize| {
            let count = stair.count(c, sums[c]);
            let middle = count.thresholds.get(count.thresholds.len() / 2).copied().unwrap_or(0);
            -(middle.clamp(count.low, count.high) as f64)
        };
        let offsets: Vec<f64> = (0..sums.len()).map(|c| if most < EXACT { 0.0 } else { offset(c) }).collect();
        let held = self.product(layer, (most >= EXACT).then_some(&offsets))?;
        Ok(self.thresholds_in_qonnx(&held, stair, sums, &offsets, layer.rank))
    }

    /// The levels of sums with these offsets.
    pub(super) fn thresholds_in_qonnx(
        &mut self,
        held: &Held,
        stair: &Stair,
        sums: &[(i64, i64)],
        offsets: &[f64],
        rank: usize,
    ) -> Held {
        let row = |c: usize| {
            let count = stair.count(c, sums[c]);
            let near = move |t: &i64| (*t).clamp(count.low, count.high.saturating_add(1)) as f64 + offsets[c];
            count.thresholds.iter().map(near).collect::<Vec<f64>>()
        };
        let rows: Vec<Vec<f64>> = (0..sums.len()).map(row).collect();
        let steps = stair.levels.len() - 1;
        let levels = form(&stair.levels);
        if steps == 0 {
            let level = self.graph.number(levels, stair.levels[0].into());
            let shape = self.graph.node("Shape", &[&held.name], &[]);
            return Held { name: self.graph.node("Expand", &[&level, &shape], &[]), form: levels };
        }
        // Rounding to single precision keeps order, so that only thresholds must be exact in it.
        let exact = rows.iter().flatten().all(|t| t.abs() <= EXACT as f64);
        let (name, form) = match (held.form, exact) {
            (Form::Double, true) => (self.graph.cast(&held.name, Type::Float), Form::Single),
            (form, _) => (held.name.clone(), form),
        };
        let same = rows.windows(2).all(|pair| pair[0] == pair[1]);
        let rows = if same { &rows[..1] } else { &rows[..] };
        let thresholds = self.graph.numbers("thresholds", form, &[rows.len(), steps], &rows.concat());
        let first = f64::from(stair.levels[0]);
        let step = f64::from(stair.levels[1]) - first;
        let even = levels == Form::Single
            && stair.levels.windows(2).all(|pair| f64::from(pair[1]) - f64::from(pair[0]) == step);
        let (scale, bias) = if even { (step, first) } else { (1.0, 0.0) };
        let (low, high) = match even {
            true => (first.min(first + step * steps as f64), first.max(first + step * steps as f64)),
            false => (0.0, steps as f64),
        };
        let datatype = datatype(low as i64, high as i64, (low, high) == (-1.0, 1.0) && steps == 1);
        let mut attributes = vec![
            Attr::Float("out_scale", scale as f32),
            Attr::Float("out_bias", bias as f32),
            Attr::Text("out_dtype", &datatype),
        ];
        // Channels are the first axis behind the batch; without a name, some ranks would be read otherwise.
        if let Some(layout) = ["NC", "NCW", "NCHW"].get(rank.wrapping_sub(1)) {
            attributes.push(Attr::Text("data_layout", layout));
        }
        let name = self.graph.custom("MultiThreshold", &[&name, &thresholds], &attributes);
        if even {
            return Held {
                name: if form == levels { name } else { self.graph.cast(&name, levels.of()) },
                form: levels,
            };
        }
        let counts = self.graph.cast(&name, Type::I64);
        let values: Vec<f64> = stair.levels.iter().map(|level| f64::from(*level)).collect();
        let table = self.graph.numbers("levels", levels, &[values.len()], &values);
        Held { name: self.graph.node("Gather", &[&table, &counts], &[Attr::Int("axis", 0)]), form: levels }
    }
}

/// QONNX's name of the integers from `low` to `high`.
fn datatype(low: i64, high: i64, signs: bool) -> String {
    match (low, high) {
        (-1, 1) if signs => "BIPOLAR".to_owned(),
        (-1, 1) => "TERNARY".to_owned(),
        (0, 1) => "BINARY".to_owned(),
        (0.., _) => format!("UINT{}", (1..33).find(|bits| high < 1 << bits).unwrap_or(32)),
        _ => {
            let bits = (1..33).find(|bits| -(1 << (bits - 1)) <= low && high < 1 << (bits - 1));
            format!("INT{}", bits.unwrap_or(32))
        }
    }
}
