//! What most programs need, in one line: `use stairs::prelude::*`.

pub use stairs_data::{DataRoot, DatasetName, load};
pub use stairs_noise::{AnnealingPlan, Law, Laws, Noise, Policy, RegularisedStair, Strategy};
pub use stairs_quant::{Quantiser, StairFunction};
pub use stairs_train::{Method, RunConfig, RunRecord, Trainer};

pub use crate::device::DeviceName;
