//! The network of a zoo model, for certificates: weights, quanta and statistics out of Burn, in f64.

use burn::module::Module;
use stairs_noise::certificate::{Convolution, Layer, Network, Pool};
use stairs_noise::quantisers;
use stairs_train::{ConfigError, Method, RunConfig, ZooModel};
use stairs_zoo::{Architecture, CnnConfig, Model, StairsConfig, VggConfig};

use super::CertifyError;
use super::parameters::Parameters;

/// Epsilon of Burn's batch normalisation.
const EPSILON: f64 = 1e-5;

/// The quantised network of `model`, which is one of `config` for samples of shape `input` (channels, height, width): its
/// weights frozen, its normalisations folded with the running statistics.
///
/// Burn computes in f32 and this network in f64, so that pre-activations within rounding of a threshold may fall on either
/// side.
///
/// # Errors
/// [`CertifyError::NoQuantisers`] for a float model, [`CertifyError::Parameters`] where the parameters are not those of a
/// zoo model.
pub fn network(model: &ZooModel, config: &RunConfig, input: [usize; 3]) -> Result<Network, CertifyError> {
    if config.method == Method::Float {
        return Err(CertifyError::NoQuantisers("float"));
    }
    let architecture = config.model.parse().map_err(ConfigError::from)?;
    let pools = pools(&architecture, input);
    if let Architecture::Vgg { options, .. } = &architecture
        && (options.pool_first || options.norm_logits)
    {
        let reason =
            "pools in front of the norm and a norm on the logits are not among a certificate's layers".to_owned();
        return Err(CertifyError::Parameters { model: config.model.clone(), reason });
    }
    let of = |reason: &str| CertifyError::Parameters { model: config.model.clone(), reason: reason.to_owned() };
    match &model.0 {
        Model::Mlp(model) => of_module(model, config, &pools, input),
        Model::LeNet(model) => of_module(model, config, &pools, input),
        Model::Cnn(model) => of_module(model, config, &pools, input),
        Model::Vgg(model) => of_module(model, config, &pools, input),
        _ => Err(of("residual and depthwise convolutions and average pools are not among a certificate's layers")),
    }
}

/// For every convolution of a zoo model whether a pool follows it.
fn pools(architecture: &Architecture, input: [usize; 3]) -> Vec<bool> {
    match architecture {
        Architecture::LeNet { .. } => vec![true; 2],
        Architecture::Cnn { channels, .. } => CnnConfig::new(input, 1, channels.clone()).pools().0,
        Architecture::Vgg { depth, capacity, options } => {
            let vgg = VggConfig::new(*depth, input, 1).with_capacity(*capacity).with_options(*options);
            vgg.convolutions().0.into_iter().map(|(_, pool)| pool).collect()
        }
        _ => Vec::new(),
    }
}

