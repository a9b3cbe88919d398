//! The bridge to Burn: chains against the models they describe, the fallback against the chains, and what must not move.
#![cfg(feature = "flex")]
#![allow(missing_docs)]

use burn::module::{Flag, Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use stairs_capacity::{
    ChainError, Draws, Head, MarkovOptions, Normalisation, Prior, Sampler,
    bridge::{ChainOptions, chain, module_spectrum, trained, weight_curvature},
    gram_spectrum,
};
use stairs_noise::{Law, Laws, Noise, record, record_new, walk};
use stairs_quant::{Quantiser, ScalePolicy};
use stairs_zoo::{Architecture, CnnConfig, LeNetConfig, MlpConfig, Quantisation, StairsConfig, VggConfig, VggDepth};

/// The recorded network of a module that takes tensors of this rank.
macro_rules! recorded {
    ($model:expr, $sample:expr, $rank:literal) => {
        record(&$model, &$sample, |model, x: Tensor<$rank>| model.forward(x)).unwrap()
    };
}

fn options(scale: f64) -> ChainOptions {
    ChainOptions { law: Law::new(Noise::Normal, 0.0, scale).unwrap(), ..ChainOptions::default() }
}

fn smooth(scale: f64) -> Quantisation {
    let laws = Laws::same(Law::new(Noise::Normal, 0.0, scale).unwrap());
    let mut stairs = StairsConfig::new(Quantiser::Ternary);
    stairs.laws = laws;
    Quantisation::Stairs(stairs)
}

/// Every float and statistic of a module, as numbers.
fn numbers<M: Module>(model: &M) -> Vec<Vec<f32>> {
    walk::values(model).into_iter().map(|(_, values)| values).collect()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().try_into_vec_as::<f32>().unwrap().into_iter().map(f64::from).collect()
}

#[track_caller]
fn near(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst <= tolerance * largest, "{worst:e} of {largest}");
}

#[test]
fn chains_compute_what_their_models_compute() {
    let device = Device::flex();
    let mlp = MlpConfig::new(6, vec![5, 4], 3);
    let x = Tensor::<2>::random([7, 6], Distribution::Normal(0.0, 1.0), &device);
    let model = mlp.init(&device).unwrap();
    let (chain, parameters) = trained(&recorded!(model, [6], 2), &options(0.4)).unwrap();
    near(&chain.forward(&parameters, &values(x.clone())).unwrap(), &values(model.forward(x)), 1e-5);

    let vgg = VggConfig::new(VggDepth::Vgg8, [2, 9, 8], 3).with_capacity(0.02);
    let x = Tensor::<4>::random([3, 2, 9, 8], Distribution::Normal(0.0, 1.0), &device);
    let model = vgg.init(&device).unwrap();
    let (chain, parameters) = trained(&recorded!(model, [2, 9, 8], 4), &options(0.4)).unwrap();
    near(&chain.forward(&parameters, &values(x.clone())).unwrap(), &values(model.forward(x)), 1e-5);

    let plain = MlpConfig::new(6, vec![5, 4], 3).with_norm(false);
    let x = Tensor::<2>::random([7, 6], Distribution::Normal(0.0, 1.0), &device);
    let model = plain.init(&device).unwrap();
    let (chain, parameters) = trained(&recorded!(model, [6], 2), &options(0.4)).unwrap();
    assert_eq!(chain.dimension(), model.num_params());
    near(&chain.forward(&parameters, &values(x.clone())).unwrap(), &values(model.forward(x)), 1e-5);

    for norm in [true, false] {
        let cnn = CnnConfig::new([2, 9, 8], 3, vec![4, 5, 3]).with_norm(norm);
        let x = Tensor::<4>::random([3, 2, 9, 8], Distribution::Normal(0.0, 1.0), &device);
        let model = cnn.init(&device).unwrap();
        let (chain, parameters) = trained(&recorded!(model, [2, 9, 8], 4), &options(0.4)).unwrap();
        near(&chain.forward(&parameters, &values(x.clone())).unwrap(), &values(model.forward(x)), 1e-5);
    }

    let lenet = LeNetConfig::new([2, 9, 8], 3).with_channels([4, 5]).with_hidden(6);
    let x = Tensor::<4>::random([3, 2, 9, 8], Distribution::Normal(0.0, 1.0), &device);
    let model = lenet.init(&device).unwrap();
    let (chain, parameters) = trained(&recorded!(model, [2, 9, 8], 4), &options(0.4)).unwrap();
    // Burn counts the statistics of the normalisations too.
    assert_eq!(chain.dimension() + 2 * (4 + 5 + 6), model.num_params());
    near(&chain.forward(&parameters, &values(x.clone())).unwrap(), &values(model.forward(x)), 1e-5);

    // Other statistics: those of a training step.
    let device = device.autodiff();
    let model = lenet.init(&device).unwrap();
    let x = Tensor::<4>::random([5, 2, 9, 8], Distribution::Normal(0.5, 2.0), &device);
    let _ = model.forward(x.clone());
    let (chain, parameters) = trained(&recorded!(model, [2, 9, 8], 4), &options(0.4)).unwrap();
    let still = model.valid().forward(x.clone().inner());
    near(&chain.forward(&parameters, &values(x)).unwrap(), &values(still), 1e-5);
}

