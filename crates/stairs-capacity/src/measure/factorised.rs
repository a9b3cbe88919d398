//! The unit-factorised lower bound: the expectation over every unit's weights, inside the logarithm.
//!
//! Given the layer before, the units of a hidden layer have independent parameters and D_j = Π_u D_{j,u} with D_{j,u} a
//! function of unit u alone, so that
//!
//! ```text
//! E[D_j | θ_{<j}] = Π_u E[D_{j,u} | θ_{<j}]
//! ```
//!
//! A mean over M draws of a whole layer needs one draw in which *all* units are large; a product of M-draw means of the units
//! needs that of each unit alone, and stands for all M^U combinations of their draws.
//!
//! # The estimate
//! A particle is the parameters θ_{<j} with their state. At a hidden layer it takes M draws θ^m of the layer, multiplies its
//! weight by Π_u D̄_u, D̄_u = (1/M) Σ_m D_{j,u}(θ^m_u), and goes on with the layer whose unit u is that of draw m_u, chosen for
//! each unit apart with probability D_{j,u}(θ^m_u)/(M·D̄_u). The last layer does not factorise (the classes share the softmax):
//! there the weight is multiplied by the mean of D_L over its draws. The estimate is the mean weight of the particles.
//!
//! # It is unbiased
//! For every function f of the layer and every M,
//!
//! ```text
//! E[Π_u D̄_u · f(θ^{m_1}_1, …, θ^{m_U}_U)] = E[Π_u D̄_u · Σ_{m_1…m_U} Π_u D_u(θ^{m_u}_u)/(M·D̄_u) · f(θ^{m_1}_1, …)]
//!                                       = M^{−U} Σ_{m_1…m_U} E[Π_u D_u(θ^{m_u}_u) · f(θ^{m_1}_1, …)] = E[Π_u D_u(θ_u) · f(θ)]
//! ```
//!
//! since whichever draws the units come from, they are together one draw of the layer. With f the expectation of the rest of
//! the product this holds from layer to layer (induction from the last one), and resampling of the particles (systematic, by
//! their weights, the mean weight kept) leaves it so. All particles start from the same inputs, and may choose from the N·M
//! draws of the first layer together: the identity is that of N·M in the place of M, for each of them. So the estimate of
//! E Π_j D_j is unbiased for every number of particles and draws, and by Jensen's inequality its logarithm is, in expectation, a
//! *lower* bound; it is consistent as their number grows.
//!
//! This needs (a) a choice of units by the D_{j,u} of the same κ: every point is estimated from choices of its own, with the
//! same random numbers; (b) exact D_{j,u}: where a block is a Lanczos quadrature the layer counts as one unit, and the error
//! of its log-determinant biases the exponential, as everywhere in this crate; (c) the normalisation `log_scale` taken as
//! given: estimated from draws, as it is in practice, it is consistent only.
//!
//! Sources: nested importance sampling with proper weights: Naesseth, Lindsten, Schön, *Nested Sequential Monte Carlo
//! Methods*, ICML 2015; a particle filter by blocks: Rebeschini, van Handel, *Can local particle filters beat the curse of
//! dimensionality?*, Ann. Appl. Probab. 25, 2015 (whose blocks are dependent, and whose filter is therefore biased; units are
//! not).

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    estimate::{Estimate, log_mean_exp, log_mean_exp_estimate},
    smc::{effective, systematic},
    two_scale::{log_kappa, scaled},
};
use crate::{FisherError, MeasureError, Spectrum};

/// A chain whose layers are made of independent units.
pub trait UnitSequence: Sync {
    /// What a layer needs of those before it.
    type State: Clone + Send + Sync;
    /// The parameters of one layer.
    type Layer: Send + Sync;
    /// Number of layers.
    fn layers(&self) -> usize;
    /// A draw of layer `layer` given the state after the one before (`None` for the first), and the spectrum of every unit's
    /// block; one spectrum for a layer that is not made of units. Their number must not depend on the draw.
    ///
    /// # Errors
    /// [`FisherError`] of a block.
    fn draw(
        &self,
        layer: usize,
        previous: Option<&Self::State>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Self::Layer, Vec<Spectrum>), FisherError>;
    /// The state after layer `layer` whose unit u is that of `draws[chosen[u]]`.
    fn advance(
        &self,
        layer: usize,
        previous: Option<&Self::State>,
        draws: &[&Self::Layer],
        chosen: &[usize],
        rng: &mut ChaCha8Rng,
    ) -> Self::State;
}

