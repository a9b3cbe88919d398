//! Ternary LeNet on Fashion-MNIST: float, straight-through estimator, noise annealing.

use stairs_data::DatasetName;
use stairs_train::Method;

use super::{Experiment, Row, recipe};
use crate::report::RunsPage;

pub(super) fn experiment() -> Experiment {
    Experiment {
        name: "fashion-mnist",
        title: "Ternary LeNet on Fashion-MNIST",
        about: "Ternary weights and features against float on 60,000 images of clothing.",
        rows: [Method::Float, Method::Ste, Method::Ana]
            .map(|method| Row::method(recipe(DatasetName::FashionMnist, "lenet", method)))
            .into(),
        seeds: 3,
        page: &RunsPage,
    }
}
