//! What one call of the regularised stair needs, as plain data: the stair, its laws, the strategy, the quantum.

use std::sync::Arc;

use stairs_quant::{Scales, StairFunction};

use crate::{Laws, Strategy};

/// Everything that decides the result of one regularised stair besides its input: y = α·σ_ν(x/ε).
///
/// Cheap to clone: the stair is shared, the rest is a few numbers.
///
/// ```
/// use stairs_noise::{Law, Laws, Noise, StairSpec, Strategy};
/// use stairs_quant::Quantiser;
/// let laws = Laws::same(Law::new(Noise::Uniform, 0.0, 0.5).unwrap());
/// let spec = StairSpec::new(Quantiser::Ternary.stair(), laws).with_strategy(Strategy::Mode);
/// assert_eq!(spec.strategy(), Strategy::Mode);
/// ```
#[derive(Clone, Debug)]
pub struct StairSpec {
    pub(crate) stair: Arc<StairFunction>,
    pub(crate) laws: Laws,
    pub(crate) strategy: Strategy,
    pub(crate) scales: Scales,
    pub(crate) key: u64,
}

impl StairSpec {
    /// The expectation of `stair` under `laws`, quantum 1.
    pub fn new(stair: impl Into<Arc<StairFunction>>, laws: Laws) -> Self {
        Self { stair: stair.into(), laws, strategy: Strategy::Expectation, scales: Scales::UNIT, key: 0 }
    }

    /// The hard stair: evaluation. No gradient.
    pub fn hard(stair: impl Into<Arc<StairFunction>>) -> Self {
        Self::new(stair, Laws::hard())
    }

    /// Sets what the forward pass emits.
    #[must_use]
    pub fn with_strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets the quantum ε of the input and the scale α of the output, both positive: y = α·σ_ν(x/ε).
    #[must_use]
    pub fn with_scales(mut self, scales: Scales) -> Self {
        self.scales = scales;
        self
    }

    /// Sets the key of the random strategy: the draw of element i is a function of the key and i alone.
    #[must_use]
    pub fn with_key(mut self, key: u64) -> Self {
        self.key = key;
        self
    }

    /// The stair σ, in units of the quantum.
    pub fn stair(&self) -> &StairFunction {
        &self.stair
    }

    /// The forward law and the backward rule.
    pub fn laws(&self) -> &Laws {
        &self.laws
    }

    /// What the forward pass emits.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Quantum and output scale.
    pub fn scales(&self) -> Scales {
        self.scales
    }

    /// Key of the random strategy.
    pub fn key(&self) -> u64 {
        self.key
    }
}
