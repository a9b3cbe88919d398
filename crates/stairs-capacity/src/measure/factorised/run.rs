//! One run of the unit-factorised bound: pools of draws, and particles through the layers.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{
    super::{
        estimate::{log_mean_exp, log_mean_exp_estimate},
        smc::{effective, systematic},
    },
    FactorisedOptions, UnitSequence,
};
use crate::{FisherError, MeasureError, Spectrum};

/// One run at one point.
pub(super) struct Found {
    pub(super) dimension: usize,
    pub(super) log: f64,
    pub(super) error: f64,
    pub(super) unit_size: f64,
    pub(super) particle_size: f64,
}

pub(super) struct Run<'a, S> {
    pub(super) sequence: &'a S,
    pub(super) log_scale: f64,
    pub(super) kappas: &'a [f64],
    pub(super) options: &'a FactorisedOptions,
    pub(super) run: u64,
}

/// Draws of one layer from one state, with log D of every draw, unit and point: `logs[draw][unit][point]`.
struct Pool<L> {
    layers: Vec<L>,
    logs: Vec<Vec<Vec<f64>>>,
    /// The largest standard error of a log-determinant, over the draws.
    error: f64,
    dimension: usize,
}

/// One draw of a layer: its parameters, log D of every unit and point, the largest standard error of them, and the number of
/// parameters.
type Drawn<L> = Result<(L, Vec<Vec<f64>>, f64, usize), FisherError>;

/// A particle after a layer, with the layer's number of parameters.
type Extended<T> = Result<(Particle<T>, usize), FisherError>;

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

    pub(super) fn estimate(&self) -> Result<Vec<Found>, MeasureError> {
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
        let drawn: Vec<Drawn<S::Layer>> = indices.into_par_iter().map(one).collect();
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
            let extended: Vec<Extended<S::State>> = cloud
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
    ) -> Extended<S::State> {
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
