//! Quanta of features that fit a float network.
#![allow(missing_docs)]

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};
use stairs_noise::QuantiserKind;
use stairs_noise::walk::{Change, Look, Place, change, look};
use stairs_zoo::{Architecture, Branches, Model, Quantisation, StairsConfig, calibrated, observe};

fn init(name: &str, quantisation: Quantisation) -> Model {
    name.parse::<Architecture>().unwrap().init([3, 32, 32], 10, quantisation, &Device::flex()).unwrap()
}

fn quantised(name: &str, weights_only: bool) -> Quantisation {
    let stairs = StairsConfig::new(name.parse().unwrap());
    Quantisation::Stairs(if weights_only { stairs.with_float_features() } else { stairs })
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

/// The quanta of features by path.
#[derive(Default)]
struct Quanta(BTreeMap<String, Vec<f32>>);
impl Look for Quanta {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        if place.kind() == QuantiserKind::Feature
            && let Some(path) = place.scaled()
        {
            self.0.insert(path.to_owned(), param.val().into_data().try_into_vec_as().unwrap());
        }
    }
}

/// Where only residual branches are quantised, their features get the sizes of their own sites, those that they get where everything is.
#[test]
fn a_network_that_is_quantised_in_part_takes_the_sizes_of_that_part() {
    let name = "mobilenet-v2-small:0.5";
    let x = Tensor::random([4, 3, 32, 32], Distribution::Normal(0.0, 1.0), &Device::flex());
    let sizes = observe(&init(name, Quantisation::Float), [x]);
    let quanta = |branches| {
        let stairs = StairsConfig { branches, ..StairsConfig::new("ternary".parse().unwrap()) };
        let scoped = name.parse::<Architecture>().unwrap().scoped(Quantisation::Stairs(stairs)).unwrap();
        let fitted = calibrated(init(name, scoped), &sizes).unwrap();
        look(&fitted, Quanta::default()).0
    };
    let (part, whole) = (quanta(Branches::only()), quanta(Branches::Whole));
    assert_eq!(part.len(), 20);
    assert!(part.iter().all(|(path, quantum)| whole[path] == *quantum && quantum[0] > 0.0), "{part:?}\n{whole:?}");
}

/// Multiplies γ and β of all batch norms, so that features are of another size than a fresh network's.
struct Louder;
impl Change for Louder {
    fn float<const D: usize>(&mut self, _place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|x| if D == 1 { x * 20.0 } else { x })
    }
}

/// Relative error of the logits of 8-bit features, before and after calibration, against those of the float network whose
/// weights they share.
fn errors(name: &str) -> (f32, f32) {
    let device = Device::flex();
    let (float, Louder) = change(init(name, Quantisation::Float), Louder);
    let twin = init(name, quantised("int8", false).with_float_weights());
    let plain = twin.try_load_record(float.clone().into_record().allow_partial(true)).unwrap();
    let x = Tensor::random([16, 3, 32, 32], Distribution::Normal(0.0, 1.0), &device);
    let sizes = observe(&float, [x.clone()]);
    let exact = float.forward(x.clone());
    let error = |model: &Model| {
        let difference = (model.forward(x.clone()) - exact.clone()).powi_scalar(2).sum().into_scalar::<f32>();
        (difference / exact.clone().powi_scalar(2).sum().into_scalar::<f32>()).sqrt()
    };
    let fitted = calibrated(plain.clone(), &sizes).unwrap();
    (error(&plain), error(&fitted))
}

/// MobileNetV2 is left out: its ReLU6 bounds features, so that they cannot be larger.
#[test]
fn calibrated_features_follow_the_size_of_the_float_ones() {
    for name in ["lenet:8-16-32", "vgg8:0.0625", "alexnet-small:0.1", "resnet20:0.5"] {
        let (plain, fitted) = errors(name);
        println!("{name}: relative error {plain:.3} before, {fitted:.3} after");
        assert!(fitted < 0.2 && fitted < 0.5 * plain, "{name}: {plain} before, {fitted} after");
    }
}
