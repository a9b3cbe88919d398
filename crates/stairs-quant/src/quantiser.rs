//! The catalogue of named quantisers.
//!
//! | name | levels | thresholds |
//! |---|---|---|
//! | `binary` | 0, 1 | ½ |
//! | `sign` | −1, 1 | 0 |
//! | `ternary` | −1, 0, 1 | ±½ |
//! | `uint2`…`uint8` | 0, …, 2ⁿ−1 | midpoints |
//! | `int2`…`int8` | −2ⁿ⁻¹, …, 2ⁿ⁻¹−1 (two's complement) | midpoints |
//! | `balanced2`…`balanced8` | −(2ⁿ⁻¹−1), …, 2ⁿ⁻¹−1 | midpoints |
//! | `pow2-2`…`pow2-8` | 0, ±2⁰, …, ±2^(2ⁿ⁻²−1) | midpoints |
//!
//! Levels and thresholds are in units of the quantum. Where thresholds are midpoints the quantiser rounds to the nearest
//! level; a value half way goes up (H(0) = 1).
//!
//! Powers of two follow Zhou et al., *Incremental Network Quantization*, ICLR 2017 (arXiv 1702.03044), section 2: n bits
//! code zero and 2ⁿ⁻² exponents of either sign, and |w| goes to β where (α+β)/2 ≤ |w| < 3β/2 for neighbouring α < β,
//! which are arithmetic midpoints. There the exponents are counted from the largest; here the smallest non-zero level is
//! the quantum, so that levels are integers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{QuantiserError, StairFunction};

/// A bit width, 2 to 8; a number in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Bits(u8);

impl Bits {
    /// Smallest bit width: 2.
    pub const MIN: Bits = Bits(2);
    /// Largest bit width: 8.
    pub const MAX: Bits = Bits(8);

    /// A bit width of 2 to 8.
    ///
    /// # Errors
    /// [`QuantiserError::Bits`] for any other number. One bit has its own quantisers, `binary` and `sign`.
    pub const fn new(bits: u32) -> Result<Self, QuantiserError> {
        if bits >= Self::MIN.0 as u32 && bits <= Self::MAX.0 as u32 {
            Ok(Self(bits as u8))
        } else {
            Err(QuantiserError::Bits(bits))
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0 as u32
    }

    /// All bit widths, smallest first.
    pub fn all() -> impl Iterator<Item = Bits> {
        (Self::MIN.0..=Self::MAX.0).map(Bits)
    }
}

impl TryFrom<u32> for Bits {
    type Error = QuantiserError;

    fn try_from(bits: u32) -> Result<Self, QuantiserError> {
        Self::new(bits)
    }
}

impl From<Bits> for u32 {
    fn from(bits: Bits) -> Self {
        bits.get()
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A named quantiser: a recipe for a [`StairFunction`]. In text and in files it is its name.
///
/// ```
/// use stairs_quant::Quantiser;
/// let quantiser: Quantiser = "int4".parse()?;
/// assert_eq!(quantiser.stair().levels().len(), 16);
/// assert_eq!(quantiser.to_string(), "int4");
/// assert_eq!(Quantiser::Ternary.bits(), 2);
/// # Ok::<(), stairs_quant::QuantiserError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Quantiser {
    /// {0, 1} with the threshold ½.
    Binary,
    /// {−1, 1} with the threshold 0.
    Sign,
    /// {−1, 0, 1} with the thresholds ±½.
    Ternary,
    /// 0, …, 2ⁿ−1.
    Unsigned(Bits),
    /// −2ⁿ⁻¹, …, 2ⁿ⁻¹−1.
    Signed(Bits),
    /// −(2ⁿ⁻¹−1), …, 2ⁿ⁻¹−1: symmetric, one level fewer than [`Signed`](Self::Signed).
    Balanced(Bits),
    /// Zero and ±2⁰, …, ±2^(2ⁿ⁻²−1).
    PowerOfTwo(Bits),
}

impl Quantiser {
    /// Every named quantiser: three small ones, then four families of bit widths 2 to 8.
    pub fn catalogue() -> Vec<Self> {
        let families = FAMILIES.into_iter().flat_map(|(_, family)| Bits::all().map(family));
        SMALL.into_iter().map(|(_, small)| small).chain(families).collect()
    }

    /// The names, in words: `binary, …, uint2…uint8, …`.
    pub fn names() -> String {
        let families = FAMILIES.map(|(prefix, _)| format!("{prefix}{}…{prefix}{}", Bits::MIN, Bits::MAX));
        let names: Vec<String> = SMALL.iter().map(|(name, _)| (*name).to_owned()).chain(families).collect();
        names.join(", ")
    }

