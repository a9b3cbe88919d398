//! Ternary AlexNet and MobileNetV2 for small images, against float networks and softmax regression.

use stairs_data::DatasetName;
use stairs_noise::plan::{Decay, Dynamics, Interval, Policy};
use stairs_quant::ScalePolicy;
use stairs_train::{Method, RunConfig};

use super::{Experiment, Row, recipe};
use crate::report::RunsPage;

const ALEXNET: &str = "alexnet-small:0.25";
const MOBILENET: &str = "mobilenet-v2-small:0.35";

/// 10,000 images of Fashion-MNIST, ten epochs; three seeds of AlexNet.
pub(super) fn fashion_mnist() -> Experiment {
    let short = |config| RunConfig { subset: Some(10_000), epochs: 10, batch: 64, ..config };
    Experiment {
        name: "zoo-fashion-mnist",
        title: "Ternary AlexNet and MobileNetV2 on Fashion-MNIST",
        about: "Narrow networks for small images, 10,000 images; against float and softmax regression.",
        rows: rows(DatasetName::FashionMnist, short),
        seeds: 3,
        page: &RunsPage,
    }
}

/// CIFAR-10 or a part of it.
pub(super) fn cifar10() -> Experiment {
    Experiment {
        name: "zoo-cifar10",
        title: "Ternary AlexNet and MobileNetV2 on CIFAR-10",
        about: "Narrow networks for small images, on what there is of CIFAR-10; against float and softmax regression.",
        rows: rows(DatasetName::Cifar10, |config| RunConfig { epochs: 24, batch: 64, ..config }),
        seeds: 1,
        page: &RunsPage,
    }
}

/// Softmax regression, then float, STE and ANA of both networks; more than one seed of AlexNet only.
fn rows(dataset: DatasetName, change: impl Fn(RunConfig) -> RunConfig) -> Vec<Row> {
    let methods = [("float", Method::Float), ("ste", Method::Ste), ("ana", Method::Ana)];
    let mut rows = vec![Row::train("linear", change(recipe(dataset, "linear", Method::Float))).once()];
    for (name, method) in methods {
        rows.push(Row::train(format!("alexnet-{name}"), change(recipe(dataset, ALEXNET, method))));
    }
    for (name, method) in methods {
        let config = mobilenet(change(recipe(dataset, MOBILENET, method)));
        rows.push(Row::train(format!("mobilenet-{name}"), config).once());
    }
    rows
}

/// Fifty layers want more steps at a higher rate, the same quantum in layers of all widths, and noise that leaves all of
/// them together.
fn mobilenet(config: RunConfig) -> RunConfig {
    let config = RunConfig { lr: 3e-3, batch: 32, ..config };
    if config.method == Method::Float {
        return config;
    }
    let config = RunConfig { weight_scale: ScalePolicy::Fixed(0.1), ..config };
    if config.method == Method::Ste {
        return config;
    }
    let policy = Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Overlapped, Decay::Progressive);
    RunConfig { policy, ..config }
}