#[test]
fn the_fallback_agrees_with_the_chains() {
    let device = Device::flex();
    let mlp = MlpConfig::new(6, vec![5], 3);
    let model = mlp.init(&device).unwrap();
    let x = Tensor::<2>::random([7, 6], Distribution::Normal(0.0, 1.0), &device);
    let (chain, parameters) = trained(&recorded!(model, [6], 2), &options(0.4)).unwrap();
    for head in [Head::Categorical, Head::Gaussian { variance: 0.5 }] {
        let chain = stairs_capacity::Chain::new(chain.input(), chain.layers().to_vec(), head).unwrap();
        let exact = gram_spectrum(&chain, &parameters, &values(x.clone())).unwrap();
        let general = module_spectrum(&model, |m, x| m.forward(x), x.clone(), head).unwrap();
        assert_eq!((exact.dimension(), exact.rank()), (general.dimension(), general.rank()));
        let (a, b) = (general.log_det(1.0, 0.0).value, exact.log_det(1.0, 0.0).value);
        assert!((a - b).abs() < 1e-4 * b && (general.trace() / exact.trace() - 1.0).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn the_fallback_sees_smooth_quantisers() {
    let device = Device::flex().autodiff();
    let mut quantisation = smooth(0.4);
    let Quantisation::Stairs(stairs) = &mut quantisation else { unreachable!() };
    // A quantum that both sides know.
    stairs.weight_scale = stairs_quant::ScalePolicy::Fixed(0.3);
    let mlp = MlpConfig::new(6, vec![5], 3).with_quantisation(quantisation);
    let model = mlp.init(&device).unwrap();
    let x = Tensor::<2>::random([7, 6], Distribution::Normal(0.0, 1.0), &device);
    let (chain, parameters) = trained(&recorded!(model, [6], 2), &options(0.4)).unwrap();
    let exact = gram_spectrum(&chain, &parameters, &values(x.clone())).unwrap();
    let general = module_spectrum(&model, |m, x| m.forward(x), x, Head::Categorical).unwrap();
    assert_eq!(exact.dimension(), general.dimension());
    assert!((general.trace() / exact.trace() - 1.0).abs() < 1e-3, "{} {}", general.trace(), exact.trace());
    let (a, b) = (general.log_det(1.0, 0.0).value, exact.log_det(1.0, 0.0).value);
    assert!((a - b).abs() < 1e-3 * b, "{a} {b}");
}

#[derive(Module, Debug)]
struct Restless {
    first: Linear,
    norm: BatchNorm,
    dropout: Dropout,
    last: Linear,
}

impl Restless {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.last.forward(self.dropout.forward(self.norm.forward(self.first.forward(x))))
    }
}

#[test]
fn nothing_moves_during_a_fisher_pass() {
    let device = Device::flex().autodiff();
    let model = Restless {
        first: LinearConfig::new(4, 6).init(&device),
        norm: BatchNormConfig::new(6).init(&device),
        dropout: DropoutConfig::new(0.5).init(),
        last: LinearConfig::new(6, 3).init(&device),
    };
    let x = Tensor::<2>::random([8, 4], Distribution::Normal(1.0, 3.0), &device);
    // Running statistics are updated lazily: a visit does not see what `value_sync` does.
    let statistics = || [&model.norm.running_mean, &model.norm.running_var].map(|state| values(state.value_sync()));
    let (before, still) = (numbers(&model), statistics());
    let spectrum = || module_spectrum(&model, |m, x| m.forward(x), x.clone(), Head::Categorical).unwrap();
    // Dropout would make two passes differ.
    let (first, second) = (spectrum(), spectrum());
    assert_eq!(first, second);
    assert!(first.trace() > 0.0);
    assert_eq!((numbers(&model), statistics()), (before, still.clone()), "parameters or statistics have moved");
    // The model itself is still in training: a forward pass does move the statistics.
    let _ = model.forward(x);
    assert_ne!(statistics(), still);

    // A quantised model: neither its laws nor its latent weights.
    let mlp = MlpConfig::new(4, vec![5], 3).with_quantisation(smooth(0.5)).init(&device).unwrap();
    let x = Tensor::<2>::random([4, 4], Distribution::Normal(0.0, 1.0), &device);
    let before = numbers(&mlp);
    let passes = [0, 1].map(|_| module_spectrum(&mlp, |m, x| m.forward(x), x.clone(), Head::Categorical).unwrap());
    assert_eq!(passes[0], passes[1]);
    assert_eq!(numbers(&mlp), before);
}

/// A user's module with the name of our quantiser and a flag of the same name.
#[derive(Module, Debug)]
struct Stair {
    layer: Linear,
    smoothing: Param<Flag>,
}

#[test]
fn a_flag_of_a_look_alike_is_taken_down_too() {
    let device = Device::flex();
    let model = Stair { layer: LinearConfig::new(2, 2).init(&device), smoothing: Param::from_bool(true) };
    let forward = |model: &Stair, x: Tensor<2>| {
        assert!(!model.smoothing.is_enabled());
        model.layer.forward(x)
    };
    let head = Head::Gaussian { variance: 1.0 };
    assert_eq!(module_spectrum(&model, forward, Tensor::<2>::ones([1, 2], &device), head).unwrap().dimension(), 6);
}

#[test]
fn quantised_networks_can_be_measured() {
    let inputs: Vec<f64> = (0..80).map(|i| f64::from(i * 37 % 101) / 30.0 - 1.7).collect();
    // As before a training: weights that are going to be quantised, no numbers.
    let planned = |quantisation: Quantisation| {
        let mlp = "mlp:6".parse::<Architecture>().unwrap();
        mlp.network([8, 1, 1], 3, &quantisation, &Device::flex()).unwrap()
    };
    let measure = |quantisation: Quantisation, scale: f64| {
        let options = ChainOptions { weight_scale: ScalePolicy::MaxAbs, ..options(scale) };
        let chain = chain(&planned(quantisation), &options).unwrap();
        let sampler = Sampler::new(chain, Prior::Initialiser, inputs.clone(), MarkovOptions::default(), 1).unwrap();
        let draws = (0..10).map(|m| sampler.draw(m, 1).unwrap()).collect();
        Draws::new(draws, Normalisation::MeanTrace).unwrap()
    };
    let (float, soft, hard) = (measure(Quantisation::Float, 0.0), measure(smooth(0.5), 0.5), measure(smooth(0.0), 0.0));
    assert_eq!(float.dimension(), soft.dimension());
    assert!(soft.mean_trace() > 0.0 && hard.mean_trace() > 0.0, "the last layer is float");
    // Hard stairs pass no gradient: only the last layer's block is left.
    assert_eq!(hard.largest_rank(), Some(2 * 7));
    assert!(soft.largest_rank().unwrap() > 40);

    // Latent weights inside the support of the noise.
    let inside = ChainOptions { inside_support: true, ..options(0.25) };
    let chain = chain(&planned(smooth(0.25)), &inside).unwrap();
    let parameters = Prior::Initialiser.draw_all(&chain, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1)).unwrap();
    assert!(parameters[0].weight.iter().any(|w| *w > 0.0) && parameters[0].weight.iter().all(|w| w.is_finite()));
}

#[derive(Module, Debug)]
struct Residual {
    first: Linear,
    middle: Linear,
}

impl Residual {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.first.forward(x);
        self.middle.forward(x.clone()) + x
    }
}

