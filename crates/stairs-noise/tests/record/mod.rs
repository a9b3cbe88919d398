//! Networks recorded from modules that no zoo has: what they compute, what they keep by name, what they refuse.

use burn::module::Module;
use burn::nn::conv::{Conv1d, Conv1dConfig, Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2dConfig, AvgPool2dConfig, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Gelu, Linear, LinearConfig, LinearLayout, PaddingConfig2d};
use burn::tensor::{Device, Distribution, Tensor, activation::relu};
use stairs_network::{Network, Op, Weight};
use stairs_noise::{
    FeatureScale, RecordError, Stair, StairActivationConfig, StairWeights, WeightGranularity, quantisers, record,
    record_new,
};
use stairs_quant::{Quantiser, ScalePolicy};

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().try_to_vec::<f32>().unwrap().into_iter().map(f64::from).collect()
}

/// Records `module` and holds the network against it on samples of a batch, and the module against itself before.
#[track_caller]
fn agrees<M: Module, const D: usize, const O: usize>(
    module: &M,
    sample: &[usize],
    forward: impl Fn(&M, Tensor<D>) -> Tensor<O>,
) -> Network {
    let module = module.valid();
    let device = Device::flex();
    device.seed(5);
    let mut dims = [3; D];
    dims[1..].copy_from_slice(sample);
    let x = Tensor::<D>::random(dims, Distribution::Normal(0.1, 1.0), &device);
    let before = numbers(forward(&module, x.clone()));
    let network = record(&module, sample, &forward).unwrap();
    assert_eq!(numbers(forward(&module, x.clone())), before, "the module has changed");
    let (size, outputs) = (sample.iter().product(), before.len() / 3);
    for (x, expected) in numbers(x).chunks(size).zip(before.chunks(outputs)) {
        let got = network.run(x).unwrap();
        assert_eq!(got.len(), outputs);
        let largest = expected.iter().fold(1e-3f64, |largest, y| largest.max(y.abs()));
        let worst = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-5 * largest, "{worst:e} of {largest}");
    }
    network
}

/// A module after a batch in training mode: with statistics of its own.
fn exercised<M: Module, const D: usize, const O: usize>(
    module: M,
    sample: &[usize],
    forward: impl Fn(&M, Tensor<D>) -> Tensor<O>,
) -> M {
    let device = Device::flex().autodiff();
    let mut dims = [4; D];
    dims[1..].copy_from_slice(sample);
    forward(&module, Tensor::random(dims, Distribution::Normal(0.5, 2.0), &device));
    module
}

#[derive(Module, Debug)]
struct Residual {
    first: Conv2d,
    norm: BatchNorm,
    act: Stair,
    second: Conv2d,
    last: Linear,
}

impl Residual {
    fn new(scale: FeatureScale, device: &Device) -> Self {
        let conv = |channels| Conv2dConfig::new(channels, [3, 3]).with_padding(PaddingConfig2d::Same).init(device);
        let act = StairActivationConfig::new("int4".parse::<Quantiser>().unwrap()).with_scale(scale);
        Self {
            first: conv([2, 4]),
            norm: BatchNormConfig::new(4).with_epsilon(1e-3).init(device),
            act: act.init(device).unwrap(),
            second: conv([4, 4]),
            last: LinearConfig::new(4, 3).init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.act.forward(self.norm.forward(self.first.forward(x)));
        let x = x.clone() + relu(self.second.forward(x));
        self.last.forward(x.mean_dim(3).mean_dim(2).flatten::<2>(1, 3))
    }
}

#[test]
fn a_residual_module_with_its_own_epsilon() {
    let device = Device::flex().autodiff();
    device.seed(1);
    for scale in [FeatureScale::Fixed(0.3), FeatureScale::LearnedStep(0.4)] {
        let module = exercised(Residual::new(scale, &device), &[2, 6, 5], Residual::forward);
        let float = agrees(&module, &[2, 6, 5], Residual::forward);
        assert!(float.nodes().iter().any(|node| matches!(node.op, Op::Norm { epsilon, .. } if epsilon == 1e-3)));
        for weights in [
            StairWeights::ternary(),
            StairWeights::ternary().with_granularity(WeightGranularity::OutputChannel),
            StairWeights::of("int3".parse().unwrap()).with_learned_scale(),
            StairWeights::of("int3".parse().unwrap())
                .with_learned_scale()
                .with_granularity(WeightGranularity::OutputChannel),
            StairWeights::binary().with_scale(ScalePolicy::Sawb),
        ] {
            let quantised = match weights.quantise(module.clone()) {
                Ok(quantised) => quantised,
                // A rule that is not made for two levels.
                Err(error) => {
                    assert!(error.to_string().contains("sawb"), "{error}");
                    continue;
                }
            };
            let network = agrees(&quantised, &[2, 6, 5], Residual::forward);
            let mut paths: Vec<String> = quantisers(&quantised).into_iter().map(|q| q.path).collect();
            let mut recorded = network.quantisers();
            paths.sort();
            recorded.sort_unstable();
            assert_eq!(recorded, paths);
            // The levels and scales of a weight give what Burn multiplies with.
            let baked = numbers(quantised.valid().materialize().first.weight.val());
            let Some(Weight::Stair(stair)) = network.node("first").unwrap().op.weight() else { panic!("quantised") };
            let used = network.node("first").unwrap().op.weight().unwrap().used().unwrap();
            let worst = used.iter().zip(&baked).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-6 && stair.levels().unwrap().iter().all(|level| level.fract() == 0.0), "{worst}");
        }
    }
}

#[derive(Module, Debug)]
struct Windows {
    grouped: Conv2d,
    dilated: Conv2d,
    clip: Stair,
    last: Linear,
}

