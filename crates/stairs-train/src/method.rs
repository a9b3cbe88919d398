//! How a network is quantised during training: float, the two methods of the study, and the published baselines.
//!
//! | method | weights | features | source |
//! |---|---|---|---|
//! | `float` | float | float | |
//! | `ste` | hard forward, static surrogate | the same | Hubara et al. 2016, arXiv 1602.02830 |
//! | `ana` | annealed noise | the same | \[ANA22\], arXiv 2203.11323 |
//! | `lsq` | as `ste`, quanta learned | the same | Esser et al. 2020, arXiv 1902.08153 |
//! | `pact` | as `ste` | as `ste` on levels from 0, clip learned | Choi et al. 2018, arXiv 1805.06085 |
//! | `dsq` | hard forward, DSQ's derivative | the same | Gong et al. 2019, arXiv 1908.05033 |
//! | `ewgs` | hard forward, gradients scaled one by one | the same | Lee et al. 2021, arXiv 2104.00903 |
//! | `parq` | piecewise-affine map, annealed | as `ste` | Jin et al. 2025, arXiv 2503.15748 |
//! | `binary-relax` | between float and hard, annealed | as `ste` | Yin et al. 2018, arXiv 1801.06313 |
//! | `dampening` | as `ste`, drawn to the middles of the steps | as `ste` | Nagel et al. 2022, arXiv 2203.11086 |
//! | `freezing` | as `ste`, oscillating weights frozen | as `ste` | the same |

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the network is quantised during training; the head of this file has the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// No quantisation: the baseline.
    Float,
    /// Straight-through estimator: hard forward, static backward law.
    Ste,
    /// Additive noise annealing.
    Ana,
    /// Quanta of weights and features learned.
    Lsq,
    /// Clips of the features learned.
    Pact,
    /// Hard forward, the derivative of a soft stair backward.
    Dsq,
    /// Element-wise gradient scaling.
    Ewgs,
    /// Piecewise-affine regularisation of the weights.
    Parq,
    /// Pseudo-quantised weights.
    BinaryRelax,
    /// Weights drawn to the middles of their steps, against oscillation.
    Dampening,
    /// Oscillating weights frozen.
    Freezing,
}

/// What a method learns of the scales of its quantisers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learned {
    /// Nothing: the quanta stay as they start.
    Nothing,
    /// All quanta.
    Quanta,
    /// The clips of the features.
    Clips,
}

impl Method {
    /// Every method, in the order of the table above.
    pub const ALL: [Method; 11] = [
        Method::Float,
        Method::Ste,
        Method::Ana,
        Method::Lsq,
        Method::Pact,
        Method::Dsq,
        Method::Ewgs,
        Method::Parq,
        Method::BinaryRelax,
        Method::Dampening,
        Method::Freezing,
    ];

    /// Its name in files and options.
    pub fn name(self) -> &'static str {
        match self {
            Method::Float => "float",
            Method::Ste => "ste",
            Method::Ana => "ana",
            Method::Lsq => "lsq",
            Method::Pact => "pact",
            Method::Dsq => "dsq",
            Method::Ewgs => "ewgs",
            Method::Parq => "parq",
            Method::BinaryRelax => "binary-relax",
            Method::Dampening => "dampening",
            Method::Freezing => "freezing",
        }
    }

    /// Its name in reports.
    pub fn label(self) -> &'static str {
        match self {
            Method::Float => "float",
            Method::Ste => "STE",
            Method::Ana => "ANA",
            Method::Lsq => "LSQ",
            Method::Pact => "PACT",
            Method::Dsq => "DSQ",
            Method::Ewgs => "EWGS",
            Method::Parq => "PARQ",
            Method::BinaryRelax => "BinaryRelax",
            Method::Dampening => "dampening",
            Method::Freezing => "freezing",
        }
    }

    /// Whether anything is quantised.
    pub fn is_quantised(self) -> bool {
        self != Method::Float
    }

    /// What it learns of the scales.
    pub(crate) fn learned(self) -> Learned {
        match self {
            Method::Lsq => Learned::Quanta,
            Method::Pact => Learned::Clips,
            _ => Learned::Nothing,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for method in Method::ALL {
            assert_eq!(serde_json::to_string(&method).unwrap(), format!("\"{method}\""));
        }
    }
}
