//! Configuration of a bound and a search: everything that decides its numbers, as plain data.

use serde::{Deserialize, Serialize};
use stairs_capacity::{MeasureError as Invalid, certified::CertifiedLoss};

use crate::measure::MeasureError;

/// A model, a box, a population, and how the largest deviation is looked for. Same configuration and data: same numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundConfig {
    /// Data set by name; all its samples are the population.
    pub dataset: String,
    /// Inputs by number, each brought to [0, 1] by its least and largest value; all of them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<usize>>,
    /// The class that is told from all others; all classes if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<usize>,
    /// Hidden tanh units; softmax regression if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Half-width of the box of the parameters, positive.
    pub radius: f64,
    /// The loss.
    pub loss: CertifiedLoss,
    /// Probability in (0, 1) that the bounds hold with.
    pub confidence: f64,
    /// Numbers of samples n ≥ 1.
    pub samples: Vec<usize>,
    /// Repetitions ≥ 1 for every n: samples of that size.
    pub repetitions: usize,
    /// Random θ ≥ 1 of a repetition.
    pub random: usize,
    /// Random θ from which the deviation is ascended, R above R̂ and below; at most `random`.
    pub starts: usize,
    /// Steps of an ascent.
    pub steps: usize,
    /// Seed of samples and parameters.
    pub seed: u64,
}

impl BoundConfig {
    /// Softmax regression of all inputs and classes in the box ±1, by its error; n = 10², …, 10⁶ at 95 %, 5 repetitions.
    pub fn new(dataset: &str) -> Self {
        Self {
            dataset: dataset.to_owned(),
            inputs: None,
            class: None,
            hidden: None,
            radius: 1.0,
            loss: CertifiedLoss::Error,
            confidence: 0.95,
            samples: (2..=6).map(|exponent| 10usize.pow(exponent)).collect(),
            repetitions: 5,
            random: 4,
            starts: 1,
            steps: 20,
            seed: 1,
        }
    }

    /// Repetitions of all numbers of samples.
    pub fn units(&self) -> usize {
        self.samples.len().saturating_mul(self.repetitions)
    }

    pub(super) fn check(&self) -> Result<(), MeasureError> {
        for (what, count) in [
            ("the number of numbers of samples", self.samples.len()),
            ("the number of samples", self.samples.iter().copied().min().unwrap_or(1)),
            ("the number of repetitions", self.repetitions),
            ("the number of random parameters", self.random),
        ] {
            if count == 0 {
                return Err(MeasureError::Count(what));
            }
        }
        // Ten times the largest population there is: a sample is drawn member by member.
        let most = self.samples.iter().copied().max().unwrap_or(1);
        limit("the number of samples", "at most 100000000", most, most <= 100_000_000)?;
        limit(
            "the number of starts",
            "at most the number of random parameters",
            self.starts,
            self.starts <= self.random,
        )
    }
}

/// Refuses a number that is not what it must be.
pub(super) fn limit(what: &'static str, needs: &'static str, value: usize, holds: bool) -> Result<(), MeasureError> {
    if holds { Ok(()) } else { Err(Invalid::Constant { what, needs, value: value as f64 }.into()) }
}
