//! The local learning coefficient of a trained network: how fast the volume of parameters with nearly its loss grows.
//!
//! ```text
//! λ̂(w*) = nβ·(E_w L_n(w) − L_n(w*))          β = 1/log n
//! w ~ exp(−nβ L_n(w) − γ/2·‖w − w*‖²)
//! ```
//!
//! The volume of {w near w*: L(w) ≤ L(w*) + δ} falls as δ^λ: λ = d/2 where the Hessian at w* has full rank, and less the more
//! directions leave the loss as it is. Source: Lau, Furman, Wang, Murfet, Wei, *The Local Learning Coefficient: A Singularity-Aware
//! Complexity Measure*, arXiv 2308.12108. The expectation is over stochastic gradient Langevin dynamics (Welling, Teh, ICML 2011):
//!
//! ```text
//! w ← w − ε/2·(nβ ∇L_B(w) + γ(w − w*)) + √ε·ξ          ξ standard normal, B a random minibatch
//! ```
//!
//! What is ours: a step contributes L_B(w) − L_B(w*), whose expectation is that of L_n(w) − L_n(w*) and whose variance is far smaller;
//! and a step size by default from the largest eigenvalue of the Fisher matrix at w*.
//!
//! # What it is off by
//! Directions with nβ·curvature below γ count for less than ½ each. Steps of ε overstate a direction with precision
//! p = nβ·curvature + γ by about 1/(1 − εp/4); minibatches of b samples add noise to it, about nβ/b·εp/4 of its share. A chain that is too
//! short has not reached all directions. λ̂ is negative where w* is no minimum.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Batch, batch::Targets, gradient_norm::loss_gradient, largest::largest_eigenvalue};
use crate::chain::{flatten, unflatten};
use crate::linalg::in_pool;
use crate::measure::mean_estimate;
use crate::sampler::add_noise;
use crate::{Chain, Estimate, FisherError, LayerParameters, MeasureError, NetworkFisher};

/// Options of stochastic gradient Langevin dynamics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgldOptions {
    /// Independent chains, at least 2: their spread is the standard error.
    pub chains: usize,
    /// Steps of a chain that count, at least 1.
    pub steps: usize,
    /// Steps before those.
    pub burn_in: usize,
    /// Samples of a minibatch, at least 1; all samples, in every step, where there are no more.
    pub batch: usize,
    /// Localisation γ, positive.
    pub localisation: f64,
    /// Step size ε, positive; if absent, 0.1/(nβ·λ_max + γ) with the largest eigenvalue λ_max of the Fisher matrix at w*.
    pub step: Option<f64>,
    /// Seed of the chains.
    pub seed: u64,
}

impl Default for SgldOptions {
    fn default() -> Self {
        Self { chains: 4, steps: 1000, burn_in: 500, batch: 256, localisation: 100.0, step: None, seed: 0 }
    }
}

/// The local learning coefficient with what it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningCoefficient {
    /// λ̂: the mean over the chains, with its standard error.
    pub value: Estimate,
    /// λ̂ of every chain.
    pub chains: Vec<f64>,
    /// L_n(w*).
    pub loss: f64,
    /// The step size ε taken.
    pub step: f64,
}

/// λ̂ at the parameters `centre`, over the samples of `batch`.
///
/// ```
/// use stairs_capacity::{Batch, Chain, Head, Layer, LayerParameters, Shape};
/// use stairs_capacity::baseline::{SgldOptions, local_learning_coefficient};
/// // y = w·x with Gaussian noise: regular, one parameter, λ = ½.
/// let chain = Chain::new(Shape::vector(1), vec![Layer::dense(1)], Head::Gaussian { variance: 1.0 })?;
/// let inputs: Vec<f64> = (0..200).map(|i| f64::from(i * 37 % 101) / 30.0 - 1.7).collect();
/// let values: Vec<f64> = inputs.iter().map(|x| 2.0 * x).collect();
/// let centre = [LayerParameters { weight: vec![2.0], ..LayerParameters::default() }];
/// let options = SgldOptions { localisation: 1e-3, steps: 4000, ..SgldOptions::default() };
/// let found = local_learning_coefficient(&chain, &centre, &Batch::valued(&inputs, &values), &options)?;
/// assert!((found.value.value - 0.5).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`MeasureError::Particles`] for fewer than 2 chains, samples, or no step or batch; [`MeasureError::Constant`] for a localisation or
/// step size that is not positive and finite; [`MeasureError::Diverged`] where a chain's losses are not finite or its mean exceeds
/// d, twice what a minimum can have; [`MeasureError::Fisher`] for parameters or a batch that do not fit.
pub fn local_learning_coefficient(
    chain: &Chain,
    centre: &[LayerParameters],
    batch: &Batch<'_>,
    options: &SgldOptions,
) -> Result<LearningCoefficient, MeasureError> {
    let samples = batch.check(chain).map_err(FisherError::from)?;
    for (what, least, got) in [
        ("chains", 2, options.chains),
        ("steps", 1, options.steps),
        ("samples of a minibatch", 1, options.batch),
        ("samples", 2, samples),
    ] {
        if got < least {
            return Err(MeasureError::Particles { what, least, got });
        }
    }
    positive("the localisation", options.localisation)?;
    let temperature = samples as f64 / (samples as f64).ln();
    in_pool(|| {
        let (losses, _) = loss_gradient(chain, centre, batch)?;
        let step = match options.step {
            Some(step) => step,
            None => {
                let curvature = largest_eigenvalue(&NetworkFisher::new(chain, centre, batch.inputs)?)?;
                0.1 / (temperature * curvature + options.localisation)
            }
        };
        positive("the step size", step)?;
        let run = Run { chain, centre: flatten(chain, centre), batch, losses, temperature, step, options };
        let chains = (0..options.chains).map(|index| run.chain(index)).collect::<Result<Vec<f64>, _>>()?;
        Ok(LearningCoefficient {
            value: mean_estimate(&chains, &vec![0.0; chains.len()]),
            chains,
            loss: run.losses.iter().sum::<f64>() / samples as f64,
            step,
        })
    })
}

