//! What a network may cost.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::ChooseError;

/// What costs are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// Numbers of the parameters.
    Parameters,
    /// Multiply-accumulates of a sample.
    Macs,
    /// The same, each times the bits of a weight and of a feature.
    BitOperations,
    /// Bytes that never change.
    Flash,
    /// Most bytes of features at one time.
    Ram,
    /// Seconds for a sample on this machine, measured.
    Seconds,
}

impl Resource {
    /// Each with its name, and what one of it is called.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Parameters, "params", "parameters"),
        (Self::Macs, "macs", "MACs"),
        (Self::BitOperations, "bitops", "bit operations"),
        (Self::Flash, "flash", "bytes of flash"),
        (Self::Ram, "ram", "bytes of RAM"),
        (Self::Seconds, "seconds", "seconds a sample"),
    ];

    /// Its name: `flash`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(one, _, _)| *one == self).map_or("", |(_, name, _)| name)
    }

    /// What it is counted in: `bytes of flash`.
    pub fn unit(self) -> &'static str {
        Self::ALL.iter().find(|(one, _, _)| *one == self).map_or("", |(_, _, unit)| unit)
    }
}

/// An upper bound of one cost: `flash=100kB`, `macs=1M`, `seconds=2ms`.
///
/// ```
/// use stairs_study::choose::{Budget, Resource};
/// let budget: Budget = "flash=100kB".parse()?;
/// assert_eq!((budget.resource, budget.limit), (Resource::Flash, 100_000.0));
/// assert_eq!("ram=64KiB".parse::<Budget>()?.limit, 65_536.0);
/// # Ok::<(), stairs_study::choose::ChooseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// What is bounded.
    pub resource: Resource,
    /// The most of it, positive and finite.
    pub limit: f64,
}

/// Units and what they are, those that end like others first.
const UNITS: [(&str, f64, Kind); 13] = [
    ("KiB", 1024.0, Kind::Bytes),
    ("MiB", 1_048_576.0, Kind::Bytes),
    ("kB", 1e3, Kind::Bytes),
    ("MB", 1e6, Kind::Bytes),
    ("B", 1.0, Kind::Bytes),
    ("ms", 1e-3, Kind::Time),
    ("us", 1e-6, Kind::Time),
    ("µs", 1e-6, Kind::Time),
    ("s", 1.0, Kind::Time),
    ("k", 1e3, Kind::Number),
    ("M", 1e6, Kind::Number),
    ("G", 1e9, Kind::Number),
    ("T", 1e12, Kind::Number),
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bytes,
    Time,
    Number,
}

impl Budget {
    /// Whether it bounds seconds, which are measured.
    pub fn is_time(&self) -> bool {
        self.resource == Resource::Seconds
    }
}

impl FromStr for Budget {
    type Err = ChooseError;

    fn from_str(text: &str) -> Result<Self, ChooseError> {
        let wrong = || ChooseError::Budget { text: text.to_owned() };
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let (resource, _, _) = Resource::ALL.into_iter().find(|(_, known, _)| *known == name).ok_or_else(wrong)?;
        let unit = UNITS.iter().find_map(|(unit, factor, kind)| Some((value.strip_suffix(unit)?, *factor, *kind)));
        let (digits, factor, kind) =
            unit.map_or((value, 1.0, None), |(digits, factor, kind)| (digits, factor, Some(kind)));
        let fits = match resource {
            Resource::Flash | Resource::Ram => kind != Some(Kind::Time),
            Resource::Seconds => kind.is_none_or(|kind| kind == Kind::Time),
            _ => kind.is_none_or(|kind| kind == Kind::Number),
        };
        let limit = digits.trim().parse::<f64>().map_err(|_| wrong())? * factor;
        if fits && limit.is_finite() && limit > 0.0 { Ok(Self { resource, limit }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.resource.name(), self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_have_units_of_their_own() {
        let limit = |text: &str| text.parse::<Budget>().unwrap().limit;
        assert_eq!((limit("params=20k"), limit("macs=1.5M"), limit("bitops=2G")), (20_000.0, 1.5e6, 2e9));
        assert_eq!(
            (limit("flash=100kB"), limit("flash=100k"), limit("ram=2KiB"), limit("ram=512B")),
            (1e5, 1e5, 2048.0, 512.0)
        );
        assert_eq!((limit("seconds=2ms"), limit("seconds=0.5")), (2e-3, 0.5));
        for text in [
            "flash",
            "flash=",
            "flash=ms",
            "flash=1ms",
            "macs=1kB",
            "macs=-1",
            "ram=0",
            "seconds=1k",
            "area=3",
            "params=1e999",
        ] {
            let error = text.parse::<Budget>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("flash=100kB"), "{error}");
        }
        for (resource, name, unit) in Resource::ALL {
            assert_eq!((resource.name(), resource.unit()), (name, unit));
            let budget = Budget { resource, limit: 1500.0 };
            assert_eq!(budget.to_string().parse::<Budget>().unwrap(), budget);
        }
    }
}
