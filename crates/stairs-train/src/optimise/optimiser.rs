//! Optimisers by name: Burn's, with the constants of the reference implementations.
//!
//! With g the gradient, w the latent weight, η the learning rate and λ the rate of the weight decay:
//!
//! ```text
//! adam    g ← g + λw;  m ← 0.9m + 0.1g;  v ← 0.999v + 0.001g²;  w ← w − η·m̂ / (√v̂ + 10⁻⁸)
//! adamw   the same without g ← g + λw, on (1 − ηλ)·w
//! sgd     g ← g + λw;  u ← μu + g (u = g in the first step);  w ← w − η·u, with Nesterov w ← w − η·(g + μu)
//! ```
//!
//! m̂ = m/(1 − 0.9ᵗ) and v̂ = v/(1 − 0.999ᵗ). These are `torch.optim`'s `Adam`, `AdamW` and `SGD` with dampening 0. Kingma
//! and Ba, *Adam*, ICLR 2015 (arXiv 1412.6980); Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019
//! (arXiv 1711.05101); Sutskever et al., *On the importance of initialization and momentum in deep learning*, ICML 2013.

use burn::{
    module::{Module, ParamGroup},
    optim::{
        AdamConfig, AdamWConfig, ModuleOptimizer, Optimizer, SgdConfig, decay::WeightDecayConfig,
        momentum::MomentumConfig,
    },
};
use serde::{Deserialize, Serialize};

use crate::{ConfigError, RunConfig};

/// ε of Adam and AdamW, as in the reference implementation of \[ANA22\]; Burn's default of 10⁻⁵ is large against small
/// gradients.
const EPSILON: f32 = 1e-8;

/// Which optimiser moves the weights; see the head of this file for the formulas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum Optimiser {
    /// Adam; weight decay is added to the gradient, so that the normalisation weakens it.
    #[default]
    Adam,
    /// Adam with decoupled weight decay.
    #[serde(rename = "adamw")]
    AdamW,
    /// Stochastic gradient descent; weight decay is added to the gradient.
    Sgd {
        /// Momentum μ in [0, 1).
        momentum: f64,
        /// Nesterov's momentum; needs μ > 0.
        #[serde(default)]
        nesterov: bool,
    },
}

impl Optimiser {
    /// Checks the momentum.
    pub(crate) fn validate(self) -> Result<(), ConfigError> {
        let Self::Sgd { momentum, nesterov } = self else { return Ok(()) };
        let range = |needs| ConfigError::Range { field: "momentum", value: momentum, needs };
        if !(0.0..1.0).contains(&momentum) {
            return Err(range("must be in [0, 1)"));
        }
        if nesterov && momentum == 0.0 {
            return Err(range("must be positive for Nesterov's momentum"));
        }
        Ok(())
    }
}

/// The optimiser of a run of `model`, which burn-train sees in the field `model` of [`Annealed`](crate::Annealed).
///
/// # Errors
/// [`ConfigError::NoParameter`] where the weight decay spares a parameter that is not there.
pub(crate) fn optimiser<M: Module>(config: &RunConfig, model: &M) -> Result<ModuleOptimizer, ConfigError> {
    let decay = &config.weight_decay;
    let spared: Vec<String> = decay.spared(model)?.into_iter().map(|path| format!("model.{path}")).collect();
    let penalty = |rate: f64| (rate > 0.0).then(|| WeightDecayConfig::new(rate as f32));
    Ok(match config.optimiser {
        Optimiser::Adam => {
            let adam = |rate| AdamConfig::new().with_epsilon(EPSILON).with_weight_decay(penalty(rate)).build();
            grouped(adam, decay.rate, spared)
        }
        Optimiser::AdamW => {
            let adamw = |rate: f64| AdamWConfig::new().with_epsilon(EPSILON).with_weight_decay(rate as f32).build();
            grouped(adamw, decay.rate, spared)
        }
        Optimiser::Sgd { momentum, nesterov } => {
            // Burn dampens by 0.1 unless told otherwise.
            let momentum = MomentumConfig::new().with_momentum(momentum).with_dampening(0.0).with_nesterov(nesterov);
            let momentum = (momentum.momentum > 0.0).then_some(momentum);
            let sgd = |rate| SgdConfig::new().with_momentum(momentum.clone()).with_weight_decay(penalty(rate)).build();
            grouped(sgd, decay.rate, spared)
        }
    })
}

/// `make(rate)` for all parameters but `spared`, `make(0)` for those.
fn grouped<O: Optimizer>(make: impl Fn(f64) -> O, rate: f64, spared: Vec<String>) -> ModuleOptimizer {
    let all = ModuleOptimizer::from(make(rate));
    if rate > 0.0 && !spared.is_empty() { all.with_group(ParamGroup::from_paths(spared), make(0.0), None) } else { all }
}

#[cfg(test)]
mod tests;
