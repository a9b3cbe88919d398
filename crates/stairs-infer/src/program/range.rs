//! Which integers are possible.

/// The integers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The smallest.
    pub low: i32,
    /// The largest.
    pub high: i32,
}

/// What the numbers of a result are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers of single precision.
    Float,
    /// Integers of a range.
    Integer(Range),
}

impl Range {
    /// The integers from `low` to `high`.
    pub const fn new(low: i32, high: i32) -> Self {
        Self { low, high }
    }

    /// The smallest range that holds these and 0 too, which is what padding adds.
    #[must_use]
    pub fn with_zero(self) -> Self {
        Self { low: self.low.min(0), high: self.high.max(0) }
    }

    /// The largest magnitude.
    pub fn reach(self) -> i64 {
        i64::from(self.low).abs().max(i64::from(self.high).abs())
    }

    /// Bits of the smallest integer type that holds all: 8, 16 or 32, signed.
    pub fn bits(self) -> u8 {
        if self.low >= -128 && self.high <= 127 {
            8
        } else if self.low >= -32_768 && self.high <= 32_767 {
            16
        } else {
            32
        }
    }
}

impl Kind {
    /// The range of integers; `None` for floats.
    pub fn range(self) -> Option<Range> {
        match self {
            Self::Float => None,
            Self::Integer(range) => Some(range),
        }
    }
}