/// Options of the unit-factorised bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorisedOptions {
    /// Draws M of every hidden layer for each particle, at least 1.
    pub draws: usize,
    /// Draws of the last layer for each particle, at least 1.
    pub last_draws: usize,
    /// Particles N, at least 1; the first layer averages over N·M draws.
    pub particles: usize,
    /// Independent runs, at least 2: their spread is the standard error.
    pub runs: usize,
    /// Seed of the runs.
    pub seed: u64,
}

impl Default for FactorisedOptions {
    fn default() -> Self {
        Self { draws: 16, last_draws: 1, particles: 16, runs: 2, seed: 0 }
    }
}

/// 2sED by the unit-factorised bound at one point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorisedPoint {
    /// ε.
    pub eps: f64,
    /// ζ.
    pub zeta: f64,
    /// log E Π D_j: the logarithm of the mean of unbiased estimates.
    pub log_normaliser: Estimate,
    /// ζd + (1 − ζ)·log E Π D_j / log κ: a lower bound of 2sED in expectation.
    pub lower: Estimate,
    /// The smallest effective number of draws that the mean of any unit of the first layer had in any run, of N·M: near 1
    /// that unit's mean is one draw's word, and likely low.
    pub unit_sample_size: f64,
    /// The smallest effective number of particles at the end of any run.
    pub particle_sample_size: f64,
}

/// Estimates at all `points` (ε, ζ); `log_scale` as in [`Draws::log_scale`](crate::Draws::log_scale), from draws of the prior.
///
/// ```
/// use stairs_capacity::{
///     Activation, Chain, FactorisedOptions, Head, Layer, MarkovOptions, Prior, Sampler, Shape, factorised_bound,
/// };
/// let layers = vec![Layer::dense(4).with_bias().with_activation(Activation::Relu), Layer::dense(2).with_bias()];
/// let chain = Chain::new(Shape::vector(3), layers, Head::Categorical)?;
/// let inputs: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 11) / 5.0 - 1.0).collect();
/// let sampler = Sampler::new(chain, Prior::Initialiser, inputs, MarkovOptions::default(), 1)?;
/// let points = factorised_bound(&sampler, 0.0, &[(1e-3, 0.75)], &FactorisedOptions::default())?;
/// assert!(points[0].lower.value > 0.75 * 26.0 && points[0].unit_sample_size > 10.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`MeasureError`] for no point, impossible ε and ζ, too few draws, particles or runs, and what a Fisher pass says.
pub fn factorised_bound<S: UnitSequence>(
    sequence: &S,
    log_scale: f64,
    points: &[(f64, f64)],
    options: &FactorisedOptions,
) -> Result<Vec<FactorisedPoint>, MeasureError> {
    for (what, least, got) in [
        ("draws", 1, options.draws),
        ("draws of the last layer", 1, options.last_draws),
        ("particles", 1, options.particles),
        ("runs", 2, options.runs),
        ("points", 1, points.len()),
    ] {
        if got < least {
            return Err(MeasureError::Particles { what, least, got });
        }
    }
    let kappas = points.iter().map(|(eps, zeta)| log_kappa(*eps, *zeta)).collect::<Result<Vec<f64>, _>>()?;
    let runs = (0..options.runs)
        .map(|run| Run { sequence, log_scale, kappas: &kappas, options, run: run as u64 }.estimate())
        .collect::<Result<Vec<_>, _>>()?;
    let point = |(k, (eps, zeta)): (usize, &(f64, f64))| {
        let of = |pick: &dyn Fn(&Found) -> f64| runs.iter().map(|run| pick(&run[k])).collect::<Vec<f64>>();
        let smallest = |values: Vec<f64>| values.into_iter().fold(f64::INFINITY, f64::min);
        let log_normaliser = log_mean_exp_estimate(&of(&|found| found.log), &of(&|found| found.error));
        FactorisedPoint {
            eps: *eps,
            zeta: *zeta,
            log_normaliser,
            lower: scaled(runs[0][k].dimension, *zeta, kappas[k], log_normaliser),
            unit_sample_size: smallest(of(&|found| found.unit_size)),
            particle_sample_size: smallest(of(&|found| found.particle_size)),
        }
    };
    Ok(points.iter().enumerate().map(point).collect())
}

