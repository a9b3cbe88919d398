//! The measures that others use, beside 2sED, and what each of them took.

use std::{collections::BTreeMap, time::Instant};

use serde::{Deserialize, Serialize};
use stairs_capacity::Estimate;

use super::{MeasureConfig, MeasureError, source::Source};

/// A measure at draws of the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baselined {
    /// Mean over the draws.
    pub estimate: Estimate,
    /// Seconds of all draws together.
    pub seconds: f64,
}

/// The measures by name; those that are not defined for the network are missing. Nothing where none were asked for.
pub(super) fn baselines(config: &MeasureConfig, source: &Source) -> Result<BTreeMap<String, Baselined>, MeasureError> {
    if config.baselines == 0 {
        return Ok(BTreeMap::new());
    }
    let mut found = source.baselines(config.baselines);
    found.retain(|_, one| one.estimate.value.is_finite());
    Ok(found)
}

/// Seconds of the draws of this measurement, from one that is made again: those of before may come from another run.
pub(super) fn seconds_of_draws(config: &MeasureConfig, source: &Source) -> Result<Option<f64>, MeasureError> {
    if config.baselines == 0 {
        return Ok(None);
    }
    let start = Instant::now();
    source.draw(0, config.inner)?;
    Ok(Some(start.elapsed().as_secs_f64() * config.draws as f64))
}
