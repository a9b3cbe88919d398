//! Forms as integers that a layer can read, and parameters as exact numbers.

use stairs_infer::{Op, Range, Source};
use stairs_network::Array;

use super::form::{Form, Stage, of};
use super::sum::{Fixed, MOST};
use super::{Lowering, RoundingKind, State};
use crate::DeployError;
use crate::exact::Real;

/// Binary digits behind the point that fixed-point numbers have at most: those of single precision.
const FRACTION: i32 = 24;

/// The values of a parameter.
pub(super) fn known<'a>(path: &str, what: &'static str, array: &'a Array) -> Result<&'a [f32], DeployError> {
    let values = array.values().ok_or_else(|| DeployError::NoValues { path: path.to_owned(), what })?;
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err(DeployError::Parameter { path: path.to_owned(), what, needs: "finite" }),
    }
}

/// A finite number, exactly.
pub(super) fn exact(path: &str, what: &'static str, value: f64) -> Result<Real, DeployError> {
    Real::from_f64(value).ok_or_else(|| DeployError::Parameter { path: path.to_owned(), what, needs: "finite" })
}

/// The values of a parameter, exactly.
pub(super) fn reals(path: &str, what: &'static str, array: &Array) -> Result<Vec<Real>, DeployError> {
    known(path, what, array)?.iter().map(|value| exact(path, what, f64::from(*value))).collect()
}

/// Integers, what one unit stands for, and the range they are in.
pub(super) type Integers = (Source, Real, Range);

