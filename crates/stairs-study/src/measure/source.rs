//! Where the draws of a measurement come from: the layers of a chain, or the gradients of a network that is none.
//!
//! | network | a draw | hidden noise | bounds by particles |
//! |---|---|---|---|
//! | a chain of layers | [`Sampler`]: parameters of the prior, one Fisher block a layer | yes | yes |
//! | any other | [`module_spectrum`]: an initial model, one backward pass a sample and class, one block | none | no |

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use stairs_capacity::{
    Batch, ChainError, Draw, FactorisedOptions, FactorisedPoint, Head, MarkovOptions, Prior, Sampler, SmcOptions,
    SmcPoint, baselines,
    bridge::{ChainOptions, chain, module_spectrum},
    factorised_bound, sequential_monte_carlo,
};
use stairs_data::{Dataset, SampleShape};
use stairs_noise::{Laws, derive_seed};
use stairs_train::ZooModel;
use stairs_zoo::{Quantisation, StairsConfig};

use super::{Baselined, MeasureConfig, MeasureError};

/// What draws.
pub(super) enum Source {
    Chain(Box<Chained>),
    Module(Box<Modules>),
}

/// Draws of a chain, and the samples with their classes.
pub(super) struct Chained {
    sampler: Sampler,
    prior: Prior,
    inputs: Vec<f64>,
    labels: Vec<usize>,
    seed: u64,
}

/// Initial models of one configuration, and the inputs of their Fisher matrices.
pub(super) struct Modules {
    config: MeasureConfig,
    quantisation: Quantisation,
    input: [usize; 3],
    classes: usize,
    inputs: Vec<f32>,
    /// Why the network is no chain.
    reason: ChainError,
}

