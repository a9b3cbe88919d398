//! What a rule that chooses scales asks of a stair, in one table.
//!
//! | rule | needs |
//! |---|---|
//! | `fixed`, `max-abs`, `percentile`, `mse` | two different levels |
//! | `twn` | levels −c, 0, c and thresholds −t, t |
//! | `sawb` | equally spaced levels of both signs, 2ⁿ or 2ⁿ−1 of them for n up to 8 |
//! | `lsq`, and every learned step | a positive level |
//! | `pact`, the learned clip | rising levels from 0 on, thresholds between them |
//!
//! A rule whose requirement is not met has no meaning on that stair, whatever the data: it divides by a level that is not
//! there (`lsq`), clips away the levels of one sign (`pact`), or was fitted to other levels (`twn`, `sawb`).

use super::sawb;
use crate::{ScaleError, StairFunction};

/// What a rule asks of a stair; see the table of [`scale`](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Requirement {
    /// Not all levels are the same.
    TwoLevels,
    /// The levels −c, 0, c and the thresholds −t, t.
    Ternary,
    /// Levels that SAWB has coefficients for.
    Sawb,
    /// A level above 0.
    PositiveLevel,
    /// Levels that rise from 0, and thresholds between the levels.
    FromZero,
}

impl Requirement {
    /// What is asked, in words.
    pub fn needs(self) -> &'static str {
        match self {
            Self::TwoLevels => "two different levels",
            Self::Ternary => "levels -c, 0, c and thresholds -t, t",
            Self::Sawb => "equally spaced levels of both signs, 2ⁿ or 2ⁿ−1 of them for n up to 8",
            Self::PositiveLevel => "a positive level",
            Self::FromZero => "rising levels from 0 on (binary, uint2 to uint8): it clips all below 0 away",
        }
    }

    /// Whether `stair` meets it. Every requirement includes two different levels.
    pub fn is_met(self, stair: &StairFunction) -> bool {
        stair.min_level_gap().is_some()
            && match self {
                Self::TwoLevels => true,
                Self::Ternary => match (stair.levels(), stair.thresholds()) {
                    (&[low, mid, high], &[left, right]) => mid == 0.0 && high > 0.0 && low == -high && left == -right,
                    _ => false,
                },
                Self::Sawb => sawb::coefficients(stair).is_some(),
                Self::PositiveLevel => stair.highest_level() > 0.0,
                Self::FromZero => rises_from_zero(stair),
            }
    }

    /// Nothing if `stair` meets it.
    ///
    /// # Errors
    /// [`ScaleError::Stair`] in the name of `policy`.
    ///
    /// ```
    /// use stairs_quant::{Quantiser, Requirement};
    /// assert!(Requirement::FromZero.check("pact", &Quantiser::Binary.stair()).is_ok());
    /// let error = Requirement::FromZero.check("pact", &Quantiser::Ternary.stair()).unwrap_err();
    /// assert!(error.to_string().starts_with("policy `pact` needs rising levels from 0 on"));
    /// ```
    pub fn check(self, policy: &'static str, stair: &StairFunction) -> Result<(), ScaleError> {
        if self.is_met(stair) {
            return Ok(());
        }
        Err(ScaleError::Stair { policy, needs: self.needs(), stair: stair.to_string() })
    }
}

fn rises_from_zero(stair: &StairFunction) -> bool {
    let (levels, thresholds) = (stair.levels(), stair.thresholds());
    levels[0] == 0.0
        && levels.windows(2).all(|pair| pair[0] < pair[1])
        && levels.windows(2).zip(thresholds).all(|(pair, threshold)| (pair[0]..=pair[1]).contains(threshold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Quantiser, ScalePolicy};

    const ALL: [Requirement; 5] = [
        Requirement::TwoLevels,
        Requirement::Ternary,
        Requirement::Sawb,
        Requirement::PositiveLevel,
        Requirement::FromZero,
    ];

    fn met(stair: &StairFunction) -> [bool; 5] {
        ALL.map(|requirement| requirement.is_met(stair))
    }

    #[test]
    fn the_catalogue_by_hand() {
        for quantiser in Quantiser::catalogue() {
            let ternary = ["ternary", "balanced2", "pow2-2"].contains(&quantiser.to_string().as_str());
            let (sawb, from_zero) = match quantiser {
                Quantiser::Binary | Quantiser::Unsigned(_) => (false, true),
                // Three levels are spaced equally; more powers of two are not.
                Quantiser::PowerOfTwo(bits) => (bits.get() == 2, false),
                _ => (true, false),
            };
            assert_eq!(met(&quantiser.stair()), [true, ternary, sawb, true, from_zero], "{quantiser}");
        }
    }

    #[test]
    fn other_stairs_by_hand() {
        let stair = |thresholds: &[f64], levels: &[f64]| StairFunction::new(thresholds.into(), levels.into()).unwrap();
        assert_eq!(met(&stair(&[0.0], &[0.0, 0.0])), [false; 5]);
        assert_eq!(met(&stair(&[0.0], &[1.0, 1.0])), [false; 5]);
        assert_eq!(met(&stair(&[-0.5], &[-1.0, 0.0])), [true, false, false, false, false]);
        assert_eq!(met(&stair(&[-2.0, 2.0], &[-9.0, 0.0, 9.0])), [true, true, true, true, false]);
        assert_eq!(met(&stair(&[1.0, 2.0], &[0.0, 1.0, 0.0])), [true, false, false, true, false]);
        // A threshold above the levels around it is never reached after clipping at the highest level.
        assert_eq!(met(&stair(&[5.0], &[0.0, 1.0])), [true, false, false, true, false]);
    }

    #[test]
    fn a_policy_is_refused_on_a_stair_it_has_no_meaning_on_whatever_the_data() {
        let refused = |policy: ScalePolicy, values: &[f32], stair: &StairFunction| {
            matches!(policy.scales(values, stair), Err(ScaleError::Stair { .. }))
        };
        let flat = StairFunction::new(vec![0.0], vec![2.0, 2.0]).unwrap();
        let negative = StairFunction::new(vec![-0.5], vec![-1.0, 0.0]).unwrap();
        for values in [[0.0, 0.0], [0.5, -1.0]] {
            assert!(refused(ScalePolicy::Twn, &values, &Quantiser::Sign.stair()));
            assert!(refused(ScalePolicy::Sawb, &values, &Quantiser::Binary.stair()));
            assert!(refused(ScalePolicy::Lsq, &values, &negative));
            assert!(refused(ScalePolicy::Fixed(1.0), &values, &flat));
            assert!(refused(ScalePolicy::MaxAbs, &values, &flat));
        }
    }
}
