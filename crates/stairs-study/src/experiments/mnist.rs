//! Ternary LeNet on MNIST: float, straight-through estimator, noise annealing.

use stairs_data::DatasetName;
use stairs_train::Method;

use super::{Experiment, Row, recipe};
use crate::report::RunsPage;

pub(super) fn experiment() -> Experiment {
    Experiment {
        name: "mnist",
        title: "Ternary LeNet on MNIST",
        about: "Ternary weights and features against float on 60,000 handwritten digits.",
        rows: [Method::Float, Method::Ste, Method::Ana]
            .map(|method| Row::method(recipe(DatasetName::Mnist, "lenet", method)))
            .into(),
        seeds: 3,
        page: &RunsPage,
    }
}