#[test]
fn what_is_no_chain_is_refused_by_its_path() {
    let device = Device::flex();
    let no_chain = |network: &stairs_capacity::stairs_network::Network| match chain(network, &options(0.5)).unwrap_err()
    {
        ChainError::NotAChain { path, operation, .. } => (path, operation),
        error => panic!("{error}"),
    };
    let residual =
        Residual { first: LinearConfig::new(4, 5).init(&device), middle: LinearConfig::new(5, 5).init(&device) };
    assert_eq!(no_chain(&recorded!(residual, [4], 2)), ("add".into(), "add".into()));

    let mut stairs = StairsConfig::new(Quantiser::Ternary);
    stairs.per_channel = true;
    let mlp = MlpConfig::new(4, vec![3], 2).with_quantisation(Quantisation::Stairs(stairs)).init(&device).unwrap();
    assert_eq!(no_chain(&recorded!(mlp, [4], 2)).1, "dense");

    let grouped: Architecture = "ds-cnn:4".parse().unwrap();
    let grouped = grouped.network([1, 12, 10], 3, &Quantisation::Float, &device).unwrap();
    assert_eq!(no_chain(&grouped).0, "blocks.0.conv");

    let linear = LinearConfig::new(4, 2);
    let planned = record_new(
        |device| Ok::<_, stairs_noise::RecordError>(linear.init(device)),
        &[4],
        |m: &Linear, x: Tensor<2>| m.forward(x),
    );
    let planned = planned.unwrap();
    assert_eq!(chain(&planned, &options(0.5)).unwrap().dimension(), 10);
    assert!(matches!(trained(&planned, &options(0.5)), Err(ChainError::NotAChain { .. })), "it has no numbers");

    let other = linear.init(&device);
    let empty = module_spectrum(&other, |m, x| m.forward(x), Tensor::<2>::zeros([0, 4], &device), Head::Categorical);
    assert!(empty.is_err());
}

