//! Stairs of integers, alone or behind the product that nothing else reads.
//!
//! Tried in this order, for all channels of a layer together:
//!
//! 1. the requantised form: bytes times bytes, one fused node in onnxruntime ([`fit`](super::fit));
//! 2. the divided form: sums in single precision, exact, and one `QuantizeLinear` with a scale for each channel;
//! 3. a straight line in double precision, rounded down;
//! 4. the same, one too low at most, and one comparison;
//! 5. comparisons.

use stairs_infer::{Op, Source, Window};

use super::OnnxError;
use super::emit::{Dialect, Emitter};
use super::fit::{Divided, Floored};
use super::form::{Form, Held};
use super::graph::{Attr, Type};
use super::layer::Layer;
use super::stair::{Code, Stair};

/// Counts as bytes.
const BYTES: Form = Form::Code { zero: 0, step: 1 };

/// A pool behind a stair.
#[derive(Clone, Copy)]
pub(super) struct Pool {
    window: Window,
    /// Whether only fused convolutions read it: onnxruntime pools bytes quickly between those, and slowly elsewhere.
    quick: bool,
}

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
        match (self.stair(index), &node.op) {
            (Some(stair), _) => match self.waiting(source).and_then(|before| Layer::of(self.program, before)) {
                Some(layer) => self.behind(layer, &stair, None),
                None => Ok(self.alone(source, &stair)),
            },
            (None, Op::Rescale { factors, offsets, shift, low, high }) => {
                Ok(self.rescale(&node.inputs, factors, offsets, *shift, [*low, *high]))
            }
            // No other operation comes here.
            (None, _) => Ok(self.double(source)),
        }
    }

    /// The stair that a node is.
    pub(super) fn stair(&self, index: usize) -> Option<Stair> {
        let node = &self.program.nodes()[index];
        Stair::of(&node.op, *node.shape.first()?)
    }

    /// The largest levels of windows, the stair and the product before them written with them where they wait for it.
    pub(super) fn pooled(&mut self, index: usize, window: &Window) -> Result<Held, OnnxError> {
        let source = self.program.nodes()[index].inputs[0];
        let pool = Pool { window: *window, quick: self.feeds_products(index) };
        let stair = self.waiting(source).and_then(|stair| Some((stair, self.stair(stair)?)));
        let layer = stair.as_ref().and_then(|(stair, _)| self.waiting(self.program.nodes()[*stair].inputs[0]));
        match (stair, layer.and_then(|layer| Layer::of(self.program, layer))) {
            (Some((_, stair)), Some(layer)) => self.behind(layer, &stair, Some(pool)),
            _ => {
                let (held, range) = (self.narrow(source), self.range(source));
                Ok(self.pool(held, Some(pool), range.low))
            }
        }
    }

    /// Integers not below `low` through a pool, if there is one.
    fn pool(&mut self, held: Held, pool: Option<Pool>, low: i32) -> Held {
        let Some(Pool { window, quick }) = pool else { return held };
        let name = match held.form {
            Form::Code { .. } if quick => self.graph.max_pool(&held.name, &window, Type::U8, 0.0),
            Form::Code { .. } => {
                let floats = self.graph.cast(&held.name, Type::Float);
                let pooled = self.graph.max_pool(&floats, &window, Type::Float, 0.0);
                self.graph.cast(&pooled, Type::U8)
            }
            form => self.graph.max_pool(&held.name, &window, form.of(), low.into()),
        };
        Held { name, ..held }
    }

    /// A stair, and perhaps a pool, behind a layer.
    fn behind(&mut self, mut layer: Layer, stair: &Stair, pool: Option<Pool>) -> Result<Held, OnnxError> {
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
            let counts = self.pool(Held { name: counts, form: BYTES }, pool, 0).name;
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
            let mut held = self.rounded(held);
            if let Some(Pool { window, .. }) = pool {
                // Stairs that rise and maxima can change places, and there is less to do behind a pool.
                held.name = self.graph.max_pool(&held.name, &window, Type::Float, f64::NEG_INFINITY);
            }
            let counts = self.divided(&held, &fits);
            return Ok(self.coded(&counts, stair, code));
        }
        let rank = layer.rank;
        let held = self.product(&layer, None)?;
        if few && let Some(lines) = lines(stair, &sums, unit) {
            let double = self.doubled(held);
            let counts = self.floored(&double, &lines, rank, stair, unit);
            let pool = pool.map(|pool| Pool { quick: false, ..pool });
            let counts = self.pool(Held { name: counts, form: BYTES }, pool, 0).name;
            return Ok(self.coded(&counts, stair, code));
        }
        if few && let Some(lines) = nearly(stair, &sums) {
            let double = self.doubled(held);
            let counts = self.corrected(&double, &lines, stair, &sums, rank);
            let pool = pool.map(|pool| Pool { quick: false, ..pool });
            let counts = self.pool(Held { name: counts, form: BYTES }, pool, 0).name;
            return Ok(self.levels(counts, stair, code));
        }
        let held = self.comparable(held, &sums);
        let held = self.compare(&held, stair, &sums, rank);
        let low = stair.levels.iter().copied().min().unwrap_or(0);
        Ok(self.pool(held, pool, low))
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
            let held = if form == Form::Single { self.single(source) } else { self.double(source) };
            let factors: Vec<f64> =
                fits.iter().zip(&stair.signs).map(|(fit, sign)| (fit.factor * sign) as f64).collect();
            let offsets: Vec<f64> = fits.iter().map(|fit| fit.offset).collect();
            let name = self.graph.scaled(&held.name, form, rank, &factors, &offsets);
            let held = self.rounded(Held { name, form });
            let counts = self.divided(&held, &fits);
            return self.coded(&counts, stair, code);
        }
        if few && let Some(mut lines) = lines(stair, &sums, unit) {
            lines.iter_mut().zip(&stair.signs).for_each(|(line, sign)| line.factor *= *sign as f64);
            let held = self.double(source).name;
            let counts = self.floored(&held, &lines, rank, stair, unit);
            return self.coded(&counts, stair, code);
        }
        let held = self.signed(source, stair);
        if few && let Some(lines) = nearly(stair, &sums) {
            let double = self.doubled(held);
            let counts = self.corrected(&double, &lines, stair, &sums, rank);
            return self.levels(counts, stair, code);
        }
        self.compare(&held, stair, &sums, rank)
    }

    /// Sums in double precision.
    fn doubled(&mut self, held: Held) -> String {
        if held.form == Form::Double { held.name } else { self.graph.cast(&held.name, Type::Double) }
    }

    /// Sums rounded to single precision.
    fn rounded(&mut self, held: Held) -> Held {
        let name = if held.form == Form::Double { self.graph.cast(&held.name, Type::Float) } else { held.name };
        Held { name, form: Form::Single }
    }

    /// ⌊p·v + q⌋ as bytes: what is not negative is cut off at the point by a cast.
    fn floored(&mut self, double: &str, lines: &[Floored], rank: usize, stair: &Stair, unit: i64) -> String {
        let factors: Vec<f64> = lines.iter().map(|line| line.factor).collect();
        let offsets: Vec<f64> = lines.iter().map(|line| line.offset).collect();
        let line = self.graph.scaled(double, Form::Double, rank, &factors, &offsets);
        let top = (stair.levels.len() as i64 - 1) * unit;
        let (low, high) = (self.graph.scalar(0f64), self.graph.scalar(top as f64 + 0.5));
        let bounded = self.graph.node("Clip", &[&line, &low, &high], &[]);
        self.graph.cast(&bounded, Type::U8)
    }

    /// Sums in a form in which their differences from thresholds are exact.
    fn comparable(&mut self, held: Held, sums: &[(i64, i64)]) -> Held {
        let most = sums.iter().map(|(low, high)| low.abs().max(high.abs())).max().unwrap_or(0);
        if held.form == Form::Double || most < super::fit::EXACT / 4 {
            return held;
        }
        Held { name: self.graph.cast(&held.name, Type::Double), form: Form::Double }
    }

    /// round(v/x) as bytes, for sums with their offsets in single precision.
    fn divided(&mut self, held: &Held, fits: &[Divided]) -> String {
        let steps: Vec<f32> = fits.iter().map(|fit| fit.step).collect();
        let steps = self.graph.constant("step", &[steps.len()], &steps);
        let zeros = self.graph.constant("zero", &[fits.len()], &vec![0u8; fits.len()]);
        self.graph.node("QuantizeLinear", &[&held.name, &steps, &zeros], &[Attr::Int("axis", 1)])
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
        self.levels(name, stair, code)
    }

    /// Counts as levels. Where bytes are levels only of a unit above 1, there are two, and few thresholds are not counted so.
    fn levels(&mut self, name: String, stair: &Stair, code: Option<Code>) -> Held {
        match code {
            Some(Code { zero, step, .. }) => Held { name, form: Form::Code { zero, step } },
            None => self.table(&name, stair),
        }
    }
}

/// Lines that give the counts of all channels or one less, where there are more than a few thresholds.
fn nearly(stair: &Stair, sums: &[(i64, i64)]) -> Option<Vec<Floored>> {
    let many = stair.levels.len() > super::compare::CHAIN;
    (0..sums.len()).map(|c| stair.count(c, sums[c]).nearly().filter(|_| many)).collect()
}

/// The straight lines of all channels.
fn lines(stair: &Stair, sums: &[(i64, i64)], unit: i64) -> Option<Vec<Floored>> {
    (0..sums.len()).map(|c| stair.line(c, sums[c], unit)).collect()
}
