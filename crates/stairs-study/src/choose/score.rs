//! What measures say of a network before it is trained, and what each of them took.

use std::{collections::BTreeMap, time::Instant};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use stairs_capacity::{
    BASELINES, Batch, Better, Chain, ChainError, Draws, Estimate, MarkovOptions, Normalisation, Prior, Sampler,
    baselines,
    bridge::{ChainOptions, chain},
};
use stairs_data::Dataset;
use stairs_network::Network;
use stairs_noise::Noise;
use stairs_zoo::Quantisation;

use super::{Candidate, ChooseError, Costs, Measuring, Resource};
use crate::measure::{MeasureConfig, MeasureError, sample_order};

/// Name of the two-scale effective dimension among the measures: Jensen's lower bound.
pub const TWO_SCALE: &str = "2sed";
/// Name of the effective dimension of Abbas et al.
const EFFECTIVE: &str = "effective_dimension";
/// Name of NASWOT.
const NASWOT: &str = "naswot";

/// Names of the measures that need draws of a chain of layers, then those of the costs.
pub fn measures() -> Vec<&'static str> {
    let of_chains = [TWO_SCALE, EFFECTIVE].into_iter().chain(BASELINES.iter().map(|baseline| baseline.name));
    let mut names: Vec<&str> = of_chains.collect();
    names.extend(
        Resource::ALL.iter().map(|(_, name, _)| *name).filter(|name| !names.contains(name)).collect::<Vec<_>>(),
    );
    names
}

/// 1 where a larger value of the measure is taken for a better network, −1 where a smaller one is; costs count as the former.
pub(super) fn direction(name: &str) -> f64 {
    let smaller = BASELINES.iter().any(|baseline| baseline.name == name && baseline.better == Better::Smaller);
    if smaller { -1.0 } else { 1.0 }
}

/// One measure of one network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The value, a mean over the draws.
    pub value: f64,
    /// Its standard error; absent for one draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Seconds it took, all draws together.
    pub seconds: f64,
}

impl Score {
    fn of(estimate: Estimate, seconds: f64) -> Self {
        let standard_error = estimate.standard_error().filter(|error| error.is_finite());
        Self { value: estimate.value, standard_error, seconds }
    }

    /// The value with its standard error, for people: `12.31 ± 0.02`.
    pub fn text(&self) -> String {
        match self.standard_error {
            Some(error) => format!("{:.2} ± {error:.2}", self.value),
            None => format!("{:.2}", self.value),
        }
    }
}

/// Measures by name; those that are not defined for the network are missing.
pub type Scores = BTreeMap<String, Score>;

/// The samples that networks are measured at.
pub(super) struct Probe {
    inputs: Vec<f64>,
    labels: Vec<usize>,
    /// Size of the training part.
    n: usize,
}

impl Probe {
    /// Samples of the training part, in an order that the seed decides.
    ///
    /// # Errors
    /// [`MeasureError`] for no samples, or more than there are.
    pub(super) fn new(measuring: &Measuring, data: &Dataset) -> Result<Self, MeasureError> {
        let order = sample_order(measuring.seed, measuring.samples, data.train.len())?;
        let inputs = order.iter().flat_map(|i| data.train.sample(*i).0).map(f64::from).collect();
        let labels = order.iter().map(|i| usize::from(data.train.sample(*i).1)).collect();
        Ok(Self { inputs, labels, n: data.train.len() })
    }

    /// Bytes that tell these samples from others.
    pub(super) fn identity(&self) -> Vec<u8> {
        let labels = self.labels.iter().flat_map(|label| (*label as u64).to_le_bytes());
        self.inputs.iter().flat_map(|x| x.to_le_bytes()).chain(labels).chain((self.n as u64).to_le_bytes()).collect()
    }

    /// All measures of a network.
    ///
    /// # Errors
    /// [`ChooseError::Measuring`]; of a network that is no chain the reason comes back beside no measures.
    pub(super) fn scores(
        &self,
        candidate: &Candidate,
        network: &Network,
        (input, classes): ([usize; 3], usize),
        measuring: &Measuring,
    ) -> Result<(Scores, Option<ChainError>), ChooseError> {
        let failed = |source: MeasureError| ChooseError::Measuring {
            candidate: candidate.to_string(),
            source: Box::new(source),
        };
        let mut options = ChainOptions::default();
        if candidate.quantiser.is_some() {
            options.law = MeasureConfig::law(Noise::Uniform, 0.5).map_err(failed)?;
            options.inside_support = true;
        }
        let chain = match chain(network, &options) {
            Ok(chain) => chain,
            Err(reason @ ChainError::NotAChain { .. }) => return Ok((Scores::new(), Some(reason))),
            Err(error) => return Err(failed(error.into())),
        };
        let mut scores = self.of_chain(chain, measuring).map_err(failed)?;
        if candidate.quantiser.is_some() {
            // The codes of NASWOT are those of ReLU: of a quantised network they are those of the float network it stands for.
            let float = candidate.model.network(input, classes, &Quantisation::Float, &Device::flex());
            let float = float.map_err(|source| ChooseError::Zoo { candidate: candidate.to_string(), source })?;
            if let Ok(float) = stairs_capacity::bridge::chain(&float, &ChainOptions::default()) {
                scores.extend(self.others(&float, measuring).into_iter().filter(|(name, _)| name == NASWOT));
            }
        }
        Ok((scores, None))
    }

    /// The measures of others that are defined for a chain.
    fn others(&self, chain: &Chain, measuring: &Measuring) -> Scores {
        let batch = Batch::labelled(&self.inputs, &self.labels);
        let found = baselines(chain, &Prior::Initialiser, &batch, measuring.draws, measuring.seed);
        // A measure that is not defined for a network is missing.
        let defined = found.into_iter().filter_map(|measured| {
            let score = Score::of(measured.result.ok()?, measured.seconds);
            score.value.is_finite().then(|| (measured.baseline.name.to_owned(), score))
        });
        defined.collect()
    }

    fn of_chain(&self, chain: Chain, measuring: &Measuring) -> Result<Scores, MeasureError> {
        let Measuring { draws, eps, zeta, noise_variance, seed, .. } = *measuring;
        if draws == 0 {
            return Err(MeasureError::Count("the number of draws"));
        }
        let mut scores = Scores::new();
        let start = Instant::now();
        let options = MarkovOptions { noise_variance, ..MarkovOptions::default() };
        let sampler = Sampler::new(chain, Prior::Initialiser, self.inputs.clone(), options, seed)?;
        let drawn = (0..draws as u64).map(|index| sampler.draw(index, 1)).collect::<Result<Vec<_>, _>>()?;
        let drawn = Draws::new(drawn, Normalisation::MeanTrace)?;
        let (two_scale, effective) = (drawn.jensen(eps, zeta)?, drawn.effective_dimension(self.n, 1.0).ok());
        let seconds = start.elapsed().as_secs_f64();
        scores.insert(TWO_SCALE.into(), Score::of(two_scale, seconds));
        scores.extend(effective.map(|effective| (EFFECTIVE.to_owned(), Score::of(effective, seconds))));
        scores.extend(self.others(sampler.chain(), measuring));
        scores.retain(|_, score| score.value.is_finite());
        Ok(scores)
    }
}

/// The value of a measure, or of a cost by its name.
pub(super) fn value(name: &str, scores: &Scores, costs: &Costs) -> Option<f64> {
    let of_cost = || Resource::ALL.iter().find(|(_, known, _)| *known == name).and_then(|(one, _, _)| costs.of(*one));
    scores.get(name).map(|score| score.value).or_else(of_cost)
}
