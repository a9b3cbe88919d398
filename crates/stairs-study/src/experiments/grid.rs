//! `ana-grid`: the annealing study. Every setup of \[ANA22\], section 4, on any data set and zoo model.
//!
//! 4 laws × 66 pairs of strategy and policy (see [`Policy::grid`]) are 264 setups. Time is counted in periods P as there: with
//! L layers the noise has decayed after P·L, the learning rate falls to a tenth after P·(L + 1), training ends after P·(L + 3)
//! (ten periods for VGG8). Adam at 10⁻³; the gradient is that of the regularised network. Setup `uniform`, `mode`, `static`
//! is the straight-through estimator.

use burn::tensor::Device;
use stairs_data::DatasetName;
use stairs_noise::{
    Noise, Policy, Strategy,
    plan::{Decay, Dynamics, Interval},
};
use stairs_quant::ScalePolicy;
use stairs_train::{AnnealPer, BackwardLaw, LrSchedule, Method, RunConfig};
use stairs_zoo::{Architecture, LeNetSizes, VggDepth, VggOptions, VggSizes};

use super::{Experiment, Row};
use crate::report::GridPage;

/// Where and how long the grid is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Name of the experiment.
    pub name: &'static str,
    /// Title of its report.
    pub title: &'static str,
    /// Data set.
    pub dataset: DatasetName,
    /// Model.
    pub model: Architecture,
    /// Period P in epochs > 0.
    pub period: f64,
    /// Samples per optimiser step.
    pub batch: usize,
    /// Initial learning rate.
    pub lr: f64,
    /// Quantum of the weights.
    pub weight_scale: ScalePolicy,
    /// What the backward pass differentiates.
    pub backward: BackwardLaw,
    /// Which setups are trained.
    pub scope: Scope,
    /// Number of training samples; all if `None`.
    pub subset: Option<usize>,
    /// Number of seeds.
    pub seeds: usize,
    /// Every how many-th law a policy is run with: 1 for the whole grid; 4 for one law a policy, the laws in turn.
    pub fraction: usize,
}

/// Which setups of the grid are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Whole,
    /// Those with an annealed scale, where every choice goes with every other, and the straight-through estimator of every
    /// law: `mode`, nothing annealed.
    Annealed,
}

impl Scope {
    fn takes(self, strategy: Strategy, policy: &Policy) -> bool {
        let still = policy.mean == Dynamics::Static && strategy == Strategy::Mode;
        self == Self::Whole || policy.scale == Dynamics::Dynamic || still
    }
}

impl Grid {
    /// The presets, the one of the embedded digits first.
    pub fn presets() -> Vec<Grid> {
        let digits = Grid {
            name: "ana-grid",
            title: "The annealing grid on the digits",
            dataset: DatasetName::Digits,
            model: Architecture::LeNet(LeNetSizes { channels: [16, 32], hidden: 64 }),
            period: 4.0,
            batch: 32,
            lr: 3e-3,
            weight_scale: ScalePolicy::MaxAbs,
            backward: BackwardLaw::Annealed,
            scope: Scope::Whole,
            subset: None,
            seeds: 3,
            fraction: 1,
        };
        let vgg = |capacity| {
            let (depth, options) = (VggDepth::Vgg8, VggOptions::default());
            Architecture::Vgg(VggSizes { depth, capacity, options })
        };
        let narrow =
            Grid { model: vgg(0.0625), period: 1.0, batch: 64, lr: 1e-3, seeds: 2, fraction: 4, ..digits.clone() };
        vec![
            digits.clone(),
            Grid {
                name: "t1-static-backward",
                title: "T1: the annealing grid on the digits with a backward law that stays",
                backward: BackwardLaw::Static,
                scope: Scope::Annealed,
                ..digits
            },
            Grid {
                name: "ana-grid-cifar10-subset",
                title: "The annealing grid on a part of CIFAR-10",
                dataset: DatasetName::Cifar10,
                subset: Some(5_000),
                ..narrow.clone()
            },
            Grid {
                name: "ana-grid-mnist-subset",
                title: "The annealing grid on a part of MNIST",
                dataset: DatasetName::Mnist,
                subset: Some(10_000),
                ..narrow.clone()
            },
            Grid {
                name: "ana-grid-fashion-subset",
                title: "The annealing grid on a part of Fashion-MNIST",
                dataset: DatasetName::FashionMnist,
                subset: Some(10_000),
                ..narrow.clone()
            },
            Grid {
                name: "ana-grid-cifar10",
                title: "The annealing grid on CIFAR-10",
                dataset: DatasetName::Cifar10,
                model: vgg(1.0),
                period: 50.0,
                batch: 256,
                seeds: 5,
                fraction: 1,
                ..narrow
            },
        ]
    }

    /// Number of layers L of the schedule; 0 for a model that is too large to be built, as every trial then says.
    pub fn layers(&self) -> usize {
        self.model.layers(&Device::flex()).map_or(0, |layers| layers.len())
    }

