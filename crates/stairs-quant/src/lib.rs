//! Quantiser mathematics of `stairs`: stair functions, named quantisers and scale policies, in exact f64 and without any
//! tensor library. Everything that trains or deploys quantised networks is built on it and tested against it.
//!
//! A quantiser is a stair function σ, a quantum ε and an output scale α: y = α σ(x/ε), most often with α = ε.
//!
//! ```
//! use stairs_quant::{Granularity, Quantiser, ScalePolicy};
//!
//! let stair = Quantiser::Ternary.stair();
//! let weights = [0.9f32, -0.1, 0.4, -0.8, 0.05, -0.3];
//! let scales = ScalePolicy::MseOptimal.scales(&weights, &stair)?;
//! let quantised: Vec<f64> = weights.iter().map(|&w| scales.eval(&stair, w.into())).collect();
//! assert!(quantised.iter().all(|&y| [-scales.output(), 0.0, scales.output()].contains(&y)));
//!
//! // A dense weight of shape [d_in, d_out] = [3, 2]: one quantum for each output.
//! let columns = ScalePolicy::Twn.scales_per_channel(&weights, &[3, 2], Granularity::Axis(1), &stair)?;
//! assert_eq!(columns.len(), 2);
//! # Ok::<(), stairs_quant::ScaleError>(())
//! ```
//!
//! # Quantisers
//!
//! | [`Quantiser`] | name | levels | thresholds |
//! |---|---|---|---|
//! | `Binary` | `binary` | 0, 1 | ½ |
//! | `Sign` | `sign` | −1, 1 | 0 |
//! | `Ternary` | `ternary` | −1, 0, 1 | ±½ |
//! | `Unsigned` | `uint2`…`uint8` | 0, …, 2ⁿ−1 | midpoints |
//! | `Signed` | `int2`…`int8` | −2ⁿ⁻¹, …, 2ⁿ⁻¹−1 | midpoints |
//! | `Balanced` | `balanced2`…`balanced8` | −(2ⁿ⁻¹−1), …, 2ⁿ⁻¹−1 | midpoints |
//! | `PowerOfTwo` | `pow2-2`…`pow2-8` | 0, ±2⁰, …, ±2^(2ⁿ⁻²−1) | midpoints |
//!
//! Any other stair is a [`StairFunction`] of its thresholds and levels. A quantiser for every layer is a [`LayerQuantisers`].
//!
//! # Scale policies
//!
//! | [`ScalePolicy`] | name | for stairs | rule |
//! |---|---|---|---|
//! | `Fixed` | `fixed:Q` | any | a given quantum |
//! | `MaxAbs` | `max-abs` | any | the levels cover the largest magnitude |
//! | `Percentile` | `percentile:P` | any | the levels cover P per cent of the magnitudes |
//! | `MseOptimal` | `mse` | any | least squared error |
//! | `Twn` | `twn` | ternary | threshold 0.7·E\|x\|, output scale of its own |
//! | `Sawb` | `sawb` | equally spaced, both signs | regression on E\|x\| and √E x² |
//! | `Lsq` | `lsq` | a positive level | the step from which LSQ learns |
//!
//! What a rule asks of a stair is its [`Requirement`]: a rule is refused on a stair it has no meaning on.
//! Scales learned by gradient descent are the functions of [`scale::lsq`] and [`scale::pact`], value and gradient.
//!
//! # Expressivity
//!
//! [`expressivity`] builds, for any Lipschitz function of one to three numbers and any error, a ternary network with
//! Heaviside features that is certified to approximate it.

pub mod error;
pub mod expressivity;
pub mod layers;
pub mod quantiser;
pub mod scale;
pub mod stair;

pub use error::{ExpressivityError, LayersError, QuantiserError, ScaleError, StairError};
pub use layers::LayerQuantisers;
pub use quantiser::{Bits, Quantiser};
pub use scale::{
    Granularity, Requirement, ScalePolicy, Scales,
    lsq::{lsq_gradient, lsq_gradient_scale, lsq_initial_step, lsq_input_gradient, lsq_quantise},
    pact::{pact, pact_gradient, pact_input_gradient, pact_quantise, pact_quantum},
};
pub use stair::{RegularStair, StairFunction, ThresholdValue};

/// Compiles and runs the README's snippet.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
