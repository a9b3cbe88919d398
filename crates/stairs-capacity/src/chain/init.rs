//! How the weights of a layer are drawn by its initialiser.

/// The distribution of the initial weights of a layer; biases follow the same fan-in rule where there is one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// Uniform on ±1/√fan_in, weights and biases: what Burn's `Linear` and `Conv2d` start with.
    #[default]
    FanIn,
    /// Uniform on ±`radius`, weights and biases.
    Uniform {
        /// Half-width.
        radius: f64,
    },
    /// Latent weights of a quantiser: `quantum`·(a random threshold ± U(1/√fan_in) + `mean`), inside the support of the
    /// noise. Biases as in [`Init::FanIn`].
    Support {
        /// Thresholds of the stair, in units of the quantum; at least one.
        thresholds: Vec<f64>,
        /// The quantum.
        quantum: f64,
        /// Mean of the noise, in units of the quantum.
        mean: f64,
    },
}
