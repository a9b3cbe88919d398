//! The distribution of the parameters over which a measure averages.

use rand::{Rng, RngExt};

use super::{Chain, Init, LayerParameters};
use crate::ChainError;

/// Where parameters are drawn from.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Prior {
    /// Every layer's own [`Init`]; scales of normalisations are 1, shifts 0.
    #[default]
    Initialiser,
    /// Uniform on a box of half-width `radius` around 0; around 1 for the scales of normalisations.
    Cube {
        /// Half-width of the box.
        radius: f64,
    },
    /// Uniform on a box of half-width `radius` around given parameters: for local measures. Radius 0 gives them back.
    Around {
        /// The centre, layer by layer.
        centre: Vec<LayerParameters>,
        /// Half-width of the box, at least 0.
        radius: f64,
    },
}

impl Prior {
    /// Checks the prior against the chain it is to draw for.
    ///
    /// # Errors
    /// [`ChainError::Radius`] for a radius that is not positive (negative, around a centre) and finite; what the centre's
    /// lengths and values deserve.
    pub fn check(&self, chain: &Chain) -> Result<(), ChainError> {
        match self {
            Prior::Initialiser => Ok(()),
            Prior::Cube { radius } if radius.is_finite() && *radius > 0.0 => Ok(()),
            Prior::Around { centre, radius } if radius.is_finite() && *radius >= 0.0 => chain.check(centre),
            Prior::Cube { radius } | Prior::Around { radius, .. } => Err(ChainError::Radius(*radius)),
        }
    }

    /// Parameters of layer `index` of a chain that passed [`check`](Self::check).
    pub(crate) fn draw(&self, chain: &Chain, index: usize, rng: &mut impl Rng) -> LayerParameters {
        let (layer, geometry) = (&chain.layers[index], chain.geometry[index]);
        let channels = layer.channels();
        let norm = if layer.norm.is_some() { channels } else { 0 };
        let biases = if layer.bias { channels } else { 0 };
        let mut uniform = |count: usize, centre: f64, radius: f64| -> Vec<f64> {
            (0..count).map(|_| centre + radius * rng.random_range(-1.0..=1.0)).collect()
        };
        let weights = channels * geometry.fan_in;
        match self {
            Prior::Cube { radius } => LayerParameters {
                weight: uniform(weights, 0.0, *radius),
                bias: uniform(biases, 0.0, *radius),
                scale: uniform(norm, 1.0, *radius),
                shift: uniform(norm, 0.0, *radius),
            },
            Prior::Around { centre, radius } => {
                let mut around =
                    |list: &[f64]| list.iter().map(|value| value + radius * rng.random_range(-1.0..=1.0)).collect();
                let centre = &centre[index];
                LayerParameters {
                    weight: around(&centre.weight),
                    bias: around(&centre.bias),
                    scale: around(&centre.scale),
                    shift: around(&centre.shift),
                }
            }
            Prior::Initialiser => {
                let fan_in = 1.0 / (geometry.fan_in as f64).sqrt();
                let (weight, bias) = match &layer.init {
                    Init::FanIn => (uniform(weights, 0.0, fan_in), uniform(biases, 0.0, fan_in)),
                    Init::Uniform { radius } => (uniform(weights, 0.0, *radius), uniform(biases, 0.0, *radius)),
                    Init::Support { thresholds, quantum, mean } => {
                        let mut weight = uniform(weights, *mean, fan_in);
                        let bias = uniform(biases, 0.0, fan_in);
                        for value in &mut weight {
                            *value = quantum * (*value + thresholds[rng.random_range(0..thresholds.len())]);
                        }
                        (weight, bias)
                    }
                };
                LayerParameters { weight, bias, scale: vec![1.0; norm], shift: vec![0.0; norm] }
            }
        }
    }

    /// Parameters of every layer.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn draw_all(&self, chain: &Chain, rng: &mut impl Rng) -> Result<Vec<LayerParameters>, ChainError> {
        self.check(chain)?;
        Ok((0..chain.layers.len()).map(|index| self.draw(chain, index, rng)).collect())
    }
}
