//! Settings that can be trained but say less than they seem to, or train badly: named before the run starts, and kept in
//! its record.
//!
//! What cannot mean anything at all is refused by [`RunConfig::validate`] and [`refuse_one_sample`].

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use stairs_data::is_table;
use stairs_noise::{
    plan::{AnnealingPlan, Dynamics, TimeUnit},
    walk::parameters,
};
use stairs_quant::Quantiser;

use crate::{
    AnnealPer, ConfigError, Edges, Features, Loss, LrSchedule, Method, Predictor, RunConfig, Samples, TrainError,
    data::{IMAGES, share},
    schedule::drops,
};

/// Fewer samples than this make poor statistics of a batch norm.
const FEW: usize = 4;

/// What the notes depend on beside the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts<'a> {
    /// Training samples of an epoch.
    pub(crate) samples: usize,
    /// Optimiser steps of an epoch.
    pub(crate) steps_per_epoch: usize,
    /// Classes of the data.
    pub(crate) classes: usize,
    /// False for tables.
    pub(crate) images: bool,
    /// True for a model with batch norms.
    pub(crate) batch_norm: bool,
    /// The annealing plan.
    pub(crate) plan: Option<&'a AnnealingPlan>,
}

type Rule = fn(&RunConfig, &Facts<'_>) -> Option<String>;

/// One rule a line of the table in the tests.
const RULES: [Rule; 17] = [
    divided_norm,
    small_norm,
    endless_warm_up,
    drops_after_the_end,
    flat_cosine,
    noise_to_the_end,
    quantisers_of_float,
    decay_of_nothing,
    decay_of_binary,
    no_average,
    augmented_table,
    images_of_no_folder,
    reading_of_no_table,
    few_samples,
    norms_of_none,
    still_mean,
    loss_of_classes,
];

/// What should be known about a configuration, in one sentence each.
pub(crate) fn notes(config: &RunConfig, facts: &Facts<'_>) -> Vec<String> {
    RULES.iter().filter_map(|rule| rule(config, facts)).collect()
}

/// Samples of the smallest step, and of the smallest part of one.
fn least(config: &RunConfig, facts: &Facts<'_>) -> (usize, usize) {
    let step = facts.samples / facts.steps_per_epoch.max(1);
    let parts = (config.accumulate * config.devices).max(1);
    let part = (0..parts).map(|part| share(0..step, part, parts).len()).min();
    (step, part.unwrap_or(step))
}

fn divided_norm(config: &RunConfig, facts: &Facts<'_>) -> Option<String> {
    let parts = config.accumulate * config.devices;
    (facts.batch_norm && parts > 1).then(|| {
        let (step, part) = (config.batch, least(config, facts).1);
        format!(
            "a step is computed in {parts} parts: batch norms see {part} samples at a time, not the {step} of a step"
        )
    })
}

fn small_norm(config: &RunConfig, facts: &Facts<'_>) -> Option<String> {
    let (_, part) = least(config, facts);
    (facts.batch_norm && part < FEW).then(|| {
        format!("batch norms see as few as {part} samples at a time, and their statistics are poor: use a larger batch")
    })
}

fn endless_warm_up(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    let whole = config.warm_up.is_some_and(|warm_up| warm_up.share >= 1.0);
    whole.then(|| "the warm-up takes the whole run: the learning rate is never reached".into())
}

fn drops_after_the_end(config: &RunConfig, facts: &Facts<'_>) -> Option<String> {
    let steps = config.epochs * facts.steps_per_epoch;
    let never = match &config.lr_schedule {
        LrSchedule::Milestones { at, .. } => drops(at, steps).into_iter().filter(|drop| *drop >= steps).count(),
        LrSchedule::Steps { every, .. } => usize::from(*every >= 1.0),
        _ => 0,
    };
    (never > 0)
        .then(|| format!("{never} of the falls of the learning rate would come after the last of the {steps} steps"))
}

fn flat_cosine(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    let flat = matches!(config.lr_schedule, LrSchedule::Cosine { floor } if floor == 1.0);
    flat.then(|| "a cosine with floor 1 is a constant learning rate".into())
}

/// Where the plan's noise decays only after the last step.
fn noise_to_the_end(config: &RunConfig, facts: &Facts<'_>) -> Option<String> {
    let plan = facts.plan?;
    let per_epoch = config.anneal_per == AnnealPer::Epoch;
    // Laws that change between epochs are, in the last epoch, those of its beginning.
    let (unit, length, last) = match plan.unit() {
        TimeUnit::Epochs => ("epoch", config.epochs, config.epochs - usize::from(per_epoch)),
        TimeUnit::Steps => {
            let length = config.epochs * facts.steps_per_epoch;
            ("step", length, length - if per_epoch { facts.steps_per_epoch } else { 0 })
        }
    };
    let end = plan.end().filter(|end| *end > last as f64)?;
    let when = if per_epoch { ", and laws change between epochs only" } else { "" };
    Some(format!("the plan's noise decays at {unit} {end}, training ends at {unit} {length}{when}: it never gets hard"))
}

fn quantisers_of_float(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    if config.method != Method::Float {
        return None;
    }
    let set = [
        (config.quantiser != Quantiser::Ternary, "quantiser"),
        (config.features != Features::default(), "features"),
        (config.bits.is_some(), "bits"),
        (config.edges != Edges::default(), "edges"),
    ];
    let names: Vec<_> = set.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    (!names.is_empty()).then(|| format!("method float quantises nothing: without effect are {}", names.join(", ")))
}

fn decay_of_nothing(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    let decay = &config.weight_decay;
    (decay.rate == 0.0 && (decay.vectors || !decay.except.is_empty()))
        .then(|| "what decays is chosen, but the rate of the weight decay is 0: nothing does".into())
}

fn decay_of_binary(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    let binary = matches!(config.quantiser, Quantiser::Binary | Quantiser::Sign);
    (config.method != Method::Float && config.weight_decay.rate > 0.0 && binary)
        .then(|| "weight decay pulls binary weights towards their threshold, where they stay undecided".into())
}

fn no_average(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    (config.average == Some(0.0)).then(|| "an average with decay 0 is the latest weights".into())
}

fn augmented_table(config: &RunConfig, facts: &Facts<'_>) -> Option<String> {
    (config.augment && !facts.images)
        .then(|| "augmentation changes images, and the samples are none: without effect".into())
}

fn images_of_no_folder(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    (config.images.is_some() && config.dataset != IMAGES)
        .then(|| format!("settings of image folders are without effect on the data set {}", config.dataset))
}

fn reading_of_no_table(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    (config.table.is_some() && !is_table(&config.dataset))
        .then(|| format!("settings of tables are without effect on the data set {}", config.dataset))
}

fn few_samples(config: &RunConfig, facts: &Facts<'_>) -> Option<String> {
    let _ = config;
    (facts.samples < facts.classes)
        .then(|| format!("{} training samples cannot show all {} classes", facts.samples, facts.classes))
}

fn norms_of_none(config: &RunConfig, facts: &Facts<'_>) -> Option<String> {
    let none = config.reestimate_norms.is_some() && !facts.batch_norm;
    none.then(|| "the model has no batch norm: there are no statistics to measure again".into())
}

fn still_mean(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    let still = config.method != Method::Ana || config.policy.mean == Dynamics::Static;
    (config.follow_mean && still).then(|| "the mean of the noise is not annealed: nothing has to follow it".into())
}

fn loss_of_classes(config: &RunConfig, _facts: &Facts<'_>) -> Option<String> {
    let task = config.task.as_ref().filter(|_| config.loss != Loss::default() || config.label_smoothing > 0.0)?;
    Some(format!("loss and label smoothing are of classes, and the task is `{}`: without effect", task.name))
}

/// True for a model with running statistics, which is what batch norms have.
pub(crate) fn has_batch_norm<M: Module>(model: &M) -> bool {
    parameters(model).iter().any(|parameter| parameter.name() == "running_mean")
}

/// Refuses a run that shows its batch norms one sample at a time where that makes a constant of every sample, as behind a
/// dense layer; over the pixels of an image there are statistics. `model` is that of the first step.
pub(crate) fn refuse_one_sample<M: Predictor>(
    config: &RunConfig,
    model: &M,
    samples: &dyn Samples,
    chosen: &[usize],
    device: &Device,
) -> Result<(), TrainError> {
    let steps_per_epoch = crate::data::steps_per_epoch(chosen.len(), config.batch);
    let facts = Facts { samples: chosen.len(), steps_per_epoch, ..Facts::default() };
    let (least, part) = least(config, &facts);
    if part > 1 || !has_batch_norm(model) {
        return Ok(());
    }
    // A copy: a forward pass in training moves running statistics, which clones share.
    let device = device.clone().autodiff();
    let model = model.valid().train().fork(&device);
    let [channels, height, width] = samples.shape();
    let mut answers = Vec::new();
    for &index in chosen.iter().step_by(chosen.len().div_ceil(FEW)) {
        let mut values = vec![0.0; channels * height * width];
        samples.copy(index, &mut values).map_err(|source| TrainError::Sample { index, source })?;
        let input = Tensor::from_data(TensorData::new(values, [1, channels, height, width]), &device);
        answers.push(model.outputs(input).into_data());
    }
    if answers.len() > 1 && answers.windows(2).all(|two| two[0] == two[1]) {
        return Err(ConfigError::OneSample { least, parts: config.accumulate * config.devices }.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use stairs_noise::{
        Law, Laws, Noise, Strategy,
        plan::{Decay, Interval, Pattern, Policy, QuantiserSchedule},
    };

    use super::*;
    use crate::{Regression, Task, WarmUp, WeightDecay};

    const FACTS: Facts<'static> =
        Facts { samples: 100, steps_per_epoch: 4, classes: 10, images: true, batch_norm: true, plan: None };

    fn config() -> RunConfig {
        RunConfig::default().with_batch(25).with_epochs(2)
    }

    fn policy(until: f64, unit: TimeUnit) -> AnnealingPlan {
        let policy = Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::SameStart, Decay::Homogeneous);
        policy.plan(Noise::Uniform, Strategy::Mode, &[vec!["a".to_owned()]], until, unit).unwrap()
    }

    /// Each rule: what it says, and a setting that makes it.
    #[test]
    fn every_rule_speaks_where_it_should_and_only_there() {
        assert_eq!(notes(&config(), &FACTS), [""; 0]);
        let law = Laws::same(Law::new(Noise::Uniform, 0.0, 0.5).unwrap());
        let constant = AnnealingPlan::uniform(TimeUnit::Steps, QuantiserSchedule::constant(law, Strategy::Mode));
        let (late, in_time) = (policy(9.0, TimeUnit::Steps), policy(8.0, TimeUnit::Steps));
        let epochs = policy(1.5, TimeUnit::Epochs);
        type Change = fn(&mut RunConfig);
        let none: Change = |_| ();
        let cases: Vec<(&str, Change, Facts<'_>)> = vec![
            ("5 samples at a time, not the 25 of a step", |c| c.accumulate = 5, FACTS),
            ("12 samples at a time", |c| c.devices = 2, FACTS),
            ("as few as 3 samples at a time", |c| c.batch = 3, Facts { steps_per_epoch: 33, ..FACTS }),
            ("takes the whole run", |c| c.warm_up = Some(WarmUp { share: 1.0, start: 0.1 }), FACTS),
            (
                "3 of the falls of the learning rate would come after the last of the 8 steps",
                |c| c.lr_schedule = LrSchedule::Milestones { at: vec![0.95, 0.96, 0.97], factor: 0.1 },
                FACTS,
            ),
            ("1 of the falls", |c| c.lr_schedule = LrSchedule::Steps { every: 1.0, factor: 0.1 }, FACTS),
            ("constant learning rate", |c| c.lr_schedule = LrSchedule::Cosine { floor: 1.0 }, FACTS),
            ("decays at step 9, training ends at step 8", none, Facts { plan: Some(&late), ..FACTS }),
            (
                "decays at epoch 1.5, training ends at epoch 2, and laws change between epochs only",
                |c| c.anneal_per = AnnealPer::Epoch,
                Facts { plan: Some(&epochs), ..FACTS },
            ),
            (
                "without effect are quantiser, features",
                |c| (c.method, c.quantiser, c.features) = (Method::Float, Quantiser::Binary, Features::Float),
                FACTS,
            ),
            ("the weight decay is 0", |c| c.weight_decay.vectors = true, FACTS),
            ("the weight decay is 0", |c| c.weight_decay.except = vec![Pattern::new("a").unwrap()], FACTS),
            ("binary weights", |c| (c.weight_decay, c.quantiser) = (WeightDecay::new(0.1), Quantiser::Binary), FACTS),
            ("decay 0 is the latest weights", |c| c.average = Some(0.0), FACTS),
            ("augmentation changes images", |c| c.augment = true, Facts { images: false, ..FACTS }),
            ("settings of image folders", |c| c.images = Some(Default::default()), FACTS),
            ("settings of tables", |c| c.table = Some(Default::default()), FACTS),
            (
                "5 training samples cannot show all 10 classes",
                |c| c.batch = 5,
                Facts { samples: 5, steps_per_epoch: 1, ..FACTS },
            ),
            ("no batch norm", |c| c.reestimate_norms = Some(1), Facts { batch_norm: false, ..FACTS }),
            (
                "loss and label smoothing are of classes",
                |c| (c.task, c.label_smoothing) = (Some(Regression::default().record()), 0.1),
                FACTS,
            ),
            ("nothing has to follow", |c| c.follow_mean = true, FACTS),
        ];
        for (expected, change, facts) in cases {
            let mut config = config();
            change(&mut config);
            let found = notes(&config, &facts);
            assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
        }
        for plan in [&constant, &in_time] {
            assert_eq!(notes(&config(), &Facts { plan: Some(plan), ..FACTS }), [""; 0]);
        }
        let divided = config().with_accumulate(5);
        assert_eq!(notes(&divided, &Facts { batch_norm: false, ..FACTS }), [""; 0]);
    }
}
