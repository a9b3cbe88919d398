//! Noise laws of unit scale: the distribution of ξ in ν = m + s·ξ.
//!
//! | law | scale `s` means | E\|ξ\| | sup f | file |
//! |---|---|---|---|---|
//! | uniform | half-width | ½ | ½ | `uniform` |
//! | triangular | half-width | ⅓ | 1 | `triangular` |
//! | normal | standard deviation | √(2/π) | 1/√(2π) | `normal` |
//! | logistic | scale of the logistic law | 2 ln 2 | ¼ | `logistic` |
//! | raised cosine | half-width | ½ − 2/π² | 1 | `raised_cosine` |
//! | table | half-width of the tabulated support | computed | computed | [`NoiseTable`] |
//!
//! A closed-form law is a file here that implements [`ClosedForm`], and a row of the table at the end of this one: the table
//! makes the enum [`Noise`] and everything that depends on which law it is. What needs types of another crate asks for
//! the law with a [`Visitor`]; nothing matches on the variants.
//!
//! Source: Spallanzani, Leonardi, Benini, *Training Quantised Neural Networks with STE Variants: the Additive Noise
//! Annealing Algorithm*, CVPR 2022 (arXiv 2203.11323), section 3.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{LawError, NoiseTable};

mod array;
mod density;
mod form;
pub mod logistic;
pub mod normal;
pub mod raised_cosine;
pub mod single;
pub mod triangular;
pub mod uniform;

pub use array::Array;
pub use density::{Bell, Density};
pub(crate) use form::Unit;
pub use form::{ClosedForm, Tails};
pub use single::Isa;

/// What is done with a law whose type must be known, for example to compile a kernel for it; see [`Noise::visit`].
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// With a closed-form law.
    fn closed<F: ClosedForm>(self, law: F) -> Self::Output;

    /// With a user's law.
    fn table(self, table: &NoiseTable) -> Self::Output;
}