impl Source {
    /// The source of `config` on `data`.
    ///
    /// # Errors
    /// [`MeasureError`] for a model that cannot take the samples, or options that its source cannot take.
    pub(super) fn new(config: &MeasureConfig, data: &Dataset) -> Result<Self, MeasureError> {
        let inputs = config.inputs(data)?;
        let (input, quantisation) = (MeasureConfig::input(data.shape), config.quantisation());
        // Recorded without a parameter being drawn; too large a model is refused before that.
        let network = config.model.network(input, data.classes, &quantisation, &Device::flex())?;
        let mut options = ChainOptions::default();
        if let Some((_, law)) = &config.quantiser {
            options.law = law.clone();
            options.inside_support = true;
        }
        match chain(&network, &options) {
            Ok(chain) => {
                let prior = match config.cube {
                    None => Prior::Initialiser,
                    Some(radius) => Prior::Cube { radius },
                };
                let noise_variance = config.noise_variance;
                let options = MarkovOptions { noise_variance, ..MarkovOptions::default() };
                let inputs: Vec<f64> = inputs.into_iter().map(f64::from).collect();
                let order = sample_order(config.seed, config.samples, data.train.len())?;
                let labels = order.into_iter().map(|i| usize::from(data.train.sample(i).1)).collect();
                let sampler = Sampler::new(chain, prior.clone(), inputs.clone(), options, config.seed)?;
                Ok(Self::Chain(Box::new(Chained { sampler, prior, inputs, labels, seed: config.seed })))
            }
            Err(reason @ ChainError::NotAChain { .. }) => {
                let asked = [
                    (config.cube.is_some(), "a box of parameters"),
                    (config.particles > 0, "particles"),
                    (config.factorised.is_some(), "the unit-factorised bound"),
                    (config.inner > 1, "draws of the last layer"),
                ];
                if let Some((_, what)) = asked.into_iter().find(|(asked, _)| *asked) {
                    return Err(MeasureError::NeedsChain { what, reason });
                }
                let (config, classes) = (config.clone(), data.classes);
                Ok(Self::Module(Box::new(Modules { config, quantisation, input, classes, inputs, reason })))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Draw number `index`: a function of the configuration and the number alone.
    pub(super) fn draw(&self, index: u64, inner: usize) -> Result<Draw, MeasureError> {
        match self {
            Self::Chain(chained) => Ok(chained.sampler.draw(index, inner)?),
            Self::Module(modules) => modules.draw(index),
        }
    }

    /// The lower bound by sequential Monte Carlo at these (ε, ζ); nothing where the network is no chain.
    pub(super) fn smc(
        &self,
        log_scale: f64,
        points: &[(f64, f64)],
        options: &SmcOptions,
    ) -> Result<Vec<SmcPoint>, MeasureError> {
        let Self::Chain(chained) = self else { return Ok(Vec::new()) };
        Ok(sequential_monte_carlo(&chained.sampler, log_scale, points, options)?)
    }

    /// The unit-factorised bound at these (ε, ζ); nothing where the network is no chain.
    pub(super) fn factorised(
        &self,
        log_scale: f64,
        points: &[(f64, f64)],
        options: &FactorisedOptions,
    ) -> Result<Vec<FactorisedPoint>, MeasureError> {
        let Self::Chain(chained) = self else { return Ok(Vec::new()) };
        Ok(factorised_bound(&chained.sampler, log_scale, points, options)?)
    }

    /// The measures of others that are defined for the network, at `draws` draws; none where it is no chain.
    pub(super) fn baselines(&self, draws: usize) -> BTreeMap<String, Baselined> {
        let Self::Chain(chained) = self else { return BTreeMap::new() };
        let Chained { sampler, prior, inputs, labels, seed } = chained.as_ref();
        let found = baselines(sampler.chain(), prior, &Batch::labelled(inputs, labels), draws, *seed);
        let defined = found.into_iter().filter_map(|one| {
            let found = Baselined { estimate: one.result.ok()?, seconds: one.seconds };
            Some((one.baseline.name.to_owned(), found))
        });
        defined.collect()
    }

    /// What the result must say of where it comes from.
    pub(super) fn note(&self) -> Option<String> {
        let Self::Module(modules) = self else { return None };
        let ChainError::NotAChain { path, operation, .. } = &modules.reason else { return None };
        Some(format!(
            "`{path}` ({operation}) makes the network no chain of layers: its Fisher matrix is that of all parameters at once, without \
             hidden noise, so that the noise variance plays no part and the numbers are not to be compared with those of chains"
        ))
    }
}

impl Modules {
    fn draw(&self, index: u64) -> Result<Draw, MeasureError> {
        let device = Device::flex().autodiff();
        let seed = derive_seed(self.config.seed, "draw", index);
        let mut quantisation = self.quantisation.clone();
        if let Quantisation::Stairs(stairs) = &mut quantisation {
            stairs.fresh_weights = Some(seed);
        }
        let init = || self.config.model.init(self.input, self.classes, quantisation.clone(), &device);
        let ZooModel(model) = ZooModel::seeded(seed, &device, init)?;
        let [channels, height, width] = self.input;
        let shape = [self.config.samples, channels, height, width];
        let inputs = Tensor::<4>::from_data(TensorData::new(self.inputs.clone(), shape), &device);
        let spectrum = module_spectrum(&model, |m, x| m.forward(x), inputs, Head::Categorical)?;
        Ok(Draw { hidden: Vec::new(), last: vec![spectrum] })
    }
}

impl MeasureConfig {
    /// Float, or quantised as a training under this noise starts.
    fn quantisation(&self) -> Quantisation {
        let Some((quantiser, law)) = &self.quantiser else { return Quantisation::Float };
        let mut stairs = StairsConfig::new(*quantiser);
        stairs.laws = Laws::same(law.clone());
        // Latent weights start inside the support of the noise, as in training.
        stairs.fresh_weights = Some(self.seed);
        Quantisation::Stairs(stairs)
    }

    /// Shape of a sample as models take it.
    fn input(shape: SampleShape) -> [usize; 3] {
        match shape {
            SampleShape::Image { channels, height, width } => [channels, height, width],
            _ => [shape.values(), 1, 1],
        }
    }

    /// The samples of the measurement, one after another.
    fn inputs(&self, data: &Dataset) -> Result<Vec<f32>, MeasureError> {
        let order = sample_order(self.seed, self.samples, data.train.len())?;
        Ok(order.into_iter().flat_map(|i| data.train.sample(i).0).collect())
    }
}

/// Numbers of `samples` of `there` samples, in an order that the seed decides.
///
/// # Errors
/// [`MeasureError::Count`] for none, [`MeasureError::Samples`] for more than there are.
pub(crate) fn sample_order(seed: u64, samples: usize, there: usize) -> Result<Vec<usize>, MeasureError> {
    if samples == 0 {
        return Err(MeasureError::Count("the number of samples"));
    }
    if samples > there {
        return Err(MeasureError::Samples { wanted: samples, there });
    }
    let mut order: Vec<usize> = (0..there).collect();
    order.sort_by_cached_key(|i| derive_seed(seed, "sample", *i as u64));
    order.truncate(samples);
    Ok(order)
}
