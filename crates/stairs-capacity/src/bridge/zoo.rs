//! The chains of the zoo's models, float or quantised.
//!
//! A quantised model is measured as the network it is in training with the expectation strategy: weights and features are
//! ε·σ_ν(·/ε) under the forward law of its [`Laws`](stairs_noise::Laws). The parameters are the latent weights, and derivatives
//! are the true ones of σ_ν, whatever backward law a training would use. Set the laws to those of a moment of an annealing plan
//! to measure that moment. The quanta of weights are those that the scale policy finds for one draw of the float initial
//! weights, and are no parameters.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_noise::FeatureScale;
use stairs_quant::{Granularity, Quantiser};
use stairs_zoo::{CnnConfig, LeNetConfig, MlpConfig, Quantisation, StairsConfig, VggConfig};

use super::{MarkovModel, SmoothStair};
use crate::{Activation, Chain, ChainError, Head, Init, Layer, Norm, Pool, Shape};

/// Epsilon of Burn's batch normalisation.
const EPSILON: f64 = 1e-5;
/// Seed of the weights that quanta are found from.
const SEED: u64 = 0x5ca1e;

impl MarkovModel for MlpConfig {
    fn chain(&self) -> Result<Chain, ChainError> {
        let mut layers: Vec<Layer> = self.hidden.iter().map(|width| Layer::dense(*width)).collect();
        layers.push(Layer::dense(self.classes).with_bias());
        let fan_ins: Vec<usize> = std::iter::once(self.inputs).chain(self.hidden.iter().copied()).collect();
        let layers = finished(layers, &fan_ins, self.norm, &self.quantisation)?;
        Chain::new(Shape::vector(self.inputs), layers, Head::Categorical)
    }
}

impl MarkovModel for LeNetConfig {
    fn chain(&self) -> Result<Chain, ChainError> {
        let [channels, height, width] = self.input;
        let [first, second] = self.channels;
        let conv = |channels| Layer::conv(channels, [3, 3]).with_padding([1, 1]).with_pool(Pool::max(2));
        let layers = vec![conv(first), conv(second), Layer::dense(self.hidden), Layer::dense(self.classes).with_bias()];
        let fan_ins = [9 * channels, 9 * first, second * (height / 4) * (width / 4), self.hidden];
        let layers = finished(layers, &fan_ins, true, &self.quantisation)?;
        Chain::new(Shape::image(channels, height, width), layers, Head::Categorical)
    }
}

impl MarkovModel for CnnConfig {
    fn chain(&self) -> Result<Chain, ChainError> {
        let [channels, height, width] = self.input;
        let (pools, [rows, columns]) = self.pools();
        let conv = |(channels, pool): (&usize, bool)| {
            let layer = Layer::conv(*channels, [3, 3]).with_padding([1, 1]);
            if pool { layer.with_pool(Pool::max(2)) } else { layer }
        };
        let mut layers: Vec<Layer> = self.channels.iter().zip(pools).map(conv).collect();
        layers.push(Layer::dense(self.classes).with_bias());
        let mut fan_ins: Vec<usize> =
            std::iter::once(&channels).chain(&self.channels).map(|channels| 9 * channels).collect();
        if let Some(last) = fan_ins.last_mut() {
            *last = self.channels.last().unwrap_or(&channels) * rows * columns;
        }
        let layers = finished(layers, &fan_ins, self.norm, &self.quantisation)?;
        Chain::new(Shape::image(channels, height, width), layers, Head::Categorical)
    }
}

impl MarkovModel for VggConfig {
    fn chain(&self) -> Result<Chain, ChainError> {
        let [channels, height, width] = self.input;
        let (convolutions, [rows, columns]) = self.convolutions();
        let conv = |(channels, pool): &(usize, bool)| {
            let layer = Layer::conv(*channels, [3, 3]).with_padding([1, 1]);
            if *pool { layer.with_pool(Pool::max(2)) } else { layer }
        };
        let mut layers: Vec<Layer> = convolutions.iter().map(conv).collect();
        let mut fan_ins: Vec<usize> = std::iter::once(channels)
            .chain(convolutions.iter().map(|(channels, _)| *channels))
            .map(|c| 9 * c)
            .collect();
        if let Some(flat) = fan_ins.last_mut() {
            *flat = *flat / 9 * rows * columns;
        }
        for units in self.hidden() {
            layers.push(Layer::dense(units));
            fan_ins.push(units);
        }
        layers.push(Layer::dense(self.classes).with_bias());
        let layers = finished(layers, &fan_ins, true, &self.quantisation)?;
        Chain::new(Shape::image(channels, height, width), layers, Head::Categorical)
    }
}

