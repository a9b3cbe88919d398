//! Annealing: which law every quantiser has at which time.
//!
//! From small to large: an [`Envelope`] decays from 1 to 0; a [`NoiseSchedule`] multiplies the start values of a law's
//! mean and scale by two envelopes; a [`QuantiserSchedule`] is one quantiser's forward schedule, backward schedule and
//! strategy; an [`AnnealingPlan`] gives every quantiser of a model its schedule by parameter path; a [`Policy`] writes
//! the plans of the published study. Everything here is a pure function of time: no clock, no state.

mod annealing;
mod envelope;
mod error;
mod pattern;
mod policy;
mod print;
mod relaxation;
mod resolved;
mod schedule;

pub use annealing::{AnnealingPlan, PlanEntry, TimeUnit};
pub use envelope::{BoundedWindow, Envelope, UnboundedWindow, Until};
pub use error::PlanError;
pub use pattern::Pattern;
pub use policy::{Decay, Dynamics, Interval, Policy};
pub use relaxation::{RelaxationWindow, SigmoidWindow};
pub use resolved::ResolvedPlan;
pub use schedule::{BackwardSchedule, NoiseSchedule, QuantiserSchedule};
