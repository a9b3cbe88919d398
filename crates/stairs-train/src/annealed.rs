//! A model with its annealing clock: what burn-train trains.
//!
//! burn-train calls [`TrainStep::optimize`] once an optimiser step (`optimize_multi` where several devices contribute
//! gradients). Both do the step, advance the clock and give the quantisers the laws of the next step; where the laws
//! stay the same, as between epochs, nothing is touched. Evaluation goes through [`Module::valid`], which makes every
//! quantiser hard.
//!
//! The clock is saved with the model, the laws are not: they are a function of the clock. After a record was loaded the
//! first step finds that the laws in force are not those of the clock, and uses the right ones.

use std::sync::Arc;

use burn::{
    lr_scheduler::module_lr_scheduler::ModuleLearningRate,
    module::{Module, Param},
    optim::{GradientsParams, ModuleOptimizer, MultiGradientsParams},
    tensor::Tensor,
    train::{InferenceStep, TrainOutput, TrainStep},
};
use stairs_noise::walk::{Look, Place, look};

use crate::{
    Annealer, ConfigError, Predictor, RunConfig, Task,
    clock::{Clock, Step},
    data::Batch,
    follow::Followers,
    optimise::{Rules, average, decay_at},
    remedy::{
        dampening::dampen,
        freezing::{Moment, Oscillation},
    },
    task::StepOutput,
};

/// A model, the number of optimiser steps it has seen, and what they do to its laws.
#[derive(Module, Debug)]
pub struct Annealed<M: Module> {
    model: M,
    clock: Clock,
    #[module(skip)]
    annealer: Option<Arc<Annealer>>,
    /// The step whose laws the model has.
    #[module(skip)]
    laws_of: u64,
    /// The average of the latent weights, hard, if the run keeps one. It has the identities of the model's parameters:
    /// they belong together, and only those of the model have gradients.
    average: Option<M>,
    /// What the weights did so far, if the run freezes those that oscillate.
    oscillation: Option<Oscillation>,
    #[module(skip)]
    rules: Rules,
    /// What follows the means of the laws, if the run says so.
    #[module(skip)]
    followers: Option<Arc<Followers>>,
    /// Why laws of a later step than the first could not be taken: burn-train asks a step for no error.
    #[module(skip)]
    fault: Option<ConfigError>,
}

impl<M: Predictor> Annealed<M> {
    /// `model` before its first step; without an annealer its laws are left alone.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] where a quantiser cannot take a law of the plan.
    pub fn new(model: M, annealer: Option<Arc<Annealer>>) -> Result<Self, ConfigError> {
        let model = match &annealer {
            Some(annealer) => annealer.apply(model, 0)?,
            None => model,
        };
        Ok(Self {
            model,
            clock: Clock::new(Step(0)),
            annealer,
            laws_of: 0,
            average: None,
            oscillation: None,
            rules: Rules::default(),
            followers: None,
            fault: None,
        })
    }

    /// The same, trained for `task` with the clipping and the average of `config`.
    pub(crate) fn of_run(
        model: M,
        annealer: Option<Arc<Annealer>>,
        task: Arc<dyn Task>,
        config: &RunConfig,
    ) -> Result<Self, ConfigError> {
        let steps = annealer.as_ref().map_or(0, |annealer| annealer.steps(config.epochs));
        let (mut annealed, rules) = (Self::new(model, annealer)?, Rules::of(config, task, steps));
        if let Some(annealer) = annealed.annealer.clone().filter(|_| config.follow_mean) {
            // Latent weights start where the first mean has the thresholds.
            let followers = Followers::of(&annealed.model)?;
            annealed.model = followers.moved(annealed.model, &annealer.means(0), true);
            annealed.followers = Some(Arc::new(followers));
        }
        let average = config.average.map(|_| annealed.model.valid());
        let oscillation = rules.remedy.filter(|remedy| remedy.freezes()).map(|_| Oscillation::begin(&annealed.model));
        Ok(Self { average, oscillation, rules, ..annealed })
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// What the run makes: the average if it keeps one, else the model.
    pub fn result(&self) -> &M {
        self.average.as_ref().unwrap_or(&self.model)
    }

    /// The same, without the clock.
    pub fn into_result(self) -> M {
        self.average.unwrap_or(self.model)
    }

    /// Optimiser steps done so far.
    pub fn step(&self) -> u64 {
        self.clock.get().0
    }

    /// Why laws could not be taken: the training has gone on with older ones, and its result is none.
    pub(crate) fn fault(&self) -> Option<&ConfigError> {
        self.fault.as_ref()
    }

    /// The model with the laws of the clock.
    pub(crate) fn current(&self) -> M {
        let same = self.laws_of == self.step();
        // What fails here fails for `advance` too, which keeps the error.
        (!same).then(|| self.with_laws(self.step())).and_then(Result::ok).unwrap_or_else(|| self.model.clone())
    }

    fn with_laws(&self, step: u64) -> Result<M, ConfigError> {
        let model = self.model.clone();
        self.annealer.as_ref().map_or(Ok(model.clone()), |annealer| annealer.apply(model, step))
    }

    /// After the optimiser: one step later, oscillating weights frozen, with the laws that belong there, and averaged.
    fn advance(mut self) -> Self {
        let before = self.step();
        self.clock = self.clock.map_value(|step| Step(step.0 + 1));
        let step = self.step();
        if let (Some(remedy), Some(oscillation)) = (self.rules.remedy, self.oscillation.take()) {
            let threshold = remedy.threshold(step);
            let first = threshold.is_some() && remedy.threshold(before).is_none();
            let (model, oscillation) = oscillation.advance(self.model, Moment { threshold, first });
            (self.model, self.oscillation) = (model, Some(oscillation));
        }
        if self.laws_of != before {
            // The step that ends here had its laws from `current`.
            self.fault = self.fault.take().or_else(|| self.with_laws(before).err());
        }
        if let Some(annealer) = &self.annealer
            && (self.laws_of != before || annealer.changes(before, step))
        {
            match self.with_laws(step) {
                Ok(model) => self.model = model,
                Err(error) => self.fault = self.fault.take().or(Some(error)),
            }
            if let Some(followers) = &self.followers {
                let mut changes = annealer.means(step);
                annealer
                    .means(before)
                    .iter()
                    .for_each(|(path, mean)| *changes.entry(path.clone()).or_default() -= mean);
                self.model = followers.moved(self.model, &changes, false);
            }
        }
        self.laws_of = step;
        if let (Some(decay), Some(mean)) = (self.rules.average, self.average.take()) {
            self.average = Some(average(mean, &self.model, decay_at(decay, step)));
        }
        self
    }
}

impl<M: Predictor> TrainStep for Annealed<M> {
    type Input = Batch;
    type Output = StepOutput;

