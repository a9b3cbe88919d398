//! What measures where measuring is not compiled in: nothing.

use std::collections::BTreeMap;

use stairs_network::Network;
use stairs_train::{RunConfig, ZooModel, data::TrainData};

use super::{BitsError, Effort};

pub(super) fn excess(
    _: &Network,
    _: &Effort,
    _: &RunConfig,
    _: &TrainData,
) -> Result<BTreeMap<String, f64>, BitsError> {
    Err(BitsError::NotBuilt("2sed"))
}

pub(super) fn curvature(
    _: &ZooModel,
    _: &Effort,
    _: &RunConfig,
    _: &TrainData,
) -> Result<BTreeMap<String, f64>, BitsError> {
    Err(BitsError::NotBuilt("hessian"))
}
