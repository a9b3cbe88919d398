//! Axes of weights: every layer of burn-nn, by what its own forward pass does with every value of its weight.

use burn::module::{Module, Param};
use burn::nn::attention::{CrossAttentionConfig, MultiHeadAttentionConfig};
use burn::nn::conv::{
    Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvTranspose1dConfig, ConvTranspose2dConfig, ConvTranspose3dConfig,
    DeformConv2dConfig,
};
use burn::nn::transformer::{PositionWiseFeedForwardConfig, TransformerDecoderConfig, TransformerEncoderConfig};
use burn::nn::{
    BiGruConfig, BiLstmConfig, BiRnnConfig, EmbeddingConfig, GruConfig, LinearConfig, LinearLayout, LstmConfig,
    RnnConfig, SwiGluConfig,
};
use burn::tensor::{Device, Distribution, Int, Tensor};
use stairs_noise::walk::parameters;
use stairs_noise::{
    Law, Laws, Noise, Quantiser, ScalePolicy, StairWeights, WeightAxes, WeightGranularity, WeightInit, layers,
    layers_by, quantisers, weight_axes,
};

fn device() -> Device {
    Device::flex().autodiff()
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec::<f32>().unwrap()
}

/// Indices of the values of the weight that a scalar made of the outputs depends on.
fn reached<const D: usize>(weight: &Param<Tensor<D>>, scalar: Tensor<1>) -> Vec<usize> {
    let gradient = values(weight.val().grad(&scalar.backward()).unwrap());
    gradient.iter().enumerate().filter(|(_, g)| **g != 0.0).map(|(i, _)| i).collect()
}

/// `forward` gives `[1, channels, positions]`; the position in the middle depends on as many weights as any.
fn check<M: Module, const D: usize>(
    name: &str,
    layer: M,
    weight: impl Fn(&M) -> &Param<Tensor<D>>,
    forward: impl Fn(&M) -> Tensor<3>,
) {
    let axes = weight_axes(&layer).remove("weight").unwrap();
    let shape = weight(&layer).shape().to_vec();
    let [_, channels, positions] = forward(&layer).dims();
    assert_eq!(axes.channels(&shape), channels, "{name}: channels");
    for channel in 0..channels {
        let of_channel = |y: Tensor<3>| y.slice([0..1, channel..channel + 1, 0..positions]);
        let found = reached(weight(&layer), of_channel(forward(&layer)).sum());
        let count: usize = shape.iter().product();
        let listed = |i: &usize| axes.channel(*i, &shape) == channel;
        if name == "Embedding" {
            // Only the rows that were looked up.
            assert!(!found.is_empty() && found.iter().all(listed), "{name}, channel {channel}");
        } else {
            assert_eq!(found, (0..count).filter(listed).collect::<Vec<_>>(), "{name}, channel {channel}");
        }
        let middle = of_channel(forward(&layer)).slice([0..1, 0..1, positions / 2..positions / 2 + 1]);
        assert_eq!(reached(weight(&layer), middle.sum()).len(), axes.fan_in(&shape), "{name}: fan-in");
    }
    quanta(name, &layer, &weight, &axes);
    initial(name, layer, &weight, &axes);
}

/// One quantum a channel: the largest magnitude of every channel is kept by max-abs, fixed and learned alike.
fn quanta<M: Module, const D: usize>(
    name: &str,
    layer: &M,
    weight: &impl Fn(&M) -> &Param<Tensor<D>>,
    axes: &WeightAxes,
) {
    let shape = weight(layer).shape().to_vec();
    let largest = |values: Vec<f32>| {
        let mut largest = vec![0.0_f32; axes.channels(&shape)];
        for (i, value) in values.iter().enumerate() {
            let channel = &mut largest[axes.channel(i, &shape)];
            *channel = channel.max(value.abs());
        }
        largest
    };
    let float = largest(values(weight(layer).val()));
    let per_channel = StairWeights::ternary().with_granularity(WeightGranularity::OutputChannel);
    for weights in [per_channel.clone(), per_channel.with_learned_scale()] {
        let hard = weights.quantise(layer.clone()).unwrap().valid().materialize();
        for (found, expected) in largest(values(weight(&hard).val())).iter().zip(&float) {
            assert!((found - expected).abs() <= 1e-6 * expected, "{name}: {found} {expected}");
        }
    }
}