/// Makes the enum and all that depends on the variant from one row a law: documentation, variant, file.
macro_rules! closed_forms {
    ($($(#[$about:meta])* $Law:ident in $file:ident;)*) => {
        /// The shape of a noise law: a centred random variable ξ of unit scale.
        ///
        /// ```
        /// use stairs_laws::Noise;
        /// assert_eq!(Noise::Uniform.cdf(0.5), 0.75);
        /// assert_eq!("triangular".parse::<Noise>().unwrap(), Noise::Triangular);
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Noise {
            $($(#[$about])* $Law,)*
            /// A user's law on [−1, 1], given by values of its density; see [`NoiseTable`].
            Table(Arc<NoiseTable>),
        }

        impl Noise {
            /// The closed-form laws, in the order of the table above.
            pub const ALL: [Noise; [$($file::$Law::CODE),*].len()] = [$(Noise::$Law),*];

            /// Calls the method of `visitor` for this law.
            #[inline(always)]
            pub fn visit<V: Visitor>(&self, visitor: V) -> V::Output {
                match self {
                    $(Noise::$Law => visitor.closed($file::$Law),)*
                    Noise::Table(table) => visitor.table(table),
                }
            }

            /// The mathematics of this law.
            fn unit(&self) -> &dyn Unit {
                match self {
                    $(Noise::$Law => &$file::$Law,)*
                    Noise::Table(table) => &**table,
                }
            }
        }

        /// The closed-form laws in CubeCL, chosen at compile time by their [`ClosedForm::CODE`].
        // Public for the kernels of stairs-noise alone: a kernel must be written where Burn's backends are known.
        #[cfg(feature = "cube")]
        #[doc(hidden)]
        #[allow(missing_docs)]
        pub mod cube {
            use cubecl::prelude::*;

            use super::{ClosedForm, $($file),*};

            #[cube]
            pub fn cdf(u: f32, #[comptime] code: u32) -> f32 {
                $(if comptime!(code == u32::from($file::$Law::CODE)) {
                    super::$file::cube::cdf(u)
                } else)* {
                    comptime!(assert!(false, "no closed-form law has this code"));
                    u
                }
            }

            #[cube]
            pub fn pdf(u: f32, #[comptime] code: u32) -> f32 {
                $(if comptime!(code == u32::from($file::$Law::CODE)) {
                    super::$file::cube::pdf(u)
                } else)* {
                    comptime!(assert!(false, "no closed-form law has this code"));
                    u
                }
            }
        }
    };
}

closed_forms! {
    /// Uniform on [−1, 1].
    Uniform in uniform;
    /// Triangular on [−1, 1], mode 0.
    Triangular in triangular;
    /// Standard normal.
    Normal in normal;
    /// Standard logistic (variance π²/3).
    Logistic in logistic;
    /// Raised cosine on [−1, 1].
    RaisedCosine in raised_cosine;
}

impl Noise {
    /// Short lower-case name, as accepted by [`FromStr`]; `"table"` for a user's law.
    pub fn name(&self) -> &'static str {
        self.unit().name()
    }

    /// F(u) = P(ξ ≤ u), in [0, 1]. NaN in, NaN out.
    pub fn cdf(&self, u: f64) -> f64 {
        self.unit().cdf(u)
    }

    /// Density f(u) ≥ 0. The uniform density is ½ on the half-open interval
    /// [−1, 1), so that windows of neighbouring thresholds that meet do not count twice. NaN in, NaN out.
    pub fn pdf(&self, u: f64) -> f64 {
        self.unit().pdf(u)
    }

    /// E|ξ|, the factor of the L¹ bound ∫|σ_ν − σ| ≤ TV(σ)·E|ν| for centred noise.
    pub fn mean_abs(&self) -> f64 {
        self.unit().mean_abs()
    }

    /// sup f, the factor of Lip(σ_ν) ≤ TV(σ)·sup f / s.
    pub fn sup_density(&self) -> f64 {
        self.unit().sup_density()
    }

    /// Lipschitz constant of the density, `None` where the density jumps (uniform, a table that does not end in 0).
    pub fn lipschitz_density(&self) -> Option<f64> {
        self.unit().lipschitz_density()
    }

    /// The shape of the density, which decides how extremes of sums of it are found.
    pub fn density_shape(&self) -> Density {
        self.unit().density_shape()
    }

    /// Standard deviation of ξ. The scale of a law is *not* its standard deviation except for normal noise.
    pub fn std(&self) -> f64 {
        self.unit().std()
    }

    /// Where an unbounded law ends for practical purposes; `None` for laws on [−1, 1].
    pub fn tails(&self) -> Option<Tails> {
        self.unit().tails()
    }

    /// Half-width of the support, `None` for laws on the whole line.
    pub fn support(&self) -> Option<f64> {
        self.tails().is_none().then_some(1.0)
    }

    /// Half-width of the interval that carries all mass at f32 precision: outside it F is 0 or 1 up to 6e-8.
    /// Equal to [`support`](Self::support) where that exists.
    pub fn reach(&self) -> f64 {
        self.tails().map_or(1.0, |tails| tails.single)
    }

    /// Half-width, in units of the scale, that holds all mass of a compact law and 95 % of an unbounded one: 1 for
    /// compact laws, Φ⁻¹(0.975) for the normal and ln 39 for the logistic law. The annealing study divides by it to
    /// give every law the same window (theory: β^s of \[ANA22\]).
    pub fn window(&self) -> f64 {
        self.unit().window()
    }

    /// E ξ: 0 for the closed-form laws; a table may be off centre.
    pub fn centre(&self) -> f64 {
        self.unit().centre()
    }

    /// E ξ², about 0.
    pub fn second_moment(&self) -> f64 {
        self.std().powi(2) + self.centre().powi(2)
    }

    /// P(ξ > u) = 1 − F(u), accurate in the upper tail of the closed-form laws. NaN in, NaN out.
    pub fn tail(&self, u: f64) -> f64 {
        self.unit().tail(u)
    }

    /// E (u − ξ)₊ ≥ 0, the ReLU under unit noise. NaN in, NaN out.
    ///
    /// ```
    /// use stairs_laws::Noise;
    /// assert_eq!(Noise::Uniform.ramp(0.0), 0.25);
    /// assert!((Noise::Logistic.ramp(2.0) - (1.0 + 2f64.exp()).ln()).abs() < 1e-15); // softplus
    /// assert_eq!(Noise::Normal.ramp(1e30), 1e30);
    /// ```
    pub fn ramp(&self, u: f64) -> f64 {
        self.unit().ramp(u)
    }

    /// E (ξ − u)₊ ≥ 0. NaN in, NaN out.
    pub fn ramp_above(&self, u: f64) -> f64 {
        self.unit().ramp_above(u)
    }

    /// E (u − ξ)₊²/2 ≥ 0. NaN in, NaN out.
    pub fn parabola(&self, u: f64) -> f64 {
        self.unit().parabola(u)
    }

    /// E (ξ − u)₊²/2 ≥ 0. NaN in, NaN out.
    pub fn parabola_above(&self, u: f64) -> f64 {
        self.unit().parabola_above(u)
    }

    /// The names of the closed-form laws, as a message lists them: `uniform, … or logistic`.
    pub fn names() -> String {
        let names = Self::ALL.map(|noise| noise.name());
        let [first @ .., last] = &names;
        format!("{} or {last}", first.join(", "))
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