/// Adds what all zoo models have: normalisations or biases, activations, quantisers.
fn finished(
    layers: Vec<Layer>,
    fan_ins: &[usize],
    norm: bool,
    quantisation: &Quantisation,
) -> Result<Vec<Layer>, ChainError> {
    let last = layers.len() - 1;
    let finish = |(index, (layer, fan_in)): (usize, (Layer, &usize))| {
        let layer = if index == last {
            layer
        } else {
            let layer = if norm { layer.with_norm(Norm::untrained(EPSILON)) } else { layer.with_bias() };
            layer.with_activation(activation(quantisation)?)
        };
        match quantisation {
            Quantisation::Stairs(stairs) if !kept(stairs, index, last) => quantised(layer, *fan_in, index, stairs),
            _ => Ok(layer),
        }
    };
    layers.into_iter().zip(fan_ins).enumerate().map(finish).collect()
}

fn kept(stairs: &StairsConfig, index: usize, last: usize) -> bool {
    (stairs.float_first && index == 0) || (stairs.float_last && index == last)
}

fn activation(quantisation: &Quantisation) -> Result<Activation, ChainError> {
    let Quantisation::Stairs(stairs @ StairsConfig { features: Some(features), .. }) = quantisation else {
        return Ok(Activation::Relu);
    };
    let FeatureScale::Fixed(quantum) = stairs.feature_scale else {
        return Err(ChainError::NotMarkov("the scale of the features is learned".into()));
    };
    Ok(Activation::own(SmoothStair::new(features.stair(), stairs.laws.forward.clone(), quantum)?))
}

fn quantised(layer: Layer, fan_in: usize, index: usize, stairs: &StairsConfig) -> Result<Layer, ChainError> {
    for (holds, what) in [
        (stairs.per_channel, "weights have a quantum per channel"),
        (stairs.learned_weight_scale, "the quanta of weights are learned"),
    ] {
        if holds {
            return Err(ChainError::NotMarkov(what.into()));
        }
    }
    let scales = quantum(stairs, stairs.weights, layer.channels(), fan_in, index)?;
    let law = stairs.laws.forward.clone();
    let init = match stairs.fresh_weights {
        None => Init::FanIn,
        Some(_) => {
            let thresholds = stairs.weights.stair().thresholds().to_vec();
            Init::Support { thresholds, quantum: scales, mean: law.mean() }
        }
    };
    let map = SmoothStair::new(stairs.weights.stair(), law, scales)?;
    Ok(layer.with_weight_map(Arc::new(map)).with_init(init))
}

/// The quantum that the policy finds for a draw of the initial weights.
fn quantum(
    stairs: &StairsConfig,
    quantiser: Quantiser,
    channels: usize,
    fan_in: usize,
    index: usize,
) -> Result<f64, ChainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    rng.set_stream(index as u64);
    let radius = 1.0 / (fan_in.max(1) as f32).sqrt();
    let values: Vec<f32> = (0..channels * fan_in).map(|_| rng.random_range(-radius..=radius)).collect();
    let shape = [channels, fan_in];
    let scales = stairs.weight_scale.scales_per_channel(&values, &shape, Granularity::Tensor, &quantiser.stair());
    let scales = scales.map_err(|error| ChainError::NotMarkov(error.to_string()))?;
    match scales.as_slice() {
        [scales] if scales.quantum == scales.output => Ok(scales.quantum),
        _ => Err(ChainError::NotMarkov("the output scale of the weights differs from their quantum".into())),
    }
}
