//! Sets of laws, and what the regularised stair can be under all laws of a set.
//!
//! F((z − θ − m)/s) increases with z, falls with m, and is monotone in s on either side of its centre. So its range over a
//! box of arguments and laws is the range between two corners. Where the plan knows more than the box, namely the range of
//! −m/s, that is used too: at a threshold F((z − θ)/s − m/s) depends on nothing else, and both m and s vanish there.
//!
//! Everything is evaluated in the order in which a forward pass evaluates it. f64 operations are monotone, so the ends
//! computed here bound the numbers computed there, and a set of one law and one argument gives the very same bits.

use stairs_laws::{Envelope, Law, Noise, NoiseSchedule};
use stairs_quant::{StairFunction, ThresholdValue};

use super::blend::Blend;

/// Half a unit in the last place of 1.
pub(super) const UNIT: f64 = 0.5 * f64::EPSILON;

/// All laws of one quantiser over a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct LawRange {
    noise: Noise,
    mean: (f64, f64),
    scale: (f64, f64),
    /// Range of −m/s where s > 0; everything where nothing is known.
    push: (f64, f64),
}

impl From<Law> for LawRange {
    fn from(law: Law) -> Self {
        let (mean, scale) = (law.mean(), law.scale());
        let push = (f64::NEG_INFINITY, f64::INFINITY);
        Self { noise: law.noise().clone(), mean: (mean, mean), scale: (scale, scale), push }
    }
}

impl LawRange {
    /// The laws of `schedule` at all times from `from` to `to`, which may be infinite.
    pub fn over(schedule: &NoiseSchedule, from: f64, to: f64) -> Self {
        if from == to {
            return schedule.law_at(from).into();
        }
        let start = schedule.start();
        let values = |beta: f64, envelope: Envelope| {
            let (a, b) = (envelope.at(from), envelope.at(to));
            // Envelopes do not increase; powers are rounded to the next number or so.
            let slack = if a == b && (a == 0.0 || a == 1.0) { 0.0 } else { 8.0 * UNIT * beta.abs() * a };
            let (x, y) = (beta * a + 0.0, beta * b + 0.0);
            let widen = |x: f64, by: f64| if x == 0.0 { 0.0 } else { x + by };
            (widen(x.min(y), -slack), widen(x.max(y), slack))
        };
        let mean = values(start.mean(), schedule.mean_envelope());
        let scale = values(start.scale(), schedule.scale_envelope());
        let scale = (scale.0.max(0.0), scale.1);
        Self { noise: start.noise().clone(), mean, scale, push: push(schedule, from, to) }
    }

    /// The law, where there is only one.
    pub fn law(&self) -> Option<Law> {
        let point = self.mean.0 == self.mean.1 && self.scale.0 == self.scale.1;
        point.then(|| Law::new(self.noise.clone(), self.mean.0, self.scale.0).ok()).flatten()
    }

    /// Smallest and largest mean.
    pub fn mean(&self) -> (f64, f64) {
        self.mean
    }

    /// Smallest and largest scale.
    pub fn scale(&self) -> (f64, f64) {
        self.scale
    }

    /// Largest probability that a threshold is not passed by an argument at least `distance` above it.
    pub(super) fn missed(&self, distance: f64, at: ThresholdValue) -> f64 {
        1.0 - self.passed((distance, f64::INFINITY), 0.0, at).0
    }

    /// Largest probability that a threshold is passed by an argument at least `distance` below it.
    pub(super) fn overrun(&self, distance: f64, at: ThresholdValue) -> f64 {
        self.passed((f64::NEG_INFINITY, -distance), 0.0, at).1
    }

