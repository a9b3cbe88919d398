//! Quantisers as they stand in a network: of features, and of weights.

use serde::{Deserialize, Serialize};
use stairs_quant::{Scales, StairFunction, ThresholdValue};

use crate::Array;

/// A stair where an activation stood: y = α·σ(x/ε), element by element.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stair {
    /// Path of the quantiser, as an annealing plan addresses it.
    pub path: String,
    /// The stair σ, in units of the quantum.
    pub function: StairFunction,
    /// Quantum ε and output scale α.
    pub scales: Scales,
    /// How x is compared with a threshold.
    pub comparison: Comparison,
}

/// How a kernel in single precision compares x with threshold θ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// x against ε·θ, rounded to single precision: scales that are fixed.
    #[default]
    Folded,
    /// x/ε, rounded to single precision, against θ: scales that are learned, or one an output channel.
    Divided,
}

/// The weights of a layer, output after output: dense `[outputs, inputs]`, convolution `[outputs, inputs/groups, rows,
/// columns]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// As they are.
    Float(Array),
    /// Levels of a stair of latent weights.
    Stair(StairWeight),
}

/// Quantised weights: w = α·σ(latent/ε).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StairWeight {
    /// Path of the quantiser, as an annealing plan addresses it.
    pub path: String,
    /// Latent weights.
    pub latent: Array,
    /// The stair σ, in units of the quantum.
    pub function: StairFunction,
    /// Quantum and output scale: one pair for all weights, one an output, or none if they are not known.
    pub scales: Vec<Scales>,
    /// How a latent weight is compared with a threshold.
    pub comparison: Comparison,
}

impl Comparison {
    /// Index of the level of x, a number of single precision, or of any number where the rounding is of no interest; 0 for NaN.
    pub fn level(self, function: &StairFunction, quantum: f64, x: f64) -> usize {
        match self {
            Self::Divided => function.level_index(f64::from((x / quantum) as f32)).unwrap_or(0),
            Self::Folded => {
                let at = |threshold: &f64| f64::from((quantum * threshold) as f32);
                match function.threshold_value() {
                    ThresholdValue::Upper => function.thresholds().partition_point(|t| at(t) <= x),
                    ThresholdValue::Lower => function.thresholds().partition_point(|t| at(t) < x),
                }
            }
        }
    }
}

impl Stair {
    /// α·σ(x/ε); NaN in, NaN out.
    pub fn apply(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        self.scales.output() * self.function.levels()[self.comparison.level(&self.function, self.scales.quantum(), x)]
    }
}

impl Weight {
    /// The float weights, or the latent ones.
    pub fn array(&self) -> &Array {
        match self {
            Self::Float(array) => array,
            Self::Stair(stair) => &stair.latent,
        }
    }

    /// Sizes of the axes.
    pub fn shape(&self) -> &[usize] {
        self.array().shape()
    }

    /// Number of outputs: the first axis.
    pub fn outputs(&self) -> usize {
        self.shape().first().copied().unwrap_or(1)
    }

    /// Weights of one output.
    pub fn fan_in(&self) -> usize {
        self.shape().iter().skip(1).product()
    }

    /// Path of the quantiser; `None` where the weights are float.
    pub fn quantiser(&self) -> Option<&StairWeight> {
        match self {
            Self::Float(_) => None,
            Self::Stair(stair) => Some(stair),
        }
    }

    /// The weights a forward pass multiplies with; `None` if their values or scales are not known.
    pub fn used(&self) -> Option<Vec<f64>> {
        match self {
            Self::Float(array) => Some(array.values()?.iter().map(|w| f64::from(*w)).collect()),
            Self::Stair(stair) => {
                let fan_in = self.fan_in().max(1);
                let levels = stair.levels()?;
                let output = |index: usize| stair.scale(index / fan_in).map(|scales| scales.output());
                levels.into_iter().enumerate().map(|(index, level)| Some(output(index)? * level)).collect()
            }
        }
    }
}

impl StairWeight {
    /// σ(latent/ε) of every weight, in levels; `None` if values or scales are not known.
    pub fn levels(&self) -> Option<Vec<f64>> {
        let outputs = self.latent.shape().first().copied().unwrap_or(1).max(1);
        let (values, fan_in) = (self.latent.values()?, (self.latent.count() / outputs).max(1));
        let level = |(index, latent): (usize, &f32)| {
            let quantum = self.scale(index / fan_in)?.quantum();
            Some(self.function.levels()[self.comparison.level(&self.function, quantum, f64::from(*latent))])
        };
        values.iter().enumerate().map(level).collect()
    }

    /// The scales of an output.
    pub fn scale(&self, output: usize) -> Option<Scales> {
        self.scales.get(output).or(if self.scales.len() == 1 { self.scales.first() } else { None }).copied()
    }
}

#[cfg(test)]
mod tests {
    use stairs_quant::Quantiser;

    use super::*;

    #[test]
    fn levels_are_those_of_the_stair_and_scales_go_by_output() {
        let latent = Array::new(vec![2, 2], vec![0.5, -0.2, 0.9, -3.0]).unwrap();
        let scales = vec![Scales::equal(1.0).unwrap(), Scales::new(2.0, 0.5).unwrap()];
        let function = Quantiser::Ternary.stair();
        let weight = StairWeight { path: "w".into(), latent, function, scales, comparison: Comparison::Divided };
        assert_eq!(weight.levels().unwrap(), [1.0, 0.0, 0.0, -1.0]);
        assert_eq!(Weight::Stair(weight).used().unwrap(), [1.0, 0.0, 0.0, -0.5]);
    }

    #[test]
    fn both_comparisons_agree_away_from_ties() {
        let function: StairFunction = "int4".parse::<Quantiser>().unwrap().stair();
        for step in -2000..2000 {
            let x = f64::from(step as f32 * 0.0017 + 0.0003);
            let levels = [Comparison::Folded, Comparison::Divided].map(|c| c.level(&function, 0.3701, x));
            assert_eq!(levels[0], levels[1], "{x}");
            assert_eq!(function.levels()[levels[0]], function.eval(x / 0.3701), "{x}");
        }
    }
}