    fn step(&self, batch: Batch) -> TrainOutput<StepOutput> {
        let whole = batch.is_whole();
        let Rules { task, classes, .. } = &self.rules;
        let outputs = self.current().outputs(batch.inputs);
        let losses = task.losses(outputs.clone(), &batch.targets, true);
        // The gradients of the parts of a step are added up, by Burn.
        let loss = if whole { losses.clone().mean() } else { losses.clone().sum() / batch.of_step as f64 };
        let grads = loss.backward();
        TrainOutput::new(self, grads, StepOutput::new(&**task, *classes, losses, outputs, batch.targets))
    }

    fn optimize(self, optim: &mut ModuleOptimizer, lr: ModuleLearningRate, grads: GradientsParams) -> Self {
        let grads = match self.rules.remedy.map_or(0.0, |remedy| remedy.weight(self.step())) {
            0.0 => grads,
            weight => dampen(grads, &self.model, weight),
        };
        let grads = match self.rules.clip {
            Some(clip) => clip.apply(grads, &self.model),
            None => grads,
        };
        optim.step(lr, self, grads).advance()
    }

    fn optimize_multi(self, optim: &mut ModuleOptimizer, lr: ModuleLearningRate, grads: MultiGradientsParams) -> Self {
        match self.rules.clip.is_some() || self.rules.remedy.is_some() {
            // The norm is that of the sums, and what dampens is added to them once, so they have to be made first.
            true => {
                let grads = total(grads, &self.model);
                self.optimize(optim, lr, grads)
            }
            false => optim.step_multi(lr, self, grads).advance(),
        }
    }
}

impl<M: Predictor> InferenceStep for Annealed<M> {
    type Input = Batch;
    type Output = StepOutput;

    fn step(&self, batch: Batch) -> StepOutput {
        let Rules { task, classes, .. } = &self.rules;
        let outputs = self.result().outputs(batch.inputs);
        let losses = task.losses(outputs.clone(), &batch.targets, false);
        StepOutput::new(&**task, *classes, losses, outputs, batch.targets)
    }
}

/// The sums of the gradients of all devices.
fn total<M: Module>(grads: MultiGradientsParams, model: &M) -> GradientsParams {
    struct Total(MultiGradientsParams, GradientsParams);

    impl Look for Total {
        fn float<const D: usize>(&mut self, _place: &Place, param: &Param<Tensor<D>>) {
            if let Some((grad, _)) = self.0.remove::<D>(param.id) {
                self.1.register::<D>(param.id, grad);
            }
        }
    }

    look(model, Total(grads, GradientsParams::new())).1
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{Linear, LinearConfig},
        tensor::Device,
    };
    use stairs_noise::{
        Backward, Law, Laws, Noise, StairWeights, Strategy, plan::AnnealingPlan, plan::QuantiserSchedule,
        plan::TimeUnit, quantisers,
    };

    use super::*;
    use crate::Classifier;

    #[derive(Module, Debug)]
    struct Net {
        layer: Linear,
    }

    impl Classifier for Net {
        fn logits(&self, x: Tensor<4>) -> Tensor<2> {
            self.layer.forward(x.flatten(1, 3))
        }
    }

    /// A scale that is infinite in single precision is no law that a record can hold.
    #[test]
    fn laws_that_cannot_be_taken_are_reported_at_the_first_step_and_later() {
        let net = Net { layer: LinearConfig::new(4, 2).init(&Device::flex().autodiff()) };
        let net = StairWeights::ternary().quantise(net).unwrap();
        let law = |scale| Law::new(Noise::Uniform, 0.0, scale).unwrap();
        let annealer = |scale| {
            let laws = Laws { forward: law(scale), backward: Backward::Identity };
            let plan = AnnealingPlan::uniform(TimeUnit::Steps, QuantiserSchedule::constant(laws, Strategy::Mode));
            Some(Arc::new(Annealer::new(&plan, &quantisers(&net), &RunConfig::default(), 1).unwrap()))
        };
        assert!(matches!(Annealed::new(net.clone(), annealer(1e39)), Err(ConfigError::Setting(_))));
        let trained = Annealed::new(net.clone(), annealer(0.5)).unwrap().advance();
        assert_eq!(trained.fault(), None);
        let trained = Annealed { annealer: annealer(1e39), laws_of: 7, ..trained }.advance();
        assert!(matches!(trained.fault(), Some(ConfigError::Setting(_))));
        // It stays, also through what burn-train does with a model.
        assert!(trained.valid().fault().is_some());
    }
}