    /// Range of F((z − θ − m)/s) for z from `low` to `high`, as f64 computes it; `at` says what a hard step does at 0.
    fn passed(&self, (low, high): (f64, f64), threshold: f64, at: ThresholdValue) -> (f64, f64) {
        let distance = (low - threshold, high - threshold);
        let shifted = (distance.0 - self.mean.1, distance.1 - self.mean.0);
        let mut range = (f64::INFINITY, f64::NEG_INFINITY);
        if self.scale.1 > 0.0 {
            let mut u = (self.divide(shifted.0, false), self.divide(shifted.1, true));
            let by_push = (self.divide(distance.0, false) + self.push.0, self.divide(distance.1, true) + self.push.1);
            // `max` and `min` take the number where the other is none.
            u = (u.0.max(lower(by_push.0)), u.1.min(upper(by_push.1)));
            range = match u.0 == u.1 {
                true => [self.cdf(u.0, 0.0); 2].into(),
                false => (self.cdf(u.0, -1.0), self.cdf(u.1, 1.0)),
            };
        }
        if self.scale.0 == 0.0 {
            let step = |n: f64| if n > 0.0 || (n == 0.0 && at == ThresholdValue::Upper) { 1.0 } else { 0.0 };
            range = (range.0.min(step(shifted.0)), range.1.max(step(shifted.1)));
        }
        range
    }

    /// The smallest or largest value of n/s.
    fn divide(&self, n: f64, largest: bool) -> f64 {
        if n == 0.0 {
            return 0.0;
        }
        n / if (n > 0.0) == largest { self.scale.0 } else { self.scale.1 }
    }

    /// F(u), exactly 0 and 1 outside the support; moved by a few units of rounding to `side`, since implementations of F
    /// are monotone up to rounding only.
    fn cdf(&self, u: f64, side: f64) -> f64 {
        match self.noise.support() {
            Some(support) if u >= support => 1.0,
            Some(support) if u <= -support => 0.0,
            _ => {
                let value = self.noise.cdf(u);
                if side == 0.0 { value } else { (value * (1.0 + side * 16.0 * UNIT)).clamp(0.0, 1.0) }
            }
        }
    }

    /// Range of σ_ν(z), in levels, for z from `low` to `high` in units of the quantum.
    pub(super) fn expectation(&self, stair: &StairFunction, z: (f64, f64)) -> (f64, f64) {
        let at = stair.threshold_value();
        let (mut low, mut high) = (Blend::new(stair), Blend::new(stair));
        let mut same = true;
        for (k, &threshold) in stair.thresholds().iter().enumerate() {
            let (least, most) = self.passed(z, threshold, at);
            same &= least == most;
            let up = stair.levels()[k + 1] >= stair.levels()[k];
            low.add(k, if up { least } else { most });
            high.add(k, if up { most } else { least });
        }
        if same {
            return (low.value(), low.value());
        }
        let (bottom, top) = (stair.lowest_level(), stair.highest_level());
        let largest = bottom.abs().max(top.abs());
        let slack = (4 * stair.threshold_count() + 8) as f64 * UNIT * (stair.total_variation() + largest);
        ((low.value() - slack).max(bottom), (high.value() + slack).min(top))
    }
}

/// A little less than a sum that was rounded.
fn lower(u: f64) -> f64 {
    u - 8.0 * UNIT * u.abs()
}

/// A little more.
fn upper(u: f64) -> f64 {
    u + 8.0 * UNIT * u.abs()
}

/// Range of −m/s over the times at which s > 0.
fn push(schedule: &NoiseSchedule, from: f64, to: f64) -> (f64, f64) {
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    let start = schedule.start();
    if start.scale() == 0.0 {
        return all;
    }
    let beta = -start.mean() / start.scale();
    if beta == 0.0 {
        return (0.0, 0.0);
    }
    let quotient = match quotient(schedule.mean_envelope(), schedule.scale_envelope(), from, to) {
        Some(quotient) => quotient,
        None => return all,
    };
    // Rounding of two powers, a product and a division.
    let (a, b) = (beta * quotient.0, beta * quotient.1);
    let widen = |x: f64, side: f64| x + side * 64.0 * UNIT * x.abs();
    (widen(a.min(b), -1.0), widen(a.max(b), 1.0))
}

