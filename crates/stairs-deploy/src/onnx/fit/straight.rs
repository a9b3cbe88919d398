//! Lines in single and in double precision.

use super::{Count, Divided, EXACT, Floored, middle};

/// Most binary digits behind the point of an offset.
const FRACTION: u32 = 10;

impl Count<'_> {
    /// The form in double precision, which is exact for whatever is. Of a single threshold, `unit` is what is given for 1.
    pub(in crate::onnx) fn floored(&self, unit: i64) -> Option<Floored> {
        if let Some(count) = self.constant() {
            return Some(Floored { factor: 0.0, offset: (count as i64 * unit) as f64 + 0.5 });
        }
        if let [t] = *self.thresholds {
            return Some(Floored { factor: unit as f64, offset: ((1 - t) * unit) as f64 + 0.5 });
        }
        let x = self.widest();
        let (least, most) = self.band(x);
        let fit = Floored { factor: 1.0 / x, offset: middle(least, most) / x + 0.5 };
        self.is(fit).then_some(fit)
    }

    /// A line that, rounded down, gives the count or one less than it, of thresholds that are nearly evenly spaced.
    pub(in crate::onnx) fn nearly(&self) -> Option<Floored> {
        let x = self.widest();
        let (least, most) = self.band(x);
        let line = Floored { factor: 1.0 / x, offset: middle(least, most) / x };
        let index = |acc: i64| (acc as f64 * line.factor + line.offset).floor();
        let right = self.met().all(|(j, t)| {
            let below = (j - 1) as f64;
            (t > self.high || index(t) >= below) && (t <= self.low || index(t - 1) <= below)
        });
        right.then_some(line)
    }

    /// Whether a straight line gives this count.
    pub(in crate::onnx) fn is(&self, line: Floored) -> bool {
        let index = |acc: i64| (acc as f64 * line.factor + line.offset).floor();
        self.met().all(|(j, t)| (t > self.high || index(t) >= j as f64) && (t <= self.low || index(t - 1) < j as f64))
    }

    /// The form with a division; `reach` is what Σ|w·x| adds up to at most, and `split` says that sums are rounded to single
    /// precision once, so that it does not bound them. Of a single threshold, `unit` is what is given for 1.
    pub(in crate::onnx) fn divided(&self, reach: i64, unit: i64, split: bool) -> Option<Divided> {
        if let Some(count) = self.constant() {
            return Some(Divided { factor: 0, offset: (count as i64 * unit) as f64, step: 1.0 });
        }
        if let [t] = *self.thresholds {
            let offset = (1 - t) as f64;
            let exact = split || reach + t.abs() < EXACT;
            return exact.then_some(Divided { factor: 1, offset, step: 1.0 / unit as f32 });
        }
        let step = self.widest() as f32;
        let (least, most) = self.band(f64::from(step));
        let middle = middle(least, most);
        (0..=FRACTION).find_map(|fraction| {
            let parts = f64::from(fraction).exp2();
            let offset = (middle * parts).round() / parts;
            let exact = split || (reach as f64 + offset.abs()) * parts < EXACT as f64;
            let index = |acc: i64| (((acc as f64 + offset) as f32) / step).round_ties_even();
            let right = self
                .met()
                .all(|(j, t)| (t > self.high || index(t) >= j as f32) && (t <= self.low || index(t - 1) < j as f32));
            (exact && right).then_some(Divided { factor: 1, offset, step })
        })
    }
}
