//! The pair of laws one quantiser uses at one moment: how it goes forward and how it comes back.
//!
//! Forward and backward are independent (\[ANA22\], section 3): a static backward law under an annealed forward law, a
//! hard forward under a smooth backward (every straight-through estimator), or one law for both (noise annealing). Published
//! rules that are the derivative of no one law stand beside them, see [`crate::rules`].

use serde::{Deserialize, Serialize};

use stairs_quant::StairFunction;

use crate::{Dsq, Ewgs, Law, Noise};

/// What stands for the derivative of the stair in the backward pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backward {
    /// σ_ν′ of this law; with scale 0 no gradient passes.
    Law(Law),
    /// The derivative is 1 everywhere, whatever the stair: the identity estimator of Bengio et al. 2013
    /// (arXiv 1308.3432). It is not the derivative of a regularised stair with finitely many steps.
    Identity,
    /// The derivative of DSQ's soft stair.
    Dsq(Dsq),
    /// The clipped identity with EWGS's element-wise scaling.
    Ewgs(Ewgs),
}

impl Backward {
    /// True when no gradient passes: a law of scale 0.
    pub fn is_hard(&self) -> bool {
        matches!(self, Backward::Law(law) if law.is_hard())
    }

    /// How far from every threshold of `stair`, in units of the quantum, a gradient passes at least; infinite where it passes
    /// everywhere or, for a hard law, nowhere.
    pub fn reach(&self, stair: &StairFunction) -> f64 {
        match self {
            Backward::Law(law) if law.is_hard() => f64::INFINITY,
            Backward::Law(law) => law.scale() * law.noise().reach(),
            Backward::Identity => f64::INFINITY,
            Backward::Dsq(_) | Backward::Ewgs(_) => 0.5 * stair.min_level_gap().unwrap_or(0.0),
        }
    }
}

/// The laws of one quantiser at one moment.
///
/// ```
/// use stairs_laws::{Backward, Law, Laws, Noise};
/// let law = Law::new(Noise::Uniform, -0.5, 0.5).unwrap();
/// let laws = Laws::same(law.clone());
/// assert_eq!(laws.backward, Backward::Law(law));
/// assert!(Laws::hard().is_hard());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Laws {
    /// Law of the noise in the forward pass.
    pub forward: Law,
    /// Rule of the backward pass.
    pub backward: Backward,
}

impl Laws {
    /// One law for both passes.
    pub fn same(law: Law) -> Self {
        Self { forward: law.clone(), backward: Backward::Law(law) }
    }

    /// One law for each pass.
    pub fn new(forward: Law, backward: Law) -> Self {
        Self { forward, backward: Backward::Law(backward) }
    }

    /// Evaluation: the hard stair, no gradient.
    pub fn hard() -> Self {
        Self::same(Law::hard(Noise::Uniform))
    }

    /// True when both passes are: the quantiser is a stair shifted by the forward mean and passes no gradient.
    pub fn is_hard(&self) -> bool {
        self.forward.is_hard() && self.backward.is_hard()
    }
}
