//! Sequential Monte Carlo over the layers of a Markov chain.
//!
//! E Π_j D_j is a Feynman–Kac normaliser: particles are parameters θ₁ … θ_j with their states, layer j multiplies a
//! particle's weight by D_j, and where few particles carry most of the weight all are resampled (systematically) by it. The
//! estimate of E Π_j D_j is unbiased for every number of particles, so that its logarithm is a lower bound in expectation. It
//! is tighter than the plain mean where the weight builds up over many layers, and no better where one wide layer has most of
//! it: its effective sample size is then near 1, and the unit-factorised bound (file `factorised`) is the one to take.
//! Sources: P. Del Moral, *Feynman–Kac Formulae*, 2004; N. Whiteley,
//! A. Lee, K. Heine, *On the role of interaction in sequential Monte Carlo algorithms*, Bernoulli 22 (2016), for
//! resampling by effective sample size.
//!
//! D_j depends on κ and so does the resampling. It is done at one reference point (ε, ζ); at all other points the particles
//! carry the ratio as a weight, which keeps every estimate unbiased: one run gives the whole curve.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    estimate::{Estimate, log_mean_exp, log_mean_exp_estimate},
    two_scale::{log_kappa, scaled},
};
use crate::{FisherError, MeasureError, Spectrum};

/// A chain whose layers can be drawn one after the other.
pub trait Sequence: Sync {
    /// What a layer needs of those before it.
    type State: Clone + Send + Sync;
    /// Number of layers.
    fn layers(&self) -> usize;
    /// Draws layer `layer` given the state after the one before (`None` for the first): the new state, and the spectrum of
    /// the layer's block.
    ///
    /// # Errors
    /// [`FisherError`] of the block.
    fn extend(
        &self,
        layer: usize,
        previous: Option<&Self::State>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Self::State, Spectrum), FisherError>;
}

/// Options of sequential Monte Carlo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmcOptions {
    /// Particles of a run, at least 2.
    pub particles: usize,
    /// Independent runs, at least 2: their spread is the standard error.
    pub runs: usize,
    /// Resample when the effective sample size is below this share of the particles; 1 resamples after every layer, 0 never.
    pub resample_below: f64,
    /// Seed of the runs.
    pub seed: u64,
}

impl Default for SmcOptions {
    fn default() -> Self {
        Self { particles: 32, runs: 4, resample_below: 0.5, seed: 0 }
    }
}

/// 2sED by sequential Monte Carlo at one point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmcPoint {
    /// ε.
    pub eps: f64,
    /// ζ.
    pub zeta: f64,
    /// log E Π D_j: the logarithm of the mean of unbiased estimates.
    pub log_normaliser: Estimate,
    /// ζd + (1 − ζ)·log E Π D_j / log κ: a lower bound of 2sED in expectation.
    pub lower: Estimate,
    /// The smallest effective sample size that any layer of any run had at this point, in particles.
    pub effective_sample_size: f64,
}

/// Estimates at all `points` (ε, ζ), the first of which steers the resampling; `log_scale` as in
/// [`Draws::log_scale`](crate::Draws::log_scale), from draws of the prior.
///
/// ```
/// use rand_chacha::ChaCha8Rng;
/// use stairs_capacity::{FisherError, Sequence, SmcOptions, Spectrum, sequential_monte_carlo};
///
/// /// Two layers of one parameter each with a constant Fisher matrix.
/// struct Constant;
///
/// impl Sequence for Constant {
///     type State = ();
///     fn layers(&self) -> usize {
///         2
///     }
///     fn extend(&self, _: usize, _: Option<&()>, _: &mut ChaCha8Rng) -> Result<((), Spectrum), FisherError> {
///         Ok(((), Spectrum::exact(1, vec![1.0])))
///     }
/// }
///
/// let points = sequential_monte_carlo(&Constant, 0.0, &[(1e-3, 0.75)], &SmcOptions::default())?;
/// let kappa = 1e-3f64.powf(-0.25);
/// assert!((points[0].log_normaliser.value - 2.0 * kappa.ln_1p()).abs() < 1e-12);
/// # Ok::<(), stairs_capacity::MeasureError>(())
/// ```
///
/// # Errors
/// [`MeasureError`] for no point, impossible ε and ζ, too few particles or runs, and what a Fisher pass says.
pub fn sequential_monte_carlo<S: Sequence>(
    sequence: &S,
    log_scale: f64,
    points: &[(f64, f64)],
    options: &SmcOptions,
) -> Result<Vec<SmcPoint>, MeasureError> {
    for (what, least, got) in
        [("particles", 2, options.particles), ("runs", 2, options.runs), ("points", 1, points.len())]
    {
        if got < least {
            return Err(MeasureError::Particles { what, least, got });
        }
    }
    let kappas = points.iter().map(|(eps, zeta)| log_kappa(*eps, *zeta)).collect::<Result<Vec<f64>, _>>()?;
    let runs = (0..options.runs)
        .map(|run| Run { sequence, log_scale, kappas: &kappas, options, run: run as u64 }.estimate())
        .collect::<Result<Vec<_>, _>>()?;
    let dimension = runs[0].dimension;
    let point = |(k, (eps, zeta)): (usize, &(f64, f64))| {
        let logs: Vec<f64> = runs.iter().map(|run| run.log_normalisers[k]).collect();
        let errors: Vec<f64> = runs.iter().map(|run| run.errors[k]).collect();
        let log_normaliser = log_mean_exp_estimate(&logs, &errors);
        SmcPoint {
            eps: *eps,
            zeta: *zeta,
            log_normaliser,
            lower: scaled(dimension, *zeta, kappas[k], log_normaliser),
            effective_sample_size: runs.iter().map(|run| run.sizes[k]).fold(f64::INFINITY, f64::min),
        }
    };
    Ok(points.iter().enumerate().map(point).collect())
}

