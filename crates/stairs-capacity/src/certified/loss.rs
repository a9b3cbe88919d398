//! Two losses of the softmax p of the logits and the label y, with what bounds them and their derivatives.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A loss whose constants are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertifiedLoss {
    /// 1 − p_y: how often a class drawn from p is wrong. In [0, 1].
    Error,
    /// −log p_y, bounded because parameters and inputs are.
    CrossEntropy,
}

impl CertifiedLoss {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Error, Self::CrossEntropy];

    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::CrossEntropy => "cross-entropy",
        }
    }

    /// a₁ ≥ ‖∂ℓ/∂f‖₁: 2p_y(1 − p_y), and 2(1 − p_y).
    pub(super) fn slope(self) -> f64 {
        match self {
            Self::Error => 0.5,
            Self::CrossEntropy => 2.0,
        }
    }

    /// a₂ ≥ uᵀ(∂²ℓ/∂f²)v for all u, v in [−1, 1]^K.
    pub(super) fn curvature(self) -> f64 {
        match self {
            Self::Error => 2.0 / (3.0 * 3f64.sqrt()),
            Self::CrossEntropy => 1.0,
        }
    }

    /// B for K classes whose logits differ by at most `spread`.
    pub(super) fn range(self, classes: usize, spread: f64) -> f64 {
        match self {
            Self::Error => 1.0,
            // log(1 + (K − 1) e^D) without overflow.
            Self::CrossEntropy => {
                let others = ((classes - 1) as f64).ln() + spread;
                others.max(0.0) + (-others.abs()).exp().ln_1p()
            }
        }
    }

    /// ρ with (v·∇ℓ)² ≤ ρ² Var_p(a): √(p_y²·(1 − p_y)/p_y) ≤ ½, and √((1 − p_y)/p_y).
    pub(super) fn fisher(self, classes: usize, spread: f64) -> f64 {
        match self {
            Self::Error => 0.5,
            Self::CrossEntropy => (0.5 * (((classes - 1) as f64).ln() + spread)).exp(),
        }
    }

    /// The loss; turns the softmax `p` into ∂ℓ/∂f.
    #[inline]
    pub(super) fn differentiate(self, p: &mut [f64], y: usize) -> f64 {
        let at = p[y];
        let others: f64 = p.iter().enumerate().filter(|(j, _)| *j != y).map(|(_, p)| p).sum();
        match self {
            Self::Error => {
                p.iter_mut().for_each(|p| *p *= at);
                p[y] = -at * others;
                others
            }
            Self::CrossEntropy => {
                p[y] = -others;
                if at > 0.5 { -(-others).ln_1p() } else { -at.ln() }
            }
        }
    }
}

impl fmt::Display for CertifiedLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CertifiedLoss {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|loss| loss.name() == name);
        found.ok_or_else(|| format!("unknown loss `{name}`: expected error or cross-entropy"))
    }
}