/// Fresh weights lie within 1/√fan_in of a threshold, use that room, and all have a gradient.
fn initial<M: Module, const D: usize>(
    name: &str,
    layer: M,
    weight: &impl Fn(&M) -> &Param<Tensor<D>>,
    axes: &WeightAxes,
) {
    let fan_in = axes.fan_in(&weight(&layer).shape().to_vec());
    let radius = (1.0 / (fan_in as f32).sqrt()).min(0.5);
    let fresh = |seed| {
        let weights = StairWeights::ternary().with_scale(ScalePolicy::Fixed(1.0));
        weights.with_init(WeightInit::InsideSupport { seed }).quantise(layer.clone()).unwrap()
    };
    let distance = |w: f32| (w - 0.5).abs().min((w + 0.5).abs());
    let distances = (0..16).flat_map(|seed| values(weight(&fresh(seed)).base())).map(distance);
    let largest = distances.fold(0.0, f32::max);
    assert!(largest <= radius && largest > 0.9 * radius, "{name}: {largest} of {radius}");
    let layer = fresh(3);
    let gradients = weight(&layer).val().sum().backward();
    let gradient = values(weight(&layer).base().grad(&gradients).unwrap());
    assert!(gradient.iter().all(|g| *g > 0.0), "{name}: a weight without gradient");
}

/// Inputs without zeros.
fn input<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(0.5, 1.5), &device())
}

#[test]
fn axes_of_dense_layers() {
    for layout in [LinearLayout::Row, LinearLayout::Col] {
        for [inputs, outputs] in [[6, 4], [5, 5]] {
            let layer = LinearConfig::new(inputs, outputs).with_layout(layout).init(&device());
            let name = format!("Linear, {layout:?}");
            check(&name, layer, |l| &l.weight, |l| l.forward(input([1, inputs])).reshape([1, outputs, 1]));
        }
    }
}

#[test]
fn axes_of_convolutions() {
    // Plain, grouped, depthwise with a multiplier, depthwise.
    for (channels, groups) in [([4, 6], 1), ([4, 6], 2), ([3, 6], 3), ([4, 4], 4)] {
        let [from, to] = channels;
        let name = |kind: &str| format!("{kind} {channels:?}, {groups} groups");
        let layer = Conv1dConfig::new(from, to, 3).with_groups(groups).init(&device());
        check(&name("Conv1d"), layer, |l| &l.weight, |l| l.forward(input([1, from, 5])));
        let layer = Conv2dConfig::new(channels, [3, 3]).with_groups(groups).init(&device());
        check(&name("Conv2d"), layer, |l| &l.weight, |l| l.forward(input([1, from, 5, 5])).flatten(2, 3));
        let layer = Conv3dConfig::new(channels, [2, 3, 2]).with_groups(groups).init(&device());
        check(&name("Conv3d"), layer, |l| &l.weight, |l| l.forward(input([1, from, 4, 5, 4])).flatten(2, 4));
        let layer = DeformConv2dConfig::new(channels, [3, 3]).with_weight_groups(groups).init(&device());
        let offset = || Tensor::zeros([1, 2 * 9, 3, 3], &device());
        let forward = |l: &burn::nn::conv::DeformConv2d| l.forward(input([1, from, 5, 5]), offset(), None);
        check(&name("DeformConv2d"), layer, |l| &l.weight, |l| forward(l).flatten(2, 3));
    }
}

#[test]
fn axes_of_transposed_convolutions() {
    for (channels, groups) in [([4, 6], 1), ([4, 6], 2), ([4, 4], 4)] {
        let [from, to] = channels;
        let name = |kind: &str| format!("{kind} {channels:?}, {groups} groups");
        let layer = ConvTranspose1dConfig::new([from, to], 3).with_groups(groups).init(&device());
        check(&name("ConvTranspose1d"), layer, |l| &l.weight, |l| l.forward(input([1, from, 5])));
        let layer = ConvTranspose2dConfig::new(channels, [3, 3]).with_groups(groups).init(&device());
        check(&name("ConvTranspose2d"), layer, |l| &l.weight, |l| l.forward(input([1, from, 5, 5])).flatten(2, 3));
        let layer = ConvTranspose3dConfig::new(channels, [3, 1, 3]).with_groups(groups).init(&device());
        let forward = |l: &burn::nn::conv::ConvTranspose3d| l.forward(input([1, from, 5, 3, 5]));
        check(&name("ConvTranspose3d"), layer, |l| &l.weight, |l| forward(l).flatten(2, 4));
    }
}

