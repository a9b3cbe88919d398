//! stairs-noise

pub mod error;
pub mod estimators;
pub mod expected;
pub mod law;
pub mod laws;
pub mod module;
pub mod noise;
pub mod op;
pub mod plan;
pub mod seed;
pub mod strategy;
pub mod table;

pub use error::LawError;
pub use estimators::{Estimator, EstimatorError};
pub use expected::RegularisedStair;
pub use law::Law;
pub use laws::{Backward, Laws};
pub use module::apply::{QuantiserInfo, QuantiserKind, SettingError, apply_plan, layers, quantisers, set_settings};
pub use module::setting::Setting;
pub use module::stair::{FeatureScale, Stair, StairActivation, StairActivationConfig};
pub use module::weights::{StairWeights, WeightGranularity, WeightInit, WeightsError};
pub use noise::Noise;
pub use op::{StairBackend, StairSpec, regularised_stair};
pub use plan::{
    AnnealingPlan, BackwardSchedule, BoundedWindow, Decay, Dynamics, Envelope, Interval, NoiseSchedule, Pattern,
    PlanEntry, PlanError, Policy, QuantiserSchedule, ResolvedPlan, TimeUnit, UnboundedWindow,
};
pub use seed::derive_seed;
pub use strategy::Strategy;
pub use table::NoiseTable;
