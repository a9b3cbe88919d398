//! Why a schedule trains well or badly: a run with instruments.
//!
//! [`Diagnose`] trains what [`Trainer`](crate::Trainer) would train and stops every few optimiser steps to look at the
//! quantised weights. For every layer and for every such moment it writes down three things:
//!
//! 1. **Outside**: the share of the latent weights that the backward law gives no gradient: σ_ν′(w/ε) = 0. For the
//!    unbounded laws, whose derivative is never 0, the share outside the window that holds 95 % of the mass
//!    ([`Noise::window`](stairs_noise::Noise::window)). 1 once the law is hard, 0 for the identity estimator.
//! 2. **Flips**: the share of the weights whose *hard* quantised value is not what it was at the last record, divided by
//!    the steps in between. A weight that went there and came back does not count.
//! 3. **Cosine**: how well the gradient that trains the network, through its forward strategy, agrees with the gradient
//!    of the *smoothed* loss, that of the network of expectations under the backward laws.
//!
//! # The cosine
//! The second gradient is not taken from the backward pass but from central differences, so that the two have nothing
//! but the smoothed network in common. With directions v₁ … v_K whose entries are ±1 at random, every weight moves by
//! ±h quanta, and
//!
//! ```text
//! s_k = Σ_i g_i·d_ki      f_k = (L(w + d_k) − L(w − d_k))/2      d_ki = ±h·ε_i as single precision has it
//! cosine = s·f / (|s| |f|)
//! ```
//!
//! where g is the surrogate gradient and L the smoothed loss on the same batch; losses are taken in f64 from f32 logits.
//! Nothing is divided by h. For many directions it is the cosine of the two gradients in units of the quantum; from K
//! directions it is known to about (1 − cosine²)/√K. With one direction it is a sign.
//!
//! h is the step for which the surrogate gradient predicts differences of 5·10⁻⁵ of the loss, twenty-five times what f32
//! may round away, but at most r/256, r the half-width in quanta of the narrowest window of the layer and of what follows
//! it in the network, hard laws apart: as small as f32 allows, because windows are narrow and the expectations of uniform
//! noise have kinks at their ends.
//! Windows much narrower than a twentieth of a quantum hold few weights; what they leave of the slope may then be
//! curvature, and the cosine of even an exact gradient falls below 1 (0.95 was seen).
//!
//! The cosine is `None` where a layer's law is hard, where no gradient reaches it, where f is within the rounding of the
//! loss ([`FLAT`]), and everywhere if a quantiser of the network uses the identity estimator, which is the derivative of
//! no smoothed network.
//!
//! # What differs from a training run
//! Batches, augmentation, initial weights, laws, keys of sampled noise, optimiser and learning rates are those of
//! [`Trainer`](crate::Trainer); on Flex the trained weights are the same. Only layers that draw from the device's
//! generator, such as dropout, see other draws, because the finite differences draw too. There are no checkpoints, no
//! evaluation between epochs and no run directory. Running statistics of normalisations are not touched by the
//! measurements.

mod moment;
mod record;
mod run;
mod slope;
mod weights;

pub use record::{DIAGNOSIS_FORMAT, Diagnosis, DiagnosisRecord, LayerRecord};
pub use run::Diagnose;
pub use slope::FLAT;
