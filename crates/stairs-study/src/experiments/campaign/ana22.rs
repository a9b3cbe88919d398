//! `cifar10-ana22`: the claim of \[ANA22\] on its own data set, with its own network at an eighth of its width.
//!
//! Base: the authors' default configuration ([`Recipe::Ana22`](stairs_train::Recipe::Ana22)) on `vgg8:0.125+wide`, P = 3 epochs a layer: noise gone after 7·P = 21,
//! rate × 0.1 after 8·P = 24, end after 10·P = 30. The authors have P = 50 and 500 epochs.
//!
//! | row | law | strategy | interval, power | backward |
//! |---|---|---|---|---|
//! | `ste` | uniform | hard from the start | | static |
//! | `default` | logistic | mode | partition, progressive | annealed |
//! | `expectation-partition`, `expectation-same-end` | uniform | expectation | as named, homogeneous | annealed |
//! | `mode-partition`, `mode-same-end` | uniform | mode | as named, homogeneous | annealed |
//! | `expectation-partition-static` | uniform | expectation | partition, homogeneous | static |
//! | `ste-frozen` | uniform | mode | partition, homogeneous | static, then none |
//!
//! All but `default` have the law of STE, so that what they differ in is the annealing. Under `mode` the forward pass is hard at every
//! scale: `ste-frozen` is STE whose layers stop learning when the noise of `mode-partition` would be gone.

use stairs_noise::{
    Noise, Strategy,
    plan::{Decay, Dynamics, Interval, Policy},
};
use stairs_train::{BackwardLaw, Method, RunConfig};

use super::shared::{HELD_OUT, against};
use crate::{
    experiments::{Experiment, Row},
    report::PairedPage,
};

/// Epochs that the noise of a layer has for itself.
const PERIOD: usize = 3;
/// Periods of a training: seven layers, and three more for the rate to fall and the network to settle.
const PERIODS: usize = 10;

const PAGE: PairedPage = PairedPage {
    question: "The paper's claim: the shape of the noise matters little, the synchronisation of the layers' decays most. It stands if \
               partition is ahead of same end under the expectation, also where every layer keeps its gradient; it is starvation of the \
               gradient if a static backward law is ahead, or freezing layers does as well. And annealing is worth its while if one of \
               its rows is ahead of STE.",
    comparisons: &[
        against("default", "ste"),
        against("expectation-partition", "expectation-same-end"),
        against("mode-partition", "mode-same-end"),
        against("expectation-partition", "mode-partition"),
        against("expectation-partition-static", "expectation-partition"),
        against("expectation-partition-static", "ste"),
        against("mode-partition", "ste-frozen"),
        against("ste-frozen", "ste"),
    ],
};

/// The experiment.
pub(super) fn experiment() -> Experiment {
    let default =
        RunConfig::ana22("cifar10", "vgg8:0.125+wide").with_epochs(PERIOD * PERIODS).with_validation(HELD_OUT);
    let annealed = |strategy, interval| {
        let policy = Policy::new(Dynamics::Static, Dynamics::Dynamic, interval, Decay::Homogeneous);
        default.clone().with_law(Noise::Uniform).with_strategy(strategy).with_policy(policy)
    };
    let partition = |strategy, backward| annealed(strategy, Interval::Partition).with_backward(backward);
    let ste = partition(Strategy::Mode, BackwardLaw::Annealed).with_method(Method::Ste);
    Experiment {
        name: "cifar10-ana22",
        title: "The claim of ANA22 on CIFAR-10",
        about: "VGG8 at an eighth of its width, 30 epochs, all of CIFAR-10: STE, the authors' default, strategy × interval, freezing.",
        rows: vec![
            Row::train("ste", ste),
            Row::train("default", default.clone()),
            Row::train("expectation-partition", annealed(Strategy::Expectation, Interval::Partition)),
            Row::train("expectation-partition-static", partition(Strategy::Expectation, BackwardLaw::Static)),
            Row::train("expectation-same-end", annealed(Strategy::Expectation, Interval::SameEnd)),
            Row::train("mode-partition", annealed(Strategy::Mode, Interval::Partition)),
            Row::train("ste-frozen", partition(Strategy::Mode, BackwardLaw::Freeze)),
            Row::train("mode-same-end", annealed(Strategy::Mode, Interval::SameEnd)),
        ],
        seeds: 2,
        page: &PAGE,
    }
}

#[cfg(test)]
mod tests {
    use stairs_train::Recipe;

    use super::*;
    use crate::experiments::campaign::shared::{check, config};

    #[test]
    fn rows_share_their_ground_and_comparisons_name_rows() {
        check(&experiment(), PAGE.comparisons);
    }

    #[test]
    fn rows_differ_in_the_columns_of_the_table_only() {
        let experiment = experiment();
        let first = config(&experiment.rows[0]).clone();
        for row in &experiment.rows {
            let row = config(row).clone();
            let columns = row
                .with_law(first.law.clone())
                .with_strategy(first.strategy)
                .with_policy(first.policy)
                .with_backward(first.backward)
                .with_method(first.method);
            assert_eq!(columns, first);
        }
    }

    /// P = 3: what the authors do at 350, 400 and 500 epochs is done at 21, 24 and 30.
    #[test]
    fn times_are_those_of_the_authors_in_periods() {
        let default = RunConfig::ana22("cifar10", "vgg8:0.125+wide").with_epochs(PERIOD * PERIODS);
        assert_eq!(*config(&experiment().rows[1]), default);
        assert_eq!(Recipe::Ana22.applied(default.clone()), default.clone().with_epochs(500));
        assert_eq!(default.anneal_until * default.epochs as f64, (7 * PERIOD) as f64);
    }
}
