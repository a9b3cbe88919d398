//! How far a regularised activation is from the activation: ‖φ_ν − φ‖_∞.
//!
//! | bound | | |
//! |---|---|---|
//! | published | Lip(φ)·E\|ν\| | Leonardi, Spallanzani, arXiv 2011.01858 |
//! | centred | \|p\|·\|E ν\| + ½(sup φ′ − inf φ′)·E\|ν\|, p = ½(sup φ′ + inf φ′) | derived here |
//!
//! The centred bound takes out the affine part p·x, of which noise sees the mean only; the rest has Lipschitz constant
//! ½(sup φ′ − inf φ′). For a ReLU under centred noise it is half of the published one, and is attained at 0.
//!
//! The supremum itself is exact for a piecewise linear φ: φ′ is a stair, φ_ν′ the regularised stair, so φ_ν − φ turns where
//! their difference changes sign, which [`difference`](super) finds; at ±∞ it tends to −φ′(±∞)·E ν. For hard-swish it is
//! enclosed by branch and bound with the Lipschitz constant of φ_ν − φ.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Enclosure, difference::Difference};
use crate::{Law, RegularisedActivation, activation::Activation};

/// Width at which the enclosure for hard-swish is good enough, relative to its bound.
const TOLERANCE: f64 = 1e-5;
/// Cells after which the search for hard-swish stops with the enclosure it has.
const CELLS: usize = 100_000;

/// The error of one regularised activation.
///
/// ```
/// use stairs_noise::{Activation, ActivationCertificate, Law, Noise, RegularisedActivation};
/// let relu = RegularisedActivation::new(Activation::Relu, Law::new(Noise::Uniform, 0.0, 1.0)?);
/// let certificate = ActivationCertificate::new(&relu);
/// assert_eq!((certificate.published, certificate.centred), (0.5, 0.25));
/// assert_eq!(certificate.error.upper, 0.25);
/// # Ok::<(), stairs_noise::LawError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActivationCertificate {
    /// φ.
    pub activation: Activation,
    /// The law of the noise.
    pub law: Law,
    /// Lip(φ), which is Lip(φ_ν) at most.
    pub lipschitz: f64,
    /// E|ν|.
    pub mean_abs: f64,
    /// ‖φ_ν − φ‖_∞, exact (to rounding) for piecewise linear functions.
    pub error: Enclosure,
    /// Lip(φ)·E|ν| ≥ the error.
    pub published: f64,
    /// |p|·|E ν| + ½(sup φ′ − inf φ′)·E|ν| ≥ the error; at most the published bound.
    pub centred: f64,
}

impl ActivationCertificate {
    /// The certificate of a regularised activation.
    pub fn new(smooth: &RegularisedActivation) -> Self {
        let (activation, law) = (smooth.function(), smooth.law());
        let (lipschitz, mean_abs) = (activation.lipschitz(), law.mean_abs());
        let (low, high) = activation.slope_range();
        let centred = 0.5 * ((low + high).abs() * law.expectation().abs() + (high - low) * mean_abs);
        let ends = activation.end_slopes();
        let at_infinity = ends.0.abs().max(ends.1.abs()) * law.expectation().abs();
        let error = match activation.piecewise_linear() {
            Some(f) => {
                let slopes = f.slope_stair();
                let turning = Difference::new(&slopes, law).turning_points();
                Enclosure::exact(turning.into_iter().map(|x| smooth.error(x).abs()).fold(at_infinity, f64::max))
            }
            None => search(smooth, at_infinity, centred),
        };
        Self {
            activation: activation.clone(),
            law: law.clone(),
            lipschitz,
            mean_abs,
            error,
            published: lipschitz * mean_abs,
            centred,
        }
    }
}

/// Encloses ‖φ_ν − φ‖_∞ of hard-swish. Outside the cells φ_ν − φ is within TOLERANCE of its limits.
fn search(smooth: &RegularisedActivation, at_infinity: f64, bound: f64) -> Enclosure {
    let law = smooth.law();
    let error = |x: f64| smooth.error(x).abs();
    // |φ_ν′ − φ′| ≤ sup φ′ − inf φ′.
    let (low, high) = smooth.function().slope_range();
    let steepness = high - low;
    // Beyond this many scales no law has more than 10⁻¹⁰ of its first moment.
    let reach = law.scale() * law.noise().support().unwrap_or(24.0) + law.mean().abs();
    let mut cells: Vec<(f64, f64)> = Vec::new();
    let mut edges = vec![-3.0 - reach, -3.0, -3.0 + law.mean(), 0.0, 3.0 + law.mean(), 3.0, 3.0 + reach];
    edges.sort_by(f64::total_cmp);
    cells.extend(edges.windows(2).map(|pair| (pair[0], pair[1])));
    let mut best = edges.iter().map(|x| error(*x)).fold(at_infinity, f64::max);
    let mut proven = best + TOLERANCE * bound;
    let mut visited = 0;
    while let Some((low, high)) = cells.pop() {
        let (middle, radius) = (0.5 * (low + high), 0.5 * (high - low));
        let value = error(middle);
        best = best.max(value);
        visited += 1;
        let most = value + steepness * radius;
        if most <= best + TOLERANCE * bound || visited >= CELLS {
            proven = proven.max(most);
        } else {
            cells.push((low, middle));
            cells.push((middle, high));
        }
    }
    Enclosure::new(best, proven.max(best).min(bound.max(best)))
}

impl fmt::Display for ActivationCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { activation, law, .. } = self;
        write!(
            f,
            "{activation} under {} noise, mean {}, scale {}: error {:.6}, centred bound {:.6}, Lip(φ)·E|ν| = {:.6}",
            law.noise(),
            law.mean(),
            law.scale(),
            self.error,
            self.centred,
            self.published
        )
    }
}
