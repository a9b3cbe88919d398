//! The activation functions that can be regularised, without noise.
//!
//! | name | φ(x) | Lip(φ) |
//! |---|---|---|
//! | `relu` | x₊ | 1 |
//! | `leaky-relu` | x₊ − a(−x)₊ | max(1, \|a\|) |
//! | `hard-tanh` | clamp(x, −1, 1) | 1 |
//! | `relu6` | clamp(x, 0, 6) | 1 |
//! | `hard-swish` | x·clamp(x+3, 0, 6)/6 | 3/2 |
//!
//! Hard-swish has the derivative 0 | (2x+3)/6 | 1 on x < −3 | \|x\| < 3 | x > 3. It rises from −½ at −3⁺ to 3/2 at 3⁻, so
//! the Lipschitz constant is 3/2, though the slope at infinity is 1.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ActivationError, PiecewiseLinear};

/// What happens at a knot: the slope jumps by `slope`, the curvature by `curvature`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kink {
    /// Where.
    pub at: f64,
    /// Jump of φ′.
    pub slope: f64,
    /// Jump of φ″.
    pub curvature: f64,
}

/// A Lipschitz activation function φ.
///
/// ```
/// use stairs_laws::Activation;
/// assert_eq!("relu6".parse::<Activation>().unwrap().eval(9.0), 6.0);
/// assert_eq!(Activation::HardSwish.eval(1.5), 1.5 * 4.5 / 6.0);
/// assert_eq!(Activation::HardSwish.lipschitz(), 1.5);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Activation {
    /// x₊.
    Relu,
    /// x for x ≥ 0, a·x below.
    LeakyRelu {
        /// a, the slope for negative x; finite (a value that is not makes every result NaN).
        slope: f64,
    },
    /// clamp(x, −1, 1).
    HardTanh,
    /// clamp(x, 0, 6).
    Relu6,
    /// x·clamp(x + 3, 0, 6)/6.
    HardSwish,
    /// Any continuous piecewise linear function.
    Linear(PiecewiseLinear),
}

impl Activation {
    /// The named functions, the leaky ReLU with slope 0.01.
    pub const NAMED: [Activation; 5] = [
        Activation::Relu,
        Activation::LeakyRelu { slope: 0.01 },
        Activation::HardTanh,
        Activation::Relu6,
        Activation::HardSwish,
    ];

    /// Short lower-case name, as accepted by [`FromStr`]; `"linear"` for a piecewise linear function of one's own.
    pub fn name(&self) -> &'static str {
        match self {
            Activation::Relu => "relu",
            Activation::LeakyRelu { .. } => "leaky-relu",
            Activation::HardTanh => "hard-tanh",
            Activation::Relu6 => "relu6",
            Activation::HardSwish => "hard-swish",
            Activation::Linear(_) => "linear",
        }
    }

    /// The function as knots and slopes; `None` for hard-swish.
    pub fn piecewise_linear(&self) -> Option<Cow<'_, PiecewiseLinear>> {
        let known =
            |knots: &[f64], slopes: &[f64], value| Some(Cow::Owned(PiecewiseLinear::known(knots, slopes, value)));
        match self {
            Activation::Relu => known(&[0.0], &[0.0, 1.0], 0.0),
            Activation::LeakyRelu { slope } => known(&[0.0], &[*slope, 1.0], 0.0),
            Activation::HardTanh => known(&[-1.0, 1.0], &[0.0, 1.0, 0.0], -1.0),
            Activation::Relu6 => known(&[0.0, 6.0], &[0.0, 1.0, 0.0], 0.0),
            Activation::HardSwish => None,
            Activation::Linear(f) => Some(Cow::Borrowed(f)),
        }
    }

    /// φ(x). NaN in, NaN out; ±∞ give the limits.
    pub fn eval(&self, x: f64) -> f64 {
        match self.piecewise_linear() {
            Some(f) => f.eval(x),
            None if x >= 3.0 => x,
            None if x <= -3.0 => 0.0,
            None => x * (x + 3.0) / 6.0,
        }
    }

    /// φ′(x), at a knot from the right. NaN in, NaN out.
    pub fn derivative(&self, x: f64) -> f64 {
        match self.piecewise_linear() {
            Some(f) => f.derivative(x),
            None if x >= 3.0 => 1.0,
            None if x < -3.0 => 0.0,
            None => (2.0 * x + 3.0) / 6.0,
        }
    }

    /// Lip(φ) = sup |φ′|.
    pub fn lipschitz(&self) -> f64 {
        let (low, high) = self.slope_range();
        low.abs().max(high.abs())
    }

    /// Infimum and supremum of φ′.
    pub fn slope_range(&self) -> (f64, f64) {
        match self.piecewise_linear() {
            Some(f) => f.slopes().iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), p| (a.min(*p), b.max(*p))),
            None => (-0.5, 1.5),
        }
    }

    /// φ′ at −∞ and at +∞.
    pub fn end_slopes(&self) -> (f64, f64) {
        match self.piecewise_linear() {
            Some(f) => (f.slopes()[0], f.slopes()[f.knots().len()]),
            None => (0.0, 1.0),
        }
    }

    /// φ′ and φ″ just left of `y`.
    pub fn left_jet(&self, y: f64) -> (f64, f64) {
        match self.piecewise_linear() {
            Some(f) => (f.slopes()[f.knots().partition_point(|knot| *knot < y)], 0.0),
            None if y > 3.0 => (1.0, 0.0),
            None if y > -3.0 => ((2.0 * y + 3.0) / 6.0, 1.0 / 3.0),
            None => (0.0, 0.0),
        }
    }

    /// All knots in ascending order.
    pub fn kinks(&self) -> Vec<Kink> {
        match self.piecewise_linear() {
            Some(f) => {
                let jumps = f.slopes().windows(2).map(|pair| pair[1] - pair[0]);
                f.knots().iter().zip(jumps).map(|(at, slope)| Kink { at: *at, slope, curvature: 0.0 }).collect()
            }
            None => {
                let third = 1.0 / 3.0;
                vec![Kink { at: -3.0, slope: -0.5, curvature: third }, Kink { at: 3.0, slope: -0.5, curvature: -third }]
            }
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Activation::LeakyRelu { slope } => write!(f, " (slope {slope})"),
            Activation::Linear(linear) => write!(f, " ({} knots)", linear.knots().len()),
            _ => Ok(()),
        }
    }
}

impl FromStr for Activation {
    type Err = ActivationError;

    /// By name; `leaky-relu` has slope 0.01.
    fn from_str(name: &str) -> Result<Self, ActivationError> {
        Activation::NAMED
            .into_iter()
            .find(|activation| activation.name() == name)
            .ok_or_else(|| ActivationError::Name(name.to_string()))
    }
}
