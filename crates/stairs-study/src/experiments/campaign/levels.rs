//! `cifar10-levels`: how far a ternary VGG8 of a quarter of its width is from its float twin after 30 epochs.
//!
//! | row | what it is | seeds |
//! |---|---|---|
//! | `float` | ReLU, float weights | 1 |
//! | `ste` | straight-through estimator | 3 |
//! | `chosen` | noise in weights alone, hardened along a line, layer by layer, until half of the training; the backward law stays | 3 |
//! | `lsq` | as `ste`, quanta of weights and features learned | 2 |
//! | `ana19` | the recipe of \[ANA19\] as its authors ran it, at this length | 2 |
//!
//! The first four share everything that `choose-cifar10` chose for all of them by validation accuracy: rate 3·10⁻³, batches of 64, quantum
//! 0.1, Adam with a cosine schedule, cross entropy, the last layer float. `chosen` is the best candidate of `ana` there. `ana19` has the rate,
//! batch, loss, quantum and last layer of its recipe, with a max pool in front of the norm and a norm on the logits.

use stairs_noise::{
    Noise, Strategy,
    plan::{Decay, Dynamics, Interval, Policy},
};
use stairs_quant::ScalePolicy;
use stairs_train::{BackwardLaw, ForwardNoise, Method, RunConfig};

use super::shared::{HELD_OUT, against};
use crate::{
    experiments::{Experiment, Row},
    report::PairedPage,
};

const EPOCHS: usize = 30;

pub(super) const PAGE: PairedPage = PairedPage {
    question: "Is noise in the weights ahead of STE, all else equal, on all of CIFAR-10; and how far are both from the float network?",
    comparisons: &[
        against("chosen", "ste"),
        against("lsq", "ste"),
        against("ana19", "ste"),
        against("ste", "float"),
        against("chosen", "float"),
    ],
};

/// What was chosen on a part of CIFAR-10, for a network and a length.
pub(super) fn chosen(model: &str, method: Method, epochs: usize) -> RunConfig {
    RunConfig::new(model)
        .with_dataset("cifar10")
        .with_method(method)
        .with_epochs(epochs)
        .with_batch(64)
        .with_lr(3e-3)
        .with_weight_scale(ScalePolicy::Fixed(0.1))
        .with_law(Noise::Uniform)
        .with_strategy(Strategy::Expectation)
        .with_policy(Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Partition, Decay::Linear))
        .with_backward(BackwardLaw::Static)
        .with_forward_noise(ForwardNoise::Weights)
        .with_anneal_until(0.5)
        .with_augment(true)
        .with_validation(HELD_OUT)
}

/// The experiment.
pub(super) fn experiment() -> Experiment {
    let row = |name: &str, method| Row::train(name, chosen("vgg8:0.25", method, EPOCHS));
    let ana19 =
        RunConfig::ana19("cifar10", "vgg8:0.25+pool-first+norm-logits").with_epochs(EPOCHS).with_validation(HELD_OUT);
    Experiment {
        name: "cifar10-levels",
        title: "A ternary VGG8 on CIFAR-10, against float",
        about: "VGG8 at a quarter of its width, 30 epochs, all of CIFAR-10: float, STE, noise in the weights, LSQ, the recipe of ANA19.",
        rows: vec![
            row("float", Method::Float).with_one_seed(),
            row("ste", Method::Ste),
            row("chosen", Method::Ana),
            row("lsq", Method::Lsq).with_seeds(2),
            Row::train("ana19", ana19).with_seeds(2),
        ],
        seeds: 3,
        page: &PAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::{
        Scale,
        campaign::shared::{check, config},
    };

    #[test]
    fn rows_share_their_ground_and_comparisons_name_rows() {
        check(&experiment(), PAGE.comparisons);
    }

    #[test]
    fn all_but_the_published_recipe_differ_in_their_method_only() {
        let experiment = experiment();
        let of = |row: &Row| config(row).clone().with_method(Method::Ana);
        let (recipe, rows) = experiment.rows.split_last().unwrap();
        assert!(rows.windows(2).all(|two| of(&two[0]) == of(&two[1])));
        let authors = RunConfig::ana19("cifar10", "vgg8:0.25+pool-first+norm-logits");
        assert_eq!(config(recipe).clone().with_epochs(authors.epochs), authors);
    }

    #[test]
    fn seeds_are_those_of_the_table() {
        let trials = experiment().trials(Scale::default());
        let of = |row: &str| trials.iter().filter(|trial| trial.id.starts_with(&format!("{row}-seed"))).count();
        assert_eq!(["float", "ste", "chosen", "lsq", "ana19"].map(of), [1, 3, 3, 2, 2]);
    }
}
