//! Configurations that train well, by data set, model and method.
//!
//! Those of the digits, MNIST and Fashion-MNIST were chosen by `choose-digits`, `choose-mnist` and `choose-fashion-mnist`: six candidates
//! a method, a tenth of the training samples held out, the best mean validation accuracy over two seeds; where candidates were level,
//! the quantum and the batch that all methods could share. All of them and their accuracies are in `docs/results/choose-digits` and
//! beside it. That of CIFAR-10 is older and was chosen by looking at test accuracies; `choose-cifar10` chooses it again. Covertype was
//! never chosen.
//!
//! All methods of one data set and model share model, start, quantum, batch, length and schedule; they differ in the method, its noise
//! and, where that was chosen, its rate.
//!
//! | data | quantum | rate: float, ste, ana | noise of ana |
//! |---|---|---|---|
//! | digits | 0.1 | 10⁻³, 3·10⁻³, 10⁻³ | in weights alone, hardened along a line, layer by layer, until half of the training |
//! | MNIST | 0.1 | 10⁻³, 10⁻³, 3·10⁻³ | the same |
//! | Fashion-MNIST | 0.1 | 3·10⁻³ | the same |
//! | CIFAR-10, Covertype | max-abs | 10⁻³ | everywhere, layer by layer, progressive, until 0.8 of the training |
//!
//! The backward law stays as it starts: what an annealed one costs is in `docs/src/study.md`.

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

/// Whether the configuration was chosen on validation accuracy.
fn is_chosen(dataset: DatasetName) -> bool {
    matches!(dataset, DatasetName::Digits | DatasetName::Mnist | DatasetName::FashionMnist)
}

/// Annealing policy of choice: `static-dynamic-partition-linear` where it was chosen, else `static-dynamic-partition-progressive`.
pub fn policy(dataset: DatasetName, _method: Method) -> Policy {
    let power = if is_chosen(dataset) { Decay::Linear } else { Decay::Progressive };
    Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Partition, power)
}

/// Quantum of the weights of choice: 0.1 in every layer where it was chosen, which Adam crosses in about 100 steps at a rate of 10⁻³;
/// that of the initial values elsewhere.
pub fn weight_scale(dataset: DatasetName, _method: Method) -> ScalePolicy {
    if is_chosen(dataset) { ScalePolicy::Fixed(0.1) } else { ScalePolicy::MaxAbs }
}

/// Learning rate of choice.
fn rate(dataset: DatasetName, method: Method) -> f64 {
    let chosen = match (dataset, method) {
        (DatasetName::FashionMnist, _) | (DatasetName::Mnist, Method::Ana) => true,
        (DatasetName::Digits, method) => !matches!(method, Method::Float | Method::Ana),
        _ => false,
    };
    if chosen { 3e-3 } else { 1e-3 }
}

/// The configuration of choice: ternary weights and features, [`law`], expectation, [`policy`], Adam with a cosine schedule.
/// Epochs, batch, learning rate, where the noise is and when it ends depend on the data set.
///
/// ```
/// use stairs::{data::DatasetName, train::Method};
/// use stairs_study::experiments::recipe;
/// let config = recipe(DatasetName::Mnist, "lenet", Method::Ste);
/// assert_eq!((config.dataset.as_str(), config.epochs), ("mnist", 8));
/// ```
pub fn recipe(dataset: DatasetName, model: &str, method: Method) -> RunConfig {
    let chosen = is_chosen(dataset);
    let (epochs, batch) = match dataset {
        DatasetName::Mnist | DatasetName::FashionMnist => (8, 64),
        DatasetName::Cifar10 => (40, 128),
        DatasetName::Covertype => (10, 512),
        _ => (40, 32),
    };
    RunConfig::new(model)
        .with_dataset(dataset.to_string())
        .with_method(method)
        .with_weight_scale(weight_scale(dataset, method))
        .with_law(law(dataset, method))
        .with_strategy(Strategy::Expectation)
        .with_policy(policy(dataset, method))
        .with_backward(BackwardLaw::Static)
        .with_forward_noise(if chosen { ForwardNoise::Weights } else { ForwardNoise::Everywhere })
        .with_anneal_until(if chosen { 0.5 } else { 0.8 })
        .with_epochs(epochs)
        .with_batch(batch)
        .with_lr(rate(dataset, method))
        .with_augment(dataset == DatasetName::Cifar10)
}

/// The configuration of choice for a folder of images: that of CIFAR-10, with the crops of `images` in training. Nothing
/// is known of the images, so it is a place to start from.
pub fn images_recipe(model: &str, method: Method, images: ImagesConfig) -> RunConfig {
    let dataset = IMAGES.to_string();
    recipe(DatasetName::Cifar10, model, method).with_dataset(dataset).with_images(images)
}

/// The configuration of choice for a table of one's own, `path`: that of the digits, which are few. Nothing is known of the
/// samples, so it is a place to start from.
pub fn table_recipe(path: &str, model: &str, method: Method, options: TableOptions) -> RunConfig {
    let dataset = path.to_string();
    recipe(DatasetName::Digits, model, method).with_dataset(dataset).with_table(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_differ_in_method_noise_and_rate_only() {
        for dataset in DatasetName::ALL {
            let float = recipe(dataset, "lenet", Method::Float);
            for method in Method::ALL {
                let other = recipe(dataset, "lenet", method);
                assert_eq!(other.with_method(Method::Float).with_lr(float.lr).with_policy(float.policy), float);
            }
        }
    }
}
