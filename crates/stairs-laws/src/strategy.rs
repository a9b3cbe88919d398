//! What the forward pass emits: a statistic of, or a draw from, the law of σ(x − ν).
//!
//! With p_k = F_k − F_{k+1} and F_k = F((x − m − θ_k)/s) the mass of level q_k (F₀ = 1, F_{K+1} = 0):
//!
//! | strategy | forward |
//! |---|---|
//! | expectation | Σ p_k q_k |
//! | mode | the q_k of largest p_k; of equal masses the lower level |
//! | random | q_k with probability p_k |
//! | relaxed | (1 − s)·σ(x) + s·x, s the scale of the law, whose shape is of no account |
//!
//! The backward pass is the derivative of the expectation in the first three, or whatever rule it is given. Source: \[ANA22\]
//! (arXiv 2203.11323), section 3. The relaxed stair is none of that paper's: it is the pseudo-quantised weight of BinaryRelax
//! (Yin et al. 2018, arXiv 1801.06313), (λ·Q(w) + w)/(λ + 1) with s = 1/(λ + 1), and belongs with [`Backward::Identity`](crate::Backward::Identity).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::LawError;

/// The forward strategy of a regularised stair. At scale 0 all are the same hard stair σ(x − m).
///
/// ```
/// use stairs_laws::Strategy;
/// assert_eq!("mode".parse::<Strategy>().unwrap(), Strategy::Mode);
/// assert_eq!(Strategy::Random.to_string(), "random");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The mean of the level: continuous in x, in general not a level.
    #[default]
    Expectation,
    /// The most probable level: always a level, deterministic.
    Mode,
    /// A level drawn from its law: always a level, right on average, needs a seed.
    Random,
    /// Between x and its level: continuous in nothing, no expectation under noise, and a level only at scale 0.
    Relaxed,
}

impl Strategy {
    /// The strategies of regularised stairs, in the order of the table above: all that noise annealing chooses from.
    pub const ALL: [Strategy; 3] = [Strategy::Expectation, Strategy::Mode, Strategy::Random];

    /// Short lower-case name, as accepted by [`FromStr`] and used in files.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Expectation => "expectation",
            Strategy::Mode => "mode",
            Strategy::Random => "random",
            Strategy::Relaxed => "relaxed",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Strategy {
    type Err = LawError;

    fn from_str(name: &str) -> Result<Self, LawError> {
        Strategy::ALL
            .into_iter()
            .find(|strategy| strategy.name() == name)
            .ok_or_else(|| LawError::UnknownStrategy(name.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_through_text_and_serde() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.name().parse::<Strategy>(), Ok(strategy));
            let json = serde_json::to_string(&strategy).unwrap();
            assert_eq!(json, format!("\"{strategy}\""));
            assert_eq!(serde_json::from_str::<Strategy>(&json).unwrap(), strategy);
        }
        let error = "Mode".parse::<Strategy>().unwrap_err();
        assert_eq!(error, LawError::UnknownStrategy("Mode".into()));
        assert!(error.to_string().contains("expectation, mode or random"));
    }
}
