//! Shapes, parameter counts and quantisation of the zoo's models.
#![allow(missing_docs)]

use std::collections::BTreeSet;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use stairs_noise::walk::values;
use stairs_noise::{QuantiserKind, layers, quantisers};
use stairs_quant::Quantiser;
use stairs_zoo::{
    Architecture, CnnConfig, DsCnnConfig, LeNet, LeNetConfig, MlpConfig, Quantisation, StairsConfig, VggConfig,
    VggDepth,
};

fn ternary() -> Quantisation {
    Quantisation::Stairs(StairsConfig::new(Quantiser::Ternary))
}

#[test]
fn shapes_and_parameter_counts_are_those_of_the_formulas() {
    let device = Device::flex();
    let mnist = LeNetConfig::new([1, 28, 28], 10).init(&device).unwrap();
    assert_eq!(mnist.forward(Tensor::zeros([3, 1, 28, 28], &device)).dims(), [3, 10]);
    // conv 1·32·9 + 32·64·9, dense 64·49·128 and 128·10 + 10, four numbers a batch-norm channel of which two are learned.
    let weights = 288 + 18_432 + 401_408 + 1_290;
    let norms = 2 * (32 + 64 + 128);
    let learned = mnist.num_params();
    assert!(learned == weights + norms || learned == weights + 2 * norms, "{learned}");

    let digits = LeNetConfig::new([1, 8, 8], 10).init(&device).unwrap();
    assert_eq!(digits.forward(Tensor::zeros([2, 1, 8, 8], &device)).dims(), [2, 10]);

    let plain = CnnConfig::new([3, 32, 32], 10, vec![4, 6]).with_norm(false).init(&device).unwrap();
    assert_eq!(plain.forward(Tensor::zeros([2, 3, 32, 32], &device)).dims(), [2, 10]);
    assert_eq!(plain.num_params(), 4 * 27 + 4 + 6 * 36 + 6 + 10 * 6 * 64 + 10);
    let deep = CnnConfig::new([1, 8, 8], 10, vec![3; 5]).with_quantisation(ternary()).init(&device).unwrap();
    assert_eq!(deep.forward(Tensor::zeros([2, 1, 8, 8], &device)).dims(), [2, 10]);
    assert_eq!(layers(&deep).len(), 5);

    let plain = MlpConfig::new(54, vec![16], 7).with_norm(false).init(&device).unwrap();
    assert_eq!(plain.num_params(), 54 * 16 + 16 + 16 * 7 + 7);
    let mlp = MlpConfig::new(54, vec![16, 8], 7).init(&device).unwrap();
    assert_eq!(mlp.forward(Tensor::<2>::zeros([5, 54], &device)).dims(), [5, 7]);
    assert_eq!(
        MlpConfig::new(64, vec![], 10).init(&device).unwrap().forward(Tensor::<4>::zeros([2, 1, 8, 8], &device)).dims(),
        [2, 10]
    );
}

#[test]
fn vgg_and_ds_cnn_have_their_layers() {
    let device = Device::flex();
    for (depth, count) in [(VggDepth::Vgg8, 7), (VggDepth::Vgg9, 8), (VggDepth::Vgg11, 10), (VggDepth::Vgg19, 18)] {
        for input in [[3, 32, 32], [1, 28, 28], [1, 8, 8], [1, 1, 5]] {
            let vgg = VggConfig::new(depth, input, 10).with_capacity(0.01).with_quantisation(ternary());
            let model = vgg.init(&device).unwrap();
            let [channels, height, width] = input;
            assert_eq!(model.forward(Tensor::zeros([2, channels, height, width], &device)).dims(), [2, 10]);
            assert_eq!(layers(&model).len(), count);
            let named = format!("{}:0.01", depth.name()).parse::<Architecture>().unwrap().layers(&device).unwrap();
            assert!(layers(&model).iter().zip(&named).all(|(paths, name)| paths[0].starts_with(name.as_str())));
        }
    }
    // Weights of VGG8 on 32 × 32 images, by hand: convolutions, dense layers, two numbers for each normalised channel.
    let vgg8 = VggConfig::new(VggDepth::Vgg8, [3, 32, 32], 10).init(&device).unwrap();
    let convolutions = 9 * (3 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512);
    let dense = 512 * 16 * 1024 + 1024 * 1024 + 1024 * 10 + 10;
    let channels = 128 + 256 + 256 + 512 + 512 + 1024 + 1024;
    let learned = vgg8.num_params();
    assert!([2, 4].iter().any(|norm| learned == convolutions + dense + norm * channels), "{learned}");

    for input in [[1, 49, 10], [1, 28, 28], [3, 7, 9]] {
        let config = DsCnnConfig::new(input, 12).with_channels(6).with_quantisation(ternary());
        let model = config.init(&device).unwrap();
        let [channels, height, width] = input;
        assert_eq!(model.forward(Tensor::zeros([2, channels, height, width], &device)).dims(), [2, 12]);
        assert_eq!(layers(&model).len(), "ds-cnn:6".parse::<Architecture>().unwrap().layers(&device).unwrap().len());
    }
    assert!(VggConfig::new(VggDepth::Vgg8, [3, 32, 32], 10).with_capacity(0.0).init(&device).is_err());
    assert!(DsCnnConfig::new([1, 8, 8], 10).with_channels(0).init(&device).is_err());
}

