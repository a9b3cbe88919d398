//! Bits of trials that a rule chooses: what the rule measures is measured once for neighbours that share it.

use std::collections::BTreeMap;

use stairs_quant::LayerQuantisers;
use stairs_train::{RunConfig, data::TrainData};

use crate::bits::{BitsConfig, BitsError, Losses, Rule, plan_of};

/// What was measured: by rule, model, data, seed and the hash of the network that was looked at.
#[derive(Default)]
pub(super) struct Planned(BTreeMap<(Rule, String, String, u64, Option<String>), Losses>);

impl Planned {
    /// The bits for `run`, a training whose start is known.
    pub(super) fn plan(
        &mut self,
        config: &BitsConfig,
        run: &RunConfig,
        data: &TrainData,
    ) -> Result<LayerQuantisers, BitsError> {
        let start = run.init.as_ref().map(|init| init.sha256.clone());
        // Capacity is measured before training: it is the same whatever the run starts from.
        let start = start.filter(|_| config.rule != Rule::TwoScale);
        let key = (config.rule, run.model.clone(), run.dataset.clone(), run.seed, start);
        let losses = match self.0.get(&key) {
            Some(known) => known.clone(),
            None => {
                let losses = Losses::measured(config, run, data)?;
                self.0.insert(key, losses.clone());
                losses
            }
        };
        Ok(plan_of(config, run, data, &losses)?.1)
    }
}
