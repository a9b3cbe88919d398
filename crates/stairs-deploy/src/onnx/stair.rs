//! Stairs of integers as thresholds that rise: of `Thresholds` and of fixed-point maps with few results.
//!
//! In a falling channel acc ≤ t is the same as −acc ≥ −t: its thresholds and whatever it is compared with change their sign.

use stairs_infer::{Op, Range, Thresholds};

use super::fit::{Count, Floored};

/// Thresholds beyond this are met by no sum of 32 bits.
const FAR: i128 = 1 << 40;

/// Thresholds of every channel, and the levels between them.
pub(super) struct Stair {
    /// −1 for channels that fall, else 1.
    pub(super) signs: Vec<i64>,
    /// Thresholds of sign·acc, ascending.
    pub(super) thresholds: Vec<Vec<i64>>,
    /// Levels, one more than thresholds.
    pub(super) levels: Vec<i32>,
    /// Of a fixed-point map: the lines it is itself, for sign·acc.
    pub(super) lines: Vec<Floored>,
}

/// How the number of passed thresholds is written in one byte: level = step·(unit·count − zero).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    /// Byte of a count of one.
    pub(super) unit: i64,
    /// Byte of level 0.
    pub(super) zero: i32,
    /// Levels between neighbouring bytes.
    pub(super) step: i32,
}

