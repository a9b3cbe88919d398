//! How a Fisher pass is made.

use serde::{Deserialize, Serialize};

use crate::{ChainError, FisherError, LanczosOptions, chain::positive};

/// Exact eigenvalues or stochastic Lanczos quadrature, for the blocks of hidden layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Exact where the estimated work of a layer is below [`MarkovOptions::exact_work`], Lanczos elsewhere.
    #[default]
    Auto,
    /// Always exact.
    Exact,
    /// Always Lanczos. The block of a categorical last layer stays exact.
    Lanczos,
}

/// Options of the blocks of a Markov chain.
///
/// ```
/// use stairs_capacity::{MarkovOptions, Method};
/// let options = MarkovOptions { noise_variance: 0.25, method: Method::Exact, ..MarkovOptions::default() };
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkovOptions {
    /// Variance σ² of the noise added to the output of every hidden layer, positive.
    pub noise_variance: f64,
    /// Exact or Lanczos.
    pub method: Method,
    /// Multiplications up to which a layer is solved exactly under [`Method::Auto`].
    pub exact_work: f64,
    /// Probes, steps and number format of Lanczos.
    pub lanczos: LanczosOptions,
}

impl Default for MarkovOptions {
    fn default() -> Self {
        Self { noise_variance: 1.0, method: Method::Auto, exact_work: 3e11, lanczos: LanczosOptions::default() }
    }
}

impl MarkovOptions {
    /// Checks the values.
    ///
    /// # Errors
    /// [`ChainError::Variance`] for a noise variance that is not positive and finite, [`FisherError::Lanczos`] for fewer
    /// than 2 probes or steps.
    pub fn check(&self) -> Result<(), FisherError> {
        let noise: Result<(), ChainError> = positive("noise variance", self.noise_variance);
        noise?;
        self.lanczos.check()
    }
}
