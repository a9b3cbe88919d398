//! What is limited: written `bitops=1.5e9`, `flash=20kB` or `mean=3.5`.

use std::{fmt, str::FromStr};

use super::AllocationError;

/// A limit on what a network costs.
///
/// ```
/// use stairs_network::Budget;
/// assert_eq!("flash=20kB".parse(), Ok(Budget::Flash(20_000)));
/// assert_eq!("bitops=1.5e9".parse(), Ok(Budget::BitOperations(1_500_000_000)));
/// assert_eq!("mean=3.5".parse::<Budget>().unwrap().to_string(), "mean=3.5");
/// assert!("flash=-1".parse::<Budget>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// Bit operations of the whole network for one sample.
    BitOperations(u64),
    /// Bytes of all parameters: planned weights packed, all others as they are.
    Flash(u64),
    /// Bit operations of the planned weights, over those that they have at one bit: the mean of the bits, a multiply-accumulate and a bit of
    /// its feature counting alike. Uniform bits b cost exactly b.
    MeanBits(f64),
}

/// Multiples of a byte by name, as people write them.
const MULTIPLES: [(&str, f64); 7] =
    [("kib", 1024.0), ("mib", 1_048_576.0), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("b", 1.0), ("", 1.0)];

impl Budget {
    /// The unit in which it is compared, for people.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Flash(_) => "bytes",
            Self::BitOperations(_) | Self::MeanBits(_) => "bit operations",
        }
    }

    /// The limit in that unit, where `fixed` is not for the planned weights and one bit of these costs `one`.
    pub(super) fn limit(self, fixed: u64, one: u64) -> Result<u64, AllocationError> {
        match self {
            Self::BitOperations(limit) | Self::Flash(limit) => Ok(limit),
            Self::MeanBits(mean) if mean > 0.0 && mean.is_finite() => {
                // Products of whole numbers are exact below 2⁵³; beyond, the float is as good as any.
                Ok(fixed.saturating_add((mean * one as f64).floor() as u64))
            }
            Self::MeanBits(mean) => Err(AllocationError::Mean(mean)),
        }
    }
}

impl FromStr for Budget {
    type Err = AllocationError;

    fn from_str(text: &str) -> Result<Self, AllocationError> {
        let no = || AllocationError::Name(text.to_owned());
        let (name, value) = text.split_once('=').ok_or_else(no)?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|value| *value > 0.0 && *value < 1e18);
        match name.trim() {
            "bitops" => number(value).map(|value| Self::BitOperations(value as u64)).ok_or_else(no),
            "mean" => number(value).map(Self::MeanBits).ok_or_else(no),
            "flash" => {
                let value = value.trim().to_lowercase();
                let bytes =
                    MULTIPLES.iter().find_map(|(unit, factor)| Some(number(value.strip_suffix(unit)?)? * factor));
                bytes.map(|bytes| Self::Flash(bytes as u64)).ok_or_else(no)
            }
            _ => Err(no()),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::BitOperations(limit) => format!("bitops={limit}"),
            Self::Flash(limit) => format!("flash={limit}"),
            Self::MeanBits(mean) => format!("mean={mean}"),
        })
    }
}
