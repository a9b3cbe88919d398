//! What is known of a result before it is made integers or floats: an exact map of integers.
//!
//! ```text
//! y = sₙ(… s₁(Σᵢ Aᵢ·vᵢ + B))        for every channel
//! ```
//!
//! with integers vᵢ that the program has, and stages s: other affine maps behind a clamp, clamps, and pools that wait to be done on
//! what will be made of y.

use stairs_infer::{Source, Window};

use crate::exact::Real;

/// y as an exact map of integers.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// Where the vᵢ are; of one shape.
    pub(super) inputs: Vec<Source>,
    /// Their shape in the program, which may be a flat one.
    pub(super) shape: Vec<usize>,
    /// Aᵢ: for every input one number, or one for every channel of that shape.
    pub(super) factors: Vec<Vec<Real>>,
    /// B: one number, or one a channel.
    pub(super) offsets: Vec<Real>,
    /// s₁, s₂, …
    pub(super) stages: Vec<Stage>,
}

/// A stage of a form.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// min(max(x, low), high).
    Clamp(Real, Option<Real>),
    /// a·x + b.
    Affine(Vec<Real>, Vec<Real>),
    /// The largest of each window, and the shape behind it.
    Pool(Window, Vec<usize>),
}

/// The number of channel `c` in a list of one number, or one a channel.
pub(super) fn of(numbers: &[Real], c: usize) -> &Real {
    if numbers.len() == 1 { &numbers[0] } else { &numbers[c] }
}

fn zipped(a: &[Real], b: &[Real], f: impl Fn(&Real, &Real) -> Real) -> Vec<Real> {
    (0..a.len().max(b.len())).map(|c| f(of(a, c), of(b, c))).collect()
}

/// The condition on one integer under which y passes a threshold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// Whatever the integer is.
    Always,
    /// For no integer.
    Never,
    /// v ≥ it.
    AtLeast(i64),
    /// v ≤ it.
    AtMost(i64),
}

impl Form {
    /// The integers at `source` times one number.
    pub(super) fn plain(source: Source, shape: Vec<usize>, factor: Real) -> Self {
        let (factors, offsets) = (vec![vec![factor]], vec![Real::zero()]);
        Self { inputs: vec![source], shape, factors, offsets, stages: Vec::new() }
    }

    /// The integers and the number they are multiplied with, where that is all there is.
    pub(super) fn integers(&self) -> Option<(Source, &Real)> {
        match (&self.inputs[..], &self.factors[..], &self.stages[..]) {
            ([source], [factors], []) if self.offsets.iter().all(Real::is_zero) => {
                let first = &factors[0];
                (first.sign() > 0 && factors.iter().all(|factor| factor == first)).then_some((*source, first))
            }
            _ => None,
        }
    }

