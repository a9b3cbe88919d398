//! Configurations that train well, by data set, model and method.
//!
//! All methods of one data set and model share everything but the method, so that they can be compared.

use stairs_data::DatasetName;
use stairs_train::{Method, RunConfig};

/// The configuration of choice: ternary weights and features, uniform noise, expectation, overlapped progressive
/// annealing, Adam with a cosine schedule. Epochs and batch depend on the data set.
pub fn recipe(dataset: DatasetName, model: &str, method: Method) -> RunConfig {
    let (epochs, batch, augment) = match dataset {
        DatasetName::Mnist | DatasetName::FashionMnist => (10, 128, false),
        DatasetName::Cifar10 => (40, 128, true),
        DatasetName::Covertype => (10, 512, false),
        _ => (40, 32, false),
    };
    RunConfig {
        dataset: dataset.to_string(),
        model: model.to_string(),
        method,
        epochs,
        batch,
        augment,
        ..RunConfig::default()
    }
}