/// Puts numbers of a generator of its own into every weight: the same on every machine.
struct Draw(rand_chacha::ChaCha8Rng);

impl walk::Change for Draw {
    fn float<const D: usize>(&mut self, _place: &walk::Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D < 2 {
            return param;
        }
        let shape = param.shape();
        let numbers: Vec<f32> = (0..shape.num_elements()).map(|_| self.0.random_range(-0.7..0.7)).collect();
        param.map(|old| Tensor::from_data(TensorData::new(numbers, shape), &old.device()))
    }
}

/// Mean cross entropy of logits.
fn cross_entropy(logits: &[f64], labels: &[usize]) -> f64 {
    let one = |(logits, label): (&[f64], &usize)| logits.iter().map(|z| z.exp()).sum::<f64>().ln() - logits[*label];
    logits.chunks(logits.len() / labels.len()).zip(labels).map(one).sum::<f64>() / labels.len() as f64
}

/// Second differences of the loss in f64, weight by weight, are the diagonal of the Hessian, whatever the labels.
#[test]
fn curvature_is_the_trace_of_the_hessian() {
    let device = Device::flex();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let inputs: Vec<f32> = (0..5 * 16).map(|_| rng.random_range(-1.5..1.5)).collect();
    let lenet = LeNetConfig::new([1, 4, 4], 3).with_channels([2, 3]).with_hidden(4).init(&device).unwrap();
    let (model, _) = walk::change(lenet, Draw(rng));
    let (chain, parameters) = trained(&recorded!(model, [1, 4, 4], 4), &ChainOptions::default()).unwrap();
    let samples: Vec<f64> = inputs.iter().map(|x| f64::from(*x)).collect();
    let x = Tensor::<4>::from_data(TensorData::new(inputs, [5, 1, 4, 4]), &device);
    let found = weight_curvature(&model, |model, x| model.forward(x), x, 400, 1).unwrap();
    const STEP: f64 = 1e-5;
    for labels in [[0, 1, 2, 0, 1], [2, 2, 0, 1, 0]] {
        for (layer, path) in ["conv1.weight", "conv2.weight", "fc1.weight", "fc2.weight"].into_iter().enumerate() {
            let loss = |at: usize, step: f64| {
                let mut moved = parameters.clone();
                moved[layer].weight[at] += step;
                cross_entropy(&chain.forward(&moved, &samples).unwrap(), &labels)
            };
            let second = |at: usize| (loss(at, STEP) - 2.0 * loss(at, 0.0) + loss(at, -STEP)) / STEP.powi(2);
            let trace: f64 = (0..parameters[layer].weight.len()).map(second).sum();
            let estimate = found[path];
            assert_eq!(estimate.weights, parameters[layer].weight.len());
            assert!(estimate.standard_error < 0.1 * trace, "{path}: {estimate:?}");
            assert!(
                (estimate.trace - trace).abs() < 4.0 * estimate.standard_error + 1e-4,
                "{path}: {estimate:?} {trace}"
            );
        }
    }
    assert!(
        weight_curvature(&model, |model, x| model.forward(x), Tensor::<4>::zeros([1, 1, 4, 4], &device), 1, 1).is_err()
    );
}
