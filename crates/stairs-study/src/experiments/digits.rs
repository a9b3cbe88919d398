//! Ternary LeNet on the embedded digits: float, straight-through estimator, noise annealing.

use stairs_data::DatasetName;
use stairs_train::Method;

use super::{Experiment, Row, recipe};
use crate::report::RunsPage;

pub(super) fn experiment() -> Experiment {
    Experiment {
        name: "digits",
        title: "Ternary LeNet on the embedded digits",
        about: "The main job; needs no data. Ternary weights and features against float.",
        rows: [Method::Float, Method::Ste, Method::Ana]
            .map(|method| Row::method(recipe(DatasetName::Digits, "lenet", method)))
            .into(),
        seeds: 3,
        page: &RunsPage,
    }
}