struct Run<'a, S> {
    sequence: &'a S,
    log_scale: f64,
    kappas: &'a [f64],
    options: &'a SmcOptions,
    run: u64,
}

struct RunResult {
    dimension: usize,
    log_normalisers: Vec<f64>,
    errors: Vec<f64>,
    sizes: Vec<f64>,
}

/// A particle: its state, its log-weights at every point, their summed squared errors.
#[derive(Clone)]
struct Particle<T> {
    state: Option<T>,
    logs: Vec<f64>,
    variances: Vec<f64>,
}

/// A particle after a layer, with the layer's number of parameters.
type Extended<T> = Result<(Particle<T>, usize), FisherError>;

impl<S: Sequence> Run<'_, S> {
    fn rng(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed ^ self.run.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        rng.set_stream(stream);
        rng
    }

    fn estimate(&self) -> Result<RunResult, MeasureError> {
        let (count, points) = (self.options.particles, self.kappas.len());
        let mut particles =
            vec![Particle { state: None, logs: vec![0.0; points], variances: vec![0.0; points] }; count];
        let (mut dimension, mut sizes) = (0, vec![f64::INFINITY; points]);
        let layers = self.sequence.layers();
        for layer in 0..layers {
            let extended: Vec<Extended<S::State>> = particles
                .into_par_iter()
                .enumerate()
                .map(|(index, particle)| self.extend(layer, index, particle))
                .collect();
            particles = Vec::with_capacity(count);
            for particle in extended {
                let (particle, size) = particle?;
                particles.push(particle);
                dimension += if particles.len() == 1 { size } else { 0 };
            }
            for (k, size) in sizes.iter_mut().enumerate() {
                *size = size.min(effective_size(&particles, k));
            }
            let resample = effective_size(&particles, 0) < self.options.resample_below * count as f64;
            if layer + 1 < layers && (resample || self.options.resample_below >= 1.0) {
                particles = self.resample(layer, &particles);
            }
        }
        let logs = |k: usize| particles.iter().map(|particle| particle.logs[k]).collect::<Vec<f64>>();
        let error = |k: usize| {
            let errors: Vec<f64> = particles.iter().map(|particle| particle.variances[k].sqrt()).collect();
            log_mean_exp_estimate(&logs(k), &errors).spectrum_error
        };
        Ok(RunResult {
            dimension,
            log_normalisers: (0..points).map(|k| log_mean_exp(&logs(k))).collect(),
            errors: (0..points).map(error).collect(),
            sizes,
        })
    }

    fn extend(&self, layer: usize, index: usize, mut particle: Particle<S::State>) -> Extended<S::State> {
        let stream = 1 + (layer * self.options.particles + index) as u64;
        let (state, spectrum) = self.sequence.extend(layer, particle.state.as_ref(), &mut self.rng(stream))?;
        particle.state = Some(state);
        for (k, kappa) in self.kappas.iter().enumerate() {
            let det = spectrum.log_det(*kappa, self.log_scale);
            particle.logs[k] += det.value;
            particle.variances[k] += det.standard_error.powi(2);
        }
        Ok((particle, spectrum.dimension()))
    }

    /// Systematic resampling by the weights at the first point; the mean weight stays in every particle's log-weight.
    fn resample(&self, layer: usize, particles: &[Particle<S::State>]) -> Vec<Particle<S::State>> {
        let logs: Vec<f64> = particles.iter().map(|particle| particle.logs[0]).collect();
        let mean = log_mean_exp(&logs);
        let mut rng = self.rng(0);
        rng.set_word_pos(2 * layer as u128);
        let copy = |index: usize| {
            let mut particle = particles[index].clone();
            particle.logs.iter_mut().for_each(|other| *other += mean - logs[index]);
            particle
        };
        systematic(&logs, rng.random()).into_iter().map(copy).collect()
    }
}

/// Indices of a systematic resampling by the exponentials of `logs`, from one uniform number in [0, 1).
pub(super) fn systematic(logs: &[f64], start: f64) -> Vec<usize> {
    let mean = log_mean_exp(logs);
    let (mut cumulated, mut drawn) = (0.0, Vec::with_capacity(logs.len()));
    for (index, log) in logs.iter().enumerate() {
        cumulated += (log - mean).exp();
        while drawn.len() < logs.len() && start + (drawn.len() as f64) < cumulated {
            drawn.push(index);
        }
    }
    // Rounding of the cumulated weights may leave the last place empty.
    while let (true, Some(last)) = (drawn.len() < logs.len(), drawn.last().copied()) {
        drawn.push(last);
    }
    drawn
}

/// (Σw)²/Σw² at point k.
fn effective_size<T>(particles: &[Particle<T>], k: usize) -> f64 {
    effective(&particles.iter().map(|particle| particle.logs[k]).collect::<Vec<f64>>())
}

/// (Σw)²/Σw² of weights w = exp(logs).
pub(super) fn effective(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (sum, squares) = logs.iter().fold((0.0, 0.0), |(sum, squares), log| {
        let weight = (log - largest).exp();
        (sum + weight, squares + weight * weight)
    });
    sum * sum / squares
}
