//! Quantisers of features.

use rayon::prelude::*;
use stairs_infer::{Op, Source, Thresholds};
use stairs_network::{Source as From, Stair};

use super::form::{Condition, Form, Stage};
use super::stair::Steps;
use super::sum::{BITS, Fixed, MOST};
use super::values::{exact, fraction};
use super::{Lowering, RoundingKind, State};
use crate::DeployError;
use crate::exact::Real;

impl Lowering<'_> {
    pub(super) fn stair(&mut self, path: &str, input: From, stair: &Stair) -> Result<State, DeployError> {
        let wrong = || DeployError::Parameter { path: path.to_owned(), what: "levels and thresholds", needs: "finite" };
        let steps = Steps::new(stair).ok_or_else(wrong)?;
        if steps.error > 0.0 {
            self.rounding(path, RoundingKind::Levels, steps.error);
        }
        let source = match self.state(input) {
            State::Float(source) => self.of_floats(path, &steps, source)?,
            State::Form(form) if form.inputs.len() == 1 => self.of_one(path, &steps, &form)?,
            State::Form(form) => self.of_sum(path, &steps, stair, form)?,
        };
        let shape = self.builder.at(source).0.to_vec();
        Ok(State::Form(Form::plain(source, shape, steps.unit)))
    }

    fn of_floats(&mut self, path: &str, steps: &Steps, source: Source) -> Result<Source, DeployError> {
        let single = |threshold: &Real| {
            // The smallest number of single precision that passes.
            let near = threshold.approximate() as f32;
            let passes = |x: f32| {
                let sign = Real::from_f64(f64::from(x)).map_or(1, |x| x.sub(threshold).sign());
                if steps.strict { sign > 0 } else { sign >= 0 }
            };
            [near.next_down(), near, near.next_up()].into_iter().find(|x| passes(*x)).unwrap_or(f32::INFINITY)
        };
        let thresholds = steps.thresholds.iter().map(single).collect();
        self.push(path, Op::Steps { thresholds, levels: steps.levels.clone() }, &[source])
    }

    /// Thresholds of one integer; pools that wait are done on the levels.
    fn of_one(&mut self, path: &str, steps: &Steps, form: &Form) -> Result<Source, DeployError> {
        let conditions = |c: usize| -> Vec<Condition> {
            steps.thresholds.iter().map(|threshold| form.condition(c, threshold, steps.strict)).collect()
        };
        let uniform = form.factors[0].len() == 1
            && form.offsets.len() == 1
            && form.stages.iter().all(|stage| !matches!(stage, Stage::Affine(a, b) if a.len().max(b.len()) > 1));
        let channels: Vec<Vec<Condition>> = match uniform {
            true => vec![conditions(0)],
            false => (0..form.channels()).into_par_iter().map(conditions).collect(),
        };
        let falls = |of: &Vec<Condition>| of.iter().any(|condition| matches!(condition, Condition::AtMost(_)));
        let mut falling: Vec<bool> = channels.iter().map(falls).collect();
        let number = |condition: &Condition, falls: bool| match (condition, falls) {
            (Condition::AtLeast(t) | Condition::AtMost(t), _) => {
                i32::try_from(*t).unwrap_or(if *t < 0 { i32::MIN } else { i32::MAX })
            }
            (Condition::Always, false) | (Condition::Never, true) => i32::MIN,
            (Condition::Never, false) | (Condition::Always, true) => i32::MAX,
        };
        let numbers = |(of, falls): (&Vec<Condition>, &bool)| of.iter().map(|c| number(c, *falls)).collect::<Vec<_>>();
        let mut values: Vec<i32> = channels.iter().zip(&falling).flat_map(numbers).collect();
        if uniform && falling[0] {
            // Directions are a channel's, and so are thresholds then.
            values = values.repeat(form.channels());
            falling = vec![true; form.channels()];
        }
        if !falling.contains(&true) {
            falling.clear();
        }
        let thresholds = Thresholds { values, falling, levels: steps.levels.clone() };
        let mut source = self.push(path, Op::Thresholds(thresholds), &form.inputs)?;
        for stage in &form.stages {
            if let Stage::Pool(window, _) = stage {
                source = self.push(path, Op::MaxPool(*window), &[source])?;
            }
        }
        Ok(source)
    }

    /// Levels of a sum of several integers.
    fn of_sum(&mut self, path: &str, steps: &Steps, stair: &Stair, form: Form) -> Result<Source, DeployError> {
        let ranges = self.ranges(&form.inputs);
        let bare = Form { stages: Vec::new(), ..form.clone() };
        if let Some((spacing, first)) =
            steps.spacing(stair).zip(steps.thresholds.first()).filter(|_| form.stages.is_empty())
        {
            // (y − θ₁)/δ + 1 levels above the lowest.
            let one = exact(path, "levels", f64::from(steps.levels[0]) + 1.0)?;
            let shifted = Form { offsets: bare.offsets.iter().map(|b| b.sub(first)).collect(), ..bare.clone() };
            let (low, first) = (steps.levels[0], i64::from(steps.levels[0]) + 1);
            let exact =
                |fixed: &Fixed| fixed.is_exact(&bare, &ranges, &steps.thresholds, steps.strict, first) == Some(true);
            let fixed = |bits| Fixed::new(&shifted, &ranges, &spacing, &one, steps.strict, bits);
            let proved = BITS.into_iter().filter_map(fixed).find(exact);
            let kind = if proved.is_some() { RoundingKind::Proved } else { RoundingKind::Bounded };
            if let Some(fixed) = proved.or_else(|| fixed(MOST)) {
                self.rounding(path, kind, fixed.error * spacing.approximate());
                return self.push(path, fixed.op(low, steps.levels[steps.levels.len() - 1]), &form.inputs);
            }
        }
        // Any stair: the sum in fixed point first.
        let bounds = form.bounds(&ranges);
        let digits = fraction(bounds.0.abs().max(bounds.1.abs()), 1.0);
        let needs = "sums that fixed point of 32 bits holds";
        let wrong = || DeployError::Parameter { path: path.to_owned(), what: "input", needs };
        let digits = digits.ok_or_else(wrong)?;
        let source = self.fix(path, &form, digits)?.ok_or_else(wrong)?;
        let shape = self.builder.at(source).0.to_vec();
        self.of_one(path, steps, &Form::plain(source, shape, Real::power_of_two(-digits)))
    }

    pub(super) fn clip(&mut self, path: &str, input: From, low: f64, high: f64) -> Result<State, DeployError> {
        match self.state(input) {
            State::Float(source) => {
                self.island(path, "reads floats");
                let op = Op::Clip { low: low as f32, high: high as f32 };
                Ok(State::Float(self.push(path, op, &[source])?))
            }
            State::Form(mut form) => {
                let low = exact(path, "lower bound", low)?;
                form.stages.push(Stage::Clamp(low, Real::from_f64(high)));
                Ok(State::Form(form))
            }
        }
    }
}
