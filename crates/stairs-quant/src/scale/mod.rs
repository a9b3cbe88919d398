//! Scale policies: the quantum of a quantiser, and the scale of its output, chosen from data.
//!
//! A quantiser with quantum ε and output scale α is y = α σ(x/ε). Most policies have α = ε, so that y approximates x.
//! A policy is a pure function of the values; a policy for every published rule, each in its own file:
//!
//! | name | quantum ε | source |
//! |---|---|---|
//! | `fixed:Q` | Q | |
//! | `max-abs` | max\|x\| / reach | Wu et al. 2020 |
//! | `percentile:P` | P-th percentile of \|x\| / reach | Wu et al. 2020 |
//! | `mse` | argmin Σ(x − ε σ(x/ε))² | Hwang, Sung 2014 |
//! | `twn` | 0.7·mean\|x\| / θ, own output scale | Li, Zhang, Liu 2016 |
//! | `sawb` | 2(c₁√E x² − c₂ E\|x\|) / (q_K − q₀) | Choi et al. 2019 |
//! | `lsq` | 2·mean\|x\| / √Q_P, where learning starts | Esser et al. 2020 |
//!
//! The *reach* of a stair is the largest r with \[−r, r\] inside the range of its levels (\[0, r\] or \[−r, 0\] for levels
//! of one sign). Scales learned by gradient descent start from such a value; their gradients are in [`lsq`] and [`pact`].
//!
//! What each rule asks of the stair is a [`Requirement`], checked before the data are looked at.
//!
//! Data without information: values that are all zero get quantum and output scale 1, since no scale tells them apart (a
//! freshly initialised bias is such a case). Empty and non-finite data are errors.

mod fixed;
mod granularity;
pub mod lsq;
mod max_abs;
mod mse;
pub mod pact;
mod percentile;
mod requirement;
mod sample;
mod sawb;
mod twn;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use granularity::Granularity;
pub use requirement::Requirement;

use crate::{ScaleError, StairFunction};
use sample::Sample;

/// Quantum ε and output scale α of y = α σ(x/ε); both positive and finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ScalesData")]
pub struct Scales {
    quantum: f64,
    output: f64,
}

impl Scales {
    /// Quantum and output scale 1: the stair as it is.
    pub const UNIT: Self = Self { quantum: 1.0, output: 1.0 };

    /// Scales with the given quantum and output scale.
    ///
    /// # Errors
    /// [`ScaleError::NotPositive`] unless both are positive and finite.
    pub fn new(quantum: f64, output: f64) -> Result<Self, ScaleError> {
        for (name, value) in [("quantum", quantum), ("output scale", output)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(ScaleError::NotPositive { name, value });
            }
        }
        Ok(Self { quantum, output })
    }

    /// ε, in units of x.
    pub fn quantum(&self) -> f64 {
        self.quantum
    }

    /// α, in units of y. Equal to the quantum in most policies.
    pub fn output(&self) -> f64 {
        self.output
    }

    /// α = ε: the output has the scale of the input.
    ///
    /// # Errors
    /// [`ScaleError::NotPositive`] unless the quantum is positive and finite.
    pub fn equal(quantum: f64) -> Result<Self, ScaleError> {
        Self::new(quantum, quantum)
    }

    /// The same scales if kernels can compute with them on `stair` in single precision: both within
    /// [`SINGLE_PRECISION`](Self::SINGLE_PRECISION), and so are their products with levels and thresholds. A quantum of 10⁻⁴⁰
    /// is positive, and its reciprocal is infinite.
    ///
    /// # Errors
    /// [`ScaleError::Range`].
    ///
    /// ```
    /// use stairs_quant::{Quantiser, Scales};
    /// assert!(Scales::equal(1e-6)?.in_single_precision(&Quantiser::Ternary.stair()).is_ok());
    /// assert!(Scales::equal(1e-40)?.in_single_precision(&Quantiser::Ternary.stair()).is_err());
    /// # Ok::<(), stairs_quant::ScaleError>(())
    /// ```
    pub fn in_single_precision(self, stair: &StairFunction) -> Result<Self, ScaleError> {
        let (low, high) = Self::SINGLE_PRECISION;
        let largest = |numbers: &[f64]| numbers.iter().fold(1.0, |largest: f64, number| largest.max(number.abs()));
        let factors = [("quantum", self.quantum, stair.thresholds()), ("output scale", self.output, stair.levels())];
        for (name, value, numbers) in factors {
            if !(value >= low && value * largest(numbers) <= high) {
                return Err(ScaleError::Range { name, value, low, high: high / largest(numbers) });
            }
        }
        Ok(self)
    }

    /// Smallest and largest scale that kernels can compute with in single precision, with room for noise finer than a quantum.
    pub const SINGLE_PRECISION: (f64, f64) = (1e-30, 1e30);

    /// y = α σ(x/ε). NaN in, NaN out.
    pub fn eval(&self, stair: &StairFunction, x: f64) -> f64 {
        self.output * stair.eval(x / self.quantum)
    }
}

