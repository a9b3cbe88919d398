//! What a rule says that each layer loses at each width.
//!
//! | rule | loss of layer j at b bits | of |
//! |---|---|---|
//! | `error` | ‖Q_b(W_j) − W_j‖² | the weights that the run starts from |
//! | `hessian` | (tr H_j / d_j) · ‖Q_b(W_j) − W_j‖² | a trained network |
//! | `2sed` | e_j · 4⁻ᵇ | the prior of the initial weights, and inputs |
//! | `uniform`, `random` | 0 | nothing |
//!
//! Q_b has the scale that the policy of the run finds. `hessian` is Ω of HAWQ-V2 (arXiv 1911.03852): to second order, what the loss rises by
//! where errors have no direction. `2sed` reads e_j, the excess of layer j, as the number of its parameters that count at resolution ε, and takes
//! 4⁻ᵇ for the squared error of b bits relative to the range of a weight, which is that of a uniform distribution over 2ᵇ steps up to a factor that
//! all layers share. Nothing in it was fitted to any accuracy.

use std::collections::BTreeMap;

use stairs_network::{Network, Weight};
use stairs_quant::Bits;
use stairs_train::{RunConfig, data::TrainData};

use super::{BitsConfig, BitsError, Rule, float_model, planned_network, sensitivity};

/// Losses of every planned layer, by path and width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Losses {
    layers: BTreeMap<String, Layer>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Layer {
    sensitivity: f64,
    losses: BTreeMap<Bits, f64>,
}

impl Losses {
    /// Those of the rule for `run`.
    ///
    /// # Errors
    /// [`BitsError`].
    pub fn measured(config: &BitsConfig, run: &RunConfig, data: &TrainData) -> Result<Self, BitsError> {
        let planned = planned_network(run, data)?.weight_layers();
        let paths: Vec<String> = planned.into_iter().map(|layer| layer.path).collect();
        if let Rule::Uniform | Rule::Random = config.rule {
            return Ok(Self::default());
        }
        if config.rule == Rule::Hessian && run.init.is_none() {
            return Err(BitsError::Untrained);
        }
        let effort = &config.effort;
        let counts = [("the number of samples", effort.samples), ("the number of draws", effort.draws)];
        if let Some((what, value)) = counts.into_iter().find(|(_, value)| *value == 0) {
            return Err(BitsError::Effort { what, needs: "at least 1", value });
        }
        let model = float_model(run, data)?;
        let network = model.0.network(data.train.shape())?;
        let found = match config.rule {
            Rule::TwoScale => sensitivity::excess(&network, effort, run, data)?,
            Rule::Hessian => sensitivity::curvature(&model, effort, run, data)?,
            _ => paths.iter().map(|path| (path.clone(), 1.0)).collect(),
        };
        let layer = |path: String| {
            let sensitivity = found.get(&path).copied().ok_or_else(|| BitsError::NoWeights(path.clone()))?;
            let losses = config.levels.iter().map(|bits| {
                let error = match config.rule {
                    Rule::TwoScale => 0.25f64.powi(bits.get() as i32),
                    _ => error(&network, &path, run, *bits)?,
                };
                Ok((*bits, sensitivity * error))
            });
            let losses = losses.collect::<Result<_, BitsError>>()?;
            Ok((path, Layer { sensitivity, losses }))
        };
        Ok(Self { layers: paths.into_iter().map(layer).collect::<Result<_, BitsError>>()? })
    }

    /// The loss of the layer at `path`; 0 where the rule has none, NaN for a width that was not measured.
    pub fn at(&self, path: &str, bits: Bits) -> f64 {
        self.layers.get(path).map_or(0.0, |layer| layer.losses.get(&bits).copied().unwrap_or(f64::NAN))
    }

    /// What the errors of the layer at `path` are weighted by: e_j, the mean trace, or 1.
    pub fn sensitivity(&self, path: &str) -> Option<f64> {
        self.layers.get(path).map(|layer| layer.sensitivity)
    }
}

/// ‖Q_b(W) − W‖².
fn error(network: &Network, path: &str, run: &RunConfig, bits: Bits) -> Result<f64, BitsError> {
    let weight = network.node(path).and_then(|node| node.op.weight()).map(Weight::array);
    let values = weight.and_then(|array| array.values()).ok_or_else(|| BitsError::NoWeights(path.to_owned()))?;
    let stair = run.quantiser.with_bits(bits).stair();
    let scales = run.weight_scale.scales(values, &stair);
    let scales = scales.map_err(|source| BitsError::Scale { path: path.to_owned(), bits: bits.get(), source })?;
    Ok(values.iter().map(|w| (scales.eval(&stair, f64::from(*w)) - f64::from(*w)).powi(2)).sum())
}
