//! Which laws a model's quantisers have at an optimiser step.
//!
//! A resolved plan is a pure function of time; this module turns optimiser steps into the plan's time and carries the
//! seed of sampled noise. Nothing here has a state, so a resumed run has the laws it would have had.

use std::{collections::BTreeMap, sync::Arc};

use burn::module::Module;
use stairs_noise::{
    Backward, Law, Laws, Noise, QuantiserInfo, QuantiserKind, Strategy, apply_plan, derive_seed, layers,
    plan::{
        AnnealingPlan, BackwardSchedule, Envelope, NoiseSchedule, PlanError, QuantiserSchedule, ResolvedPlan, TimeUnit,
    },
    quantisers,
};

use crate::{AnnealPer, BackwardLaw, ConfigError, ForwardNoise, LawPoint, Method, RunConfig, baseline};

/// The laws of a model's quantisers over a training run.
#[derive(Clone, Debug)]
pub struct Annealer {
    plan: ResolvedPlan,
    per: AnnealPer,
    steps_per_epoch: u64,
    seed: u64,
    sampled: bool,
}

impl Annealer {
    /// The annealer of a run: `plan` fitted to the model's quantisers. `steps_per_epoch` ≥ 1 is what one epoch counts.
    ///
    /// # Errors
    /// [`ConfigError::NoQuantisers`], [`ConfigError::UnknownPath`], [`ConfigError::Plan`].
    pub fn new(
        plan: &AnnealingPlan,
        quantisers: &[QuantiserInfo],
        config: &RunConfig,
        steps_per_epoch: usize,
    ) -> Result<Self, ConfigError> {
        let paths: Vec<String> = quantisers.iter().map(|quantiser| quantiser.path.clone()).collect();
        let plan = plan.resolve(&paths)?;
        let sampled = plan.quantisers().iter().any(|(_, schedule)| schedule.strategy == Strategy::Random);
        Ok(Self {
            plan,
            per: config.anneal_per,
            steps_per_epoch: steps_per_epoch.max(1) as u64,
            seed: config.seed,
            sampled,
        })
    }

    /// Optimiser steps of `epochs` epochs.
    pub(crate) fn steps(&self, epochs: usize) -> u64 {
        self.steps_per_epoch * epochs as u64
    }

    /// The plan's time after `step` optimiser steps.
    fn time(&self, step: u64) -> f64 {
        let step = match self.per {
            AnnealPer::Epoch => step / self.steps_per_epoch * self.steps_per_epoch,
            AnnealPer::Step => step,
        };
        match self.plan.unit() {
            TimeUnit::Steps => step as f64,
            TimeUnit::Epochs => step as f64 / self.steps_per_epoch as f64,
        }
    }

    /// True if the quantisers of step `to` have other laws, or other noise, than those of step `from`.
    pub(crate) fn changes(&self, from: u64, to: u64) -> bool {
        let (from_time, to_time) = (self.time(from), self.time(to));
        (self.sampled && from != to)
            || (from_time != to_time && !self.plan.laws_at(from_time).eq(self.plan.laws_at(to_time)))
    }

    /// `model` with the laws of the optimiser step that follows `step` steps.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] where a quantiser was built without a tabulated law of the plan, and for a law that single precision
    /// cannot hold.
    pub(crate) fn apply<M: Module>(&self, model: M, step: u64) -> Result<M, ConfigError> {
        // A key that nothing is drawn by stays as it is: files of a resumed run must not tell where it was resumed.
        let draw = if self.sampled { step } else { 0 };
        let key = |path: &str| derive_seed(self.seed, path, draw);
        Ok(apply_plan(model, &self.plan, self.time(step), key)?)
    }

    /// The backward rule of every quantiser after `step` steps, by path.
    pub(crate) fn backward(&self, step: u64) -> impl Iterator<Item = (String, Backward)> {
        self.plan.laws_at(self.time(step)).map(|(path, laws, _)| (path.to_string(), laws.backward))
    }

    /// The means of the forward laws after `step` steps, by path.
    pub(crate) fn means(&self, step: u64) -> BTreeMap<String, f64> {
        self.plan.laws_at(self.time(step)).map(|(path, laws, _)| (path.to_string(), laws.forward.mean())).collect()
    }

    /// The forward laws after `step` steps, in network order.
    pub fn points(&self, step: u64) -> Vec<LawPoint> {
        let point = |(path, laws, _): (&str, Laws, Strategy)| LawPoint {
            path: path.into(),
            mean: laws.forward.mean(),
            scale: laws.forward.scale(),
        };
        self.plan.laws_at(self.time(step)).map(point).collect()
    }
}

