//! Fixed-point maps: what is made of sums of several integers, or of an integer that a layer reads on a finer grid.
//!
//! ```text
//! ⌊(Σ mᵢ·vᵢ + b)/2^shift⌋,   mᵢ ≈ Aᵢ·2^shift/δ,   b ≈ B·2^shift/δ
//! ```
//!
//! Each factor is rounded once, so that the map is off by at most (½ Σ maxᵢ|vᵢ| + ½)/2^shift of δ. Whether that ever matters is
//! checked: for all values of the input of fewer values, and all thresholds, the integer at which the map takes its step is
//! compared with the exact one.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use rayon::prelude::*;
use stairs_infer::{Op, Range};

use super::form::{Form, of};
use crate::exact::Real;

/// Bits of sums that are tried in turn, until the map is shown to be exact: what single and double precision hold, so that programs
/// without integers of 64 bits can compute them, and the most there are, less the sign and the rounding of the factors.
pub(super) const BITS: [f64; 3] = [23.0, 51.0, MOST];
pub(super) const MOST: f64 = 61.0;

/// Values of an input that are tried one by one.
const TRIED: i64 = 4_096;

/// Factors and offsets of a fixed-point map of a form without stages.
#[derive(Clone, Debug)]
pub(super) struct Fixed {
    pub(super) factors: Vec<Vec<i64>>,
    pub(super) offsets: Vec<i64>,
    pub(super) shift: u8,
    /// Largest error, in units of its result.
    pub(super) error: f64,
}

impl Fixed {
    /// The map y/δ + c of a form without stages, floored, with sums of at most so many `bits`; `below` makes whole numbers those below
    /// them. `None` where no shift gives such factors.
    pub(super) fn new(form: &Form, ranges: &[Range], unit: &Real, c: &Real, below: bool, bits: f64) -> Option<Self> {
        let inverse = unit.inverse()?;
        let channels = form.channels();
        let scaled = |numbers: &[Real]| numbers.iter().map(|number| number.mul(&inverse)).collect::<Vec<_>>();
        let factors: Vec<Vec<Real>> = form.factors.iter().map(|factors| scaled(factors)).collect();
        let offsets: Vec<Real> = scaled(&form.offsets).iter().map(|offset| offset.add(c)).collect();
        let reach = |channel: usize| {
            let terms = factors.iter().zip(ranges);
            let terms = terms.map(|(factors, range)| of(factors, channel).approximate().abs() * range.reach() as f64);
            terms.sum::<f64>() + of(&offsets, channel).approximate().abs()
        };
        let most = (0..channels).map(reach).fold(1.0f64, f64::max);
        let room = bits - most.log2().ceil();
        let shift = if room.is_finite() { room.clamp(-1.0, 61.0) as i32 } else { -1 };
        let shift = u8::try_from(shift).ok()?;
        let power = Real::power_of_two(shift.into());
        let whole = |number: &Real| number.mul(&power).round().to_i64();
        let all = |numbers: &[Real]| -> Option<Vec<i64>> {
            let whole = numbers.iter().map(whole).collect::<Option<Vec<_>>>()?;
            Some(if whole.len() == 1 { vec![whole[0]; channels] } else { whole })
        };
        let factors = factors.iter().map(|factors| all(factors)).collect::<Option<Vec<_>>>()?;
        let offsets = all(&offsets)?.into_iter().map(|b| b - i64::from(below)).collect();
        let reach: f64 = ranges.iter().map(|range| range.reach() as f64).sum();
        let error = (0.5 * reach + 0.5 + f64::from(u8::from(below))) / 2f64.powi(shift.into());
        Some(Self { factors, offsets, shift, error })
    }

    /// As an operation.
    pub(super) fn op(self, low: i32, high: i32) -> Op {
        Op::Rescale { factors: self.factors, offsets: self.offsets, shift: self.shift, low, high }
    }

