//! The recorded network of every family against the module it was recorded from: parameters, quantisers, results; and published
//! counts.
#![allow(missing_docs)]

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use stairs_network::Op;
use stairs_noise::walk::{self, Parameter};
use stairs_noise::{WeightsError, quantisers};
use stairs_quant::Quantiser;
use stairs_zoo::{Architecture, Model, ModelError, Network, Precision, Quantisation, StairsConfig, Totals};

/// Every family, narrow, with images it takes, and depths that are not listed by name.
fn families() -> Vec<(String, [usize; 3])> {
    let more = [("vgg19:0.01", [1, 13, 8]), ("vgg11-bn:0.02", [3, 32, 40]), ("resnet32:0.1", [3, 8, 9])];
    let more = more.map(|(name, input)| (name.to_owned(), input));
    Architecture::names().into_iter().map(|family| family.narrow()).chain(more).collect()
}

fn architecture(name: &str) -> Architecture {
    name.parse().unwrap()
}

fn stairs(name: &str) -> StairsConfig {
    StairsConfig::new(name.parse().unwrap())
}

/// Float and quantised, weights only, with and without the first and the last layer.
fn quantisations() -> Vec<Quantisation> {
    let ends = StairsConfig { float_first: true, float_last: false, ..stairs("ternary") };
    let all = StairsConfig { float_last: false, ..stairs("int4") };
    let quantised =
        [stairs("ternary"), stairs("binary"), stairs("int8"), stairs("int4").with_float_features(), ends, all];
    [Quantisation::Float].into_iter().chain(quantised.map(Quantisation::Stairs)).collect()
}

/// Path and shape of every parameter; not drawn if the module has not used it.
fn parameters(model: &Model) -> Vec<(String, Vec<usize>)> {
    let all = walk::parameters(model);
    let is_parameter = |p: &Parameter| !p.is_of_quantiser && !p.path.contains(".running_");
    all.into_iter().filter(is_parameter).map(|p| (p.path, p.shape)).collect()
}

/// Path and shape of every parameter of a network, as Burn keeps them.
fn described(network: &Network) -> Vec<(String, Vec<usize>)> {
    let mut all = Vec::new();
    for node in network.nodes() {
        for (name, array) in node.op.parameters() {
            let mut shape = array.shape().to_vec();
            if matches!(node.op, Op::Dense { .. }) && name == "weight" {
                shape.reverse();
            }
            all.push((format!("{}.{name}", node.path), shape));
        }
    }
    all
}

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort();
    values
}