/// The plan of a run, `plan` or the one its configuration asks for, and its annealer; none for a float network.
pub(crate) fn of_run<M: Module>(
    config: &RunConfig,
    plan: Option<&AnnealingPlan>,
    model: &M,
    steps_per_epoch: usize,
) -> Result<(Option<AnnealingPlan>, Option<Arc<Annealer>>), ConfigError> {
    let plan = match plan {
        Some(plan) => Some(plan.clone()),
        None => self::plan(config, model, steps_per_epoch)?,
    };
    let annealer = match &plan {
        Some(plan) => Some(Arc::new(Annealer::new(plan, &quantisers(model), config, steps_per_epoch)?)),
        None => None,
    };
    Ok((plan, annealer))
}

/// The plan a configuration asks for, `None` for a float network.
///
/// - `ste`: hard forward; backward the configured law with mean 0 and the scale of \[ANA22\] (half the quantum over the
///   law's window), for ever. With uniform noise this is the clipped identity.
/// - the published baselines: the rule of each, see [`Method`]; what they anneal has decayed after the share `anneal_until` of
///   the run too.
/// - `ana`: the configured policy; everything dynamic has decayed after the share `anneal_until` of the run. The forward
///   noise is in weights and features or in weights alone, see [`ForwardNoise`]; the backward law is the forward one or
///   stays as it starts, see [`BackwardLaw`].
///
/// # Errors
/// [`ConfigError::NoQuantisers`] where there is nothing to quantise, [`ConfigError::Plan`].
pub fn plan<M: Module>(
    config: &RunConfig,
    model: &M,
    steps_per_epoch: usize,
) -> Result<Option<AnnealingPlan>, ConfigError> {
    let (unit, whole) = match config.anneal_per {
        AnnealPer::Epoch => (TimeUnit::Epochs, config.epochs as f64),
        AnnealPer::Step => (TimeUnit::Steps, (config.epochs * steps_per_epoch) as f64),
    };
    let layers = layers(model);
    let need = |name| if layers.is_empty() { Err(ConfigError::NoQuantisers(name)) } else { Ok(()) };
    match config.method {
        Method::Float => Ok(None),
        method if method != Method::Ana => {
            need(method.name())?;
            let laws = Laws::new(Law::hard(config.law.clone()), window_law(&config.law)?);
            let ste = QuantiserSchedule::constant(laws, Strategy::Expectation);
            Ok(Some(baseline::plan(config, model, whole * config.anneal_until, unit, ste)?))
        }
        _ => {
            need("ana")?;
            let span = whole * config.anneal_until;
            let plan = config.policy.plan(config.law.clone(), config.strategy, &layers, span, unit)?;
            let features: Vec<String> = quantisers(model)
                .into_iter()
                .filter(|quantiser| quantiser.kind == QuantiserKind::Feature)
                .map(|quantiser| quantiser.path)
                .collect();
            let entries = plan.entries().iter().map(|entry| {
                let path = entry.pattern.as_str();
                let hard = config.forward_noise == ForwardNoise::Weights && features.iter().any(|other| other == path);
                Ok((path, schedule(config, entry.schedule.clone(), hard)?))
            });
            Ok(Some(AnnealingPlan::new(unit, entries.collect::<Result<_, ConfigError>>()?)?))
        }
    }
}

/// The schedule of one quantiser with the backward rule of `config`, and a hard forward pass if it is to be `hard`.
fn schedule(config: &RunConfig, policy: QuantiserSchedule, hard: bool) -> Result<QuantiserSchedule, ConfigError> {
    let still = || window_law(&config.law).map(NoiseSchedule::constant);
    let backward = match config.backward {
        BackwardLaw::Annealed if !hard => return Ok(policy),
        BackwardLaw::Annealed => policy.forward.clone(),
        BackwardLaw::Static => still()?,
        BackwardLaw::Freeze => match policy.forward_end() {
            Some(end) => NoiseSchedule::new(window_law(&config.law)?, Envelope::Constant, Envelope::until(end)?),
            None => still()?,
        },
    };
    let forward = if hard { NoiseSchedule::constant(Law::hard(config.law.clone())) } else { policy.forward };
    let schedule = QuantiserSchedule::new(forward, policy.strategy);
    Ok(schedule.with_backward(BackwardSchedule::Schedule(backward)))
}

/// The law of this shape with mean 0 whose mass fills a window of half a quantum (\[ANA22\]).
fn window_law(noise: &Noise) -> Result<Law, ConfigError> {
    Ok(Law::new(noise.clone(), 0.0, 0.5 / noise.window())?)
}

impl From<PlanError> for ConfigError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::UnmatchedPattern { pattern, known } => {
                ConfigError::UnknownPath { path: pattern, known: known.join(", ") }
            }
            other => ConfigError::Plan(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_noise_has_a_scale_for_the_estimator() {
        for noise in Noise::ALL {
            assert!(Law::new(noise.clone(), 0.0, 0.5 / noise.window()).is_ok_and(|law| !law.is_hard()));
        }
    }
}
