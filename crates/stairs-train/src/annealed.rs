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
    module::Module,
    optim::{GradientsParams, ModuleOptimizer, MultiGradientsParams},
    tensor::{Int, Tensor, activation::log_softmax},
    train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep},
};

use crate::{
    Annealer, Classifier, ConfigError,
    clock::{Clock, Step},
    data::Batch,
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
}

impl<M: Classifier> Annealed<M> {
    /// `model` before its first step; without an annealer its laws are left alone.
    ///
    /// # Errors
    /// [`ConfigError::Plan`] where a quantiser cannot take a law of the plan.
    pub fn new(model: M, annealer: Option<Arc<Annealer>>) -> Result<Self, ConfigError> {
        let model = match &annealer {
            Some(annealer) => annealer.apply(model, 0)?,
            None => model,
        };
        Ok(Self { model, clock: Clock::new(Step(0)), annealer, laws_of: 0 })
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The model, without the clock.
    pub fn into_model(self) -> M {
        self.model
    }

    /// Optimiser steps done so far.
    pub fn step(&self) -> u64 {
        self.clock.get().0
    }

    /// The model with the laws of the clock.
    pub(crate) fn current(&self) -> M {
        let model = self.model.clone();
        if self.laws_of == self.step() { model } else { self.with_laws(model, self.step()) }
    }

    /// What [`new`](Self::new) could do for step 0 can be done for every step, so the alternative is never taken.
    fn with_laws(&self, model: M, step: u64) -> M {
        match &self.annealer {
            Some(annealer) => annealer.apply(model.clone(), step).unwrap_or(model),
            None => model,
        }
    }

    /// After the optimiser: one step later, with the laws that belong there.
    fn advance(mut self) -> Self {
        let before = self.step();
        self.clock = self.clock.map_value(|step| Step(step.0 + 1));
        let step = self.step();
        if let Some(annealer) = &self.annealer
            && (self.laws_of != before || annealer.changes(before, step))
        {
            self.model = self.with_laws(self.model.clone(), step);
        }
        self.laws_of = step;
        self
    }
}

impl<M: Classifier> TrainStep for Annealed<M> {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let logits = self.current().logits(batch.inputs);
        let losses = cross_entropy(logits.clone(), batch.targets.clone());
        let grads = losses.clone().mean().backward();
        TrainOutput::new(self, grads, ClassificationOutput::new(losses, logits, batch.targets))
    }

    fn optimize(self, optim: &mut ModuleOptimizer, lr: ModuleLearningRate, grads: GradientsParams) -> Self {
        optim.step(lr, self, grads).advance()
    }

    fn optimize_multi(self, optim: &mut ModuleOptimizer, lr: ModuleLearningRate, grads: MultiGradientsParams) -> Self {
        optim.step_multi(lr, self, grads).advance()
    }
}

impl<M: Classifier> InferenceStep for Annealed<M> {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        let logits = self.model.logits(batch.inputs);
        let losses = cross_entropy(logits.clone(), batch.targets.clone());
        ClassificationOutput::new(losses, logits, batch.targets)
    }
}

/// Cross entropy of each sample, in nats: −log softmax(logits)\[target\].
pub(crate) fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [samples] = targets.dims();
    log_softmax(logits, 1).gather(1, targets.reshape([samples, 1])).reshape([samples]).neg()
}
