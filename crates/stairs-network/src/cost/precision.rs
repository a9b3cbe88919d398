//! In how many bits a number is kept.

use std::fmt;

use serde::{Serialize, Serializer};
use stairs_quant::{Quantiser, StairFunction};

/// The numbers a tensor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Any number, in 32 bits.
    Float,
    /// Levels of a named quantiser.
    Levels(Quantiser),
    /// This many levels of a stair that has no name.
    Stair(usize),
}

impl Precision {
    /// The levels of a stair: the first of the catalogue where several quantisers share it.
    pub fn of(stair: &StairFunction) -> Self {
        let named = Quantiser::catalogue().into_iter().find(|quantiser| quantiser.stair() == *stair);
        named.map_or(Self::Stair(stair.levels().len()), Self::Levels)
    }

    /// Bits of a number: 32, or those that store a level.
    ///
    /// ```
    /// use stairs_network::Precision;
    /// use stairs_quant::Quantiser;
    /// assert_eq!((Precision::Float.bits(), Precision::Levels(Quantiser::Ternary).bits()), (32, 2));
    /// assert_eq!((Precision::Stair(4).bits(), Precision::Stair(5).bits()), (2, 3));
    /// ```
    pub fn bits(self) -> u32 {
        match self {
            Self::Float => 32,
            Self::Levels(quantiser) => quantiser.bits(),
            Self::Stair(levels) => levels.saturating_sub(1).max(1).ilog2() + 1,
        }
    }

    /// Bytes of `count` numbers, packed.
    pub fn bytes(self, count: u64) -> u64 {
        count.saturating_mul(u64::from(self.bits())).div_ceil(8)
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float => f.pad("float"),
            Self::Levels(quantiser) => f.pad(&quantiser.to_string()),
            Self::Stair(levels) => f.pad(&format!("{levels} levels")),
        }
    }
}

impl Serialize for Precision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
