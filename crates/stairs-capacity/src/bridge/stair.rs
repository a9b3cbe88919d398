//! A quantiser under noise, as an element-wise function: its expectation, in exact f64 mathematics.

use std::sync::Arc;

use stairs_laws::{Law, RegularisedStair};
use stairs_quant::StairFunction;

use crate::{ChainError, Pointwise};

/// x ↦ ε·σ_ν(x/ε) with its true derivative. For features it stands as an [`Activation`](crate::Activation), for weights as
/// a weight map, whose latent weights are the parameters.
///
/// At scale 0 the stair is hard and its derivative 0: a network of hard stairs has a Fisher matrix of 0 in what lies behind
/// them.
///
/// ```
/// use stairs_capacity::{Pointwise, bridge::SmoothStair};
/// use stairs_laws::{Law, Noise};
/// use stairs_quant::Quantiser;
/// let law = Law::new(Noise::Uniform, 0.0, 0.5).unwrap();
/// let stair = SmoothStair::new(Quantiser::Ternary.stair(), law, 2.0).unwrap();
/// assert_eq!((stair.value(0.5), stair.slope(0.5)), (0.5, 1.0));
/// ```
#[derive(Clone, Debug)]
pub struct SmoothStair(Arc<RegularisedStair>);

impl SmoothStair {
    /// `stair` under noise of law `law`, with quantum `quantum`.
    ///
    /// # Errors
    /// [`ChainError::Quantum`] unless the quantum is positive and finite.
    pub fn new(stair: StairFunction, law: Law, quantum: f64) -> Result<Self, ChainError> {
        let stair = RegularisedStair::new(stair, law).with_quantum(quantum);
        stair.map(|stair| Self(Arc::new(stair))).map_err(ChainError::Quantum)
    }
}

impl Pointwise for SmoothStair {
    fn value(&self, x: f64) -> f64 {
        self.0.expectation(x)
    }

    fn slope(&self, x: f64) -> f64 {
        self.0.gradient(x)
    }
}
