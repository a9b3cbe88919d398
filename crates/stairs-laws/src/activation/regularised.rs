//! φ_ν and its derivative in exact f64 mathematics; formulas in [the module](super).
//!
//! At scale 0 the law is a point mass and φ_ν = φ(· − m), with the derivative of φ from the right.

use serde::{Deserialize, Serialize};

use super::Activation;
use crate::Law;

/// An activation function under additive noise.
///
/// ```
/// use stairs_laws::{Activation, Law, Noise, RegularisedActivation};
/// let softplus = RegularisedActivation::new(Activation::Relu, Law::new(Noise::Logistic, 0.0, 0.5)?);
/// assert!((softplus.eval(0.3) - 0.5 * (1.0 + (0.6f64).exp()).ln()).abs() < 1e-15);
/// assert!((softplus.derivative(0.0) - 0.5).abs() < 1e-15);
///
/// let swish = RegularisedActivation::new(Activation::HardSwish, Law::new(Noise::Uniform, 0.0, 0.5)?);
/// // Away from the knots a quadratic gains half its curvature times the variance: ½·⅓·½²·⅓.
/// assert!((swish.eval(1.0) - (4.0 / 6.0 + 0.25 / 18.0)).abs() < 1e-15);
/// # Ok::<(), stairs_laws::LawError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegularisedActivation {
    function: Activation,
    law: Law,
}

impl RegularisedActivation {
    /// `function` under noise of law `law`; mean and scale are in units of the input.
    pub fn new(function: Activation, law: Law) -> Self {
        Self { function, law }
    }

    /// φ.
    pub fn function(&self) -> &Activation {
        &self.function
    }

    /// The law of the noise.
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// φ_ν(x) = E φ(x − ν). NaN in, NaN out; ±∞ give the limits.
    pub fn eval(&self, x: f64) -> f64 {
        let y = x - self.law.mean();
        self.function.eval(y) + self.correction(y)
    }

    /// φ_ν′(x). NaN in, NaN out; at ±∞ the slopes there.
    pub fn derivative(&self, x: f64) -> f64 {
        let y = x - self.law.mean();
        if self.law.is_hard() || !x.is_finite() {
            return self.function.derivative(y);
        }
        let (noise, s) = (self.law.noise(), self.law.scale());
        let (slope, curvature) = self.function.left_jet(y);
        let (mut jump, mut bend) = (0.0, 0.0);
        for kink in self.function.kinks() {
            let u = (y - kink.at) / s;
            if y > kink.at {
                jump -= kink.slope * noise.tail(u);
                bend += kink.curvature * noise.ramp_above(u);
            } else {
                jump += kink.slope * noise.cdf(u);
                bend += kink.curvature * noise.ramp(u);
            }
        }
        slope + jump + s * (bend - noise.centre() * curvature)
    }

    /// φ_ν(x) − φ(x). For noise without mean nothing cancels, however large x.
    pub fn error(&self, x: f64) -> f64 {
        let y = x - self.law.mean();
        let shift = if self.law.mean() == 0.0 { 0.0 } else { self.function.eval(y) - self.function.eval(x) };
        shift + self.correction(y)
    }

    /// E φ(y − s·ξ) − φ(y).
    fn correction(&self, y: f64) -> f64 {
        if self.law.is_hard() || !y.is_finite() {
            return 0.0;
        }
        let (noise, s) = (self.law.noise(), self.law.scale());
        let (slope, curvature) = self.function.left_jet(y);
        let (mut bend, mut curve) = (0.0, 0.0);
        for kink in self.function.kinks() {
            let u = (y - kink.at) / s;
            if y > kink.at {
                bend += kink.slope * noise.ramp_above(u);
                curve -= kink.curvature * noise.parabola_above(u);
            } else {
                bend += kink.slope * noise.ramp(u);
                curve += kink.curvature * noise.parabola(u);
            }
        }
        s * (bend - noise.centre() * slope + s * (curve + 0.5 * noise.second_moment() * curvature))
    }
}
