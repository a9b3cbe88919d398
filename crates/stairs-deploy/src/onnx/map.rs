//! Floats to integers, integers to integers by fixed-point maps, and integers to floats: in double precision, where every product and
//! sum is an integer below 2⁵³ times a power of two, or in integers of 64 bits.

use stairs_infer::Source;

use super::compare::{form, values};
use super::emit::Emitter;
use super::form::{Form, Held};
use super::graph::Type;

/// Integers below this are exact in double precision.
const EXACT: i128 = 1 << 53;

impl Emitter<'_> {
    /// ⌊x·2^fraction + ½⌋ within bounds.
    pub(super) fn fix(&mut self, source: Source, fraction: u8, low: i32, high: i32) -> Held {
        let mut x = self.float(source);
        if source != Source::Input {
            // Float layers can make NaN of infinities, which counts as 0.
            let nan = self.graph.node("IsNaN", &[&x], &[]);
            let zero = self.graph.scalar(0f32);
            x = self.graph.node("Where", &[&nan, &zero, &x], &[]);
        }
        let x = self.graph.cast(&x, Type::Double);
        let scaled = self.graph.linear(&x, Form::Double, (1u64 << fraction.min(63)) as f64, 0.5);
        let whole = self.graph.node("Floor", &[&scaled], &[]);
        let (low, high) = (self.graph.scalar(f64::from(low)), self.graph.scalar(f64::from(high)));
        Held { name: self.graph.node("Clip", &[&whole, &low, &high], &[]), form: Form::Double }
    }

    /// ⌊(Σ mᵢ·vᵢ + b)/2^shift⌋ within bounds.
    pub(super) fn rescale(
        &mut self,
        inputs: &[Source],
        factors: &[Vec<i64>],
        offsets: &[i64],
        shift: u8,
        [low, high]: [i32; 2],
    ) -> Held {
        let reaches: Vec<i128> = inputs.iter().map(|source| self.range(*source).reach().into()).collect();
        let most = |c: usize| {
            let terms = factors.iter().zip(&reaches).map(|(m, reach)| i128::from(m[c]).abs() * reach);
            terms.sum::<i128>() + i128::from(offsets[c]).abs()
        };
        if (0..offsets.len()).any(|c| most(c) >= EXACT) {
            return self.rescale_in_integers(inputs, factors, offsets, shift, [low, high]);
        }
        // Whatever order the terms are added in, and whatever constants are folded, all of it is exact in this form.
        let small = (0..offsets.len()).all(|c| most(c) < super::fit::EXACT.into());
        let form = if small && i64::from(low).abs().max(high.into()) <= super::fit::EXACT {
            Form::Single
        } else {
            Form::Double
        };
        let unit = f64::from(shift).exp2();
        let scaled = |values: &[i64]| values.iter().map(|value| *value as f64 / unit).collect::<Vec<_>>();
        let factors: Vec<Vec<f64>> = factors.iter().map(|factors| scaled(factors)).collect();
        let sum = self.map(inputs, &factors, &scaled(offsets), form);
        let whole = if shift == 0 { sum } else { self.graph.node("Floor", &[&sum], &[]) };
        let (low, high) = (self.graph.number(form, low.into()), self.graph.number(form, high.into()));
        Held { name: self.graph.node("Clip", &[&whole, &low, &high], &[]), form }
    }

    /// Σ mᵢ·vᵢ + b, rounded to single precision.
    pub(super) fn affine(&mut self, inputs: &[Source], factors: &[Vec<f64>], offsets: &[f64]) -> Held {
        let sum = self.map(inputs, factors, offsets, Form::Double);
        Held { name: self.graph.cast(&sum, Type::Float), form: Form::Single }
    }

    /// Σ mᵢ·vᵢ + b, in the order of the inputs.
    fn map(&mut self, inputs: &[Source], factors: &[Vec<f64>], offsets: &[f64], form: Form) -> String {
        let rank = self.program.at(inputs[0]).0.len();
        let none = vec![0.0; offsets.len()];
        let mut sum: Option<String> = None;
        for (source, factors) in inputs.iter().zip(factors) {
            let x = if form == Form::Single { self.single(*source) } else { self.double(*source) };
            let term = self.graph.scaled(&x.name, form, rank, factors, &none);
            sum = Some(match sum {
                None => term,
                Some(before) => self.graph.node("Add", &[&before, &term], &[]),
            });
        }
        self.graph.scaled(&sum.unwrap_or_default(), form, rank, &vec![1.0; offsets.len()], offsets)
    }

    fn rescale_in_integers(
        &mut self,
        inputs: &[Source],
        factors: &[Vec<i64>],
        offsets: &[i64],
        shift: u8,
        [low, high]: [i32; 2],
    ) -> Held {
        let (shape, _) = self.program.at(inputs[0]);
        let axes: Vec<usize> = std::iter::once(offsets.len()).chain(std::iter::repeat_n(1, shape.len() - 1)).collect();
        let mut sum = self.graph.constant("offset", &axes, offsets);
        for (source, factors) in inputs.iter().zip(factors) {
            let x = self.double(*source).name;
            let x = self.graph.cast(&x, Type::I64);
            let factors = self.graph.constant("factor", &axes, factors);
            let term = self.graph.node("Mul", &[&x, &factors], &[]);
            sum = self.graph.node("Add", &[&sum, &term], &[]);
        }
        let most = i64::MAX >> shift;
        if shift > 0 {
            let mask = self.graph.scalar((1i64 << shift) - 1);
            let rest = self.graph.node("BitwiseAnd", &[&sum, &mask], &[]);
            sum = self.graph.node("Sub", &[&sum, &rest], &[]);
        }
        if i128::from(most) < EXACT {
            // Multiples of 2^shift, of which there are few enough for double precision.
            let double = self.graph.cast(&sum, Type::Double);
            let whole = self.graph.linear(&double, Form::Double, 1.0 / f64::from(shift).exp2(), 0.0);
            let (low, high) = (self.graph.scalar(f64::from(low)), self.graph.scalar(f64::from(high)));
            return Held { name: self.graph.node("Clip", &[&whole, &low, &high], &[]), form: Form::Double };
        }
        if shift > 0 {
            let unit = self.graph.scalar(1i64 << shift);
            sum = self.graph.node("Div", &[&sum, &unit], &[]);
        }
        let (low, high) = (self.graph.scalar(i64::from(low)), self.graph.scalar(i64::from(high)));
        let bounded = self.graph.node("Clip", &[&sum, &low, &high], &[]);
        Held { name: self.graph.cast(&bounded, Type::Double), form: Form::Double }
    }

    /// Floats to levels.
    pub(super) fn float_steps(&mut self, source: Source, thresholds: &[f32], levels: &[i32]) -> Held {
        let (x, form) = (self.float(source), form(levels));
        Held { name: self.graph.levels(&x, thresholds, (&values(levels), form)), form }
    }
}