/// Range of e^m/e^s over the times from `from` to `to` at which e^s > 0.
fn quotient(mean: Envelope, scale: Envelope, from: f64, to: f64) -> Option<(f64, f64)> {
    let at = |t: f64| mean.at(t) / scale.at(t);
    let together = match (mean, scale) {
        (Envelope::BoundedWindow(m), Envelope::BoundedWindow(s)) => m.start() == s.start() && m.end() == s.end(),
        (Envelope::UnboundedWindow(m), Envelope::UnboundedWindow(s)) => {
            m.start() == s.start() && m.cutoff() == 0.0 && s.cutoff() == 0.0
        }
        _ => false,
    };
    if together {
        // A power of one decreasing function: monotone, and its limit where both vanish is 0, 1 or ∞.
        let first = if scale.at(from) > 0.0 { at(from) } else { return None };
        let power = |envelope: Envelope| match envelope {
            Envelope::BoundedWindow(window) => window.power(),
            Envelope::UnboundedWindow(window) => window.power(),
            // None of the pairs above.
            _ => 0.0,
        };
        let last = match scale.at(to) > 0.0 {
            true => at(to),
            false if power(mean) < power(scale) => f64::INFINITY,
            false if power(mean) == power(scale) => 1.0,
            false => 0.0,
        };
        return Some((first.min(last), first.max(last)));
    }
    let (first, last) = ((mean.at(from), scale.at(from)), (mean.at(to), scale.at(to)));
    (first.1 > 0.0).then(|| (last.0 / first.1, if last.1 > 0.0 { first.0 / last.1 } else { f64::INFINITY }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stairs_laws::RegularisedStair;
    use stairs_quant::Quantiser;

    fn schedule(powers: (f64, f64)) -> NoiseSchedule {
        let window = |power| Envelope::bounded_window(0.0, 10.0, power).unwrap();
        let law = Law::new(Noise::Uniform, -0.5, 0.5).unwrap();
        NoiseSchedule::new(law, window(powers.0), window(powers.1))
    }

    #[test]
    fn a_point_is_the_expectation() {
        for noise in Noise::ALL {
            let law = Law::new(noise, -0.2, 0.3).unwrap();
            let stair = RegularisedStair::new(Quantiser::Ternary.stair(), law.clone());
            let range = LawRange::from(law);
            for i in -40..=40 {
                let z = f64::from(i) / 20.0;
                let (low, high) = range.expectation(stair.stair(), (z, z));
                assert_eq!(low.to_bits(), high.to_bits());
                assert!((low - stair.expectation(z)).abs() < 1e-15, "{z}");
            }
        }
    }

    #[test]
    fn a_range_holds_every_law_and_argument_in_it() {
        for noise in Noise::ALL {
            for powers in [(1.0, 2.0), (2.0, 2.0), (2.0, 1.0), (0.0, 1.0)] {
                let base = schedule(powers);
                let start = Law::new(noise.clone(), -0.5, 0.4).unwrap();
                let schedule = NoiseSchedule::new(start, base.mean_envelope(), base.scale_envelope());
                for stair in
                    [Quantiser::Ternary.stair(), StairFunction::new(vec![-0.5, 0.5], vec![0.0, 2.0, 1.0]).unwrap()]
                {
                    for (from, to) in [(0.0, 1.0), (3.0, 3.5), (9.5, 10.0), (9.9, f64::INFINITY)] {
                        let range = LawRange::over(&schedule, from, to);
                        for i in 0..=20 {
                            let z = (f64::from(i) * 0.1 - 1.0, f64::from(i) * 0.1 - 0.95);
                            let (low, high) = range.expectation(&stair, z);
                            for j in 0..=20 {
                                let share = f64::from(j) / 20.0;
                                let t = if to.is_finite() { from + share * (to - from) } else { from + share };
                                let point = LawRange::over(&schedule, t, t);
                                for z in [z.0, 0.5 * (z.0 + z.1), z.1] {
                                    let value = point.expectation(&stair, (z, z)).0;
                                    assert!(low <= value && value <= high, "{noise} {powers:?} {t} {z}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn at_a_threshold_the_ratio_of_mean_and_scale_decides() {
        // From t = 0 on |m| ≥ s for ever, so the component on the threshold keeps its level until after the end.
        let range = LawRange::over(&schedule((1.0, 2.0)), 8.0, f64::INFINITY);
        assert_eq!(range.expectation(&Quantiser::Ternary.stair(), (0.5, 0.5)), (1.0, 1.0));
        // With equal powers and s < |m| likewise; with the scale slower than the mean not.
        let range = LawRange::over(&schedule((2.0, 1.0)), 8.0, f64::INFINITY);
        assert!(range.expectation(&Quantiser::Ternary.stair(), (0.5, 0.5)).0 < 0.6);
    }
}
