//! What a closed-form law is: the trait that the file of each law implements, and nothing else does.
//!
//! | forms | arithmetic | used by |
//! |---|---|---|
//! | [`cdf`](ClosedForm::cdf) to [`density_shape`](ClosedForm::density_shape) | exact f64 | expectations, activations, plans, certificates, tests |
//! | [`cdf_f32`](ClosedForm::cdf_f32), [`pdf_f32`](ClosedForm::pdf_f32) | f32 without branches and calls | vector kernels on processors |
//! | [`cdf_array`](ClosedForm::cdf_array) to [`parabola_array`](ClosedForm::parabola_array) | whole arrays | plain tensor operations, regularised activations |
//! | `cube::cdf`, `cube::pdf` of the law's file, feature `cube` | CubeCL | the kernels of GPUs |
//!
//! All are the same function written for another machine, and the tests hold each against the first.

use super::{Array, Density, Isa};

/// A closed-form law: a symmetric random variable ξ of unit scale with a density, by its functions. Never asked about NaN
/// in f64; the f32 and array forms may return anything there.
pub trait ClosedForm: Copy + Send + Sync + 'static {
    /// As written in files and on the command line: the name of the variant of [`Noise`](super::Noise) in kebab case.
    const NAME: &'static str;

    /// Its number in records, below 16. Numbers are never reused.
    const CODE: u8;

    /// Where the law ends for practical purposes; `None` for a law on [−1, 1].
    const TAILS: Option<Tails> = None;

    /// Half-width that holds all mass of a compact law and 95 % of an unbounded one.
    fn window() -> f64 {
        1.0
    }

    /// F(u) = P(ξ ≤ u), in [0, 1].
    fn cdf(u: f64) -> f64;

    /// f(u) ≥ 0.
    fn pdf(u: f64) -> f64;

    /// E (−v − ξ)₊ for v ≥ 0, without cancellation where it is small.
    fn ramp_tail(v: f64) -> f64;

    /// E (−v − ξ)₊²/2 for v ≥ 0, without cancellation where it is small.
    fn parabola_tail(v: f64) -> f64;

    /// E|ξ|.
    fn mean_abs() -> f64;

    /// Standard deviation of ξ.
    fn std() -> f64;

    /// sup f.
    fn sup_density() -> f64;

    /// Lipschitz constant of f, `None` where f jumps.
    fn lipschitz_density() -> Option<f64>;

    /// The shape of f, which decides how certificates find extremes of sums of f.
    fn density_shape() -> Density;

    /// F in single precision, absolute error below 5e-7. A loop over it must stay vectorised: no branches, no calls, no
    /// saturating casts.
    fn cdf_f32<I: Isa>(u: f32) -> f32;

    /// f in single precision, likewise.
    fn pdf_f32<I: Isa>(u: f32) -> f32;

    /// F(u).
    fn cdf_array<A: Array>(u: A) -> A;

    /// f(u).
    fn pdf_array<A: Array>(u: A) -> A;

    /// F(−v) for v ≥ 0, accurate in units of 1.
    fn tail_array<A: Array>(v: A) -> A;

    /// [`ramp_tail`](Self::ramp_tail), accurate in units of 1.
    fn ramp_array<A: Array>(v: A) -> A;

    /// [`parabola_tail`](Self::parabola_tail), accurate in units of 1.
    fn parabola_array<A: Array>(v: A) -> A;
}

/// Where an unbounded law ends for practical purposes: half-widths in scales. Tails must fall at least as fast as e^−|u|.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// Outside, F is 0 or 1 up to 6e-8: at single precision.
    pub single: f64,
    /// Outside, there is less than 10⁻¹⁹ of the mass.
    pub mass: f64,
    /// Outside, there is less than 10⁻¹⁵ of the first moment.
    pub moment: f64,
}

/// The f64 mathematics of any law of unit scale, closed form or table.
pub(crate) trait Unit {
    fn name(&self) -> &'static str;
    fn tails(&self) -> Option<Tails>;
    fn window(&self) -> f64;
    fn cdf(&self, u: f64) -> f64;
    fn pdf(&self, u: f64) -> f64;
    fn mean_abs(&self) -> f64;
    fn std(&self) -> f64;
    fn sup_density(&self) -> f64;
    fn lipschitz_density(&self) -> Option<f64>;
    fn density_shape(&self) -> Density;
    fn centre(&self) -> f64;
    fn tail(&self, u: f64) -> f64;
    fn ramp(&self, u: f64) -> f64;
    fn ramp_above(&self, u: f64) -> f64;
    fn parabola(&self, u: f64) -> f64;
    fn parabola_above(&self, u: f64) -> f64;
}

/// By symmetry, everything follows from the side where it is small.
impl<F: ClosedForm> Unit for F {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn tails(&self) -> Option<Tails> {
        F::TAILS
    }

    fn window(&self) -> f64 {
        F::window()
    }

    fn cdf(&self, u: f64) -> f64 {
        or_nan(u, F::cdf)
    }

    fn pdf(&self, u: f64) -> f64 {
        or_nan(u, F::pdf)
    }

    fn mean_abs(&self) -> f64 {
        F::mean_abs()
    }

    fn std(&self) -> f64 {
        F::std()
    }

    fn sup_density(&self) -> f64 {
        F::sup_density()
    }

    fn lipschitz_density(&self) -> Option<f64> {
        F::lipschitz_density()
    }

    fn density_shape(&self) -> Density {
        F::density_shape()
    }

    fn centre(&self) -> f64 {
        0.0
    }

    fn tail(&self, u: f64) -> f64 {
        or_nan(-u, F::cdf)
    }

    fn ramp(&self, u: f64) -> f64 {
        if u > 0.0 { u + F::ramp_tail(u) } else { or_nan(-u, F::ramp_tail) }
    }

    fn ramp_above(&self, u: f64) -> f64 {
        self.ramp(-u)
    }

    fn parabola(&self, u: f64) -> f64 {
        if u > 0.0 { 0.5 * (u * u + F::std().powi(2)) - F::parabola_tail(u) } else { or_nan(-u, F::parabola_tail) }
    }

    fn parabola_above(&self, u: f64) -> f64 {
        self.parabola(-u)
    }
}

/// f(u); NaN in, NaN out.
fn or_nan(u: f64, f: fn(f64) -> f64) -> f64 {
    if u.is_nan() { u } else { f(u) }
}