    /// Channels of the integers.
    pub(super) fn channels(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Whether y is one affine map of one integer, without stages.
    pub(super) fn is_single(&self) -> bool {
        self.inputs.len() == 1 && self.stages.is_empty()
    }

    /// Parameters of a network's channels for the channels of this shape, which may be elements of them.
    pub(super) fn spread(&self, numbers: Vec<Real>) -> Vec<Real> {
        let channels = self.channels();
        if numbers.len() <= 1 || numbers.len() == channels {
            return numbers;
        }
        let each = channels / numbers.len();
        numbers.into_iter().flat_map(|number| std::iter::repeat_n(number, each)).collect()
    }

    /// a·y + b, with one number, or one a channel of this shape, each.
    pub(super) fn then(mut self, a: Vec<Real>, b: Vec<Real>) -> Self {
        if self.stages.is_empty() {
            self.factors = self.factors.iter().map(|factors| zipped(factors, &a, Real::mul)).collect();
            self.offsets = zipped(&zipped(&self.offsets, &a, Real::mul), &b, Real::add);
        } else {
            self.stages.push(Stage::Affine(a, b));
        }
        self
    }

    /// The sum of two forms of one shape without stages.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        for (source, factors) in other.inputs.iter().zip(&other.factors) {
            match sum.inputs.iter().position(|input| input == source) {
                Some(at) => sum.factors[at] = zipped(&sum.factors[at], factors, Real::add),
                None => {
                    sum.inputs.push(*source);
                    sum.factors.push(factors.clone());
                }
            }
        }
        sum.offsets = zipped(&sum.offsets, &other.offsets, Real::add);
        sum
    }

    /// Whether y does not fall in any integer, in any channel, up to stage `stages`.
    pub(super) fn rises(&self, stages: usize) -> bool {
        let rise = |numbers: &[Real]| numbers.iter().all(|number| number.sign() >= 0);
        let stage = |stage: &Stage| !matches!(stage, Stage::Affine(a, _) if !rise(a));
        self.factors.iter().all(|factors| rise(factors)) && self.stages[..stages].iter().all(stage)
    }

    /// When y of channel `c`, of one integer, is at least `threshold`, or above it if `strict`.
    pub(super) fn condition(&self, c: usize, threshold: &Real, strict: bool) -> Condition {
        let (mut at, mut up) = (threshold.clone(), true);
        let affine = |at: &Real, up: bool, a: &Real, b: &Real| -> Result<(Real, bool), Condition> {
            let rest = at.sub(b);
            match (a.sign(), a.inverse()) {
                (0, _) | (_, None) => {
                    // 0 against what is left: 0 ≥ rest, or 0 ≤ rest.
                    let sign = if up { -rest.sign() } else { rest.sign() };
                    let passes = if strict { sign > 0 } else { sign >= 0 };
                    Err(if passes { Condition::Always } else { Condition::Never })
                }
                (sign, Some(inverse)) => Ok((rest.mul(&inverse), if sign > 0 { up } else { !up })),
            }
        };
        let passed = |beyond: bool| if beyond { Condition::Always } else { Condition::Never };
        for stage in self.stages.iter().rev() {
            match stage {
                Stage::Pool(..) => {}
                Stage::Affine(a, b) => match affine(&at, up, of(a, c), of(b, c)) {
                    Ok(next) => (at, up) = next,
                    Err(decided) => return decided,
                },
                Stage::Clamp(low, high) => {
                    // Signs of threshold − low and of threshold − high.
                    let low = at.sub(low).sign();
                    let high = high.as_ref().map_or(-1, |high| at.sub(high).sign());
                    let (all, none) = match (up, strict) {
                        (true, false) => (low <= 0, high > 0),
                        (true, true) => (low < 0, high >= 0),
                        (false, false) => (high >= 0, low < 0),
                        (false, true) => (high > 0, low <= 0),
                    };
                    if all || none {
                        return passed(all);
                    }
                }
            }
        }
        match affine(&at, up, of(&self.factors[0], c), of(&self.offsets, c)) {
            Err(decided) => decided,
            Ok((at, true)) => Condition::AtLeast(clamped(if strict { at.floor() + 1 } else { at.ceil() })),
            Ok((at, false)) => Condition::AtMost(clamped(if strict { at.ceil() - 1 } else { at.floor() })),
        }
    }

    /// An interval that holds y of every channel before its stages, and behind the last clamp that is followed by no affine map, for
    /// inputs within these magnitudes.
    pub(super) fn bounds(&self, ranges: &[stairs_infer::Range]) -> (f64, f64) {
        let channel = |c: usize| {
            let mut bounds = (of(&self.offsets, c).approximate(), of(&self.offsets, c).approximate());
            for (factors, range) in self.factors.iter().zip(ranges) {
                let a = of(factors, c).approximate();
                let (x, y) = (a * f64::from(range.low), a * f64::from(range.high));
                bounds = (bounds.0 + x.min(y), bounds.1 + x.max(y));
            }
            for stage in &self.stages {
                match stage {
                    Stage::Clamp(low, high) => {
                        let (low, high) = (low.approximate(), high.as_ref().map_or(f64::INFINITY, Real::approximate));
                        bounds = (bounds.0.clamp(low, high), bounds.1.clamp(low, high));
                    }
                    Stage::Affine(a, b) => {
                        let (a, b) = (of(a, c).approximate(), of(b, c).approximate());
                        let (x, y) = (a * bounds.0 + b, a * bounds.1 + b);
                        bounds = (x.min(y), x.max(y));
                    }
                    Stage::Pool(..) => {}
                }
            }
            bounds
        };
        let wider = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
        let (low, high) = (0..self.channels().max(1)).map(channel).reduce(wider).unwrap_or((0.0, 0.0));
        let slack = (low.abs().max(high.abs())) * 1e-9 + f64::MIN_POSITIVE;
        (low - slack, high + slack)
    }
}

/// As a number of 64 bits, or the one nearest to it.
fn clamped(value: num_bigint::BigInt) -> i64 {
    use num_traits::{Signed, ToPrimitive};
    value.to_i64().unwrap_or(if value.is_negative() { i64::MIN } else { i64::MAX })
}
