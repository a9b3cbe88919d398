//! The structure of every family against the module it describes: parameters, quantisers, shapes; and published counts.
#![allow(missing_docs)]

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use stairs_noise::{WeightsError, quantisers};
use stairs_quant::Quantiser;
use stairs_zoo::{Architecture, Model, ModelError, Precision, Quantisation, StairsConfig, Structure, with_model};

/// Every family, narrow, with images it takes.
const FAMILIES: [(&str, [usize; 3]); 21] = [
    ("linear", [1, 4, 4]),
    ("mlp:5-3", [2, 3, 4]),
    ("plain-mlp:4", [54, 1, 1]),
    ("lenet:3-4-5", [1, 9, 11]),
    ("cnn:3-2-4-3", [2, 8, 13]),
    ("plain-cnn:2-3", [3, 6, 6]),
    ("vgg8:0.02", [3, 32, 32]),
    ("vgg19:0.01", [1, 13, 8]),
    ("ds-cnn:5", [1, 49, 10]),
    ("alexnet:0.02", [3, 63, 71]),
    ("alexnet-bn:0.02", [3, 95, 64]),
    ("alexnet-small:0.05", [1, 28, 23]),
    ("vgg11-bn:0.02", [3, 32, 40]),
    ("vgg16-bn:0.02", [3, 32, 32]),
    ("mobilenet-v2:0.1", [3, 33, 47]),
    ("mobilenet-v2-small:0.1", [1, 28, 28]),
    ("resnet18:0.05", [3, 33, 40]),
    ("resnet50:0.05", [3, 40, 33]),
    ("resnet18-small:0.05", [3, 16, 16]),
    ("resnet20:0.25", [1, 15, 17]),
    ("resnet32:0.1", [3, 8, 9]),
];

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
    let quantised = [stairs("ternary"), stairs("binary"), stairs("int8"), stairs("int4").weights_only(), ends, all];
    [Quantisation::Float].into_iter().chain(quantised.map(Quantisation::Stairs)).collect()
}

/// Path and shape of every parameter; not drawn if the module has not used it.
fn parameters(model: &Model) -> Vec<(String, Vec<usize>)> {
    #[derive(Default)]
    struct Visitor(Vec<String>, Vec<(String, Vec<usize>)>);
    impl ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.0.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.0.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.push((self.0.join("."), param.lazy_shape().to_vec()));
        }
    }
    fn visited<M: Module>(module: &M) -> Vec<(String, Vec<usize>)> {
        let mut visitor = Visitor::default();
        module.visit(&mut visitor);
        let inside: Vec<String> = quantisers(module).into_iter().map(|q| format!("{}.", q.path)).collect();
        let is_parameter =
            |path: &String| !path.contains(".running_") && !inside.iter().any(|quantiser| path.starts_with(quantiser));
        visitor.1.into_iter().filter(|(path, _)| is_parameter(path)).collect()
    }
    with_model!(model, module => visited(module))
}

fn described(structure: &Structure) -> Vec<(String, Vec<usize>)> {
    let layers = structure.layers.iter();
    layers.flat_map(|l| l.parameters.iter().map(|p| (format!("{}.{}", l.path, p.name), p.shape.clone()))).collect()
}

#[test]
fn parameters_and_quantisers_are_those_of_the_module() {
    let device = Device::flex();
    for (name, input) in FAMILIES {
        for quantisation in quantisations() {
            let about = format!("{name} {quantisation:?}");
            let structure = architecture(name).structure(input, 7, &quantisation, &device).unwrap();
            let model = match architecture(name).init(input, 7, quantisation, &device) {
                // Its only layer is the last one, which stays float.
                Err(ModelError::Weights(WeightsError::NothingSelected { .. })) if name == "linear" => continue,
                model => model.unwrap(),
            };
            assert_eq!(described(&structure), parameters(&model), "{about}");
            let found = with_model!(&model, module => quantisers(module));
            let found: Vec<&str> = found.iter().map(|quantiser| quantiser.path.as_str()).collect();
            assert_eq!(structure.quantisers(), found, "{about}");
            // The quantisers in the module are those that were planned.
            assert_eq!(Structure::of(&model, input).unwrap(), structure, "{about}");
        }
    }
}