impl Windows {
    fn new(device: &Device) -> Self {
        let grouped = Conv2dConfig::new([4, 6], [3, 2]).with_groups(2).with_stride([2, 1]);
        let dilated = Conv2dConfig::new([6, 3], [2, 3]).with_dilation([2, 1]).with_bias(false);
        let act = StairActivationConfig::new("uint3".parse::<Quantiser>().unwrap());
        Self {
            grouped: grouped.with_padding(PaddingConfig2d::Explicit(1, 0, 2, 1)).init(device),
            dilated: dilated.with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2)).init(device),
            clip: act.with_scale(FeatureScale::LearnedClip(1.5)).init(device).unwrap(),
            last: LinearConfig::new(3 * 2 * 3, 5).init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let overhanging = AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).with_count_include_pad(false).init();
        let x = self.clip.forward(self.grouped.forward(x));
        let x = overhanging.forward(self.dilated.forward(x));
        let padded =
            MaxPool2dConfig::new([3, 3]).with_strides([1, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
        let x = padded.init().forward(x);
        let x = AdaptiveAvgPool2dConfig::new([2, 3]).init().forward(x);
        self.last.forward(x.flatten::<2>(1, 3))
    }
}

#[test]
fn groups_dilation_and_every_padding() {
    let device = Device::flex();
    device.seed(2);
    let module = Windows::new(&device);
    let network = agrees(&module, &[4, 11, 9], Windows::forward);
    assert_eq!(network.quantisers(), ["clip"]);
    let quantised =
        StairWeights::ternary().with_granularity(WeightGranularity::OutputChannel).quantise(module).unwrap();
    agrees(&quantised, &[4, 11, 9], Windows::forward);
}

#[test]
fn dense_layers_of_sequences_keep_their_axes() {
    let device = Device::flex();
    let layers = vec![LinearConfig::new(6, 4).init(&device), LinearConfig::new(4, 3).with_bias(false).init(&device)];
    let network = agrees(&layers, &[5, 6], |layers, x: Tensor<3>| layers[1].forward(relu(layers[0].forward(x))));
    assert_eq!(network.nodes().iter().map(|node| node.path.as_str()).collect::<Vec<_>>(), ["0", "relu", "1"]);
    assert_eq!(network.totals().macs, 5 * (6 * 4 + 4 * 3));
}

#[test]
fn both_layouts_of_a_dense_layer_are_one() {
    let device = Device::flex();
    for layout in [LinearLayout::Row, LinearLayout::Col] {
        let layer = LinearConfig::new(5, 3).with_layout(layout).init(&device);
        let forward = |layer: &Linear, x: Tensor<2>| layer.forward(x);
        let network = agrees(&layer, &[5], forward);
        assert_eq!(network.nodes()[0].op.weight().unwrap().shape(), [3, 5], "{layout:?}");
        for weights in
            [StairWeights::ternary(), StairWeights::ternary().with_granularity(WeightGranularity::OutputChannel)]
        {
            agrees(&weights.quantise(layer.clone()).unwrap(), &[5], forward);
        }
    }
}

#[test]
fn what_is_not_known_is_kept_by_name() {
    let device = Device::flex();
    let module: (Conv1d, Linear) = (Conv1dConfig::new(2, 3, 3).init(&device), LinearConfig::new(18, 4).init(&device));
    let forward = |module: &(Conv1d, Linear), x: Tensor<3>| {
        module.1.forward(Gelu::new().forward(module.0.forward(x)).flatten::<2>(1, 2))
    };
    let network = record(&module, &[2, 8], forward).unwrap();
    let names: Vec<String> = network.nodes().iter().map(|node| node.op.to_string()).collect();
    assert_eq!(names, ["conv1d (by name)", "gelu (by name)", "flatten", "dense"]);
    let error = network.run(&[0.0; 16]).unwrap_err().to_string();
    assert!(error.contains("conv1d") && error.contains("by name"), "{error}");
    assert_eq!(network.unknown().map(|(_, name)| name), Some("conv1d"));
}

#[test]
fn what_cannot_be_recorded_says_why() {
    let device = Device::flex();
    let layer = LinearConfig::new(3, 2).init(&device);
    let values = record(&layer, &[3], |layer, x: Tensor<2>| {
        let sum = x.clone().sum().into_scalar::<f32>();
        if sum > 0.0 { layer.forward(x) } else { layer.forward(-x) }
    });
    assert!(matches!(values, Err(RecordError::Stopped(_))), "{values:?}");
    let batch = record(&layer, &[3], |layer, x: Tensor<2>| {
        let y = layer.forward(x.clone());
        if x.dims()[0] == 2 { relu(y) } else { y }
    });
    assert!(matches!(batch, Err(RecordError::Batch(_))), "{batch:?}");
    let rank = record(&layer, &[3, 4], |layer, x: Tensor<2>| layer.forward(x));
    assert!(matches!(rank, Err(RecordError::Rank { rank: 2, .. })), "{rank:?}");
    let nothing =
        record(&layer, &[3], |layer, _: Tensor<2>| layer.forward(Tensor::<2>::ones([1, 3], &layer.weight.device())));
    assert!(nothing.is_err());
    // The device is free again.
    assert!(record(&layer, &[3], |layer, x: Tensor<2>| layer.forward(x)).is_ok());
}

#[test]
fn a_module_without_numbers_has_shapes() {
    let wide = LinearConfig::new(1 << 20, 1 << 20);
    let network = record_new(
        |device| Ok::<_, RecordError>(wide.init(device)),
        &[1 << 20],
        |m: &Linear, x: Tensor<2>| m.forward(x),
    );
    let network = network.unwrap();
    assert_eq!(network.totals().parameters, (1 << 40) + (1 << 20));
    assert!(network.run(&vec![0.0; 1 << 20]).is_err());
}
