//! Experiments that could prove the claims about annealing wrong.
//!
//! | name | asks | would be wrong if |
//! |---|---|---|
//! | `t1-static-backward` (a [`Grid`](super::Grid)) | does the interval matter while every layer keeps its gradient? | its share stays: then it was never starvation |
//! | `t2-freezing` | is annealing under `mode` more than freezing layers one after the other? | frozen layers do as well |
//! | `t3-mean` | does an annealed mean cost anything but what it leaves behind? | weights that follow it do not end where mean 0 ends |
//! | `t4-variants` | does any variant of it do better? | |
//! | `t4-ana19`, `t4-ana19-mnist` | is the recipe of \[ANA19\] ahead of STE, all else equal? | the interval of the paired difference holds 0 |

use stairs_data::DatasetName;
use stairs_noise::{
    Noise, Policy, Strategy,
    plan::{Decay, Dynamics, Interval},
};
use stairs_quant::ScalePolicy;
use stairs_train::{BackwardLaw, Edges, ForwardNoise, Loss, Method, Recipe, RunConfig};

use super::{Experiment, Grid, Row, Scope};
use crate::report::{Comparison, PairedPage};

const fn against(first: &'static str, second: &'static str) -> Comparison {
    Comparison { first, second }
}

/// A training of the digits grid under uniform noise with mean 0.
fn digits(strategy: Strategy, policy: Policy, backward: BackwardLaw) -> RunConfig {
    let grid = Grid { backward, scope: Scope::Whole, ..Grid::presets()[0].clone() };
    grid.run(grid.layers(), Noise::Uniform, strategy, policy)
}

const T2: PairedPage = PairedPage {
    question: "Under `mode` and symmetric noise the forward pass is the hard stair at every scale, and annealing only takes a \
               layer's gradient away. Is that more than freezing the layer at once when its noise would be gone?",
    comparisons: &[
        against("partition-homogeneous", "partition-frozen"),
        against("partition-progressive", "partition-frozen"),
        against("same-start-homogeneous", "same-start-frozen"),
        against("overlapped-homogeneous", "overlapped-frozen"),
        against("same-end-homogeneous", "same-end-frozen"),
        against("partition-frozen", "same-start-frozen"),
        against("partition-frozen", "overlapped-frozen"),
        against("partition-frozen", "same-end-frozen"),
        against("ste", "partition-frozen"),
    ],
};

/// T2: layers whose noise decays against layers that are frozen when that noise would be gone.
pub(super) fn freezing() -> Experiment {
    let still = Policy::new(Dynamics::Static, Dynamics::Static, Interval::Overlapped, Decay::Homogeneous);
    let mut rows = vec![Row::train("ste", digits(Strategy::Mode, still, BackwardLaw::Annealed))];
    for interval in Interval::ALL {
        let policy = |decay| Policy::new(Dynamics::Static, Dynamics::Dynamic, interval, decay);
        for decay in Decay::GRID {
            let config = digits(Strategy::Mode, policy(decay), BackwardLaw::Annealed);
            rows.push(Row::train(format!("{}-{}", interval.name(), decay.name()), config));
        }
        let config = digits(Strategy::Mode, policy(Decay::Homogeneous), BackwardLaw::Freeze);
        rows.push(Row::train(format!("{}-frozen", interval.name()), config));
    }
    Experiment {
        name: "t2-freezing",
        title: "T2: annealing the gradient, or freezing layers",
        about: "Mode under annealed noise, whose forward pass is hard, against STE with layers frozen at the same times; 5 seeds.",
        rows,
        seeds: 5,
        page: &T2,
    }
}

const T3: PairedPage = PairedPage {
    question: "While the mean of the noise goes from −½ to 0 every threshold moves by half a quantum. If latent weights and the \
               shifts of the norms are moved along, nothing changes its side, and the run should end where mean 0 ends.",
    comparisons: &[
        against("expectation-partition-followed", "expectation-partition-zero"),
        against("expectation-overlapped-followed", "expectation-overlapped-zero"),
        against("mode-partition-followed", "mode-partition-zero"),
        against("mode-overlapped-followed", "mode-overlapped-zero"),
        against("expectation-partition-moving", "expectation-partition-zero"),
        against("expectation-overlapped-moving", "expectation-overlapped-zero"),
        against("mode-partition-moving", "mode-partition-zero"),
        against("mode-overlapped-moving", "mode-overlapped-zero"),
    ],
};

