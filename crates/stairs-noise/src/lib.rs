//! stairs-noise

pub mod error;
pub mod law;
pub mod laws;
pub mod noise;
pub mod plan;
pub mod strategy;
pub mod table;

pub use error::LawError;
pub use law::Law;
pub use laws::{Backward, Laws};
pub use noise::Noise;
pub use plan::{
    AnnealingPlan, BackwardSchedule, BoundedWindow, Decay, Dynamics, Envelope, Interval, NoiseSchedule, PlanError, Policy,
    QuantiserSchedule, TimeUnit, UnboundedWindow,
};
pub use strategy::Strategy;
pub use table::NoiseTable;
