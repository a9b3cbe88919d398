//! A number for every layer: excess of 2sED before training, mean curvature after it.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use stairs_capacity::{
    Draws, MarkovOptions, Normalisation, Prior, Sampler,
    bridge::{ChainOptions, chain, weight_curvature},
};
use stairs_network::Network;
use stairs_noise::derive_seed;
use stairs_train::{RunConfig, TrainError, ZooModel, data::TrainData};

use super::{BitsError, Effort};

/// e_j by path: for a network that is a chain of layers.
pub(super) fn excess(
    network: &Network,
    effort: &Effort,
    run: &RunConfig,
    data: &TrainData,
) -> Result<BTreeMap<String, f64>, BitsError> {
    fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BitsError {
        BitsError::Measure { rule: "2sed", source: source.into() }
    }
    let chain = chain(network, &ChainOptions::default()).map_err(failed)?;
    let inputs = samples(effort.samples, run, data)?.into_iter().map(f64::from).collect();
    let sampler =
        Sampler::new(chain, Prior::Initialiser, inputs, MarkovOptions::default(), run.seed).map_err(failed)?;
    let draws = (0..effort.draws as u64).map(|index| sampler.draw(index, 1)).collect::<Result<_, _>>();
    let draws = Draws::new(draws.map_err(failed)?, Normalisation::MeanTrace).map_err(failed)?;
    let excess = draws.layer_excess(effort.eps, effort.zeta).map_err(failed)?;
    // The layers of a chain are the nodes with weights, in their order.
    let paths = network.nodes().iter().filter(|node| node.op.weight().is_some()).map(|node| node.path.clone());
    Ok(paths.zip(excess.into_iter().map(|excess| excess.value)).collect())
}

/// tr H_j/d_j by path.
pub(super) fn curvature(
    model: &ZooModel,
    effort: &Effort,
    run: &RunConfig,
    data: &TrainData,
) -> Result<BTreeMap<String, f64>, BitsError> {
    let [channels, height, width] = data.train.shape();
    let values = samples(effort.samples, run, data)?;
    let shape = [values.len() / (channels * height * width), channels, height, width];
    let inputs = Tensor::<4>::from_data(TensorData::new(values, shape), &Device::flex());
    let seed = derive_seed(run.seed, "curvature", 0);
    let found = weight_curvature(&model.0, |model, x| model.forward(x), inputs, effort.probes, seed);
    let found = found.map_err(|source| BitsError::Measure { rule: "hessian", source: source.into() })?;
    let mean = |(path, found): (String, stairs_capacity::bridge::Curvature)| {
        let layer = path.strip_suffix(".weight").map(str::to_owned).unwrap_or(path);
        (layer, found.trace / found.weights.max(1) as f64)
    };
    Ok(found.into_iter().map(mean).collect())
}

/// This many training samples, or all where there are fewer, drawn by the seed of the run, one after another.
fn samples(count: usize, run: &RunConfig, data: &TrainData) -> Result<Vec<f32>, BitsError> {
    let mut order: Vec<usize> = (0..data.train.len()).collect();
    order.sort_by_cached_key(|i| derive_seed(run.seed, "bits sample", *i as u64));
    order.truncate(count);
    let size: usize = data.train.shape().iter().product();
    let mut values = vec![0.0; order.len() * size];
    for (index, sample) in order.iter().zip(values.chunks_mut(size)) {
        data.train.copy(*index, sample).map_err(|source| TrainError::Sample { index: *index, source })?;
    }
    Ok(values)
}
