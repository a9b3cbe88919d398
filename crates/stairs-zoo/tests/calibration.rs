//! Quanta of features that fit a float network.
#![allow(missing_docs)]

use burn::tensor::{Device, Distribution, Tensor};
use stairs_zoo::{Architecture, Model, Quantisation, StairsConfig, calibrated, observe};

fn init(name: &str, quantisation: Quantisation) -> Model {
    name.parse::<Architecture>().unwrap().init([3, 32, 32], 10, quantisation, &Device::flex()).unwrap()
}

fn quantised(name: &str, weights_only: bool) -> Quantisation {
    let stairs = StairsConfig::new(name.parse().unwrap());
    Quantisation::Stairs(if weights_only { stairs.weights_only() } else { stairs })
}

#[test]
fn sizes_of_another_network_are_refused() {
    let device = Device::flex();
    let x = || Tensor::random([2, 3, 32, 32], Distribution::Default, &device);
    let sizes = observe(&init("resnet20:0.25", Quantisation::Float), [x()]);
    let error = calibrated(init("resnet32:0.25", quantised("ternary", false)), &sizes).unwrap_err();
    assert!(error.to_string().contains("sizes of features"));
    // Without feature quantisers there is nothing to fit.
    assert!(calibrated(init("resnet32:0.25", quantised("ternary", true)), &sizes).is_ok());
    // Every precision reads the stream in its own way.
    for precision in ["binary", "ternary", "int4", "int8"] {
        assert!(calibrated(init("resnet20:0.25", quantised(precision, false)), &sizes).is_ok(), "{precision}");
    }
}
