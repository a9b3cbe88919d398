//! `cifar10-resnet20`: a ternary ResNet-20 beside published 2-bit numbers.
//!
//! | row | what it is |
//! |---|---|
//! | `float` | ReLU, float weights |
//! | `ste` | straight-through estimator |
//! | `ana19` | the forward noise of \[ANA19\]: in weights alone, hardened along a line, layer by layer, until half of the training |
//! | `lsq` | as `ste`, quanta of weights and features learned |
//!
//! All else is that of [`cifar10-levels`](super::levels), but for the first layer, which is float too, as in the networks of the
//! published numbers. Theirs have four levels in weights and features and more than 200 epochs; these have three, and 20.

use stairs_train::{Edges, Method};

use super::{levels::chosen, shared::against};
use crate::{
    experiments::{Experiment, Row},
    report::PairedPage,
};

const EPOCHS: usize = 20;

const PAGE: PairedPage = PairedPage {
    question: "Published, with four levels and 200 epochs or more: float 91.8 %, LSQ 90.2 %, PACT 88.9 %. What do three levels reach in a \
               tenth of the time, and which method is ahead?",
    comparisons: &[
        against("ana19", "ste"),
        against("lsq", "ste"),
        against("ste", "float"),
        against("ana19", "float"),
        against("lsq", "float"),
    ],
};

/// The experiment.
pub(super) fn experiment() -> Experiment {
    let row = |name: &str, method: Method| {
        let edges = if method == Method::Float { Edges::default() } else { Edges::BothFloat };
        Row::train(name, chosen("resnet20:1", method, EPOCHS).with_edges(edges))
    };
    Experiment {
        name: "cifar10-resnet20",
        title: "A ternary ResNet-20 on CIFAR-10",
        about: "ResNet-20, first and last layer float, 20 epochs, all of CIFAR-10: float, STE, the noise of ANA19, LSQ.",
        rows: vec![
            row("float", Method::Float),
            row("ste", Method::Ste),
            row("ana19", Method::Ana),
            row("lsq", Method::Lsq),
        ],
        seeds: 1,
        page: &PAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::campaign::shared::{check, config};

    #[test]
    fn rows_differ_in_their_method_only() {
        let experiment = experiment();
        check(&experiment, PAGE.comparisons);
        let of = |row: &Row| config(row).clone().with_method(Method::Ana).with_edges(Edges::BothFloat);
        assert!(experiment.rows.windows(2).all(|two| of(&two[0]) == of(&two[1])));
    }
}