#[test]
fn impossible_sizes_are_named() {
    let device = Device::flex();
    let error =
        |result: Result<LeNet, _>| result.err().map(|e: stairs_zoo::ModelError| e.to_string()).unwrap_or_default();
    assert!(error(LeNetConfig::new([1, 3, 28], 10).init(&device)).contains("input height = 3"));
    assert!(error(LeNetConfig::new([1, 8, 8], 0).init(&device)).contains("classes = 0"));
    assert!(error(LeNetConfig::new([1, 8, 8], 10).with_channels([0, 4]).init(&device)).contains("channels = 0"));
    assert!(MlpConfig::new(4, vec![0], 2).init(&device).is_err());
    assert!(CnnConfig::new([1, 8, 8], 2, vec![0]).init(&device).is_err());
    assert!(CnnConfig::new([1, 0, 8], 2, vec![4]).init(&device).is_err());
}

#[test]
fn quantisers_appear_in_network_order_and_the_last_layer_stays_float() {
    let device = Device::flex().autodiff();
    let model = LeNetConfig::new([1, 8, 8], 10).with_quantisation(ternary()).init(&device).unwrap();
    let found: Vec<_> = quantisers(&model).into_iter().map(|q| (q.path, q.kind)).collect();
    let expected = [
        ("conv1.weight.stair", QuantiserKind::Weight),
        ("act1.Stair", QuantiserKind::Feature),
        ("conv2.weight.stair", QuantiserKind::Weight),
        ("act2.Stair", QuantiserKind::Feature),
        ("fc1.weight.stair", QuantiserKind::Weight),
        ("act3.Stair", QuantiserKind::Feature),
    ];
    let expected: Vec<_> = expected.iter().map(|(path, kind)| (path.to_string(), *kind)).collect();
    assert_eq!(found, expected);
    let layers = layers(&model);
    assert_eq!(layers.len(), 3);
    assert_eq!(layers[1], ["conv2.weight.stair", "act2.Stair"]);
}

/// Distinct values of every parameter of rank 2 or more, by path.
fn distinct_weights<M: Module>(model: &M) -> Vec<(String, usize)> {
    let distinct = |values: Vec<f32>| values.iter().map(|v| (v + 0.0).to_bits()).collect::<BTreeSet<u32>>().len();
    let weights = values(model).into_iter().filter(|(p, _)| p.shape.len() >= 2);
    weights.map(|(p, values)| (p.path, distinct(values))).collect()
}

#[test]
fn a_materialised_network_has_quantised_weights_only() {
    let device = Device::flex().autodiff();
    for quantiser in [Quantiser::Ternary, Quantiser::Binary, "int4".parse().unwrap()] {
        let quantisation = Quantisation::Stairs(StairsConfig::new(quantiser));
        let float = LeNetConfig::new([1, 8, 8], 10).init(&device).unwrap();
        let model = LeNetConfig::new([1, 8, 8], 10).with_quantisation(quantisation).init(&device).unwrap();
        let x = Tensor::<4>::random([4, 1, 8, 8], Distribution::Default, &Device::flex());
        let valid = model.valid();
        let baked = valid.clone().materialize();
        let levels = StairsConfig::new(quantiser).weights.stair().levels().len();
        let weights = distinct_weights(&baked);
        assert_eq!(
            weights.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["conv1.weight", "conv2.weight", "fc1.weight", "fc2.weight"]
        );
        for (path, distinct) in &weights[..3] {
            assert!(*distinct <= levels, "{quantiser}: {path} has {distinct} values");
        }
        assert!(weights[3].1 > levels, "the last layer stays float");
        // Baking in the weights changes no output; the feature quantisers stay.
        let (a, b) = (valid.forward(x.clone()).into_data(), baked.forward(x).into_data());
        assert_eq!(a, b);
        let features = quantisers(&baked).len();
        assert_eq!(features, 3);
        assert!(baked.num_params() >= float.num_params());
    }
}

#[test]
fn a_float_network_has_no_quantisers() {
    let model = LeNetConfig::new([1, 8, 8], 10).init(&Device::flex()).unwrap();
    assert!(quantisers(&model).is_empty());
    assert!(layers(&model).is_empty());
}

#[test]
fn a_network_in_which_nothing_would_be_quantised_is_refused() {
    let device = Device::flex();
    let edges = |stairs: StairsConfig| StairsConfig { float_first: true, float_last: true, ..stairs };
    let init = |hidden: &[usize], stairs| {
        MlpConfig::new(64, hidden.to_vec(), 10).with_quantisation(Quantisation::Stairs(edges(stairs))).init(&device)
    };
    let ternary = || StairsConfig::new(Quantiser::Ternary);
    let error = init(&[8], ternary().with_float_features()).unwrap_err().to_string();
    assert!(error.contains("no weight is selected") && error.contains("hidden.0"), "{error}");
    // Its features are quantised, and so is a layer between the first and the last.
    assert_eq!(quantisers(&init(&[8], ternary()).unwrap()).len(), 1);
    assert_eq!(quantisers(&init(&[8, 8], ternary().with_float_features()).unwrap()).len(), 1);
    // A second quantiser in the place of the first is not what was asked for.
    let quantisation = Quantisation::Stairs(ternary());
    let model = MlpConfig::new(64, vec![8], 10).with_quantisation(quantisation.clone()).init(&device).unwrap();
    assert!(quantisation.quantise(model).unwrap_err().to_string().contains("already has the reparameterisation"));
}