#[test]
fn parameters_and_quantisers_are_those_of_the_module() {
    let device = Device::flex();
    for (name, input) in families() {
        let name = name.as_str();
        for quantisation in quantisations() {
            let about = format!("{name} {quantisation:?}");
            let network = architecture(name).network(input, 7, &quantisation, &device).unwrap();
            assert_eq!(network.unknown(), None, "{about}");
            assert!(network.nodes().iter().all(|node| {
                node.op.parameters().iter().all(|(_, p)| p.values().is_none() || node.op.weight().is_none())
            }));
            let model = match architecture(name).init(input, 7, quantisation, &device) {
                // Its only layer is the last one, which stays float.
                Err(ModelError::Weights(WeightsError::NothingSelected { .. })) if name == "linear" => continue,
                model => model.unwrap(),
            };
            assert_eq!(sorted(described(&network)), sorted(parameters(&model)), "{about}");
            let found = quantisers(&model);
            let found = found.iter().map(|quantiser| quantiser.path.as_str());
            assert_eq!(sorted(network.quantisers()), sorted(found), "{about}");
            // What was planned is what there is: the same graph, but for numbers.
            let with_numbers = model.network(input).unwrap();
            let graph = |network: &Network| {
                let nodes = network.nodes().iter();
                nodes
                    .map(|node| (node.path.clone(), node.op.to_string(), node.inputs.clone(), node.shape.clone()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(graph(&with_numbers), graph(&network), "{about}");
            assert_eq!(with_numbers.totals(), network.totals(), "{about}");
        }
    }
}

/// A model whose running statistics are those of some batches, so that no normalisation is the identity.
fn exercised(name: &str, input: [usize; 3], quantisation: Quantisation) -> Option<Model> {
    let device = Device::flex().autodiff();
    device.seed(3);
    let model = architecture(name).init(input, 7, quantisation, &device).ok()?;
    for seed in 0..2 {
        model.forward(batch(input, 4, seed, &device));
    }
    Some(model.valid())
}

fn batch([channels, height, width]: [usize; 3], samples: usize, seed: u64, device: &Device) -> Tensor<4> {
    device.seed(100 + seed);
    Tensor::random([samples, channels, height, width], Distribution::Normal(0.2, 1.0), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn the_recorded_network_computes_what_the_module_computes() {
    let device = Device::flex();
    let chosen = [Quantisation::Float, Quantisation::Stairs(stairs("ternary")), Quantisation::Stairs(stairs("int4"))];
    for (name, input) in families() {
        let name = name.as_str();
        for quantisation in chosen.clone() {
            let about = format!("{name} {}", if quantisation == Quantisation::Float { "float" } else { "quantised" });
            let Some(model) = exercised(name, input, quantisation) else { continue };
            let x = batch(input, 2, 9, &device);
            let before = numbers(model.forward(x.clone()));
            let network = model.network(input).unwrap();
            // The module is as it was, bit for bit.
            assert_eq!(numbers(model.forward(x.clone())), before, "{about}");
            let size = input.iter().product();
            for (sample, expected) in numbers(x).chunks(size).zip(before.chunks(7)) {
                let got = network.run(&sample.iter().map(|x| f64::from(*x)).collect::<Vec<_>>()).unwrap();
                let largest = expected.iter().fold(1e-3, |largest: f64, y| largest.max(f64::from(y.abs())));
                for (got, expected) in got.iter().zip(expected) {
                    let error = (got - f64::from(*expected)).abs() / largest;
                    assert!(error < 1e-5, "{about}: {got} instead of {expected}");
                }
            }
        }
    }
}

#[test]
fn a_network_survives_a_file() {
    let model = exercised("resnet20:0.25", [1, 15, 17], Quantisation::Stairs(stairs("ternary"))).unwrap();
    let network = model.network([1, 15, 17]).unwrap();
    let text = serde_json::to_string(&network).unwrap();
    assert_eq!(serde_json::from_str::<Network>(&text).unwrap(), network);
    // A file whose shapes do not fit its operations is refused by the name of the node.
    let lies = text.replacen("\"shape\":[4,15,17]", "\"shape\":[4,15,16]", 1);
    let error = serde_json::from_str::<Network>(&lies).unwrap_err().to_string();
    assert!(error.contains("stem.conv"), "{error}");
}

/// Parameters as published; multiply-accumulates in 10⁹ as torchvision states them (its GFLOPS) to the digits it gives.
#[test]
fn counts_are_the_published_ones() {
    let device = Device::flex();
    for (name, parameters, giga) in [
        ("alexnet", 61_100_840, 0.71),
        ("vgg11-bn", 132_868_840, 7.61),
        ("vgg13-bn", 133_053_736, 11.31),
        ("vgg16-bn", 138_365_992, 15.47),
        ("vgg19-bn", 143_678_248, 19.63),
        ("resnet18", 11_689_512, 1.81),
        ("resnet34", 21_797_672, 3.66),
        ("resnet50", 25_557_032, 4.09),
        ("mobilenet-v2", 3_504_872, 0.30),
    ] {
        let model = architecture(name);
        let network = model.network([3, 224, 224], 1000, &Quantisation::Float, &device).unwrap();
        let totals = network.totals();
        assert_eq!(totals.parameters, parameters, "{name}");
        let rounded = (totals.macs as f64 / 1e7).round() / 100.0;
        assert!((rounded - giga).abs() < 0.0101, "{name}: {} MACs", totals.macs);
        let float = model.init([3, 224, 224], 1000, Quantisation::Float, &device).unwrap();
        assert_eq!(sorted(described(&network)), sorted(self::parameters(&float)), "{name}");
    }
    // He et al., table 6, and the widths of [ANA22]'s VGG on CIFAR-10 by hand.
    let resnet = architecture("resnet20").network([3, 32, 32], 10, &Quantisation::Float, &device).unwrap();
    assert_eq!(resnet.totals().parameters, 269_722);
    let vgg8 = architecture("vgg8").network([3, 32, 32], 10, &Quantisation::Float, &device).unwrap();
    let convolutions = 9 * (1024 * 3 * 128 + 256 * (128 + 256) * 256 + 64 * (256 + 512) * 512);
    let dense = 512 * 16 * 1024 + 1024 * 1024 + 1024 * 10;
    assert_eq!(vgg8.totals().macs, convolutions + dense);
}

/// The costs that were counted before networks were recorded, by hand-written descriptions of every model. One differs: the projection
/// of `resnet18-small` runs before the branch it is added to, as in its forward pass, and waits in fewer bytes than the branch read.
#[test]
fn costs_are_those_of_descriptions_by_hand() {
    let golden: serde_json::Value = serde_json::from_str(include_str!("golden/costs.json")).unwrap();
    let float = (Quantisation::Float, "float");
    let precisions = ["ternary", "int4"].map(|name| (Quantisation::Stairs(stairs(name)), name));
    let mut rows = 0;
    for (name, model) in golden.as_object().unwrap() {
        let input: [usize; 3] = serde_json::from_value(model["input"].clone()).unwrap();
        let classes = model["classes"].as_u64().unwrap() as usize;
        for (quantisation, precision) in [&float].into_iter().chain(&precisions) {
            let network = architecture(name).network(input, classes, quantisation, &Device::flex()).unwrap();
            let Totals { parameters, macs, bit_operations, parameter_bytes, feature_bytes, peak_feature_bytes } =
                network.totals();
            let counted = [parameters, macs, bit_operations, parameter_bytes, feature_bytes, peak_feature_bytes];
            assert_eq!(serde_json::json!(counted), model[*precision], "{name} {precision}");
            rows += 1;
        }
    }
    assert_eq!(rows, 60);
}

#[test]
fn costs_are_counted_at_the_bits_of_weights_and_features() {
    let device = Device::flex();
    let network = |quantisation: &Quantisation| {
        architecture("plain-cnn:2-3").network([1, 8, 8], 5, quantisation, &device).unwrap()
    };
    // Convolutions 1→2 on 8×8 and 2→3 on 4×4, dense 3·2·2→5; biases everywhere.
    let macs = [64 * 2 * 9, 16 * 3 * 18, 60];
    let float = network(&Quantisation::Float).totals();
    assert_eq!(float.macs, macs.iter().sum::<u64>());
    assert_eq!(float.bit_operations, 32 * 32 * float.macs);
    assert_eq!(float.parameter_bytes, 4 * (18 + 2 + 54 + 3 + 60 + 5));
    // Written: 2×8×8, pooled 2×4×4, 3×4×4, 3×2×2, 5 logits; most at once: the first image behind the convolution, and pooled.
    assert_eq!(float.feature_bytes, 4 * (128 + 32 + 48 + 12 + 5));
    assert_eq!(float.peak_feature_bytes, 4 * (64 + 128));

    let ternary = network(&Quantisation::Stairs(stairs("ternary"))).totals();
    assert_eq!(ternary.bit_operations, macs[0] * 2 * 32 + macs[1] * 2 * 2 + macs[2] * 32 * 2);
    assert_eq!(ternary.parameter_bytes, 36_u64.div_ceil(8) + 108_u64.div_ceil(8) + 4 * (2 + 3 + 60 + 5));
    assert_eq!(ternary.feature_bytes, 32 + 8 + 12 + 3 + 20);

    let weights = network(&Quantisation::Stairs(stairs("ternary").with_float_features())).totals();
    assert_eq!(weights.bit_operations, macs[0] * 2 * 32 + macs[1] * 2 * 32 + macs[2] * 32 * 32);
    assert_eq!((weights.parameter_bytes, weights.feature_bytes), (ternary.parameter_bytes, float.feature_bytes));
}

/// A ternary ResNet: products of ternary numbers only, streams of 8 bits, float ends.
#[test]
fn features_of_a_residual_network_are_quantised_where_products_read_them() {
    let ternary = Quantisation::Stairs(stairs("ternary"));
    let network = architecture("resnet18").network([3, 224, 224], 1000, &ternary, &Device::flex()).unwrap();
    let costs = network.costs();
    let costly: Vec<_> = costs.iter().filter(|cost| cost.macs > 0).collect();
    let levels = Precision::Levels(Quantiser::Ternary);
    for cost in &costly[1..costly.len() - 1] {
        assert_eq!((cost.weights, cost.input_features), (Some(levels), levels), "{}", cost.node.path);
    }
    let ends = [costly[0], costly[costly.len() - 1]].map(|cost| (cost.weights, cost.input_features));
    assert_eq!(ends, [(Some(levels), Precision::Float), (Some(Precision::Float), Precision::Float)]);
    let sums = costs.iter().filter(|cost| cost.node.path.ends_with("stream.sum"));
    assert_eq!(sums.map(|cost| cost.output_features.bits()).collect::<Vec<_>>(), [8; 8]);
}

#[test]
fn samples_a_model_does_not_take_are_refused() {
    let device = Device::flex();
    let lenet = architecture("lenet:2-2-2").init([1, 8, 8], 3, Quantisation::Float, &device).unwrap();
    assert!(lenet.network([1, 8, 8]).is_ok());
    for input in [[3, 8, 8], [1, 16, 16], [1, 1, 1]] {
        assert!(lenet.network(input).is_err(), "{input:?}");
    }
    assert!(matches!(
        architecture("vgg16-bn").network([3, 31, 32], 10, &Quantisation::Float, &device),
        Err(ModelError::Size { value: 31, .. })
    ));
}
