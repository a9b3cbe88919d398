//! A few functions with known Lipschitz constants, for tests, pictures and the command.

use std::{
    f64::consts::{PI, SQRT_2},
    fmt,
    str::FromStr,
};

use super::{Approximation, StairNetwork};
use crate::ExpressivityError;

/// A named function on \[0, 1\]ⁿ.
///
/// ```
/// use stairs_quant::expressivity::Target;
/// let sine: Target = "sine".parse()?;
/// assert_eq!((sine.dimension(), sine.eval(&[0.25])), (1, 1.0));
/// let network = sine.approximation(0.1).build(|x| sine.eval(x))?;
/// assert!(network.measure(|x| sine.eval(x), 4)?.error <= network.certificate().error());
/// # Ok::<(), stairs_quant::ExpressivityError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// sin 2πx. n = 1, L = 2π.
    Sine,
    /// |x − ½|. n = 1, L = 1.
    Vee,
    /// Distance to the circle of radius 0.3 about the centre. n = 2, L = 1.
    Ring,
    /// (x − ½)² − (y − ½)². n = 2, L = √2.
    Saddle,
    /// exp(−‖x − c‖²/(2s²)), c the centre, s = ¼. n = 3, L = 1/(s√e) ≈ 2.426.
    Bump,
}

/// Width of the bump.
const WIDTH: f64 = 0.25;

impl Target {
    /// All, by dimension.
    pub const ALL: [Target; 5] = [Target::Sine, Target::Vee, Target::Ring, Target::Saddle, Target::Bump];

    /// In lower case.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sine => "sine",
            Self::Vee => "vee",
            Self::Ring => "ring",
            Self::Saddle => "saddle",
            Self::Bump => "bump",
        }
    }

    /// n.
    pub fn dimension(&self) -> usize {
        match self {
            Self::Sine | Self::Vee => 1,
            Self::Ring | Self::Saddle => 2,
            Self::Bump => 3,
        }
    }

    /// L, the smallest that holds on the whole cube.
    pub fn lipschitz(&self) -> f64 {
        match self {
            Self::Sine => 2.0 * PI,
            Self::Vee | Self::Ring => 1.0,
            Self::Saddle => SQRT_2,
            Self::Bump => (-0.5f64).exp() / WIDTH,
        }
    }

    /// The function at a point of n numbers; a coordinate that is missing is taken as ½, a surplus one is not looked at.
    pub fn eval(&self, point: &[f64]) -> f64 {
        let at = |axis: usize| point.get(axis).copied().unwrap_or(0.5);
        let from_centre = |axis: usize| at(axis) - 0.5;
        match self {
            Self::Sine => (2.0 * PI * at(0)).sin(),
            Self::Vee => from_centre(0).abs(),
            Self::Ring => (from_centre(0).hypot(from_centre(1)) - 0.3).abs(),
            Self::Saddle => from_centre(0).powi(2) - from_centre(1).powi(2),
            Self::Bump => {
                let square: f64 = (0..3).map(|axis| from_centre(axis).powi(2)).sum();
                (-square / (2.0 * WIDTH * WIDTH)).exp()
            }
        }
    }

    /// The task of approximating it to within `eta`.
    pub fn approximation(&self, eta: f64) -> Approximation {
        Approximation::new(self.dimension(), self.lipschitz(), eta)
    }

    /// The network for a task, see [`approximation`](Self::approximation).
    ///
    /// # Errors
    /// As [`Approximation::build`].
    pub fn build(&self, task: &Approximation) -> Result<StairNetwork, ExpressivityError> {
        task.build(|point| self.eval(point))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Target {
    type Err = ExpressivityError;

    fn from_str(name: &str) -> Result<Self, ExpressivityError> {
        let found = Self::ALL.into_iter().find(|target| target.name() == name);
        found.ok_or_else(|| ExpressivityError::UnknownTarget(name.to_string()))
    }
}