    /// Whether the map reaches `first + j` exactly where the form reaches threshold j, for all values of its inputs; `None` for more
    /// inputs or values than are tried.
    pub(super) fn is_exact(
        &self,
        form: &Form,
        ranges: &[Range],
        thresholds: &[Real],
        strict: bool,
        first: i64,
    ) -> Option<bool> {
        let values = |range: &Range| i64::from(range.high) - i64::from(range.low) + 1;
        let (wide, small) = match ranges {
            [_] => (0, None),
            [a, b] if values(a) >= values(b) => (0, Some(1)),
            [_, _] => (1, Some(0)),
            _ => return None,
        };
        let tried = small.map_or(0..=0, |small: usize| i64::from(ranges[small].low)..=i64::from(ranges[small].high));
        if tried.end() - tried.start() >= TRIED {
            return None;
        }
        let near: Vec<f64> = thresholds.iter().map(Real::approximate).collect();
        let check = |c: usize| {
            let a = of(&form.factors[wide], c);
            let other = small.map(|small| of(&form.factors[small], c));
            let (inverse, b) = (a.inverse(), of(&form.offsets, c));
            let doubles = [a.approximate(), other.map_or(0.0, Real::approximate), b.approximate()];
            let [m, n] = [self.factors[wide][c], small.map_or(0, |small| self.factors[small][c])];
            tried.clone().all(|k| {
                (0..thresholds.len()).all(|j| {
                    let Some(inverse) = &inverse else { return false };
                    let exact = || {
                        let rest = thresholds[j].sub(b);
                        let rest = other.map_or(rest.clone(), |other| rest.sub(&other.mul(&integer(k))));
                        rest.mul(inverse)
                    };
                    let place = Place { rises: doubles[0] > 0.0, strict };
                    let want = place.of(doubles, near[j], k as f64, exact);
                    let step = (i128::from(first) + j as i128) << self.shift;
                    let rest = step - i128::from(self.offsets[c]) - i128::from(n) * i128::from(k);
                    let got = match (place.rises, m) {
                        (true, m) if m > 0 => ceil(rest, m.into()),
                        // m·v ≥ rest with m < 0: v ≤ ⌊rest/m⌋.
                        (false, m) if m < 0 => -ceil(rest, -i128::from(m)),
                        _ => return false,
                    };
                    same(want, got, ranges[wide], place.rises)
                })
            })
        };
        Some((0..form.channels()).into_par_iter().all(check))
    }
}

/// On which side of a threshold integers pass.
#[derive(Clone, Copy)]
struct Place {
    rises: bool,
    strict: bool,
}

impl Place {
    /// The first integer that passes, or, where the form falls, the last one: in doubles where that is beyond doubt.
    fn of(self, [a, other, b]: [f64; 3], threshold: f64, k: f64, exact: impl Fn() -> Real) -> i128 {
        let x = (threshold - b - other * k) / a;
        let doubt = ((threshold.abs() + b.abs() + (other * k).abs()) / a.abs() + 1.0) * 2f64.powi(-46);
        let whole = |up: bool| match (x - x.round()).abs() > doubt && x.abs() < 1e15 {
            true => (if up { x.ceil() } else { x.floor() }) as i128,
            false => {
                let exact = exact();
                wide(if up { exact.ceil() } else { exact.floor() })
            }
        };
        match (self.rises, self.strict) {
            (true, false) => whole(true),
            (true, true) => whole(false) + 1,
            (false, false) => whole(false),
            (false, true) => whole(true) - 1,
        }
    }
}

fn wide(value: BigInt) -> i128 {
    value.to_i128().unwrap_or(i128::MAX)
}

fn integer(k: i64) -> Real {
    Real::rational(BigInt::from(k).into())
}

fn ceil(n: i128, d: i128) -> i128 {
    n.div_euclid(d) + i128::from(n.rem_euclid(d) != 0)
}

/// Whether two steps are the same for the integers of a range.
fn same(a: i128, b: i128, range: Range, rises: bool) -> bool {
    let (low, high) = (i128::from(range.low), i128::from(range.high));
    let bounds = if rises { (low, high + 1) } else { (low - 1, high) };
    a.clamp(bounds.0, bounds.1) == b.clamp(bounds.0, bounds.1)
}