    /// Epochs of a trial with L layers: P·(L + 3), rounded, at least 1.
    pub fn epochs(&self, layers: usize) -> usize {
        ((self.period * (layers + 3) as f64).round() as usize).max(1)
    }

    /// Laws, strategies and policies that are trained.
    ///
    /// A fraction takes the laws in turn so that every strategy, mean, interval and power meets every law equally often: with
    /// the levels of each counted from 0, those where interval + 2·power + strategy + mean + law is a multiple of the fraction.
    pub fn setups(&self) -> Vec<(Noise, Strategy, Policy)> {
        let fraction = self.fraction.max(1);
        let setups = Policy::NOISES.into_iter().enumerate().flat_map(|(law, noise)| {
            let policies = Policy::grid().into_iter();
            let taken = policies.filter(move |(strategy, policy)| {
                self.scope.takes(*strategy, policy) && (class(*strategy, policy) + law).is_multiple_of(fraction)
            });
            taken.map(move |(strategy, policy)| (noise.clone(), strategy, policy))
        });
        setups.collect()
    }

    /// The experiment.
    pub fn experiment(&self) -> Experiment {
        let layers = self.layers();
        let rows = self.setups().into_iter().map(|(law, strategy, policy)| {
            let name = format!("{law}-{strategy}-{policy}");
            Row::train(name, self.run(layers, law, strategy, policy))
        });
        Experiment {
            name: self.name,
            title: self.title,
            about: "The annealing study: laws, strategies and policies of decay; which of them matters?",
            rows: rows.collect(),
            seeds: self.seeds,
            page: &GridPage,
        }
    }

    /// The trial of a setup, with L layers.
    pub(super) fn run(&self, layers: usize, law: Noise, strategy: Strategy, policy: Policy) -> RunConfig {
        let periods = (layers + 3) as f64;
        RunConfig::new(self.model.to_string())
            .with_dataset(self.dataset.to_string())
            .with_method(Method::Ana)
            .with_law(law)
            .with_strategy(strategy)
            .with_policy(policy)
            .with_weight_scale(self.weight_scale)
            .with_backward(self.backward)
            .with_anneal_per(AnnealPer::Step)
            .with_anneal_until(layers as f64 / periods)
            .with_epochs(self.epochs(layers))
            .with_batch(self.batch)
            .with_lr(self.lr)
            .with_lr_schedule(LrSchedule::Steps { every: (layers + 1) as f64 / periods, factor: 0.1 })
            .with_augment(self.dataset == DatasetName::Cifar10)
            .with_subset(self.subset)
    }
}

fn class(strategy: Strategy, policy: &Policy) -> usize {
    fn level<T: PartialEq>(all: &[T], value: &T) -> usize {
        all.iter().position(|other| other == value).unwrap_or(0)
    }
    level(&Interval::ALL, &policy.interval)
        + 2 * level(&Decay::GRID, &policy.power)
        + level(&Strategy::ALL, &strategy)
        + level(&Dynamics::ALL, &policy.mean)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::experiments::Scale;

    #[test]
    fn the_grid_has_264_setups_and_ten_periods_for_vgg8() {
        let presets = Grid::presets();
        assert_eq!(presets[0].setups().len(), 264);
        let trials = presets[0].experiment().trials(Scale::default());
        assert_eq!(trials.len(), 3 * 264);
        let names: BTreeSet<_> = trials.iter().map(|trial| trial.id.clone()).collect();
        assert_eq!(names.len(), trials.len());
        let full = presets.last().unwrap();
        let layers = full.layers();
        assert_eq!((layers, full.epochs(layers), full.setups().len()), (7, 500, 264));
    }

    #[test]
    fn a_quarter_has_every_policy_once_and_every_law_alike() {
        let quarter = Grid { fraction: 4, ..Grid::presets()[0].clone() }.setups();
        assert_eq!(quarter.len(), 66);
        let policies: BTreeSet<_> = quarter.iter().map(|(_, s, p)| format!("{s}-{p}")).collect();
        assert_eq!(policies.len(), 66);
        // Where the scale is dynamic, which makes all combinations possible, every law meets everything equally often.
        let core: Vec<_> = quarter.iter().filter(|(_, _, p)| p.scale == Dynamics::Dynamic).collect();
        for law in Policy::NOISES {
            let count = |of: &dyn Fn(&Strategy, &Policy) -> bool| {
                core.iter().filter(|(noise, s, p)| *noise == law && of(s, p)).count()
            };
            assert_eq!(count(&|_, _| true), 12, "{law}");
            for interval in Interval::ALL {
                assert_eq!(count(&|_, p| p.interval == interval), 3, "{law} {interval:?}");
            }
            for strategy in Strategy::ALL {
                assert_eq!(count(&|s, _| *s == strategy), 4, "{law} {strategy}");
            }
            for power in Decay::GRID {
                assert_eq!(count(&|_, p| p.power == power), 6, "{law} {power:?}");
            }
            for mean in Dynamics::ALL {
                assert_eq!(count(&|_, p| p.mean == mean), 6, "{law} {mean:?}");
            }
        }
    }
}
