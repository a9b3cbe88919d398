//! An axis: label, range, ticks and how numbers on it read.

/// One axis of a [`Panel`](super::Panel).
///
/// Without a range the axis covers the data; without ticks it takes round numbers (1, 2 or 5 times a power of ten).
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(super) label: String,
    pub(super) range: Option<(f64, f64)>,
    pub(super) ticks: Option<Vec<f64>>,
    pub(super) names: Vec<(f64, String)>,
    pub(super) suffix: &'static str,
    pub(super) whole: bool,
}

impl Axis {
    /// An axis with a label (may be empty), covering the data.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), range: None, ticks: None, names: Vec::new(), suffix: "", whole: false }
    }

    /// Fixes the range. Ignored unless both ends are finite and `low < high`.
    #[must_use]
    pub fn with_range(mut self, low: f64, high: f64) -> Self {
        if low.is_finite() && high.is_finite() && low < high {
            self.range = Some((low, high));
        }
        self
    }

    /// Fixes the ticks.
    #[must_use]
    pub fn with_ticks(mut self, ticks: Vec<f64>) -> Self {
        self.ticks = Some(ticks);
        self
    }

    /// Fixes the ticks and what stands beside each.
    #[must_use]
    pub fn with_named_ticks(mut self, ticks: Vec<(f64, String)>) -> Self {
        self.ticks = Some(ticks.iter().map(|(at, _)| *at).collect());
        self.names = ticks;
        self
    }

    /// Text after every number, such as `" %"`.
    #[must_use]
    pub fn with_suffix(mut self, suffix: &'static str) -> Self {
        self.suffix = suffix;
        self
    }

    /// Only whole numbers as ticks: epochs, steps.
    #[must_use]
    pub fn with_whole_ticks(mut self) -> Self {
        self.whole = true;
        self
    }

    /// The range to draw: the fixed one, or the data's, widened by `pad` of its length on both sides, never empty.
    pub(super) fn resolve(&self, data: Option<(f64, f64)>, pad: f64) -> (f64, f64) {
        if let Some(range) = self.range {
            return range;
        }
        let (low, high) = data.unwrap_or((0.0, 1.0));
        if high - low > f64::EPSILON * low.abs().max(high.abs()).max(1e-12) {
            let margin = pad * (high - low);
            return (low - margin, high + margin);
        }
        let margin = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
        (low - margin, high + margin)
    }

    /// Ticks inside `range`, about `target` of them.
    pub(super) fn ticks_in(&self, range: (f64, f64), target: usize) -> Vec<f64> {
        let slack = 1e-9 * (range.1 - range.0);
        let inside = |t: &f64| *t >= range.0 - slack && *t <= range.1 + slack;
        match &self.ticks {
            Some(ticks) => ticks.iter().copied().filter(inside).collect(),
            None => {
                let mut step = nice_step((range.1 - range.0) / target.max(1) as f64);
                if self.whole {
                    step = step.max(1.0).round();
                }
                let first = (range.0 / step).ceil() as i64;
                (first..first.saturating_add(4 * target as i64))
                    .map(|i| i as f64 * step)
                    .take_while(|t| *t <= range.1 + slack)
                    .filter(inside)
                    .collect()
            }
        }
    }

    /// A number as it reads on this axis, given its ticks.
    pub(super) fn format(&self, value: f64, ticks: &[f64]) -> String {
        if let Some((_, name)) = self.names.iter().find(|(at, _)| *at == value) {
            return name.clone();
        }
        let decimals = ticks.iter().map(|t| decimals_of(*t)).max().unwrap_or(0);
        let value = if value.abs() < 1e-9 { 0.0 } else { value };
        format!("{value:.decimals$}{}", self.suffix).replace('-', "−")
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `raw`.
fn nice_step(raw: f64) -> f64 {
    if !(raw.is_finite() && raw > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    let unit = raw / power;
    let nice = [1.0, 2.0, 5.0].into_iter().find(|n| unit <= n * (1.0 + 1e-9)).unwrap_or(10.0);
    nice * power
}

/// Decimals needed to write `value`, at most 4.
fn decimals_of(value: f64) -> usize {
    (0..4)
        .find(|d| {
            let p = 10f64.powi(*d as i32);
            ((value * p).round() - value * p).abs() < 1e-6 * p.max(value.abs())
        })
        .unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        assert_eq!(nice_step(0.13), 0.2);
        assert_eq!(nice_step(3.0), 5.0);
        assert_eq!(nice_step(7.0), 10.0);
        assert_eq!(nice_step(0.0), 1.0);
        assert_eq!(nice_step(f64::NAN), 1.0);
    }

    #[test]
    fn ticks_lie_inside_and_read_alike() {
        let axis = Axis::new("").with_suffix(" %");
        let ticks = axis.ticks_in((90.2, 99.1), 5);
        assert_eq!(ticks, vec![92.0, 94.0, 96.0, 98.0]);
        assert_eq!(axis.format(94.0, &ticks), "94 %");
        let ticks = axis.ticks_in((-0.6, 0.6), 4);
        assert_eq!(ticks, vec![-0.5, 0.0, 0.5]);
        assert_eq!(axis.format(0.0, &ticks), "0.0 %");
        assert_eq!(axis.format(-0.5, &ticks), "−0.5 %");
    }

    #[test]
    fn whole_axes_have_no_fractions() {
        assert_eq!(Axis::new("epoch").with_whole_ticks().ticks_in((1.0, 3.0), 6), vec![1.0, 2.0, 3.0]);
    }

    #[test]
    fn an_empty_range_is_widened() {
        let (low, high) = Axis::new("").resolve(Some((2.0, 2.0)), 0.0);
        assert!(low < 2.0 && high > 2.0);
        assert_eq!(Axis::new("").resolve(None, 0.0), (0.0, 1.0));
    }
}