/// Layers in the order of the model's fields: every convolution has stride 1 and keeps the size, and a pool is one of 2×2, as
/// in the zoo's networks; every layer but the last has a stair, and a normalisation where the model has any.
fn of_module<M: Module>(
    model: &M,
    config: &RunConfig,
    pools: &[bool],
    input: [usize; 3],
) -> Result<Network, CertifyError> {
    let quantiser = config.quantiser;
    let parameters = Parameters::of(model);
    let wrong = |reason: String| CertifyError::Parameters { model: config.model.clone(), reason };
    let (paths, norms) = (parameters.layers(), parameters.norms());
    let hidden = paths.len().saturating_sub(1);
    let (plain, normed) = (norms.is_empty(), norms.len() == hidden);
    if !(plain || normed) || parameters.features().len() != hidden {
        let (norms, features) = (norms.len(), parameters.features().len());
        return Err(wrong(format!("{} weights, {norms} normalisations, {features} quantisers", paths.len())));
    }
    let stairs = StairsConfig::new(quantiser);
    let Some(features) = stairs.features else { return Err(wrong("features are not quantised".into())) };
    let (of_weights, of_features) = (stairs.weights.stair(), features.stair());
    let (mut layers, mut shape) = (Vec::new(), input);
    for (index, path) in paths.iter().enumerate() {
        let missing = |what: &str| wrong(format!("`{path}` has no {what}"));
        let (weights, dims) = parameters.weights(path, &of_weights).ok_or_else(|| missing("weights"))?;
        let mut layer = match *dims {
            [outputs, _, rows, columns] => {
                let (kernel, padding) = ([rows, columns], [rows / 2, columns / 2]);
                let conv = Convolution { input: shape, channels: outputs, kernel, stride: [1, 1], padding };
                Layer::convolution(*path, &conv, weights)?
            }
            [inputs, outputs] => Layer::dense(*path, inputs, outputs, weights)?,
            _ => return Err(missing("weight of rank 2 or 4")),
        };
        if let Some(bias) = parameters.values(&format!("{path}.bias")) {
            layer = layer.with_bias(bias.to_vec())?;
        }
        if let Some(norm) = norms.get(index) {
            let values = |field: &str| parameters.values(&format!("{norm}.{field}")).ok_or_else(|| missing(field));
            let (gamma, beta) = (values("gamma")?, values("beta")?);
            let (mean, variance) = (values("running_mean")?, values("running_var")?);
            let scale: Vec<f64> = gamma.iter().zip(variance).map(|(g, v)| g / (v + EPSILON).sqrt()).collect();
            let shift = beta.iter().zip(mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
            layer = layer.with_affine(scale, shift)?;
        }
        if let Some(feature) = parameters.features().get(index) {
            let quantum = match parameters.scales(feature).as_deref() {
                Some([scales]) if scales.quantum == scales.output => scales.quantum,
                _ => return Err(missing("fixed quantum of its features")),
            };
            layer = layer.with_stair(feature.clone(), of_features.clone(), quantum)?;
            if pools.get(index) == Some(&true) {
                layer = layer.with_pool(&Pool { kernel: [2, 2], stride: [2, 2] })?;
            }
        }
        shape = layer.output();
        layers.push(layer);
    }
    // Every quantiser must have been found, or the network would be another one.
    let found = layers.iter().filter_map(Layer::weight_path).count();
    let there = quantisers(model).len() - parameters.features().len();
    if found != there {
        return Err(wrong(format!("{there} weights are quantised, {found} were recognised")));
    }
    Ok(Network::new(layers)?)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use stairs_noise::plan::Policy;
    use stairs_train::ZooModel;

    use super::*;

    /// Largest distance of the logits of the extracted network and of the model itself, in the median of 20 samples.
    fn distance(config: &RunConfig, input: [usize; 3]) -> f64 {
        let device = Device::flex();
        let model = ZooModel::new(config, input, 10, &device).unwrap();
        let network = network(&model, config, input).unwrap();
        let hard = network.hard();
        let mut far = Vec::new();
        for k in 0..20 {
            let value = |i: usize| ((i * i * 37 + (k + 1) * i * 11 + 5 * k) % 101) as f32 / 25.0 - 2.0;
            let sample: Vec<f32> = (0..input.iter().product()).map(value).collect();
            let x = Tensor::<4>::from_data(TensorData::new(sample.clone(), [1, input[0], input[1], input[2]]), &device);
            let logits = model.logits(x).into_data().try_into_vec_as::<f32>().unwrap();
            let ours = hard.run(&sample.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
            let pairs = ours.outputs.last().unwrap().iter().zip(logits);
            far.push(pairs.map(|(a, b)| (a - f64::from(b)).abs()).fold(0.0, f64::max));
        }
        far.sort_by(f64::total_cmp);
        far[far.len() / 2]
    }

    #[test]
    fn the_extracted_network_is_the_model() {
        for model in ["mlp", "lenet", "cnn:4-6-5", "plain-cnn:4-6", "plain-mlp:9", "vgg8:0.02"] {
            for method in [Method::Ste, Method::Ana] {
                let policy: Policy = "partition".parse().unwrap();
                let config = RunConfig { model: model.into(), method, policy, ..RunConfig::default() };
                let distance = distance(&config, [1, 9, 8]);
                assert!(distance < 1e-4, "{model} {method:?}: {distance}");
            }
        }
    }
}