    /// The stair function, in units of the quantum, with H(0) = 1.
    pub fn stair(&self) -> StairFunction {
        let integers = |from: i32, to: i32| (from..=to).map(f64::from).collect::<Vec<_>>();
        StairFunction::nearest(match *self {
            Self::Binary => integers(0, 1),
            Self::Sign => vec![-1.0, 1.0],
            Self::Ternary => integers(-1, 1),
            Self::Unsigned(bits) => integers(0, (1 << bits.get()) - 1),
            Self::Signed(bits) => integers(-(1 << (bits.get() - 1)), (1 << (bits.get() - 1)) - 1),
            Self::Balanced(bits) => {
                let top = (1 << (bits.get() - 1)) - 1;
                integers(-top, top)
            }
            Self::PowerOfTwo(bits) => {
                let exponents = 1u32 << (bits.get() - 2);
                let powers: Vec<f64> = (0..exponents).map(|exponent| (1u64 << exponent) as f64).collect();
                powers.iter().rev().map(|power| -power).chain([0.0]).chain(powers.iter().copied()).collect()
            }
        })
    }

    /// Number of bits that store a level.
    pub fn bits(&self) -> u32 {
        match self.width() {
            Some(bits) => bits.get(),
            None if *self == Self::Ternary => 2,
            None => 1,
        }
    }

    /// The member of the same family with another bit width; of `int` for the small quantisers, which are no family.
    ///
    /// ```
    /// use stairs_quant::{Bits, Quantiser};
    /// let three = Bits::new(3)?;
    /// assert_eq!(Quantiser::Balanced(Bits::MAX).with_bits(three), Quantiser::Balanced(three));
    /// assert_eq!(Quantiser::Ternary.with_bits(three), Quantiser::Signed(three));
    /// # Ok::<(), stairs_quant::QuantiserError>(())
    /// ```
    #[must_use]
    pub fn with_bits(self, bits: Bits) -> Self {
        let family = |width| FAMILIES.into_iter().find(|(_, family)| family(width) == self);
        self.width().and_then(family).map_or(Self::Signed(bits), |(_, family)| family(bits))
    }

    /// The bit width of a member of a family.
    fn width(&self) -> Option<Bits> {
        match self {
            Self::Binary | Self::Sign | Self::Ternary => None,
            Self::Unsigned(bits) | Self::Signed(bits) | Self::Balanced(bits) | Self::PowerOfTwo(bits) => Some(*bits),
        }
    }
}

impl fmt::Display for Quantiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let small = SMALL.iter().find(|(_, small)| small == self).map(|(name, _)| (*name).to_owned());
        let member = self.width().and_then(|bits| {
            let (prefix, _) = FAMILIES.iter().find(|(_, family)| family(bits) == *self)?;
            Some(format!("{prefix}{bits}"))
        });
        f.pad(&small.or(member).unwrap_or_default())
    }
}

/// The quantisers that are no family, by name.
const SMALL: [(&str, Quantiser); 3] =
    [("binary", Quantiser::Binary), ("sign", Quantiser::Sign), ("ternary", Quantiser::Ternary)];

/// Makes a quantiser of a family from its bit width.
type Family = fn(Bits) -> Quantiser;

/// The families by the prefix of their names.
const FAMILIES: [(&str, Family); 4] = [
    ("uint", Quantiser::Unsigned),
    ("int", Quantiser::Signed),
    ("balanced", Quantiser::Balanced),
    ("pow2-", Quantiser::PowerOfTwo),
];

impl FromStr for Quantiser {
    type Err = QuantiserError;

    /// Reads a name of the catalogue.
    ///
    /// # Errors
    /// [`QuantiserError::Bits`] for a known family with a bit width out of range, else [`QuantiserError::Name`].
    fn from_str(name: &str) -> Result<Self, QuantiserError> {
        if let Some((_, small)) = SMALL.iter().find(|(known, _)| *known == name) {
            return Ok(*small);
        }
        for (prefix, family) in FAMILIES {
            let digits = name.strip_prefix(prefix).filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
            if let Some(bits) = digits.and_then(|digits| digits.parse().ok()) {
                return Bits::new(bits).map(family);
            }
        }
        Err(QuantiserError::Name(name.to_string()))
    }
}

impl TryFrom<String> for Quantiser {
    type Error = QuantiserError;

    fn try_from(name: String) -> Result<Self, QuantiserError> {
        name.parse()
    }
}

impl From<Quantiser> for String {
    fn from(quantiser: Quantiser) -> Self {
        quantiser.to_string()
    }
}
