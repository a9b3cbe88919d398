//! The two ways to write a function on a grid as a ternary network.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ExpressivityError;

/// How the network computes the level v_c of a cell. Both compute the same function, bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Construction {
    /// The paper's: v = Σ_j H(Σ of the cells with v_c ≥ j, minus 1).
    ///
    /// | layer | units | non-zero weights | thresholds |
    /// |---|---|---|---|
    /// | half-spaces H(x_i − j/N) | n(N−1) | n(N−1) | j/N |
    /// | cells: every lower side reached, no upper side | Nⁿ | 2n(N−1)Nⁿ⁻¹, signs + and − | number of lower sides inside the cube |
    /// | levels j = 1, …, J | J | Σ_c v_c | 1 |
    /// | output | 1 | J | |
    ///
    /// A side on the boundary of the cube needs no half-space, so cells there have fewer weights.
    #[default]
    Cells,
    /// Ours: v = v₀ + Σ_k D_k·H(Σ_i H(x_i − k_i/N) − n), where D is the mixed difference of v: v_k minus its lower neighbour
    /// along every axis in turn. The sum over all corners k below a cell telescopes to v of the cell.
    ///
    /// | layer | units | non-zero weights | thresholds |
    /// |---|---|---|---|
    /// | half-spaces in use | at most n(N−1) | one a unit | j/N |
    /// | corners, \|D_k\| copies of each (n ≥ 2) | Σ\|D_k\| | at most n a unit | number of k_i ≠ 0 |
    /// | output | 1 | Σ\|D_k\|, the signs of D_k | |
    ///
    /// There is no level layer: levels are nested, and most of what one adds to the next cancels. In one dimension the
    /// half-spaces are the corners, and there is one hidden layer. There |D_k| ≤ 1 if L/N ≤ δ, and then no network computes
    /// the same function with fewer half-spaces: it needs one for every jump.
    ///
    /// With δ and 1/N proportional to η, |D_k| is bounded and there are at most Nⁿ corners: O(η⁻ⁿ) non-zero weights. By the
    /// ε-entropy of Lipschitz functions (Kolmogorov, Tikhomirov 1959) of order η⁻ⁿ bits, no construction is better but for
    /// the logarithm.
    Corners,
}

impl Construction {
    /// Both, the paper's first.
    pub const ALL: [Construction; 2] = [Construction::Cells, Construction::Corners];

    /// `cells` or `corners`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cells => "cells",
            Self::Corners => "corners",
        }
    }
}

impl fmt::Display for Construction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Construction {
    type Err = ExpressivityError;

    fn from_str(name: &str) -> Result<Self, ExpressivityError> {
        let found = Self::ALL.into_iter().find(|construction| construction.name() == name);
        found.ok_or_else(|| ExpressivityError::UnknownConstruction(name.to_string()))
    }
}