impl Lowering<'_> {
    /// What a layer with integer weights reads: the integers themselves where that is all there is, else fixed-point numbers as fine as sums
    /// of `reach` times the largest still fit 32 bits. `None` for floats that are not the sample.
    pub(super) fn integers(
        &mut self,
        path: &str,
        source: stairs_network::Source,
        reach: f64,
    ) -> Result<Option<Integers>, DeployError> {
        let shape = self.network.shape(source).to_vec();
        let form = match self.state(source) {
            State::Float(Source::Input) => return self.sample(path, reach).map(Some),
            State::Float(_) => return Ok(None),
            State::Form(form) => form,
        };
        let form = self.squared(path, form, &shape)?;
        if let Some((source, unit)) = form.integers() {
            let range = self.ranges(&[source])[0];
            // Sums that cannot fit are made of coarser numbers below.
            if (range.reach() as f64) * reach < f64::from(i32::MAX) {
                return Ok(Some((source, unit.clone(), range)));
            }
        }
        let stairs_network::Source::Node(node) = source else { return Ok(None) };
        let bounds = form.bounds(&self.ranges(&form.inputs));
        let Some(fraction) = fraction(bounds.0.abs().max(bounds.1.abs()), reach) else { return Ok(None) };
        let source = match self.fixed.iter().find(|(at, digits, _)| (*at, *digits) == (Some(node), fraction)) {
            Some((_, _, source)) => *source,
            None => {
                let at = self.network.nodes()[node].path.clone();
                let Some(source) = self.fix(&at, &form, fraction)? else { return Ok(None) };
                self.fixed.push((Some(node), fraction, source));
                source
            }
        };
        Ok(Some((source, Real::power_of_two(-fraction), self.ranges(&[source])[0])))
    }

    /// The sample in fixed point.
    fn sample(&mut self, path: &str, reach: f64) -> Result<Integers, DeployError> {
        let most = self.options.reach;
        let digits = fraction(most, reach).filter(|digits| *digits >= 0);
        let needs = "small enough for sums of 32 bits: standardise the samples";
        let digits = digits.ok_or_else(|| DeployError::Parameter { path: path.to_owned(), what: "samples", needs })?;
        let high = (most * 2f64.powi(digits)).ceil() as i32;
        let source = match self.fixed.iter().find(|(at, found, _)| (*at, *found) == (None, digits)) {
            Some((_, _, source)) => *source,
            None => {
                let op = Op::Fix { fraction: digits as u8, low: -high, high };
                let source = self.push("input", op, &[Source::Input])?;
                self.fixed.push((None, digits, source));
                self.rounding("input", RoundingKind::Sample, 2f64.powi(-digits - 1));
                source
            }
        };
        Ok((source, Real::power_of_two(-digits), Range::new(-high, high)))
    }

    /// A form in fixed point with so many binary digits; `None` where there is no such map.
    pub(super) fn fix(&mut self, path: &str, form: &Form, fraction: i32) -> Result<Option<Source>, DeployError> {
        let within = form.bounds(&self.ranges(&form.inputs));
        self.fix_within(path, form, fraction, within)
    }

    /// The same for a form that is known to be within these bounds.
    fn fix_within(
        &mut self,
        path: &str,
        form: &Form,
        fraction: i32,
        within: (f64, f64),
    ) -> Result<Option<Source>, DeployError> {
        // Affine maps behind a clamp are done on a fixed-point number of their own.
        let split = form.stages.iter().position(|stage| !matches!(stage, Stage::Clamp(..)));
        let mut head = form.clone();
        let tail = head.stages.split_off(split.unwrap_or(form.stages.len()));
        let ranges = self.ranges(&head.inputs);
        let bounds = head.bounds(&ranges);
        let digits = match tail.is_empty() {
            true => fraction,
            false => match self::fraction(bounds.0.abs().max(bounds.1.abs()), 1.0) {
                Some(digits) => digits,
                None => return Ok(None),
            },
        };
        let half = Real::from_f64(0.5).unwrap_or_else(Real::zero);
        let unit = Real::power_of_two(-digits);
        let plain = Form { stages: Vec::new(), ..head.clone() };
        let Some(fixed) = Fixed::new(&plain, &ranges, &unit, &half, false, MOST) else { return Ok(None) };
        let scale = 2f64.powi(digits);
        let (low, high) = match tail.is_empty() {
            true => (bounds.0.max(within.0), bounds.1.min(within.1)),
            false => bounds,
        };
        let (low, high) = ((low * scale).floor(), (high * scale).ceil());
        let limit = f64::from(i32::MAX - 1);
        if low < -limit || high > limit {
            return Ok(None);
        }
        let error = (fixed.error + 0.5) / scale;
        let source = self.push(path, fixed.op(low as i32, high as i32), &head.inputs)?;
        self.rounding(path, RoundingKind::Result, error);
        if tail.is_empty() {
            return Ok(Some(source));
        }
        let mut rest = Form::plain(source, self.builder.at(source).0.to_vec(), unit);
        for stage in tail {
            rest = match stage {
                Stage::Affine(a, b) => rest.then(a, b),
                Stage::Pool(window, shape) => {
                    let whole = rest.integers().map(|(source, unit)| (source, unit.clone()));
                    let (source, unit) = match whole {
                        Some(whole) => whole,
                        None => match self.fix(path, &rest, digits)? {
                            Some(source) => (source, Real::power_of_two(-digits)),
                            None => return Ok(None),
                        },
                    };
                    let pooled = self.push(path, Op::MaxPool(window), &[source])?;
                    Form::plain(pooled, shape, unit)
                }
                clamp @ Stage::Clamp(..) => {
                    rest.stages.push(clamp);
                    rest
                }
            };
        }
        self.fix_within(path, &rest, fraction, within)
    }

    /// The form with its integers in the network's shape.
    pub(super) fn squared(&mut self, path: &str, form: Form, shape: &[usize]) -> Result<Form, DeployError> {
        let is_uniform = form.factors.iter().all(|factors| factors.len() == 1)
            && form.offsets.len() == 1
            && form.stages.iter().all(|stage| !matches!(stage, Stage::Affine(a, b) if a.len() > 1 || b.len() > 1));
        if form.shape == shape {
            return Ok(form);
        }
        let mut form = form;
        if !is_uniform {
            // Numbers of single elements: known by none but themselves, so that they become integers first.
            let bounds = form.bounds(&self.ranges(&form.inputs));
            let digits = fraction(bounds.0.abs().max(bounds.1.abs()), 1.0).unwrap_or(0);
            let needs = "numbers that fixed point of 32 bits holds";
            let wrong = || DeployError::Parameter { path: path.to_owned(), what: "result", needs };
            let source = self.fix(path, &form, digits)?.ok_or_else(wrong)?;
            form = Form::plain(source, form.shape.clone(), Real::power_of_two(-digits));
        }
        for source in &mut form.inputs {
            *source = self.builder.push(path, Op::Reshape { shape: shape.to_vec() }, &[*source])?;
        }
        Ok(Form { shape: shape.to_vec(), ..form })
    }

    /// One number, if all of a list are equal.
    pub(super) fn shortened(numbers: Vec<Real>) -> Vec<Real> {
        let all = numbers.first().is_some_and(|first| numbers.iter().all(|number| number == first));
        if all { vec![of(&numbers, 0).clone()] } else { numbers }
    }
}

/// Binary digits behind the point so that `reach` times numbers up to `most` fits 32 bits.
pub(super) fn fraction(most: f64, reach: f64) -> Option<i32> {
    // Bounds are rounded away from zero.
    let (most, reach) = (most.max(f64::MIN_POSITIVE), reach.max(1.0));
    let digits = ((f64::from(i32::MAX - 2) - 2.0 * reach) / (most * reach)).log2().floor();
    digits.is_finite().then(|| digits.clamp(-40.0, f64::from(FRACTION)) as i32)
}
