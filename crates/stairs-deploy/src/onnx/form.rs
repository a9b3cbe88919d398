//! The forms in which integers are held between nodes.
//!
//! | form | numbers | used by |
//! |---|---|---|
//! | code | bytes q, the integer is step·(q − zero) | quantised products, pools |
//! | single | single precision, where integers stay below 2²⁴ | products whose sums are needed themselves |
//! | double | double precision, always exact | fixed-point maps, affine maps, wide sums |
//!
//! A result is held in the form its operation gives; others are made of it when a reader needs them, once.

use stairs_infer::{Range, Source};

use super::emit::{Dialect, Emitter};
use super::fit::EXACT;
use super::graph::{Graph, Type};
use super::stair;

/// How integers are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Bytes: the integer is step·(q − zero).
    Code { zero: i32, step: i32 },
    /// Single precision.
    Single,
    /// Double precision.
    Double,
}

/// A tensor that holds a result.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) name: String,
    pub(super) form: Form,
}

impl Emitter<'_> {
    pub(super) fn range(&self, source: Source) -> Range {
        self.program.at(source).1.range().unwrap_or(Range::new(0, 0))
    }

    /// The tensor of floats.
    pub(super) fn float(&self, source: Source) -> String {
        match source {
            Source::Input => self.input.clone(),
            Source::Node(node) => self.held[node].first().map(|held| held.name.clone()).unwrap_or_default(),
        }
    }

    fn found(&self, source: Source, wanted: impl Fn(Form) -> bool) -> Option<Held> {
        let Source::Node(node) = source else { return None };
        self.held[node].iter().find(|held| wanted(held.form)).cloned()
    }

    fn keep(&mut self, source: Source, name: String, form: Form) -> Held {
        let held = Held { name, form };
        if let Source::Node(node) = source {
            self.held[node].push(held.clone());
        }
        held
    }

    /// Whether single precision holds all integers of a result.
    pub(super) fn is_single(&self, source: Source) -> bool {
        self.range(source).reach() <= EXACT
    }

    /// A result in the form of fewest bytes that is there.
    pub(super) fn narrow(&mut self, source: Source) -> Held {
        let code = self.found(source, |form| matches!(form, Form::Code { .. }));
        code.or_else(|| self.found(source, |form| form == Form::Single)).unwrap_or_else(|| self.double(source))
    }

    /// As bytes, where they fit.
    pub(super) fn code(&mut self, source: Source) -> Option<Held> {
        if self.dialect == Dialect::Qonnx {
            return None;
        }
        if let Some(held) = self.found(source, |form| matches!(form, Form::Code { .. })) {
            return Some(held);
        }
        let zero = stair::zero(self.range(source))?;
        let name = match self.found(source, |form| form == Form::Single) {
            Some(held) => {
                let (one, zero) = (self.graph.scalar(1f32), self.graph.scalar(zero as u8));
                self.graph.node("QuantizeLinear", &[&held.name, &one, &zero], &[])
            }
            None => {
                let double = self.double(source).name;
                let shifted = self.graph.plus(&double, f64::from(zero));
                self.graph.cast(&shifted, Type::U8)
            }
        };
        Some(self.keep(source, name, Form::Code { zero, step: 1 }))
    }

    /// In single precision; only for what it holds.
    pub(super) fn single(&mut self, source: Source) -> Held {
        self.wide(source, Form::Single)
    }

    /// In double precision.
    pub(super) fn double(&mut self, source: Source) -> Held {
        self.wide(source, Form::Double)
    }

    fn wide(&mut self, source: Source, form: Form) -> Held {
        if let Some(held) = self.found(source, |its| its == form) {
            return held;
        }
        let from = self.found(source, |_| true).unwrap_or(Held { name: String::new(), form });
        let mut name = self.graph.cast(&from.name, form.of());
        // Not by a node that dequantises: onnxruntime takes it for leave to quantise what follows.
        if let Form::Code { zero, step } = from.form {
            name = self.graph.linear(&name, form, step.into(), -f64::from(zero) * f64::from(step));
        }
        self.keep(source, name, form)
    }
}

impl Form {
    /// Type of its numbers.
    pub(super) fn of(self) -> Type {
        match self {
            Self::Code { .. } => Type::U8,
            Self::Single => Type::Float,
            Self::Double => Type::Double,
        }
    }
}

impl Graph {
    /// factor·x + offset, for all numbers the same.
    pub(super) fn linear(&mut self, name: &str, form: Form, factor: f64, offset: f64) -> String {
        let mut name = name.to_owned();
        for (op, value, nothing) in [("Mul", factor, 1.0), ("Add", offset, 0.0)] {
            if value != nothing {
                let constant = self.number(form, value);
                name = self.node(op, &[&name, &constant], &[]);
            }
        }
        name
    }

    fn plus(&mut self, name: &str, offset: f64) -> String {
        self.linear(name, Form::Double, 1.0, offset)
    }

    /// factor·x + offset for each channel of results of `rank` axes.
    pub(super) fn scaled(&mut self, name: &str, form: Form, rank: usize, factors: &[f64], offsets: &[f64]) -> String {
        let mut name = name.to_owned();
        for (op, what, values, nothing) in [("Mul", "factor", factors, 1.0), ("Add", "offset", offsets, 0.0)] {
            if values.iter().any(|value| *value != nothing) {
                let values = self.channels(what, form, rank, values);
                name = self.node(op, &[&name, &values], &[]);
            }
        }
        name
    }

    /// A constant of this form.
    pub(super) fn number(&mut self, form: Form, value: f64) -> String {
        if form == Form::Double { self.scalar(value) } else { self.scalar(value as f32) }
    }

    /// Constants of this form.
    pub(super) fn numbers(&mut self, what: &str, form: Form, shape: &[usize], values: &[f64]) -> String {
        if form == Form::Double {
            return self.constant(what, shape, values);
        }
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        self.constant(what, shape, &values)
    }

    /// One constant a channel of results of `rank` axes; one for all if they are the same.
    pub(super) fn channels(&mut self, what: &str, form: Form, rank: usize, values: &[f64]) -> String {
        if values.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits())
            && let Some(value) = values.first()
        {
            return self.number(form, *value);
        }
        let shape: Vec<usize> =
            std::iter::once(values.len()).chain(std::iter::repeat_n(1, rank.saturating_sub(1))).collect();
        self.numbers(what, form, &shape, values)
    }
}
