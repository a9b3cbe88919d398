//! Ternary AlexNet and MobileNetV2 for small images, against float networks and softmax regression.

use stairs_data::DatasetName;
use stairs_train::{Method, RunConfig};

use super::{Experiment, Row, recipe};
use crate::report::RunsPage;

const ALEXNET: &str = "alexnet-small:0.25";
const MOBILENET: &str = "mobilenet-v2-small:0.35";

/// Float, STE and ANA of one model.
fn rows(name: &str, dataset: DatasetName, model: &str, change: impl Fn(RunConfig) -> RunConfig) -> Vec<Row> {
    let methods = [("float", Method::Float), ("ste", Method::Ste), ("ana", Method::Ana)];
    let row = |(method, of): (&str, Method)| Row::train(format!("{name}-{method}"), change(recipe(dataset, model, of)));
    methods.into_iter().map(row).collect()
}

/// 10,000 images of Fashion-MNIST, ten epochs; three seeds of AlexNet.
pub(super) fn fashion_mnist() -> Experiment {
    let dataset = DatasetName::FashionMnist;
    let short = |config| RunConfig { subset: Some(10_000), epochs: 10, ..config };
    let linear = Row::train("linear", short(recipe(dataset, "linear", Method::Float))).once();
    let mut all = vec![linear];
    all.extend(rows("alexnet", dataset, ALEXNET, short));
    all.extend(rows("mobilenet", dataset, MOBILENET, short).into_iter().map(Row::once));
    Experiment {
        name: "zoo-fashion-mnist",
        title: "Ternary AlexNet and MobileNetV2 on Fashion-MNIST",
        about: "Narrow networks for small images, 10,000 images; against float and softmax regression.",
        rows: all,
        seeds: 3,
        page: &RunsPage,
    }
}

/// CIFAR-10 or a part of it.
pub(super) fn cifar10() -> Experiment {
    let dataset = DatasetName::Cifar10;
    let mut all = vec![Row::train("linear", recipe(dataset, "linear", Method::Float))];
    all.extend(rows("alexnet", dataset, ALEXNET, |config| config));
    all.extend(rows("mobilenet", dataset, MOBILENET, |config| config));
    Experiment {
        name: "zoo-cifar10",
        title: "Ternary AlexNet and MobileNetV2 on CIFAR-10",
        about: "Narrow networks for small images, on what there is of CIFAR-10; against float and softmax regression.",
        rows: all,
        seeds: 1,
        page: &RunsPage,
    }
}