/// Scales in a file, validated when read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScalesData {
    quantum: f64,
    output: f64,
}

impl TryFrom<ScalesData> for Scales {
    type Error = ScaleError;

    fn try_from(data: ScalesData) -> Result<Self, ScaleError> {
        Self::new(data.quantum, data.output)
    }
}

/// A rule that chooses [`Scales`] from data. In text and in files it is its name, see the table of the [module](self).
///
/// ```
/// use stairs_quant::{Granularity, Quantiser, ScalePolicy};
/// let stair = Quantiser::Ternary.stair();
/// let weights = [1.0, -3.0, 0.5, -0.5]; // shape [2, 2], one output channel a column
/// let twn: ScalePolicy = "twn".parse()?;
/// let scales = twn.scales(&weights, &stair)?;
/// assert_eq!((scales.quantum(), scales.output()), (1.75, 2.0));
/// let columns = ScalePolicy::MaxAbs.scales_per_channel(&weights, &[2, 2], Granularity::Axis(1), &stair)?;
/// assert_eq!((columns[0].quantum(), columns[1].quantum()), (1.0, 3.0));
/// # Ok::<(), stairs_quant::ScaleError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum ScalePolicy {
    /// This quantum, whatever the data; positive and finite.
    Fixed(f64),
    /// The reach of the stair covers the largest |x|.
    #[default]
    MaxAbs,
    /// The reach of the stair covers this percentage of the |x|; above 0, at most 100.
    Percentile(f64),
    /// The quantum of least mean squared error.
    MseOptimal,
    /// Ternary weight networks: threshold 0.7·mean|x|, own output scale. For ternary stairs.
    Twn,
    /// Statistics-aware weight binning. For stairs with equally spaced levels of both signs.
    Sawb,
    /// The step size from which LSQ learns. For stairs with a positive level.
    Lsq,
}

