//! Configuration of a measurement: everything that decides its numbers, as plain data.

use serde::{Deserialize, Serialize};
use stairs_capacity::log_kappa;
use stairs_noise::{Law, Noise};
use stairs_quant::Quantiser;
use stairs_zoo::Architecture;

use super::MeasureError;

/// A measurement. Same configuration and data: same numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureConfig {
    /// Model with its sizes.
    pub model: Architecture,
    /// Data set by name.
    pub dataset: String,
    /// Quantiser of weights and features with the law of their noise; float if absent.
    pub quantiser: Option<(Quantiser, Law)>,
    /// Half-width of a uniform box to draw the parameters from; the initialiser if absent.
    pub cube: Option<f64>,
    /// Input samples ≥ 1, drawn from the training part.
    pub samples: usize,
    /// Draws of the parameters ≥ 1.
    pub draws: usize,
    /// Draws of the last layer for each of them ≥ 1.
    pub inner: usize,
    /// Variance of the noise in the hidden layers > 0.
    pub noise_variance: f64,
    /// Radii ε of the cover, in (0, 1).
    pub eps: Vec<f64>,
    /// ζ in [2/3, 1).
    pub zeta: Vec<f64>,
    /// Particles of sequential Monte Carlo; 0 leaves it out.
    pub particles: usize,
    /// The unit-factorised bound; left out if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factorised: Option<FactorisedConfig>,
    /// Draws of the parameters for the measures of others, which are timed with those of 2sED; 0 leaves them out.
    #[serde(default, skip_serializing_if = "is_none")]
    pub baselines: usize,
    /// Seed of samples, parameters and noise.
    pub seed: u64,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// How the unit-factorised bound is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorisedConfig {
    /// Draws ≥ 1 of every hidden layer for each particle.
    pub draws: usize,
    /// Draws ≥ 1 of the last layer for each particle.
    pub last_draws: usize,
    /// Particles ≥ 1.
    pub particles: usize,
    /// Radii ε; those of the curve if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eps: Vec<f64>,
}

impl MeasureConfig {
    /// The paper's setting: 100 samples, 100 draws, ε from 10⁻¹ to 10⁻⁶, ζ = 2/3, noise of variance 1.
    pub fn new(model: Architecture, dataset: &str) -> Self {
        Self {
            model,
            dataset: dataset.to_owned(),
            quantiser: None,
            cube: None,
            samples: 100,
            draws: 100,
            inner: 1,
            noise_variance: 1.0,
            eps: (4..=24).map(|i| 10f64.powf(-0.25 * f64::from(i))).collect(),
            zeta: vec![2.0 / 3.0],
            particles: 0,
            factorised: None,
            baselines: 0,
            seed: 1,
        }
    }

    /// A law of noise for [`quantiser`](Self::quantiser).
    ///
    /// # Errors
    /// [`MeasureError::Law`] for a scale that is negative or not finite.
    pub fn law(noise: Noise, scale: f64) -> Result<Law, MeasureError> {
        Ok(Law::new(noise, 0.0, scale)?)
    }

    pub(super) fn check(&self) -> Result<(), MeasureError> {
        for (what, count) in [
            ("the number of draws", self.draws),
            ("the number of inner draws", self.inner),
            ("the number of values of epsilon", self.eps.len()),
            ("the number of values of zeta", self.zeta.len()),
        ] {
            if count == 0 {
                return Err(MeasureError::Count(what));
            }
        }
        if let Some(factorised) = &self.factorised {
            for (what, count) in [
                ("the number of draws of the units", factorised.draws),
                ("the number of draws of the last layer", factorised.last_draws),
                ("the number of particles of the units", factorised.particles),
            ] {
                if count == 0 {
                    return Err(MeasureError::Count(what));
                }
            }
        }
        for zeta in &self.zeta {
            for eps in self.eps.iter().chain(self.factorised.iter().flat_map(|factorised| &factorised.eps)) {
                log_kappa(*eps, *zeta)?;
            }
        }
        Ok(())
    }
}