fn positive(what: &'static str, value: f64) -> Result<(), MeasureError> {
    let needs = "positive and finite";
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(MeasureError::Constant { what, needs, value }) }
}

struct Run<'a> {
    chain: &'a Chain,
    centre: Vec<f64>,
    batch: &'a Batch<'a>,
    /// Losses of all samples at the centre.
    losses: Vec<f64>,
    /// nβ.
    temperature: f64,
    step: f64,
    options: &'a SgldOptions,
}

impl Run<'_> {
    /// λ̂ of one chain.
    fn chain(&self, index: usize) -> Result<f64, MeasureError> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed);
        rng.set_stream(index as u64);
        let (step, pull) = (self.step, self.options.localisation);
        let dimension = self.centre.len();
        let diverged = |excess| MeasureError::Diverged { chain: index, step, excess, dimension };
        let mut flat = self.centre.clone();
        let mut sum = 0.0;
        for number in 0..self.options.burn_in.saturating_add(self.options.steps) {
            let chosen = self.choose(&mut rng);
            let gathered = Gathered::new(self.batch, &chosen, self.chain);
            let parameters = unflatten(self.chain, &flat);
            // Parameters that are not finite, or their outputs: nothing else is wrong with what was checked before.
            let found = loss_gradient(self.chain, &parameters, &gathered.batch());
            let (now, gradient) = found.map_err(|_| diverged(f64::INFINITY))?;
            if number >= self.options.burn_in {
                let excess: f64 = now.iter().zip(&chosen).map(|(now, i)| now - self.losses[*i]).sum();
                sum += self.temperature * excess / chosen.len() as f64;
            }
            for ((w, centre), gradient) in flat.iter_mut().zip(&self.centre).zip(gradient) {
                *w -= 0.5 * step * (self.temperature * gradient + pull * (*w - centre));
            }
            add_noise(&mut flat, step, &mut rng);
        }
        let mean = sum / self.options.steps as f64;
        if mean.is_finite() && mean <= dimension as f64 { Ok(mean) } else { Err(diverged(mean)) }
    }

    /// The samples of a minibatch, drawn with replacement; all of them where they are no more.
    fn choose(&self, rng: &mut impl Rng) -> Vec<usize> {
        let samples = self.losses.len();
        match self.options.batch >= samples {
            true => (0..samples).collect(),
            false => (0..self.options.batch).map(|_| rng.random_range(0..samples)).collect(),
        }
    }
}

/// Some samples of a batch, copied.
struct Gathered {
    inputs: Vec<f64>,
    labels: Vec<usize>,
    values: Vec<f64>,
}

impl Gathered {
    fn new(batch: &Batch<'_>, chosen: &[usize], chain: &Chain) -> Self {
        let rows = |list: &[f64], width: usize| -> Vec<f64> {
            chosen.iter().flat_map(|i| list[i * width..(i + 1) * width].iter().copied()).collect()
        };
        let (labels, values) = match batch.targets {
            Targets::Labels(labels) => (chosen.iter().map(|i| labels[*i]).collect(), Vec::new()),
            Targets::Values(values) => (Vec::new(), rows(values, chain.output().values())),
        };
        Self { inputs: rows(batch.inputs, chain.input.values()), labels, values }
    }

    fn batch(&self) -> Batch<'_> {
        match self.labels.is_empty() {
            true => Batch::valued(&self.inputs, &self.values),
            false => Batch::labelled(&self.inputs, &self.labels),
        }
    }
}