impl ScalePolicy {
    /// Name without parameter: `fixed`, `max-abs`, `percentile`, `mse`, `twn`, `sawb` or `lsq`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fixed(_) => "fixed",
            Self::MaxAbs => "max-abs",
            Self::Percentile(_) => "percentile",
            Self::MseOptimal => "mse",
            Self::Twn => "twn",
            Self::Sawb => "sawb",
            Self::Lsq => "lsq",
        }
    }

    /// The policy itself if its parameter is valid; the other functions check it too.
    ///
    /// # Errors
    /// [`ScaleError::NotPositive`] or [`ScaleError::Percentile`], carrying the value.
    pub fn validated(self) -> Result<Self, ScaleError> {
        match self {
            Self::Fixed(quantum) => Scales::equal(quantum).map(|_| self),
            Self::Percentile(percent) if !(percent > 0.0 && percent <= 100.0) => Err(ScaleError::Percentile(percent)),
            _ => Ok(self),
        }
    }

    /// What the policy asks of a stair.
    pub fn requirement(&self) -> Requirement {
        match self {
            Self::Fixed(_) | Self::MaxAbs | Self::Percentile(_) | Self::MseOptimal => Requirement::TwoLevels,
            Self::Twn => Requirement::Ternary,
            Self::Sawb => Requirement::Sawb,
            Self::Lsq => Requirement::PositiveLevel,
        }
    }

    /// One pair of scales for all values. [`Fixed`](Self::Fixed) ignores them.
    ///
    /// # Errors
    /// [`ScaleError`] for empty or non-finite values, an invalid parameter, or a stair or values for which the policy
    /// is not defined. Values that are all zero are no error, see the [module](self).
    pub fn scales(&self, values: &[f32], stair: &StairFunction) -> Result<Scales, ScaleError> {
        let policy = self.validated()?;
        policy.requirement().check(policy.name(), stair)?;
        if let Self::Fixed(quantum) = policy {
            return fixed::scales(quantum);
        }
        let sample = Sample::new(values)?;
        if sample.max_abs() == 0.0 {
            return Scales::equal(1.0);
        }
        match policy {
            Self::Fixed(quantum) => fixed::scales(quantum),
            Self::MaxAbs => max_abs::scales(&sample, stair),
            Self::Percentile(percent) => percentile::scales(&sample, stair, percent),
            Self::MseOptimal => mse::scales(&sample, stair),
            Self::Twn => twn::scales(&sample, stair),
            Self::Sawb => sawb::scales(&sample, stair),
            Self::Lsq => lsq::scales(&sample, stair),
        }
    }

    /// Scales for every channel of a row-major tensor of this shape: one pair for [`Granularity::Tensor`], one for every
    /// index of the axis for [`Granularity::Axis`]. A dense weight `[d_in, d_out]` has its output channels on axis 1, a
    /// convolution weight `[c_out, c_in, k_h, k_w]` on axis 0.
    ///
    /// # Errors
    /// [`ScaleError::Shape`] or [`ScaleError::Axis`] where shape, axis and values do not fit; for one channel what
    /// [`scales`](Self::scales) says, in [`ScaleError::Channel`].
    pub fn scales_per_channel(
        &self,
        values: &[f32],
        shape: &[usize],
        granularity: Granularity,
        stair: &StairFunction,
    ) -> Result<Vec<Scales>, ScaleError> {
        let channels = granularity.channels(values, shape)?;
        if granularity == Granularity::Tensor {
            return Ok(vec![self.scales(values, stair)?]);
        }
        let of_channel = |(channel, values): (usize, Vec<f32>)| {
            self.scales(&values, stair).map_err(|source| ScaleError::Channel { channel, source: Box::new(source) })
        };
        channels.enumerate().map(of_channel).collect()
    }
}

/// The reach of a stair (see the [module](self)), or the error of a policy that needs one.
fn reach(stair: &StairFunction, policy: &'static str) -> Result<f64, ScaleError> {
    let (low, high) = (stair.lowest_level(), stair.highest_level());
    let reach = match (low < 0.0, high > 0.0) {
        (true, true) => high.min(-low),
        (false, true) => high,
        (true, false) => -low,
        (false, false) => {
            return Err(ScaleError::Stair { policy, needs: "a level that is not zero", stair: stair.to_string() });
        }
    };
    Ok(reach)
}

impl fmt::Display for ScalePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(value) | Self::Percentile(value) => write!(f, "{}:{value}", self.name()),
            _ => f.pad(self.name()),
        }
    }
}

impl FromStr for ScalePolicy {
    type Err = ScaleError;

    fn from_str(text: &str) -> Result<Self, ScaleError> {
        let unknown = || ScaleError::UnknownPolicy(text.to_string());
        let number = |number: &str| number.parse::<f64>().map_err(|_| unknown());
        let policy = match text.split_once(':') {
            Some(("fixed", quantum)) => Self::Fixed(number(quantum)?),
            Some(("percentile", percent)) => Self::Percentile(number(percent)?),
            Some(_) => return Err(unknown()),
            None => [Self::MaxAbs, Self::MseOptimal, Self::Twn, Self::Sawb, Self::Lsq]
                .into_iter()
                .find(|policy| policy.name() == text)
                .ok_or_else(unknown)?,
        };
        policy.validated()
    }
}

impl TryFrom<String> for ScalePolicy {
    type Error = ScaleError;

    fn try_from(text: String) -> Result<Self, ScaleError> {
        text.parse()
    }
}

impl From<ScalePolicy> for String {
    fn from(policy: ScalePolicy) -> Self {
        policy.to_string()
    }
}
