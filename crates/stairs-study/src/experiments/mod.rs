//! Reproducible experiments: named grids of trainings and measurements.
//!
//! An [`Experiment`] is data: a name and the configurations of its [`Trial`]s. Every trial leaves one record in
//! `OUT/EXPERIMENT/TRIAL` (`record.json` of a training, `diverged.json` of one whose loss became NaN, `capacity.json` of
//! a measurement, `bound.json` of a bound), and reports are made from records alone. So an experiment can be interrupted and
//! continued, run in shards on several machines whose directories are then merged, or by several processes that share a
//! directory: a trial that is finished is skipped, one that was cut short is resumed, one that another process is
//! running is left to it (the lock of a process that died is free again). A training that starts from the network of
//! another trial has that trial run first, in whichever shard it is. What makes the trials of a folder is kept in it
//! ([`Definition`]), and what shards left on other machines is taken in by [`Defined::merge`].
//!
//! | name | trials |
//! |---|---|
//! | `digits` | LeNet on the embedded digits: float, STE, ANA; 3 seeds |
//! | `mnist` | LeNet on MNIST: float, STE, ANA; 3 seeds |
//! | `fashion-mnist` | LeNet on Fashion-MNIST: float, STE, ANA; 3 seeds |
//! | `2sed-lower` | capacity: 2sED and its lower bounds over ε; two networks, two priors |
//! | `2sed-variance` | capacity: 2sED over the variance of the hidden noise; two networks |
//! | `2sed-training` | capacity of 36 networks before training, their training loss after it; 2 seeds |
//! | `2sed-training-full` | the same at the paper's size |
//! | `2sed-choice` | 94 networks of equal cost, measured before training and trained; 2 seeds |
//! | `2sed-bound` | the deviation bound of 2sED with its constants, against the largest deviation found; 9 models |
//! | `ana-grid` | the annealing study on the digits: 264 setups, 3 seeds |
//! | `ana-grid-cifar10-subset`, `-mnist-subset`, `-fashion-subset` | a quarter of it with a narrow VGG8, 2 seeds |
//! | `ana-grid-cifar10` | all of it at the paper's size |
//! | `zoo-fashion-mnist`, `zoo-cifar10` | AlexNet and MobileNetV2 for small images: softmax regression, float, STE, ANA |
//! | `t1-static-backward` | the digits grid with a backward law that stays: 196 setups, 3 seeds |
//! | `t2-freezing`, `t3-mean` | annealing against freezing layers; what an annealed mean leaves behind; 5 seeds |
//! | `t4-variants` | variants of that recipe on Fashion-MNIST; 3 seeds |
//! | `t4-ana19`, `t4-ana19-mnist` | the recipe of \[ANA19\] against STE from the same start; 5 paired seeds |
//! | `cifar10-ana22` | the claim of \[ANA22\] on all of CIFAR-10: VGG8 × 0.125; 2 seeds |
//! | `cifar10-levels` | a ternary VGG8 × 0.25 against float: STE, noise in the weights, LSQ, the recipe of \[ANA19\]; 1 to 3 seeds |
//! | `cifar10-resnet20` | a ternary ResNet-20 against float: STE, \[ANA19\]'s noise, LSQ |
//! | `tiny-imagenet-mobilenet`, `-alexnet` | 200 classes of ImageNet at 64 pixels: float, STE, \[ANA19\] |
//! | `choose-digits`, `-mnist`, `-fashion-mnist`, `-cifar10` | candidates of every method by validation accuracy; 2 seeds |
//! | `mixed-bits` | bits for every layer by 2sED, Hessian, weight error, at random, against uniform ones: 10 budgets, two networks |
//! | `zoo-fine-tuning` | MobileNetV2 with ternary weights, from random and from float weights; 3 seeds |
//!
//! To add an experiment, add a file beside `digits.rs` and a row to [`catalogue`].

mod campaign;
mod capacity;
mod choice;
mod definition;
mod digits;
mod diverged;
mod error;
mod falsify;
mod fashion_mnist;
mod finished;
mod grid;
mod lines;
mod merge;
mod mixed;
mod mnist;
mod opened;
mod parts;
mod planned;
mod published;
mod recipe;
mod results;
mod runner;
mod shard;
mod trial;
mod watch;
mod workers;
mod zoo;

pub use definition::{Defined, Definition};
pub use diverged::Diverged;
pub use error::ExperimentError;
pub use finished::Finished;
pub(crate) use finished::difference;
pub use grid::{Grid, Scope};
pub use lines::read_lines;
pub use merge::{Merged, folder_of};
pub use recipe::{images_recipe, law, policy, recipe, table_recipe, weight_scale};
pub use results::keep_figures;
pub use runner::{Outcome, Runner, Status};
pub use shard::Shard;
pub use trial::{Experiment, Row, Scale, Task, Trial};
pub use watch::{Lines, Terminal, Watch};
pub use workers::{STOPPED, WORKER, follow_parent, run_workers};

/// Every experiment, the default one first.
pub fn catalogue() -> Vec<Experiment> {
    let mut all = vec![
        digits::experiment(),
        mnist::experiment(),
        fashion_mnist::experiment(),
        capacity::lower(),
        capacity::variance(),
        capacity::training(),
        capacity::training_full(),
        capacity::choice(),
        capacity::bound(),
        zoo::fashion_mnist(),
        zoo::cifar10(),
        zoo::fine_tuning(),
        falsify::freezing(),
        falsify::mean(),
        falsify::ana19_fashion(),
        falsify::ana19_mnist(),
        falsify::variants(),
    ];
    all.push(mixed::experiment());
    all.extend(choice::experiments());
    all.extend(campaign::experiments());
    all.extend(Grid::presets().iter().map(Grid::experiment));
    all
}

/// The experiment of this name.
///
/// # Errors
/// [`ExperimentError::Unknown`] with the names there are.
pub fn find(name: &str) -> Result<Experiment, ExperimentError> {
    let all = catalogue();
    let names = all.iter().map(|e| e.name).collect::<Vec<_>>().join(", ");
    all.into_iter().find(|e| e.name == name).ok_or(ExperimentError::Unknown { name: name.to_string(), names })
}
