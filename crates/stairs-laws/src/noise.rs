//! Noise laws of unit scale: the distribution of ξ in ν = m + s·ξ.
//!
//! | law | scale `s` means | F(u) | f(u) |
//! |---|---|---|---|
//! | uniform | half-width | clamp((u+1)/2, 0, 1) | ½ on −1 ≤ u < 1 |
//! | triangular | half-width | (1+u)²/2, 1−(1−u)²/2 | 1−\|u\| on \|u\| ≤ 1 |
//! | normal | standard deviation | Φ(u) | φ(u) |
//! | logistic | scale of the logistic law | 1/(1+e^−u) | F(1−F) |
//! | table | half-width of the tabulated support | interpolated | interpolated |
//!
//! Everything here is exact f64 mathematics; the vectorised f32 forms used by the backends are tested against it.
//! Source: Spallanzani, Leonardi, Benini, *Training Quantised Neural Networks with STE Variants: the Additive Noise
//! Annealing Algorithm*, CVPR 2022 (arXiv 2203.11323), section 3.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{LawError, NoiseTable};

/// The shape of a noise law: a centred random variable ξ of unit scale.
///
/// ```
/// use stairs_laws::Noise;
/// assert_eq!(Noise::Uniform.cdf(0.5), 0.75);
/// assert_eq!("triangular".parse::<Noise>().unwrap(), Noise::Triangular);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    /// Uniform on [−1, 1].
    Uniform,
    /// Triangular on [−1, 1], mode 0.
    Triangular,
    /// Standard normal.
    Normal,
    /// Standard logistic (variance π²/3).
    Logistic,
    /// A user's law on [−1, 1], given by values of its density; see [`NoiseTable`].
    Table(Arc<NoiseTable>),
}

impl Noise {
    /// The four closed-form laws, in the order of the table above.
    pub const ALL: [Noise; 4] = [Noise::Uniform, Noise::Triangular, Noise::Normal, Noise::Logistic];

    /// Short lower-case name, as accepted by [`FromStr`]; `"table"` for a user's law.
    pub fn name(&self) -> &'static str {
        match self {
            Noise::Uniform => "uniform",
            Noise::Triangular => "triangular",
            Noise::Normal => "normal",
            Noise::Logistic => "logistic",
            Noise::Table(_) => "table",
        }
    }

    /// F(u) = P(ξ ≤ u), in [0, 1]. NaN in, NaN out.
    pub fn cdf(&self, u: f64) -> f64 {
        match self {
            Noise::Uniform => (0.5 * (u + 1.0)).clamp(0.0, 1.0),
            Noise::Triangular => {
                let v = u.clamp(-1.0, 1.0);
                if v <= 0.0 { 0.5 * (1.0 + v) * (1.0 + v) } else { 1.0 - 0.5 * (1.0 - v) * (1.0 - v) }
            }
            Noise::Normal => 0.5 * libm::erfc(-u * std::f64::consts::FRAC_1_SQRT_2),
            Noise::Logistic => {
                let e = (-u.abs()).exp();
                if u >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
            }
            Noise::Table(table) => table.cdf(u),
        }
    }

    /// Density f(u) ≥ 0. The uniform density is ½ on the half-open interval
    /// [−1, 1), so that windows of neighbouring thresholds that meet do not count twice. NaN in, NaN out.
    pub fn pdf(&self, u: f64) -> f64 {
        if u.is_nan() {
            return f64::NAN;
        }
        match self {
            Noise::Uniform => {
                if (-1.0..1.0).contains(&u) {
                    0.5
                } else {
                    0.0
                }
            }
            Noise::Triangular => (1.0 - u.abs()).max(0.0),
            Noise::Normal => (-0.5 * u * u).exp() / (2.0 * std::f64::consts::PI).sqrt(),
            Noise::Logistic => {
                let e = (-u.abs()).exp();
                e / ((1.0 + e) * (1.0 + e))
            }
            Noise::Table(table) => table.pdf(u),
        }
    }

    /// E|ξ|, the factor of the L¹ bound ∫|σ_ν − σ| ≤ TV(σ)·E|ν| for centred noise.
    pub fn mean_abs(&self) -> f64 {
        match self {
            Noise::Uniform => 0.5,
            Noise::Triangular => 1.0 / 3.0,
            Noise::Normal => (2.0 / std::f64::consts::PI).sqrt(),
            Noise::Logistic => 2.0 * std::f64::consts::LN_2,
            Noise::Table(table) => table.mean_abs(),
        }
    }

    /// sup f, the factor of Lip(σ_ν) ≤ TV(σ)·sup f / s.
    pub fn sup_density(&self) -> f64 {
        match self {
            Noise::Uniform => 0.5,
            Noise::Triangular => 1.0,
            Noise::Normal => 1.0 / (2.0 * std::f64::consts::PI).sqrt(),
            Noise::Logistic => 0.25,
            Noise::Table(table) => table.sup_density(),
        }
    }

    /// Lipschitz constant of the density, `None` where the density jumps (uniform).
    pub fn lipschitz_density(&self) -> Option<f64> {
        match self {
            Noise::Uniform => None,
            Noise::Triangular => Some(1.0),
            Noise::Normal => Some(1.0 / (2.0 * std::f64::consts::PI * std::f64::consts::E).sqrt()),
            Noise::Logistic => Some(1.0 / (6.0 * 3f64.sqrt())),
            Noise::Table(table) => table.lipschitz_density(),
        }
    }

    /// Standard deviation of ξ. The scale of a law is *not* its standard deviation except for normal noise.
    pub fn std(&self) -> f64 {
        match self {
            Noise::Uniform => 1.0 / 3f64.sqrt(),
            Noise::Triangular => 1.0 / 6f64.sqrt(),
            Noise::Normal => 1.0,
            Noise::Logistic => std::f64::consts::PI / 3f64.sqrt(),
            Noise::Table(table) => table.std(),
        }
    }

    /// Half-width of the support, `None` for laws on the whole line.
    pub fn support(&self) -> Option<f64> {
        match self {
            Noise::Normal | Noise::Logistic => None,
            _ => Some(1.0),
        }
    }

    /// Half-width of the interval that carries all mass at f32 precision: outside it F is 0 or 1 up to 6e-8.
    /// Equal to [`support`](Self::support) where that exists.
    pub fn reach(&self) -> f64 {
        match self {
            Noise::Normal => 5.5,
            Noise::Logistic => 17.0,
            _ => 1.0,
        }
    }

    /// Half-width, in units of the scale, that holds all mass of a compact law and 95 % of an unbounded one: 1 for
    /// compact laws, Φ⁻¹(0.975) for the normal and ln 39 for the logistic law. The annealing study divides by it to
    /// give every law the same window (theory: β^s of \[ANA22\]).
    pub fn window(&self) -> f64 {
        match self {
            Noise::Normal => 1.959_963_984_540_054,
            Noise::Logistic => 39f64.ln(),
            _ => 1.0,
        }
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Noise {
    type Err = LawError;

    fn from_str(name: &str) -> Result<Self, LawError> {
        Noise::ALL
            .into_iter()
            .find(|noise| noise.name() == name)
            .ok_or_else(|| LawError::UnknownNoise(name.to_string()))
    }
}

impl From<NoiseTable> for Noise {
    fn from(table: NoiseTable) -> Self {
        Noise::Table(Arc::new(table))
    }
}
