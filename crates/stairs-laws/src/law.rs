//! A noise law with its parameters: ν = m + s·ξ.
//!
//! Mean and scale are in units of the quantum of the quantiser they smooth. `s = 0` is the Dirac law at `m`: the
//! quantiser is hard and passes no gradient.

use serde::{Deserialize, Serialize};

use crate::{LawError, Noise};

/// ν = mean + scale·ξ with ξ distributed as [`Noise`].
///
/// ```
/// use stairs_laws::{Law, Noise};
/// let law = Law::new(Noise::Normal, -0.5, 0.25).unwrap();
/// assert_eq!(law.cdf(-0.5), 0.5);
/// assert!(Law::new(Noise::Normal, 0.0, -1.0).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawLaw")]
pub struct Law {
    noise: Noise,
    mean: f64,
    scale: f64,
}

impl Law {
    /// A law with finite `mean` (any sign) and finite `scale ≥ 0`, both in units of the quantum.
    ///
    /// # Errors
    /// [`LawError::Mean`] or [`LawError::Scale`], carrying the value.
    pub fn new(noise: Noise, mean: f64, scale: f64) -> Result<Self, LawError> {
        if !mean.is_finite() {
            return Err(LawError::Mean(mean));
        }
        if !scale.is_finite() || scale < 0.0 {
            return Err(LawError::Scale(scale));
        }
        Ok(Self { noise, mean, scale })
    }

    /// A law whose parameters are valid by construction.
    pub(crate) fn known(noise: Noise, mean: f64, scale: f64) -> Self {
        debug_assert!(mean.is_finite() && scale.is_finite() && scale >= 0.0);
        Self { noise, mean, scale }
    }

    /// The Dirac law at 0: the hard quantiser.
    pub fn hard(noise: Noise) -> Self {
        Self { noise, mean: 0.0, scale: 0.0 }
    }

    /// Shape of the noise.
    pub fn noise(&self) -> &Noise {
        &self.noise
    }

    /// Mean m in units of the quantum.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Scale s ≥ 0 in units of the quantum; what it means depends on the law, see [`Noise`].
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// True when the scale is 0: no smoothing, no gradient.
    pub fn is_hard(&self) -> bool {
        self.scale == 0.0
    }

    /// Standard deviation of ν in units of the quantum.
    pub fn std(&self) -> f64 {
        self.scale * self.noise.std()
    }

    /// P(ν ≤ x). For `scale = 0` the right-continuous unit step at the mean.
    pub fn cdf(&self, x: f64) -> f64 {
        if self.is_hard() {
            return if x.is_nan() {
                f64::NAN
            } else if x >= self.mean {
                1.0
            } else {
                0.0
            };
        }
        self.noise.cdf((x - self.mean) / self.scale)
    }

    /// Density of ν at x, in units of 1/quantum; 0 for `scale = 0` (the Dirac law has none).
    pub fn pdf(&self, x: f64) -> f64 {
        if self.is_hard() { 0.0 } else { self.noise.pdf((x - self.mean) / self.scale) / self.scale }
    }
}

/// What a law looks like in a file, validated when read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLaw {
    noise: Noise,
    mean: f64,
    scale: f64,
}

impl TryFrom<RawLaw> for Law {
    type Error = LawError;

    fn try_from(raw: RawLaw) -> Result<Self, LawError> {
        Self::new(raw.noise, raw.mean, raw.scale)
    }
}