impl Stair {
    /// Of an operation that is one.
    pub(super) fn of(op: &Op, channels: usize) -> Option<Self> {
        match op {
            Op::Thresholds(thresholds) => Some(Self::thresholds(thresholds, channels)),
            Op::Rescale { factors, offsets, shift, low, high } => match &factors[..] {
                [factors] if i64::from(*high) - i64::from(*low) <= 255 => {
                    Some(Self::map(factors, offsets, *shift, *low, *high))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn thresholds(thresholds: &Thresholds, channels: usize) -> Self {
        let signs: Vec<i64> = (0..channels).map(|c| if thresholds.falls(c) { -1 } else { 1 }).collect();
        let of = |(c, sign): (usize, &i64)| thresholds.of(c).iter().map(|t| sign * i64::from(*t)).collect();
        Self {
            thresholds: signs.iter().enumerate().map(of).collect(),
            levels: thresholds.levels.clone(),
            lines: Vec::new(),
            signs,
        }
    }

    /// ⌊(m·v + b)/2^shift⌋ ≥ y exactly if m·v ≥ y·2^shift − b.
    fn map(factors: &[i64], offsets: &[i64], shift: u8, low: i32, high: i32) -> Self {
        let channel = |(m, b): (&i64, &i64)| {
            let one = |y: i32| {
                let needs = (i128::from(y) << shift) - i128::from(*b);
                let t = match i128::from(m.unsigned_abs()) {
                    0 => {
                        if needs <= 0 {
                            -FAR
                        } else {
                            FAR
                        }
                    }
                    // Rounded up.
                    m => -(-needs).div_euclid(m),
                };
                t.clamp(-FAR, FAR) as i64
            };
            (low..high).map(|y| one(y + 1)).collect()
        };
        let unit = f64::from(shift).exp2();
        let line = |(m, b): (&i64, &i64)| Floored {
            factor: m.unsigned_abs() as f64 / unit,
            offset: *b as f64 / unit - f64::from(low),
        };
        Self {
            signs: factors.iter().map(|m| if *m < 0 { -1 } else { 1 }).collect(),
            thresholds: factors.iter().zip(offsets).map(channel).collect(),
            levels: (low..=high).collect(),
            lines: factors.iter().zip(offsets).map(line).collect(),
        }
    }

    /// The stair of v for step·v: thresholds divided and rounded up.
    pub(super) fn divided_by(&self, step: i64) -> Self {
        let one = |t: &i64| -(-t).div_euclid(step);
        let thresholds = self.thresholds.iter().map(|row| row.iter().map(one).collect()).collect();
        Self { signs: self.signs.clone(), thresholds, levels: self.levels.clone(), lines: Vec::new() }
    }

    /// A channel whose sums, before its sign, are within `range`.
    pub(super) fn count(&self, channel: usize, (low, high): (i64, i64)) -> Count<'_> {
        let (low, high) = if self.signs[channel] < 0 { (-high, -low) } else { (low, high) };
        Count { thresholds: &self.thresholds[channel], low, high }
    }

    /// The straight line in double precision that gives a channel's count, if there is one.
    pub(super) fn line(&self, channel: usize, sums: (i64, i64), unit: i64) -> Option<Floored> {
        let count = self.count(channel, sums);
        let given = self.lines.get(channel).copied().filter(|line| unit == 1 && count.is(*line));
        given.or_else(|| count.floored(unit))
    }

    /// Whether levels never fall from one to the next.
    pub(super) fn rises(&self) -> bool {
        self.levels.is_sorted()
    }

    /// The byte for a count, if levels are evenly spaced, rise, and 0 is a whole number of steps away.
    pub(super) fn code(&self) -> Option<Code> {
        let byte = |v: i64| (0..=255).contains(&v);
        let (first, top) = (i64::from(*self.levels.first()?), self.levels.len() as i64 - 1);
        if let [a, b] = self.levels[..] {
            let unit = i64::from(b) - i64::from(a);
            let code = Code { unit, zero: a.checked_neg()?, step: 1 };
            return (unit > 0 && byte(unit) && byte(-first)).then_some(code);
        }
        let step = i64::from(*self.levels.get(1)?) - first;
        let even = self.levels.windows(2).all(|pair| i64::from(pair[1]) - i64::from(pair[0]) == step);
        let fits = even && step > 0 && first % step == 0 && byte(-first / step) && byte(top);
        fits.then(|| Code { unit: 1, zero: (-first / step) as i32, step: step as i32 })
    }

    /// All levels as bytes above the lowest of them and 0, and the byte of 0.
    pub(super) fn bytes(&self) -> Option<(Vec<u8>, i32)> {
        let zero = zero(
            self.levels
                .iter()
                .fold(Range::new(0, 0), |range, level| Range::new(range.low.min(*level), range.high.max(*level))),
        )?;
        Some((self.levels.iter().map(|level| (level + zero) as u8).collect(), zero))
    }
}

/// The byte of 0 if all integers of a range, and 0, fit into one.
pub(super) fn zero(range: Range) -> Option<i32> {
    let range = range.with_zero();
    (i64::from(range.high) - i64::from(range.low) <= 255).then(|| -range.low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_its_thresholds() {
        for (m, b, shift) in [(3, 5, 2), (-7, 100, 4), (0, 40, 3), (0, -40, 3), (1, 0, 0), (-1, -1, 1)] {
            let stair = Stair::map(&[m], &[b], shift, -4, 9);
            for v in -200i64..200 {
                let count = stair.thresholds[0].iter().filter(|t| **t <= stair.signs[0] * v).count();
                assert_eq!(i64::from(stair.levels[count]), ((m * v + b) >> shift).clamp(-4, 9), "{m} {b} {shift} {v}");
            }
        }
    }

    #[test]
    fn levels_have_bytes() {
        let code =
            |levels: &[i32]| Stair { signs: vec![], thresholds: vec![], levels: levels.to_vec(), lines: vec![] }.code();
        assert_eq!(code(&[-1, 0, 1]), Some(Code { unit: 1, zero: 1, step: 1 }));
        assert_eq!(code(&[-1, 1]), Some(Code { unit: 2, zero: 1, step: 1 }));
        assert_eq!(code(&[-4, -2, 0, 2]), Some(Code { unit: 1, zero: 2, step: 2 }));
        // 0 is between two of them.
        assert_eq!(code(&[-3, -1, 1, 3]), None);
        assert_eq!(code(&[0, 2, 3]), None);
        assert_eq!(code(&[1, 2]), None);
        assert_eq!(code(&[0, -1]), None);
    }
}
