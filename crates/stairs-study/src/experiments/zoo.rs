//! Ternary AlexNet and MobileNetV2 for small images, against float networks and softmax regression, and fine-tuned.

use stairs_data::DatasetName;
use stairs_noise::plan::{Decay, Dynamics, Interval, Policy};
use stairs_quant::ScalePolicy;
use stairs_train::{Features, ForwardNoise, Method, RunConfig};

use super::{Experiment, Row, recipe};
use crate::report::RunsPage;

const ALEXNET: &str = "alexnet-small:0.25";
const MOBILENET: &str = "mobilenet-v2-small:0.35";

/// 10,000 images of Fashion-MNIST, ten epochs; three seeds of the ternary AlexNet. MobileNetV2 also with ternary weights alone.
pub(super) fn fashion_mnist() -> Experiment {
    let short = |config: RunConfig| config.with_subset(10_000).with_epochs(10).with_batch(64);
    let mut rows = rows(DatasetName::FashionMnist, short, |config| config);
    let weights = mobilenet(short(started(DatasetName::FashionMnist, MOBILENET, Method::Ana)));
    rows.push(Row::train("mobilenet-weights", weights.with_features(Features::Float)).with_one_seed());
    Experiment {
        name: "zoo-fashion-mnist",
        title: "Ternary AlexNet and MobileNetV2 on Fashion-MNIST",
        about: "Narrow networks for small images, 10,000 images; against float and softmax regression.",
        rows,
        seeds: 3,
        page: &RunsPage,
    }
}

/// CIFAR-10 or a part of it.
pub(super) fn cifar10() -> Experiment {
    let short = |config: RunConfig| config.with_epochs(24).with_batch(64);
    Experiment {
        name: "zoo-cifar10",
        title: "Ternary AlexNet and MobileNetV2 on CIFAR-10",
        about: "Narrow networks for small images, on what there is of CIFAR-10; against float and softmax regression.",
        rows: rows(DatasetName::Cifar10, short, |config| config.with_epochs(72)),
        seeds: 1,
        page: &RunsPage,
    }
}

/// A float MobileNetV2 of 24 epochs, and its ternary twin trained for 16 from random weights and for 16 from the float ones:
/// 40 epochs in all against 16.
pub(super) fn fine_tuning() -> Experiment {
    let float = mobilenet(recipe(DatasetName::Cifar10, MOBILENET, Method::Float));
    let float = float.with_epochs(24);
    let scratch = mobilenet(recipe(DatasetName::Cifar10, MOBILENET, Method::Ana));
    let scratch = scratch.with_epochs(16).with_features(Features::Float);
    let tuned = scratch.clone().with_weight_scale(ScalePolicy::MseOptimal).with_lr(1e-3);
    Experiment {
        name: "zoo-fine-tuning",
        title: "Fine-tuning a ternary MobileNetV2 on CIFAR-10",
        about: "Ternary weights, 16 epochs from random weights and 16 from float ones that had 24.",
        rows: vec![
            Row::train("float", float),
            Row::train("scratch", scratch),
            Row::train("tuned", tuned).with_start("float"),
        ],
        seeds: 3,
        page: &RunsPage,
    }
}

/// Softmax regression, then float, STE and ANA of both networks; more than one seed of the ternary AlexNet only.
fn rows(
    dataset: DatasetName,
    change: impl Fn(RunConfig) -> RunConfig,
    longer: impl Fn(RunConfig) -> RunConfig,
) -> Vec<Row> {
    let methods = [("float", Method::Float), ("ste", Method::Ste), ("ana", Method::Ana)];
    let mut rows = vec![Row::train("linear", change(started(dataset, "linear", Method::Float))).with_one_seed()];
    for (name, method) in methods {
        let row = Row::train(format!("alexnet-{name}"), change(started(dataset, ALEXNET, method)));
        rows.push(if method == Method::Float { row.with_one_seed() } else { row });
    }
    for (name, method) in methods {
        let config = longer(mobilenet(change(started(dataset, MOBILENET, method))));
        rows.push(Row::train(format!("mobilenet-{name}"), config).with_one_seed());
    }
    rows
}

/// Where these experiments started from, which their records keep: on Fashion-MNIST the recipe of then, chosen by looking at test
/// accuracies.
fn started(dataset: DatasetName, model: &str, method: Method) -> RunConfig {
    let config = recipe(dataset, model, method);
    if dataset != DatasetName::FashionMnist {
        return config;
    }
    let interval = if method == Method::Ana { Interval::Overlapped } else { Interval::Partition };
    config
        .with_policy(Policy::new(Dynamics::Static, Dynamics::Dynamic, interval, Decay::Progressive))
        .with_forward_noise(ForwardNoise::Everywhere)
        .with_anneal_until(0.8)
        .with_lr(1e-3)
}

/// Fifty layers want more steps at a higher rate, the same quantum in layers of all widths, and noise that leaves all of
/// them together: where the first layers' falls faster ([`Decay::Progressive`]) it is gone there within the first epoch.
fn mobilenet(config: RunConfig) -> RunConfig {
    let config = config.with_lr(3e-3).with_batch(32);
    if config.method == Method::Float {
        return config;
    }
    let config = config.with_weight_scale(ScalePolicy::Fixed(0.1));
    if config.method == Method::Ste {
        return config;
    }
    let policy = Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Overlapped, Decay::Homogeneous);
    config.with_policy(policy)
}
