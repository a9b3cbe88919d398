//! Configurations that train well, by data set, model and method.
//!
//! They were chosen by the experiments `choose-…`: six candidates a method, a tenth of the training samples held out, the best
//! mean validation accuracy taken; what they are is in the table of `choice.rs` beside this file, the accuracies of all candidates
//! in `docs/results/choose-…`. All methods of one data set and model share model, start, quantum, batch, length and schedule;
//! they differ in the method, its noise and its rate.
//!
//! | data | quantum | rate: float, ste, ana | noise of ana |
//! |---|---|---|---|
//! | digits | 0.1 | 10⁻³, 3·10⁻³, 10⁻³ | weights alone, hardened layer by layer until half of the training |
//!
//! What follows from noise that is annealed otherwise is in `docs/src/study.md` and `docs/src/trains-badly.md`. Covertype was not
//! chosen: it trains as the digits do.

use stairs_data::{DatasetName, TableOptions, images::ImagesConfig};
use stairs_noise::{
    Noise, Strategy,
    plan::{Decay, Dynamics, Interval, Policy},
};
use stairs_quant::ScalePolicy;
use stairs_train::{BackwardLaw, ForwardNoise, Method, RunConfig, data::IMAGES};

/// Noise law of choice: uniform, whose derivative is the clipped identity.
pub fn law(_dataset: DatasetName, _method: Method) -> Noise {
    Noise::Uniform
}

/// Annealing policy of choice: `static-dynamic-partition-linear`.
pub fn policy(_dataset: DatasetName, _method: Method) -> Policy {
    Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Partition, Decay::Linear)
}

/// Quantum of the weights of choice: 0.1 in every layer, which Adam crosses in about 100 steps at a rate of 10⁻³.
pub fn weight_scale(_dataset: DatasetName, _method: Method) -> ScalePolicy {
    ScalePolicy::Fixed(0.1)
}

/// The learning rate of choice.
fn rate(dataset: DatasetName, method: Method) -> f64 {
    match (dataset, method) {
        (DatasetName::Digits, Method::Float | Method::Ana) => 1e-3,
        (DatasetName::Digits, _) => 3e-3,
        _ => 1e-3,
    }
}

/// The configuration of choice: ternary weights and features, [`law`], expectation, [`policy`] of the noise in the weights alone,
/// Adam with a cosine schedule. Epochs, batch and learning rate depend on the data set.
///
/// ```
/// use stairs::{data::DatasetName, experiments::recipe, train::Method};
/// let config = recipe(DatasetName::Mnist, "lenet", Method::Ste);
/// assert_eq!((config.dataset.as_str(), config.epochs), ("mnist", 8));
/// ```
pub fn recipe(dataset: DatasetName, model: &str, method: Method) -> RunConfig {
    let (epochs, batch) = match dataset {
        DatasetName::Mnist | DatasetName::FashionMnist => (8, 64),
        DatasetName::Cifar10 => (40, 128),
        DatasetName::Covertype => (10, 512),
        _ => (40, 32),
    };
    RunConfig {
        dataset: dataset.to_string(),
        model: model.to_string(),
        method,
        weight_scale: weight_scale(dataset, method),
        law: law(dataset, method),
        strategy: Strategy::Expectation,
        policy: policy(dataset, method),
        backward: BackwardLaw::Static,
        forward_noise: ForwardNoise::Weights,
        anneal_until: 0.5,
        epochs,
        batch,
        lr: rate(dataset, method),
        augment: dataset == DatasetName::Cifar10,
        ..RunConfig::default()
    }
}

/// The configuration of choice for a folder of images: that of CIFAR-10, with the crops of `images` in training. Nothing
/// is known of the images, so it is a place to start from.
pub fn images_recipe(model: &str, method: Method, images: ImagesConfig) -> RunConfig {
    let dataset = IMAGES.to_string();
    RunConfig { dataset, images: Some(images), ..recipe(DatasetName::Cifar10, model, method) }
}

/// The configuration of choice for a table of one's own, `path`: that of the digits, which are few. Nothing is known of the
/// samples, so it is a place to start from.
pub fn table_recipe(path: &str, model: &str, method: Method, options: TableOptions) -> RunConfig {
    let dataset = path.to_string();
    RunConfig { dataset, table: Some(options), ..recipe(DatasetName::Digits, model, method) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_differ_in_method_and_rate_only() {
        for dataset in DatasetName::ALL {
            let float = recipe(dataset, "lenet", Method::Float);
            for method in Method::ALL {
                let other = recipe(dataset, "lenet", method);
                assert_eq!(RunConfig { method: Method::Float, lr: float.lr, ..other }, float);
            }
        }
    }
}
