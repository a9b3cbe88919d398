//! A number known to lie between two others.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `lower` ≤ the true value ≤ `upper`; equal where the value is known exactly (to rounding).
///
/// ```
/// use stairs_certificate::Enclosure;
/// let e = Enclosure::new(1.0, 1.5);
/// assert_eq!((e.width(), e.contains(1.25)), (0.5, true));
/// assert_eq!(Enclosure::exact(2.0).to_string(), "2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enclosure {
    /// The value is at least this.
    pub lower: f64,
    /// The value is at most this.
    pub upper: f64,
}

impl Enclosure {
    /// Between `lower` and `upper`; swapped where they are in the wrong order.
    pub fn new(lower: f64, upper: f64) -> Self {
        if lower <= upper { Self { lower, upper } } else { Self { lower: upper, upper: lower } }
    }

    /// One number.
    pub fn exact(value: f64) -> Self {
        Self { lower: value, upper: value }
    }

    /// upper − lower.
    pub fn width(&self) -> f64 {
        self.upper - self.lower
    }

    /// True if `value` lies inside, ends included.
    pub fn contains(&self, value: f64) -> bool {
        (self.lower..=self.upper).contains(&value)
    }

    /// The enclosure of factor times the value, factor ≥ 0.
    pub(crate) fn scaled(self, factor: f64) -> Self {
        Self::new(factor * self.lower, factor * self.upper)
    }

    /// The enclosure of −value.
    pub(crate) fn negated(self) -> Self {
        Self::new(-self.upper, -self.lower)
    }

    /// The enclosure of the larger of two values.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { lower: self.lower.max(other.lower), upper: self.upper.max(other.upper) }
    }
}

impl fmt::Display for Enclosure {
    /// One number where both agree to twelve digits, `lower…upper` otherwise. A precision applies to both.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.upper, f)?;
        if self.width() > 1e-12 * self.upper.abs() {
            f.write_str(" (at least ")?;
            fmt::Display::fmt(&self.lower, f)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}
