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

mod run;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use self::run::{Found, Run};
use super::{
    estimate::{Estimate, log_mean_exp_estimate},
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
