//! The networks for ImageNet and the residual ones: parameter counts, shapes, what is quantised.
#![allow(missing_docs)]

use burn::tensor::{Device, Distribution, Tensor};
use stairs_noise::{QuantiserKind, layers, quantisers};
use stairs_quant::Quantiser;
use stairs_zoo::{Architecture, Model, ModelError, Quantisation, StairsConfig};

fn model(name: &str, input: [usize; 3], classes: usize, quantisation: Quantisation) -> Result<Model, ModelError> {
    name.parse::<Architecture>().unwrap().init(input, classes, quantisation, &Device::flex())
}

fn quantised(quantiser: &str) -> Quantisation {
    Quantisation::Stairs(StairsConfig::new(quantiser.parse().unwrap()))
}

/// Number of values of all parameters, without drawing them; running statistics are none.
fn parameters(model: &Model) -> usize {
    stairs_zoo::pretrained::parameters(model)
}

/// Published counts; those of the first eight are also torchvision's.
#[test]
fn parameter_counts_are_the_published_ones() {
    for (name, expected) in [
        ("alexnet", 61_100_840),
        ("vgg11-bn", 132_868_840),
        ("vgg16-bn", 138_365_992),
        ("vgg19-bn", 143_678_248),
        ("resnet18", 11_689_512),
        ("resnet34", 21_797_672),
        ("resnet50", 25_557_032),
        ("mobilenet-v2", 3_504_872),
    ] {
        let model = model(name, [3, 224, 224], 1000, Quantisation::Float).unwrap();
        assert_eq!(parameters(&model), expected, "{name}");
    }
    for (name, expected) in [("resnet20", 269_722), ("resnet32", 464_154), ("resnet56", 853_018)] {
        let model = model(name, [3, 32, 32], 10, Quantisation::Float).unwrap();
        assert_eq!(parameters(&model), expected, "{name}");
    }
}

const SMALL: [(&str, [usize; 3]); 9] = [
    ("alexnet:0.02", [3, 63, 71]),
    ("alexnet-bn:0.02", [3, 80, 63]),
    ("alexnet-small:0.05", [1, 28, 28]),
    ("vgg11-bn:0.02", [3, 32, 40]),
    ("mobilenet-v2:0.1", [3, 33, 47]),
    ("mobilenet-v2-small:0.1", [1, 28, 28]),
    ("resnet50:0.05", [3, 40, 33]),
    ("resnet18-small:0.05", [3, 16, 16]),
    ("resnet20:0.25", [1, 15, 17]),
];

#[test]
fn every_network_takes_images_of_any_permitted_size() {
    for (name, input) in SMALL {
        for quantisation in [Quantisation::Float, quantised("ternary"), quantised("int4"), quantised("int8")] {
            let model = model(name, input, 7, quantisation).unwrap();
            let [channels, height, width] = input;
            let x = Tensor::random([2, channels, height, width], Distribution::Default, &Device::flex());
            let y = model.forward(x);
            assert_eq!(y.dims(), [2, 7], "{name}");
            assert!(y.into_data().try_to_vec::<f32>().unwrap().iter().all(|y| y.is_finite()), "{name}");
        }
    }
}

#[test]
fn every_convolution_and_hidden_layer_is_a_layer_of_the_plan() {
    for (name, input) in SMALL {
        let model = model(name, input, 7, quantised("ternary")).unwrap();
        let named = name.parse::<Architecture>().unwrap().layers(&Device::flex()).unwrap();
        let found = layers(&model);
        assert_eq!(found.len(), named.len(), "{name}");
        for (layer, paths) in named.iter().zip(&found) {
            assert!(paths.iter().any(|path| path.starts_with(&format!("{layer}."))), "{name}: {layer} of {paths:?}");
        }
    }
}

/// No model of the zoo has a unit: every weight opens a layer, and the features up to the next weight belong to it.
#[test]
fn plans_of_the_zoo_have_a_layer_for_every_weight() {
    const MORE: [(&str, [usize; 3]); 4] =
        [("mlp:16-8", [1, 8, 8]), ("lenet", [1, 8, 8]), ("cnn:4-4", [1, 8, 8]), ("ds-cnn:4", [1, 16, 10])];
    for (name, input) in SMALL.into_iter().chain(MORE) {
        for quantiser in ["ternary", "int8"] {
            let model = model(name, input, 7, quantised(quantiser)).unwrap();
            let mut expected: Vec<Vec<String>> = Vec::new();
            for found in quantisers(&model) {
                match expected.last_mut() {
                    Some(layer) if found.kind == QuantiserKind::Feature => layer.push(found.path),
                    _ => expected.push(vec![found.path]),
                }
            }
            assert_eq!(layers(&model), expected, "{name}");
        }
    }
}

/// A ternary residual network has ternary weights and features, and 8 bits in its streams.
#[test]
fn streams_have_a_quantiser_of_their_own() {
    let kinds = |name: &str, input, quantisation| {
        let model = model(name, input, 7, quantisation).unwrap();
        let found = quantisers(&model);
        let weights = found.iter().filter(|q| q.kind == QuantiserKind::Weight).count();
        let sums = found.iter().filter(|q| q.path.ends_with("sum")).count();
        let reads = found.iter().filter(|q| q.path.ends_with("read")).count();
        [weights, found.len() - weights - sums - reads, sums, reads]
    };
    // Stem, 16 blocks of three convolutions and one of two, head; all but projections have an activation.
    // Its bottlenecks are linear: they are read as they are.
    assert_eq!(kinds("mobilenet-v2:0.1", [3, 32, 32], quantised("ternary")), [52, 35, 17, 0]);
    // Features of 8 bits are read from a stream of 8 bits as they are.
    assert_eq!(kinds("resnet20:0.25", [3, 32, 32], quantised("int8")), [19, 9, 10, 0]);
    assert_eq!(kinds("resnet20:0.25", [3, 32, 32], quantised("ternary")), [19, 9, 10, 10]);
    assert_eq!(kinds("resnet18:0.05", [3, 32, 32], quantised("int4")), [20, 8, 9, 9]);
    let weights_only = Quantisation::Stairs(StairsConfig::new(Quantiser::Ternary).with_float_features());
    assert_eq!(kinds("resnet18:0.05", [3, 32, 32], weights_only), [20, 0, 0, 0]);
}

#[test]
fn what_is_impossible_is_refused() {
    let error = |name: &str, input| model(name, input, 10, Quantisation::Float).unwrap_err().to_string();
    assert!(error("alexnet", [3, 62, 224]).contains("input height = 62"));
    assert!(error("alexnet-small", [3, 32, 14]).contains("input width = 14"));
    assert!(error("vgg16-bn", [3, 31, 32]).contains("input height = 31"));
    assert!(error("resnet18", [0, 32, 32]).contains("input channels = 0"));
    assert!(model("resnet18", [3, 32, 32], 0, Quantisation::Float).is_err());
    for dropout in [-0.1, 1.0, f64::NAN] {
        let config = stairs_zoo::MobileNetV2Config::new([3, 32, 32], 10).with_dropout(dropout);
        assert!(config.init(&Device::flex()).unwrap_err().to_string().contains("dropout"));
    }
}