#[test]
fn a_transposed_convolution_without_bias_counts_as_one_group() {
    let layer = ConvTranspose2dConfig::new([4, 6], [3, 3]).with_groups(2).with_bias(false).init(&device());
    let axes = &weight_axes(&layer)["weight"];
    assert_eq!((axes.outputs(), axes.groups(), axes.channels(&[4, 3, 3, 3])), (1, 1, 3));
    // Channels of the same index share their quantum: the larger one's.
    let weights = StairWeights::ternary().with_granularity(WeightGranularity::OutputChannel);
    let hard = weights.quantise(layer.clone()).unwrap().valid().materialize();
    let largest = |w: Tensor<4>| values(w.abs().max_dim(3).max_dim(2).max_dim(0).flatten::<1>(0, 3));
    assert_eq!(largest(hard.weight.val()), largest(layer.weight.val().inner()));
}

#[test]
fn axes_of_embeddings() {
    let layer = EmbeddingConfig::new(50, 4).init(&device());
    let tokens = || Tensor::<2, Int>::from_ints([[3, 0, 4]], &device());
    check("Embedding", layer, |l| &l.weight, |l| l.forward(tokens()).swap_dims(1, 2));
}

#[test]
fn other_modules_with_weights_are_made_of_dense_layers() {
    fn check<M: Module>(name: &str, module: M, weights: usize) {
        let owners: Vec<_> = parameters(&module).into_iter().filter(|p| p.shape.len() >= 2).map(|p| p.owner).collect();
        assert_eq!(owners, vec!["Struct:Linear"; weights], "{name}");
        // One layer of a schedule for each of them; by hand one for each weight.
        let model = StairWeights::ternary().quantise(module).unwrap();
        assert_eq!(layers(&model).len(), 1, "{name}");
        assert_eq!(layers_by(&model, |_| None).len(), weights, "{name}");
    }
    let d = &device();
    check("Rnn", RnnConfig::new(3, 4, true).init(d), 2);
    check("BiRnn", BiRnnConfig::new(3, 4, true).init(d), 4);
    check("Lstm", LstmConfig::new(3, 4, true).init(d), 8);
    check("BiLstm", BiLstmConfig::new(3, 4, true).init(d), 16);
    check("Gru", GruConfig::new(3, 4, true).init(d), 6);
    check("BiGru", BiGruConfig::new(3, 4, true).init(d), 12);
    check("MultiHeadAttention", MultiHeadAttentionConfig::new(4, 2).init(d), 4);
    check("CrossAttention", CrossAttentionConfig::new(4, 6, 2, 2, 2).init(d), 4);
    check("TransformerEncoder", TransformerEncoderConfig::new(4, 8, 2, 1).init(d), 6);
    check("TransformerDecoder", TransformerDecoderConfig::new(4, 8, 2, 1).init(d), 10);
    check("PositionWiseFeedForward", PositionWiseFeedForwardConfig::new(4, 8).init(d), 2);
    check("SwiGlu", SwiGluConfig::new(4, 8).init(d), 2);
}

#[test]
fn blocks_of_a_transformer_are_layers_and_features_follow_their_weights() {
    let features = stairs_noise::StairActivationConfig::new(Quantiser::Ternary);
    let activation = || features.init(&device()).unwrap();
    let encoder = TransformerEncoderConfig::new(4, 8, 2, 3).init(&device());
    let dense = |inputs, outputs| LinearConfig::new(inputs, outputs).init(&device());
    let model = (activation(), dense(4, 4), activation(), encoder, activation(), dense(4, 2));
    let model = StairWeights::ternary().quantise(model).unwrap();
    let layers = layers(&model);
    let found: Vec<(usize, &str)> = layers.iter().map(|paths| (paths.len(), paths[0].as_str())).collect();
    let block = |i: usize| format!("3.layers.{i}.mha.query.weight.stair");
    assert_eq!(found, [(3, "0"), (6, &*block(0)), (6, &*block(1)), (7, &*block(2)), (1, "5.weight.stair")]);
    assert_eq!(layers.concat(), quantisers(&model).into_iter().map(|q| q.path).collect::<Vec<_>>());
}

#[test]
fn fresh_weights_of_few_inputs_stay_inside_every_support() {
    for inputs in [1, 2, 3] {
        for law in [
            Law::new(Noise::Uniform, 0.0, 0.25).unwrap(),
            Law::new(Noise::Triangular, -0.5, 0.125).unwrap(),
            Law::new(Noise::Normal, 0.0, 0.05).unwrap(),
        ] {
            let weights = StairWeights::ternary()
                .with_laws(Laws::same(law.clone()))
                .with_init(WeightInit::InsideSupport { seed: 9 });
            let layer = weights.quantise(LinearConfig::new(inputs, 500).init(&device())).unwrap();
            let gradients = layer.weight.val().sum().backward();
            let gradient = values(layer.weight.base().grad(&gradients).unwrap());
            assert!(gradient.iter().all(|g| *g > 0.0), "{inputs} inputs, {law:?}");
        }
    }
}
