//! A plan of bits for every layer of a zoo model, under a budget: what `stairs bits` writes and `--bits-file` reads.
//!
//! | file | what |
//! |---|---|
//! | `rule` | the rules by name |
//! | `losses` | what a rule says that each layer loses at each width |
//! | `sensitivity` | curvature and excess of 2sED, a number a layer |
//! | `file` | the plan in a file |
//! | `table` | the plan for a terminal |
//! | `error` | plans that cannot be made |
//!
//! Everything that is not said here is that of the run that the plan is for: model, data, features, which layers are quantised, and the
//! policy of the scales. Test samples and labels play no part in any rule.

mod error;
mod file;
mod losses;
mod rule;
#[cfg_attr(not(feature = "capacity"), path = "no_sensitivity.rs")]
mod sensitivity;
mod table;
#[cfg(test)]
mod tests;

use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_network::{Allocation, Budget, Network};
use stairs_noise::derive_seed;
use stairs_quant::{Bits, LayerQuantisers};
use stairs_train::{Method, RunConfig, ZooModel, data::TrainData, stairs_config};
use stairs_zoo::{Architecture, Quantisation};

pub use error::BitsError;
pub use file::BitsFile;
pub use losses::Losses;
pub use rule::Rule;
pub use table::bits_table;

/// How a plan is made.
#[derive(Clone, Debug, PartialEq)]
pub struct BitsConfig {
    /// The rule.
    pub rule: Rule,
    /// The budget.
    pub budget: Budget,
    /// Widths that a layer may have.
    pub levels: Vec<Bits>,
    /// How much is measured.
    pub effort: Effort,
}

/// How much is measured for a rule that measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Training samples ≥ 1, drawn by the seed of the run.
    pub samples: usize,
    /// Probes ≥ 2 of the curvature.
    pub probes: usize,
    /// Draws ≥ 1 of the parameters for 2sED.
    pub draws: usize,
    /// Radius ε of the cover of 2sED, in (0, 1).
    pub eps: f64,
    /// ζ of 2sED, in [2/3, 1).
    pub zeta: f64,
}

impl Default for Effort {
    /// 128 samples, 16 probes, 8 draws, ε = 10⁻³, ζ = 2/3.
    fn default() -> Self {
        Self { samples: 128, probes: 16, draws: 8, eps: 1e-3, zeta: 2.0 / 3.0 }
    }
}

impl BitsConfig {
    /// `rule` under `budget` with widths 2, 3, 4, 6 and 8.
    pub fn new(rule: Rule, budget: Budget) -> Self {
        let levels = Bits::all().filter(|bits| ![5, 7].contains(&bits.get())).collect();
        Self { rule, budget, levels, effort: Effort::default() }
    }
}

/// The network of a run before its plan: all quantised weights of one width, no numbers.
///
/// # Errors
/// [`BitsError`] for a float run, and for a model that cannot be built.
pub fn planned_network(run: &RunConfig, data: &TrainData) -> Result<Network, BitsError> {
    if run.method == Method::Float {
        return Err(BitsError::Float);
    }
    let architecture: Architecture = run.model.parse()?;
    let stairs = Quantisation::Stairs(stairs_config(run.quantiser, run.features, run.edges));
    Ok(architecture.network(data.train.shape(), data.classes, &architecture.scoped(stairs)?, &Device::flex())?)
}

/// The float network of a run with its numbers: the one it starts from, or its initial one.
pub(crate) fn float_model(run: &RunConfig, data: &TrainData) -> Result<ZooModel, BitsError> {
    let float = run.clone().with_method(Method::Float).with_bits(None);
    Ok(ZooModel::initial(&float, data.train.shape(), data.classes, &Device::flex())?)
}

/// The bits of a plan for `run`, and the plan.
///
/// ```
/// use stairs::data::{DataRoot, DatasetName, load};
/// use stairs::train::{Method, RunConfig, data::TrainData};
/// use stairs_study::bits::{BitsConfig, Rule, plan};
///
/// let run = RunConfig::new("lenet:4-8-16").with_method(Method::Ste).with_quantiser("int4".parse()?);
/// let data = TrainData::of(&load(DatasetName::Digits, &DataRoot::resolve(None))?);
/// let config = BitsConfig::new(Rule::Error, "mean=3".parse()?);
/// let (allocation, plan) = plan(&config, &run, &data)?;
/// assert_eq!((plan.len(), allocation.cost <= allocation.budget), (3, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`BitsError`].
pub fn plan(
    config: &BitsConfig,
    run: &RunConfig,
    data: &TrainData,
) -> Result<(Allocation, LayerQuantisers), BitsError> {
    let losses = Losses::measured(config, run, data)?;
    plan_of(config, run, data, &losses)
}

/// The same from losses that were measured before.
///
/// # Errors
/// [`BitsError`].
pub fn plan_of(
    config: &BitsConfig,
    run: &RunConfig,
    data: &TrainData,
    losses: &Losses,
) -> Result<(Allocation, LayerQuantisers), BitsError> {
    let network = planned_network(run, data)?;
    let allocation = match config.rule {
        Rule::Uniform => network.allocate_uniformly(&config.levels, config.budget)?,
        Rule::Random => {
            let mut rng = ChaCha8Rng::seed_from_u64(derive_seed(run.seed, "bits", 0));
            network.allocate_at_random(&config.levels, config.budget, |count| rng.random_range(0..count))?
        }
        _ => network.allocate(&config.levels, config.budget, |layer, bits| losses.at(&layer.path, bits))?,
    };
    let layers = allocation.bits.iter().map(|(layer, bits)| (layer.path.clone(), run.quantiser.with_bits(*bits)));
    let layers = layers.collect();
    Ok((allocation, layers))
}
