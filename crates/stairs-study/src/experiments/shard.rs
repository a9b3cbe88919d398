//! A share of an experiment's trials.

use std::{fmt, str::FromStr};

use super::ExperimentError;

/// Most parts of an experiment.
const MOST: usize = 1_000_000;

/// Every n-th trial, starting with the i-th: written `i/n`, i counted from 1.
///
/// ```
/// use stairs_study::experiments::Shard;
/// let shard: Shard = "2/3".parse().unwrap();
/// assert_eq!((0..7).filter(|i| shard.takes(*i)).collect::<Vec<_>>(), [1, 4]);
/// assert!("4/3".parse::<Shard>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// Everything.
    pub const ALL: Shard = Shard { index: 1, count: 1 };

    /// Number of shards.
    pub fn count(&self) -> usize {
        self.count
    }

    /// True if the trial at `position` (from 0) belongs to this shard.
    pub fn takes(&self, position: usize) -> bool {
        position % self.count == self.index - 1
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = ExperimentError;

    fn from_str(text: &str) -> Result<Self, ExperimentError> {
        let parse = || {
            let (index, count) = text.split_once('/')?;
            let (index, count) = (index.trim().parse().ok()?, count.trim().parse().ok()?);
            ((1..=count).contains(&index) && count <= MOST).then_some(Shard { index, count })
        };
        parse().ok_or_else(|| ExperimentError::Shard(text.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_everything_once() {
        for count in 1..6 {
            let shards: Vec<Shard> = (1..=count).map(|i| format!("{i}/{count}").parse().unwrap()).collect();
            for position in 0..20 {
                assert_eq!(shards.iter().filter(|s| s.takes(position)).count(), 1);
            }
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "1", "0/3", "4/3", "1/0", "a/b", "-1/3", "1/3/5", "1/1000001", "1/18446744073709551615"] {
            let error = text.parse::<Shard>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
    }
}