/// T3: an annealed mean, alone and with weights and norms that follow it, against mean 0.
pub(super) fn mean() -> Experiment {
    let mut rows = Vec::new();
    for strategy in [Strategy::Expectation, Strategy::Mode] {
        for interval in [Interval::Partition, Interval::Overlapped] {
            let of = |mean| {
                let policy = Policy::new(mean, Dynamics::Dynamic, interval, Decay::Homogeneous);
                digits(strategy, policy, BackwardLaw::Annealed)
            };
            let name = |what: &str| format!("{strategy}-{}-{what}", interval.name());
            rows.push(Row::train(name("zero"), of(Dynamics::Static)));
            rows.push(Row::train(name("moving"), of(Dynamics::Dynamic)));
            rows.push(Row::train(name("followed"), of(Dynamics::Dynamic).with_follow_mean(true)));
        }
    }
    Experiment {
        name: "t3-mean",
        title: "T3: what an annealed mean leaves behind",
        about: "A mean annealed from −½, alone and with latent weights and norms that follow it, against mean 0; 5 seeds.",
        rows,
        seeds: 5,
        page: &T3,
    }
}

/// Network, images, epochs and batches of T4.
const MODEL: &str = "lenet:16-32-64";
const IMAGES: usize = 10_000;
const EPOCHS: usize = 20;
const BATCH: usize = 64;
/// Batches of which the norms' statistics are measured again at the end: about one epoch.
const REESTIMATE: usize = 100;

/// The recipe of \[ANA19\] for a short run of a LeNet: everything but data, network, length, batch and the last layer is the
/// recipe's. The last layer stays float, for a LeNet has no batch norm on its logits.
fn ana19(dataset: DatasetName, model: &str) -> RunConfig {
    let base = RunConfig::new(model).with_dataset(dataset.to_string());
    Recipe::Ana19
        .applied(base)
        .with_epochs(EPOCHS)
        .with_batch(BATCH)
        .with_subset(IMAGES)
        .with_augment(false)
        .with_edges(Edges::LastFloat)
        .with_reestimate_norms(REESTIMATE)
}

/// The same without forward noise: what is left of the recipe is a straight-through estimator.
fn ste(config: RunConfig) -> RunConfig {
    config.with_method(Method::Ste)
}

const T4: PairedPage = PairedPage {
    question: "The recipe smooths weights in the forward pass and hardens them layer by layer until half of the training; features are \
               hard, and the backward pass is that of STE. STE has the same start weights, quantum, data, rate and length. The claim \
               fails if the interval holds 0.",
    comparisons: &[against("ana19", "ste"), against("ana19-cross-entropy", "ste-cross-entropy")],
};

/// The same with the recipe's loss alone.
const T4_ONE: PairedPage = PairedPage { comparisons: &[against("ana19", "ste")], ..T4 };

/// What is varied of the recipe, each from the same three starts.
const VARIANTS: PairedPage = PairedPage {
    question: "Variants of the recipe against STE from the same start. The sooner the weights are hard, the less of the training is \
               spent on another network than the one that is tested.",
    comparisons: &[
        against("until-0.1", "ste"),
        against("until-0.25", "ste"),
        against("until-0.5", "ste"),
        against("everywhere", "ste"),
        against("everywhere-same-start", "ste"),
        against("everywhere-quantum-0.1", "ste-quantum-0.1"),
        against("quantum-0.1", "ste-quantum-0.1"),
    ],
};