/// One run at one point.
struct Found {
    dimension: usize,
    log: f64,
    error: f64,
    unit_size: f64,
    particle_size: f64,
}

struct Run<'a, S> {
    sequence: &'a S,
    log_scale: f64,
    kappas: &'a [f64],
    options: &'a FactorisedOptions,
    run: u64,
}

/// Draws of one layer from one state, with log D of every draw, unit and point: `logs[draw][unit][point]`.
struct Pool<L> {
    layers: Vec<L>,
    logs: Vec<Vec<Vec<f64>>>,
    /// The largest standard error of a log-determinant, over the draws.
    error: f64,
    dimension: usize,
}

struct Particle<T> {
    state: T,
    log: f64,
    variance: f64,
}

impl<S: UnitSequence> Run<'_, S> {
    fn rng(&self, layer: usize, index: usize) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed ^ self.run.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        rng.set_stream((layer as u64) << 40 | index as u64);
        rng
    }

    fn estimate(&self) -> Result<Vec<Found>, MeasureError> {
        let (particles, last) = (self.options.particles, self.sequence.layers() - 1);
        let draws = if last == 0 { self.options.last_draws } else { self.options.draws };
        let first = self.pool(0, None, 0..particles * draws, self.kappas)?;
        (0..self.kappas.len()).map(|k| self.point(&first, last, k)).collect()
    }

    /// Draws number `indices` of a layer at the given points, each from a generator of its own.
    fn pool(
        &self,
        layer: usize,
        state: Option<&S::State>,
        indices: std::ops::Range<usize>,
        kappas: &[f64],
    ) -> Result<Pool<S::Layer>, FisherError> {
        let one = |index: usize| {
            let (parameters, units) = self.sequence.draw(layer, state, &mut self.rng(2 * layer, index))?;
            let (mut error, dimension) = (0f64, units.iter().map(Spectrum::dimension).sum());
            let mut log = |unit: &Spectrum, kappa: f64| {
                let det = unit.log_det(kappa, self.log_scale);
                error = error.max(det.standard_error);
                det.value
            };
            let logs = units.iter().map(|unit| kappas.iter().map(|kappa| log(unit, *kappa)).collect()).collect();
            Ok((parameters, logs, error, dimension))
        };
        let drawn: Vec<Result<(S::Layer, Vec<Vec<f64>>, f64, usize), FisherError>> =
            indices.into_par_iter().map(one).collect();
        let mut pool = Pool { layers: Vec::new(), logs: Vec::new(), error: 0.0, dimension: 0 };
        for draw in drawn {
            let (parameters, logs, error, dimension) = draw?;
            pool.layers.push(parameters);
            pool.logs.push(logs);
            (pool.error, pool.dimension) = (pool.error.max(error), dimension);
        }
        Ok(pool)
    }

    /// The estimate at point k from the draws of the first layer.
    fn point(&self, first: &Pool<S::Layer>, last: usize, k: usize) -> Result<Found, MeasureError> {
        let (particles, mut dimension) = (self.options.particles, first.dimension);
        let units = if last == 0 { vec![first.whole(k)] } else { first.units(k) };
        let unit_size = units.iter().map(|logs| effective(logs)).fold(f64::INFINITY, f64::min);
        let log: f64 = units.iter().map(|logs| log_mean_exp(logs)).sum();
        if last == 0 {
            return Ok(Found { dimension, log, error: first.error, unit_size, particle_size: particles as f64 });
        }
        let all: Vec<&S::Layer> = first.layers.iter().collect();
        let start = |index: usize| {
            let rng = &mut self.rng(1, index);
            let state = self.sequence.advance(0, None, &all, &choose(&units, rng), rng);
            Particle { state, log, variance: first.error.powi(2) }
        };
        let mut cloud: Vec<Particle<S::State>> = (0..particles).into_par_iter().map(start).collect();
        for layer in 1..=last {
            let draws = if layer == last { self.options.last_draws } else { self.options.draws };
            let extended: Vec<Result<(Particle<S::State>, usize), FisherError>> = cloud
                .into_par_iter()
                .enumerate()
                .map(|(index, particle)| self.extend((layer, last), draws, index, particle, self.kappas[k]))
                .collect();
            cloud = Vec::with_capacity(particles);
            for (index, particle) in extended.into_iter().enumerate() {
                let (particle, size) = particle?;
                dimension += if index == 0 { size } else { 0 };
                cloud.push(particle);
            }
            if layer < last {
                cloud = self.resample(layer, cloud);
            }
        }
        let logs: Vec<f64> = cloud.iter().map(|particle| particle.log).collect();
        let errors: Vec<f64> = cloud.iter().map(|particle| particle.variance.sqrt()).collect();
        let error = log_mean_exp_estimate(&logs, &errors).spectrum_error;
        Ok(Found { dimension, log: log_mean_exp(&logs), error, unit_size, particle_size: effective(&logs) })
    }

    fn extend(
        &self,
        (layer, last): (usize, usize),
        draws: usize,
        index: usize,
        particle: Particle<S::State>,
        kappa: f64,
    ) -> Result<(Particle<S::State>, usize), FisherError> {
        let indices = index * draws..(index + 1) * draws;
        let pool = self.pool(layer, Some(&particle.state), indices, &[kappa])?;
        // The last layer's determinant is one, however many spectra it comes in.
        let units = if layer == last { vec![pool.whole(0)] } else { pool.units(0) };
        let log = particle.log + units.iter().map(|logs| log_mean_exp(logs)).sum::<f64>();
        let variance = particle.variance + pool.error.powi(2);
        let state = if layer == last {
            particle.state
        } else {
            let rng = &mut self.rng(2 * layer + 1, index);
            let all: Vec<&S::Layer> = pool.layers.iter().collect();
            self.sequence.advance(layer, Some(&particle.state), &all, &choose(&units, rng), rng)
        };
        Ok((Particle { state, log, variance }, pool.dimension))
    }

    /// Systematic resampling where fewer than half of the particles count.
    fn resample(&self, layer: usize, cloud: Vec<Particle<S::State>>) -> Vec<Particle<S::State>> {
        let logs: Vec<f64> = cloud.iter().map(|particle| particle.log).collect();
        if effective(&logs) >= 0.5 * cloud.len() as f64 {
            return cloud;
        }
        let start = self.rng(2 * layer + 1, self.options.particles).random();
        let mean = log_mean_exp(&logs);
        let copy = |index: usize| {
            let Particle { state, variance, .. } = &cloud[index];
            Particle { state: state.clone(), log: mean, variance: *variance }
        };
        systematic(&logs, start).into_iter().map(copy).collect()
    }
}

impl<L> Pool<L> {
    /// log D of every unit at point k: `[unit][draw]`.
    fn units(&self, k: usize) -> Vec<Vec<f64>> {
        let units = self.logs.first().map_or(0, Vec::len);
        (0..units).map(|unit| self.logs.iter().map(|draw| draw[unit][k]).collect()).collect()
    }

    /// log D of every draw of the whole layer at point k.
    fn whole(&self, k: usize) -> Vec<f64> {
        self.logs.iter().map(|draw| draw.iter().map(|unit| unit[k]).sum()).collect()
    }
}

/// One draw for every unit, with probabilities as the exponentials of its logs.
fn choose(units: &[Vec<f64>], rng: &mut impl Rng) -> Vec<usize> {
    let one = |logs: &Vec<f64>| {
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut rest = rng.random::<f64>() * logs.iter().map(|log| (log - largest).exp()).sum::<f64>();
        let below = |log: &f64| {
            rest -= (log - largest).exp();
            rest < 0.0
        };
        // Rounding may leave a little beyond the last.
        logs.iter().position(below).unwrap_or(logs.len() - 1)
    };
    units.iter().map(one).collect()
}