#[test]
fn a_pass_takes_and_gives_what_the_structure_says() {
    let device = Device::flex();
    for (name, input) in FAMILIES {
        let model = architecture(name).init(input, 7, Quantisation::Float, &device).unwrap();
        let structure = Structure::of(&model, input).unwrap();
        let [channels, height, width] = input;
        let logits = model.forward(Tensor::zeros([2, channels, height, width], &device));
        assert_eq!(logits.dims(), [2, structure.classes], "{name}");
        // What leaves a layer enters the next, but where a skip connection begins or ends.
        for pair in structure
            .layers
            .windows(2)
            .filter(|pair| !pair[1].path.contains(".skip.") && !pair[0].path.ends_with(".Pad"))
        {
            let count = |shape: &[usize]| shape.iter().product::<usize>();
            assert_eq!(count(&pair[0].output), count(&pair[1].input), "{name}: {} {}", pair[0].path, pair[1].path);
        }
    }
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
        let structure = model.structure([3, 224, 224], 1000, &Quantisation::Float, &device).unwrap();
        let totals = structure.totals();
        assert_eq!(totals.parameters, parameters, "{name}");
        let rounded = (totals.macs as f64 / 1e7).round() / 100.0;
        assert!((rounded - giga).abs() < 0.0101, "{name}: {} MACs", totals.macs);
        let float = model.init([3, 224, 224], 1000, Quantisation::Float, &device).unwrap();
        assert_eq!(described(&structure), self::parameters(&float), "{name}");
    }
    // He et al., table 6, and the widths of [ANA22]'s VGG on CIFAR-10 by hand.
    let resnet = architecture("resnet20").structure([3, 32, 32], 10, &Quantisation::Float, &device).unwrap();
    assert_eq!(resnet.totals().parameters, 269_722);
    let vgg8 = architecture("vgg8").structure([3, 32, 32], 10, &Quantisation::Float, &device).unwrap();
    let convolutions = 9 * (1024 * 3 * 128 + 256 * (128 + 256) * 256 + 64 * (256 + 512) * 512);
    let dense = 512 * 16 * 1024 + 1024 * 1024 + 1024 * 10;
    assert_eq!(vgg8.totals().macs, convolutions + dense);
}

#[test]
fn costs_are_counted_at_the_bits_of_weights_and_features() {
    let device = Device::flex();
    let structure = |quantisation: &Quantisation| {
        architecture("plain-cnn:2-3").structure([1, 8, 8], 5, quantisation, &device).unwrap()
    };
    // Convolutions 1→2 on 8×8 and 2→3 on 4×4, dense 3·2·2→5; biases everywhere.
    let macs = [64 * 2 * 9, 16 * 3 * 18, 60];
    let float = structure(&Quantisation::Float).totals();
    assert_eq!(float.macs, macs.iter().sum::<u64>());
    assert_eq!(float.bit_operations, 32 * 32 * float.macs);
    assert_eq!(float.parameter_bytes, 4 * (18 + 2 + 54 + 3 + 60 + 5));
    // Written: 2×8×8, pooled 2×4×4, 3×4×4, 3×2×2, 5 logits; most at once: the first image behind the convolution, and pooled.
    assert_eq!(float.feature_bytes, 4 * (128 + 32 + 48 + 12 + 5));
    assert_eq!(float.peak_feature_bytes, 4 * (64 + 128));

    let ternary = structure(&Quantisation::Stairs(stairs("ternary"))).totals();
    assert_eq!(ternary.bit_operations, macs[0] * 2 * 32 + macs[1] * 2 * 2 + macs[2] * 32 * 2);
    assert_eq!(ternary.parameter_bytes, 36_u64.div_ceil(8) + 108_u64.div_ceil(8) + 4 * (2 + 3 + 60 + 5));
    assert_eq!(ternary.feature_bytes, 32 + 8 + 12 + 3 + 20);

    let weights = structure(&Quantisation::Stairs(stairs("ternary").weights_only())).totals();
    assert_eq!(weights.bit_operations, macs[0] * 2 * 32 + macs[1] * 2 * 32 + macs[2] * 32 * 32);
    assert_eq!((weights.parameter_bytes, weights.feature_bytes), (ternary.parameter_bytes, float.feature_bytes));
}

/// A ternary ResNet: products of ternary numbers only, streams of 8 bits, float ends.
#[test]
fn features_of_a_residual_network_are_quantised_where_products_read_them() {
    let ternary = Quantisation::Stairs(stairs("ternary"));
    let structure = architecture("resnet18").structure([3, 224, 224], 1000, &ternary, &Device::flex()).unwrap();
    let costly: Vec<_> = structure.layers.iter().filter(|layer| layer.macs > 0).collect();
    let levels = Precision::Levels(Quantiser::Ternary);
    for layer in &costly[1..costly.len() - 1] {
        assert_eq!((layer.weights, layer.input_features), (Some(levels), levels), "{}", layer.path);
    }
    let ends = [costly[0], costly[costly.len() - 1]].map(|layer| (layer.weights, layer.input_features));
    assert_eq!(ends, [(Some(levels), Precision::Float), (Some(Precision::Float), Precision::Float)]);
    let sums = structure.layers.iter().filter(|layer| layer.path.ends_with("stream.sum"));
    assert_eq!(sums.map(|layer| layer.output_features.bits()).collect::<Vec<_>>(), [8; 8]);
}

#[test]
fn samples_a_model_does_not_take_are_refused() {
    let device = Device::flex();
    let lenet = architecture("lenet:2-2-2").init([1, 8, 8], 3, Quantisation::Float, &device).unwrap();
    let error = |input| Structure::of(&lenet, input).unwrap_err().to_string();
    assert!(error([3, 8, 8]).contains("channels of a sample = 3"));
    assert!(error([1, 16, 16]).contains("inputs of a dense layer"));
    assert!(matches!(
        architecture("vgg16-bn").structure([3, 31, 32], 10, &Quantisation::Float, &device),
        Err(ModelError::Size { value: 31, .. })
    ));
}