/// Variants of the recipe on Fashion-MNIST.
pub(super) fn variants() -> Experiment {
    let recipe = ana19(DatasetName::FashionMnist, MODEL).with_loss(Loss::CrossEntropy);
    let until = |anneal_until| recipe.clone().with_anneal_until(anneal_until);
    let everywhere = recipe.clone().with_forward_noise(ForwardNoise::Everywhere);
    let policy = |interval, power| Policy::new(Dynamics::Static, Dynamics::Dynamic, interval, power);
    let same_start = everywhere.clone().with_policy(policy(Interval::SameStart, Decay::Homogeneous));
    let smooth = everywhere
        .clone()
        .with_policy(policy(Interval::Overlapped, Decay::Progressive))
        .with_anneal_until(0.8)
        .with_weight_scale(ScalePolicy::Fixed(0.1));
    let fine = recipe.clone().with_weight_scale(ScalePolicy::Fixed(0.1));
    Experiment {
        name: "t4-variants",
        title: "T4: variants of the recipe of ANA19 on Fashion-MNIST",
        about: "When the weights are hard, which noise, which quantum: variants of the recipe against STE; 3 paired seeds.",
        rows: vec![
            Row::train("ste", ste(recipe.clone())),
            Row::train("until-0.1", until(0.1)),
            Row::train("until-0.25", until(0.25)),
            Row::train("until-0.5", until(0.5)),
            Row::train("everywhere", everywhere),
            Row::train("everywhere-same-start", same_start),
            Row::train("quantum-0.1", fine.clone()),
            Row::train("everywhere-quantum-0.1", smooth),
            Row::train("ste-quantum-0.1", ste(fine)),
        ],
        seeds: 3,
        page: &VARIANTS,
    }
}

/// Both losses on Fashion-MNIST; the recipe's own on MNIST.
fn t4(name: &'static str, title: &'static str, dataset: DatasetName) -> Experiment {
    let hinge = ana19(dataset, MODEL);
    let entropy = hinge.clone().with_loss(Loss::CrossEntropy);
    let mut rows = vec![Row::train("ana19", hinge.clone()), Row::train("ste", ste(hinge))];
    if dataset == DatasetName::FashionMnist {
        rows.push(Row::train("ana19-cross-entropy", entropy.clone()));
        rows.push(Row::train("ste-cross-entropy", ste(entropy)));
    }
    Experiment {
        name,
        title,
        about: "The recipe of ANA19 against STE from the same start, 10,000 images, ternary LeNet; 5 paired seeds.",
        rows,
        seeds: 5,
        page: if dataset == DatasetName::FashionMnist { &T4 } else { &T4_ONE },
    }
}

/// T4 on Fashion-MNIST.
pub(super) fn ana19_fashion() -> Experiment {
    t4("t4-ana19", "T4: the recipe of ANA19 against STE on Fashion-MNIST", DatasetName::FashionMnist)
}

/// T4 on MNIST.
pub(super) fn ana19_mnist() -> Experiment {
    t4("t4-ana19-mnist", "T4: the recipe of ANA19 against STE on MNIST", DatasetName::Mnist)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Task;

    fn all() -> [Experiment; 5] {
        [freezing(), mean(), ana19_fashion(), ana19_mnist(), variants()]
    }

    #[test]
    fn comparisons_name_rows() {
        let known = |experiment: &Experiment, name: &str| experiment.rows.iter().any(|row| row.name == name);
        let pages = [T2, T3, T4, T4_ONE, VARIANTS];
        for (experiment, page) in all().into_iter().zip(pages) {
            for Comparison { first, second } in page.comparisons {
                assert!(known(&experiment, first) && known(&experiment, second), "{first} {second}");
            }
        }
    }

    /// What rows of an experiment do not share is what the experiment is about.
    #[test]
    fn rows_share_everything_else() {
        for experiment in all() {
            let common = |config: &RunConfig| {
                config
                    .clone()
                    .with_method(Method::Ana)
                    .with_strategy(Strategy::Expectation)
                    .with_policy(RunConfig::default().policy)
                    .with_backward(BackwardLaw::Static)
                    .with_follow_mean(false)
                    .with_loss(RunConfig::default().loss)
                    .with_anneal_until(0.5)
                    .with_forward_noise(ForwardNoise::Everywhere)
                    .with_weight_scale(ScalePolicy::MaxAbs)
            };
            let configs: Vec<_> = experiment
                .rows
                .iter()
                .filter_map(|row| match &row.task {
                    Task::Train(config) => Some(common(config)),
                    Task::Measure(_) | Task::Bound(_) => None,
                })
                .collect();
            assert!(configs.windows(2).all(|two| two[0] == two[1]), "{}", experiment.name);
        }
    }
}
