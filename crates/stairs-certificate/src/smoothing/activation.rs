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
//! their difference changes sign; at ±∞ it tends to −φ′(±∞)·E ν. For hard-swish it is enclosed by branch and bound with the
//! range of φ_ν′ − φ′ on a cell.

use std::fmt;

use serde::{Deserialize, Serialize};
use stairs_laws::{Activation, Law, RegularisedActivation};

use super::{Enclosure, difference::Difference};

/// Width at which the enclosure for hard-swish is good enough, relative to its bound.
const TOLERANCE: f64 = 1e-9;
/// Cells after which the search for hard-swish stops with the enclosure it has.
const CELLS: usize = 100_000;

/// The error of one regularised activation.
///
/// ```
/// use stairs_certificate::ActivationCertificate;
/// use stairs_laws::{Activation, Law, Noise, RegularisedActivation};
/// let relu = RegularisedActivation::new(Activation::Relu, Law::new(Noise::Uniform, 0.0, 1.0)?);
/// let certificate = ActivationCertificate::new(&relu);
/// assert_eq!((certificate.published, certificate.centred), (0.5, 0.25));
/// assert_eq!(certificate.error.upper, 0.25);
/// # Ok::<(), stairs_laws::LawError>(())
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
    let (mean, error) = (law.mean(), |x: f64| smooth.error(x).abs());
    // Beyond, the law has less than 10⁻¹⁵ of its first moment.
    let reach = law.scale() * law.noise().tails().map_or(1.0, |tails| tails.moment) + mean.abs();
    let mut edges = vec![-3.0 - reach, -3.0, -3.0 + mean, 3.0 + mean, 3.0, 3.0 + reach];
    // Where a compact law ends: beyond, φ_ν − φ may be constant.
    edges.extend(law.noise().support().into_iter().flat_map(|end| {
        let end = end * law.scale();
        [-3.0 - end, -3.0 + end, 3.0 - end, 3.0 + end].map(|x| x + mean)
    }));
    edges.sort_by(f64::total_cmp);
    let mut cells: Vec<(f64, f64)> = edges.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let mut best = edges.iter().map(|x| error(*x)).fold(at_infinity, f64::max);
    let mut proven = best + TOLERANCE * bound;
    let mut visited = 0;
    while let Some((low, high)) = cells.pop() {
        let (middle, radius) = (0.5 * (low + high), 0.5 * (high - low));
        let value = error(middle);
        best = best.max(value);
        visited += 1;
        let most = value + steepest(smooth, low, high) * radius;
        if most <= best + TOLERANCE * bound || visited >= CELLS {
            proven = proven.max(most);
        } else {
            cells.push((low, middle));
            cells.push((middle, high));
        }
    }
    Enclosure::new(best, proven.max(best).min(bound.max(best)))
}

/// A bound of |φ_ν′ − φ′| on a cell that no knot, and no knot plus the mean, divides: term by term the range of a monotone
/// function, and that of the linear φ′(x − m) − φ′(x).
fn steepest(smooth: &RegularisedActivation, low: f64, high: f64) -> f64 {
    let (function, law) = (smooth.function(), smooth.law());
    let (mean, s, noise) = (law.mean(), law.scale(), law.noise());
    let shift = |x: f64| match mean {
        0.0 => 0.0,
        _ => function.derivative(x - mean) - function.derivative(x),
    };
    let (a, b) = (shift(0.75 * low + 0.25 * high), shift(0.25 * low + 0.75 * high));
    let ends = (1.5 * a - 0.5 * b, 1.5 * b - 0.5 * a);
    let mut range = (ends.0.min(ends.1), ends.0.max(ends.1));
    let mut add = |p: f64, q: f64| range = (range.0 + p.min(q), range.1 + p.max(q));
    if s > 0.0 {
        let middle = 0.5 * (low + high) - mean;
        let offset = -s * noise.centre() * function.left_jet(middle).1;
        add(offset, offset);
        for kink in function.kinks() {
            let term = |x: f64| {
                let u = (x - mean - kink.at) / s;
                let (jump, bend) = if middle > kink.at {
                    (-noise.tail(u), noise.ramp_above(u))
                } else {
                    (noise.cdf(u), noise.ramp(u))
                };
                (kink.slope * jump, s * kink.curvature * bend)
            };
            let (at_low, at_high) = (term(low), term(high));
            add(at_low.0, at_high.0);
            add(at_low.1, at_high.1);
        }
    }
    range.1.max(-range.0)
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
