//! Regularised Lipschitz activations: φ_ν(x) = E φ(x − ν) in closed form.
//!
//! Noise in front of a stair makes it differentiable; in front of a ReLU it rounds the corner. A network whose stairs and
//! whose other activations are all regularised is differentiable everywhere.
//!
//! Every function here is affine or quadratic between its knots: at knot k the slope jumps by c_k and the curvature by
//! d_k. With y = x − m, u_k = (y − k)/s and the partial moments of [`crate::moments`],
//!
//! ```text
//! φ_ν(x)  = φ(y) + s Σ_k c_k r(u_k) + s² (½ E ξ² φ″(y) + Σ_k d_k q(u_k))     r(u) = ramp(−|u|), q(u) = ∓parabola(−|u|)
//! φ_ν′(x) = φ′(y) + Σ_k c_k p(u_k) + s Σ_k d_k r(u_k)                        p(u) = ∓F(−|u|)
//! ```
//!
//! (− for u > 0, + otherwise; a law off centre adds −s E ξ φ′(y) and −s E ξ φ″(y)). So φ_ν is φ plus terms that vanish away
//! from the knots: nothing cancels and nothing overflows, however large x or small s.
//!
//! | file | what |
//! |---|---|
//! | `linear` | [`PiecewiseLinear`]: knots and slopes |
//! | `function` | [`Activation`]: ReLU, leaky ReLU, hard-tanh, ReLU6, hard-swish, any piecewise linear function |
//! | `regularised` | [`RegularisedActivation`]: value and derivative in f64 |
//!
//! Source: Leonardi, Spallanzani, *Analytical aspects of non-differentiable neural networks*, arXiv 2011.01858, for the
//! regularisation and its error; the closed forms are derived here.

mod error;
mod function;
mod linear;
mod regularised;

pub use error::ActivationError;
pub use function::{Activation, Kink};
pub use linear::PiecewiseLinear;
pub use regularised::RegularisedActivation;
