//! Regularised Lipschitz activations on tensors; formulas and exact values are those of [`stairs_laws::activation`].
//!
//! | file | what |
//! |---|---|
//! | `tensor` | [`regularised_activation`]: value and derivative on tensors, differentiable |
//! | `module` | [`SmoothActivation`]: a Burn module; an annealing plan can set its law |

mod module;
mod tensor;

pub use module::{SmoothActivation, SmoothActivationConfig};
pub use stairs_laws::activation::{Activation, ActivationError, Kink, PiecewiseLinear, RegularisedActivation};
pub use tensor::regularised_activation;
