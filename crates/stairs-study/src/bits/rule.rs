//! Rules by name.

use std::{fmt, str::FromStr};

/// What bits are given by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Excess of 2sED over ζd, before any training.
    TwoScale,
    /// Mean trace of the Hessian times the squared error of the weights (HAWQ-V2), of a trained network.
    Hessian,
    /// Squared error of the weights.
    Error,
    /// The same bits for all, the most that fit.
    Uniform,
    /// Bits at random that fill the budget: what a rule has to be better than.
    Random,
}

impl Rule {
    /// All of them with their names.
    pub const ALL: [(&str, Self); 5] = [
        ("2sed", Self::TwoScale),
        ("hessian", Self::Hessian),
        ("error", Self::Error),
        ("uniform", Self::Uniform),
        ("random", Self::Random),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, rule)| *rule == self).map_or("", |(name, _)| name)
    }

    /// The names of all, in words.
    pub fn names() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Rule {
    type Err = super::BitsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, rule)| rule).ok_or_else(|| super::BitsError::Rule(text.to_owned()))
    }
}
