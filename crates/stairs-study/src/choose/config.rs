//! What is chosen from, and how: plain data.

use serde::{Deserialize, Serialize};
use stairs_data::DatasetName;

use super::{Budget, Costs, Space};

/// A choice. Same choice, data and machine: same networks, costs (but for seconds) and scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChooseConfig {
    /// Data set.
    pub dataset: DatasetName,
    /// The networks there are.
    pub space: Space,
    /// What a network may cost.
    pub budgets: Vec<Budget>,
    /// Networks within the budgets that are measured, ≥ 1.
    pub candidates: usize,
    /// The measure that ranks them, one of [`measures`](super::measures).
    pub by: String,
    /// How they are measured.
    pub measuring: Measuring,
    /// Whether the seconds of a sample are measured.
    pub timed: bool,
    /// Seed of the order of candidates.
    pub seed: u64,
}

/// How a network is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measuring {
    /// Input samples ≥ 1, drawn from the training part.
    pub samples: usize,
    /// Draws of the parameters ≥ 1.
    pub draws: usize,
    /// Radius ε of the cover, in (0, 1).
    pub eps: f64,
    /// ζ in [2/3, 1).
    pub zeta: f64,
    /// Variance of the noise in hidden layers > 0.
    pub noise_variance: f64,
    /// Seed of samples, parameters and noise.
    pub seed: u64,
}

impl Default for Measuring {
    /// 20 samples, 2 draws, ε = 10⁻³, ζ = 2/3, noise of variance 1: a fraction of a second a network.
    fn default() -> Self {
        Self { samples: 20, draws: 2, eps: 1e-3, zeta: 2.0 / 3.0, noise_variance: 1.0, seed: 1 }
    }
}

impl ChooseConfig {
    /// The measure that ranks where none is named: of those of the study `2sed-choice` the one whose choice was better than chance in
    /// both families, and by the most.
    pub const BY: &str = "naswot";

    /// 200 networks of `space` without a budget, ranked by [`BY`](Self::BY).
    pub fn new(dataset: DatasetName, space: Space) -> Self {
        Self {
            dataset,
            space,
            budgets: Vec::new(),
            candidates: 200,
            by: Self::BY.to_owned(),
            measuring: Measuring::default(),
            timed: false,
            seed: 1,
        }
    }

    /// Whether costs are within all budgets; seconds that are not known yet are.
    pub(super) fn allows(&self, costs: &Costs) -> bool {
        self.budgets.iter().all(|budget| costs.of(budget.resource).is_none_or(|cost| cost <= budget.limit))
    }

    /// The budgets as they are written: `flash=100000, macs=1000000`.
    pub fn budget(&self) -> String {
        match self.budgets.is_empty() {
            true => "no budget".into(),
            false => self.budgets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}
