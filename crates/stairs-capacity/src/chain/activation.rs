//! Element-wise functions: activations, and the map from a latent weight to the weight that is used.

use std::{fmt, sync::Arc};

/// A function of one number with its derivative: the seam for activations and weight maps of your own.
///
/// ```
/// use stairs_capacity::{Activation, Pointwise};
///
/// #[derive(Debug)]
/// struct Softplus;
///
/// impl Pointwise for Softplus {
///     fn value(&self, x: f64) -> f64 {
///         x.max(0.0) + (-x.abs()).exp().ln_1p()
///     }
///
///     fn slope(&self, x: f64) -> f64 {
///         1.0 / (1.0 + (-x).exp())
///     }
/// }
///
/// assert_eq!(Activation::own(Softplus).slope(0.0), 0.5);
/// ```
pub trait Pointwise: fmt::Debug + Send + Sync {
    /// f(x).
    fn value(&self, x: f64) -> f64;
    /// f′(x); where there is none, the value that is meant.
    fn slope(&self, x: f64) -> f64;
}

/// The activation of a layer.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Activation {
    /// x.
    #[default]
    Identity,
    /// max(x, 0), derivative 0 at 0.
    Relu,
    /// tanh x.
    Tanh,
    /// Any other function.
    Own(Arc<dyn Pointwise>),
}

impl Activation {
    /// A function of your own.
    pub fn own(function: impl Pointwise + 'static) -> Self {
        Activation::Own(Arc::new(function))
    }

    /// φ(x).
    pub fn value(&self, x: f64) -> f64 {
        match self {
            Activation::Identity => x,
            Activation::Relu => x.max(0.0),
            Activation::Tanh => x.tanh(),
            Activation::Own(function) => function.value(x),
        }
    }

    /// φ′(x).
    pub fn slope(&self, x: f64) -> f64 {
        match self {
            Activation::Identity => 1.0,
            Activation::Relu => f64::from(x > 0.0),
            Activation::Tanh => 1.0 - x.tanh().powi(2),
            Activation::Own(function) => function.slope(x),
        }
    }
}
