//! In how many bits a number is kept.

use std::fmt;

use serde::{Serialize, Serializer};
use stairs_quant::Quantiser;

/// The numbers a tensor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Any number, in 32 bits.
    Float,
    /// Levels of a quantiser.
    Levels(Quantiser),
}

impl Precision {
    /// Bits of a number: 32, or those that store a level.
    ///
    /// ```
    /// use stairs_quant::Quantiser;
    /// use stairs_zoo::Precision;
    /// assert_eq!((Precision::Float.bits(), Precision::Levels(Quantiser::Ternary).bits()), (32, 2));
    /// ```
    pub fn bits(self) -> u32 {
        match self {
            Self::Float => 32,
            Self::Levels(quantiser) => quantiser.bits(),
        }
    }

    /// Bytes of `count` numbers, packed.
    pub(super) fn bytes(self, count: u64) -> u64 {
        (count * u64::from(self.bits())).div_ceil(8)
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float => f.pad("float"),
            Self::Levels(quantiser) => f.pad(&quantiser.to_string()),
        }
    }
}

impl Serialize for Precision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
