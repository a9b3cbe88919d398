//! The chain of a recorded network, float or quantised.
//!
//! A quantised network is measured as it is in training with the expectation strategy: weights and features are ε·σ_ν(·/ε) under one
//! law. The parameters are the latent weights, and derivatives are the true ones of σ_ν, whatever backward law a training would use.
//! Set the law to that of a moment of an annealing plan to measure that moment. Quanta are no parameters: those of the network where
//! they are known, else the ones that a policy finds for one draw of the float initial weights.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_laws::{Law, Noise};
use stairs_network::{Array, Network, Node, Op, Source, StairWeight, Weight, Window};
use stairs_quant::{Granularity, ScalePolicy};

use super::SmoothStair;
use crate::chain::{Geometry, Map};
use crate::{Activation, Chain, ChainError, Head, Init, Layer, LayerParameters, Norm, Pool, PoolKind, Shape};

/// Seed of the weights that quanta are found from.
const SEED: u64 = 0x5ca1e;

/// What a network does not say of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainOptions {
    /// Law of the noise of all quantisers.
    pub law: Law,
    /// How quanta of weights are found where the network has none yet.
    pub weight_scale: ScalePolicy,
    /// Whether latent weights start inside the support of the noise, or as float weights do.
    pub inside_support: bool,
    /// What the result parametrises.
    pub head: Head,
}

impl Default for ChainOptions {
    /// Hard stairs, quanta that cover the largest weight, weights that start as float ones, class probabilities.
    fn default() -> Self {
        Self {
            law: Law::hard(Noise::Uniform),
            weight_scale: ScalePolicy::MaxAbs,
            inside_support: false,
            head: Head::Categorical,
        }
    }
}

/// The network as a chain of layers: dense layers and convolutions, each with what follows it: a normalisation, an activation or
/// quantiser, a pool.
///
/// ```
/// use burn::{nn::{Linear, LinearConfig, Relu}, module::Module, tensor::{Device, Tensor}};
/// use stairs_capacity::bridge::{ChainOptions, chain};
/// use stairs_noise::record;
///
/// #[derive(Module, Debug)]
/// struct Perceptron {
///     first: Linear,
///     last: Linear,
/// }
///
/// let device = Device::flex();
/// let model = Perceptron { first: LinearConfig::new(54, 16).init(&device), last: LinearConfig::new(16, 7).init(&device) };
/// let network = record(&model, &[54], |model, x: Tensor<2>| {
///     model.last.forward(Relu::new().forward(model.first.forward(x)))
/// })?;
/// let chain = chain(&network, &ChainOptions::default())?;
/// assert_eq!(chain.dimension(), 54 * 16 + 16 + 16 * 7 + 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ChainError::NotAChain`] naming the first node that is no part of a chain.
pub fn chain(network: &Network, options: &ChainOptions) -> Result<Chain, ChainError> {
    Ok(Walk::of(network, options)?.chain)
}

/// The same with the parameters of the network: for local measures, with [`Prior::Around`](crate::Prior::Around), and for measures
/// during training.
///
/// # Errors
/// As [`chain`], and [`ChainError::NotAChain`] for a network recorded without numbers.
pub fn trained(network: &Network, options: &ChainOptions) -> Result<(Chain, Vec<LayerParameters>), ChainError> {
    let Walk { chain, nodes } = Walk::of(network, options)?;
    let parameters = nodes.iter().map(|at| at.parameters(network)).collect::<Result<Vec<_>, _>>()?;
    chain.check(&parameters)?;
    Ok((chain, parameters))
}

/// Numbers of the nodes of a layer that hold parameters.
struct At {
    affine: usize,
    norm: Option<usize>,
}

struct Walk {
    chain: Chain,
    nodes: Vec<At>,
}

impl Walk {
    fn of(network: &Network, options: &ChainOptions) -> Result<Self, ChainError> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut nodes: Vec<At> = Vec::new();
        let mut before = Source::Input;
        let mut shape = input(network.input());
        let start = shape;
        for (index, node) in network.nodes().iter().enumerate() {
            let no = |reason: &str| Err(not_a_chain(node, reason));
            if node.inputs != [before] {
                return no("it reads something else than what stands in front of it");
            }
            before = Source::Node(index);
            let last = layers.last_mut();
            match &node.op {
                Op::Dense { weight, bias } => {
                    let layer = Layer::dense(weight.outputs());
                    let layer = if bias.is_some() { layer.with_bias() } else { layer };
                    layers.push(quantised(layer, node, weight, layers.len(), shape, options)?);
                    nodes.push(At { affine: index, norm: None });
                }
                Op::Conv { window, groups, weight, bias } => {
                    if *groups != 1 {
                        return no("its channels are in groups");
                    }
                    let layer = Layer::conv(weight.outputs(), window.kernel())
                        .with_stride(window.stride())
                        .with_padding_around(window.padding())
                        .with_dilation(window.dilation());
                    let layer = if bias.is_some() { layer.with_bias() } else { layer };
                    layers.push(quantised(layer, node, weight, layers.len(), shape, options)?);
                    nodes.push(At { affine: index, norm: None });
                }
                Op::Norm { mean, variance, epsilon, .. } => match (last, nodes.last_mut()) {
                    (Some(layer), Some(at)) if layer.norm.is_none() && is_affine_alone(layer) => {
                        layer.norm = Some(Norm {
                            mean: statistics(mean, 0.0),
                            variance: statistics(variance, 1.0),
                            epsilon: *epsilon,
                        });
                        at.norm = Some(index);
                    }
                    _ => return no("a normalisation stands directly behind a dense layer or a convolution"),
                },
                Op::Relu | Op::Stair(_) => match last {
                    Some(layer) if is_affine_alone(layer) => layer.activation = activation(&node.op, node, options)?,
                    _ => return no("one activation stands behind a layer, in front of its pool"),
                },
                Op::MaxPool(window) => match last {
                    Some(layer) if layer.pool.is_none() => layer.pool = Some(pool(node, window, PoolKind::Max)?),
                    _ => return no("one pool stands behind a layer"),
                },
                Op::MeanPool { window, .. } => match last {
                    Some(layer) if layer.pool.is_none() => layer.pool = Some(pool(node, window, PoolKind::Average)?),
                    _ => return no("one pool stands behind a layer"),
                },
                Op::Flatten => {}
                _ => return no("an operation that no layer of a chain has"),
            }
            if let Some(layer) = layers.last() {
                // What comes into the next layer.
                shape = match node.op {
                    Op::Dense { .. } | Op::Conv { .. } => Geometry::of(layers.len() - 1, layer, shape)?.output,
                    Op::MaxPool(_) | Op::MeanPool { .. } => input(&node.shape),
                    _ => shape,
                };
            }
        }
        if let (true, Some(node)) = (network.output() != before, network.nodes().last()) {
            return Err(not_a_chain(node, "the result is not that of the last operation"));
        }
        let start = match layers.first().map(|layer| layer.map) {
            Some(Map::Dense { .. }) => Shape::vector(start.values()),
            _ => start,
        };
        Ok(Self { chain: Chain::new(start, layers, options.head)?, nodes })
    }
}

impl At {
    fn parameters(&self, network: &Network) -> Result<LayerParameters, ChainError> {
        let node = &network.nodes()[self.affine];
        let values = |array: &Array| {
            let values = array.values().ok_or_else(|| not_a_chain(node, "its numbers are not known"))?;
            Ok::<_, ChainError>(values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>())
        };
        let mut parameters = LayerParameters::default();
        for (name, array) in node.op.parameters() {
            match name {
                "weight" => parameters.weight = values(array)?,
                _ => parameters.bias = values(array)?,
            }
        }
        if let Some(Op::Norm { gamma, beta, .. }) = self.norm.map(|norm| &network.nodes()[norm].op) {
            (parameters.scale, parameters.shift) = (values(gamma)?, values(beta)?);
        }
        Ok(parameters)
    }
}

fn not_a_chain(node: &Node, reason: &str) -> ChainError {
    ChainError::NotAChain { path: node.path.clone(), operation: node.op.to_string(), reason: reason.to_owned() }
}

fn input(shape: &[usize]) -> Shape {
    match *shape {
        [channels, height, width] => Shape::image(channels, height, width),
        _ => Shape::vector(shape.iter().product()),
    }
}

/// Whether nothing stands behind the affine map and normalisation of a layer yet.
fn is_affine_alone(layer: &Layer) -> bool {
    matches!(layer.activation, Activation::Identity) && layer.pool.is_none()
}

fn pool(node: &Node, window: &Window, kind: PoolKind) -> Result<Pool, ChainError> {
    if window.padding() != [[0; 2]; 2] || window.dilation() != [1, 1] {
        return Err(not_a_chain(node, "a pool of a chain has neither padding nor gaps"));
    }
    Ok(Pool { kind, size: window.kernel(), stride: window.stride() })
}

/// Running statistics; none where they are those of an untrained normalisation.
fn statistics(array: &Array, untrained: f32) -> Vec<f64> {
    match array.values() {
        Some(values) if values.iter().any(|value| *value != untrained) => {
            values.iter().map(|value| f64::from(*value)).collect()
        }
        _ => Vec::new(),
    }
}

fn activation(op: &Op, node: &Node, options: &ChainOptions) -> Result<Activation, ChainError> {
    let Op::Stair(stair) = op else { return Ok(Activation::Relu) };
    if stair.scales.quantum() != stair.scales.output() {
        return Err(not_a_chain(node, "its output scale differs from its quantum"));
    }
    Ok(Activation::own(SmoothStair::new(stair.function.clone(), options.law.clone(), stair.scales.quantum())?))
}

fn quantised(
    layer: Layer,
    node: &Node,
    weight: &Weight,
    index: usize,
    input: Shape,
    options: &ChainOptions,
) -> Result<Layer, ChainError> {
    let Weight::Stair(stair) = weight else { return Ok(layer) };
    let fan_in = Geometry::of(index, &layer, input)?.fan_in;
    let quantum = match stair.scales[..] {
        [scales] if scales.quantum() == scales.output() => scales.quantum(),
        [_] => return Err(not_a_chain(node, "the output scale of its weights differs from their quantum")),
        [] => drawn(node, stair, layer.channels(), fan_in, index, options)?,
        _ => return Err(not_a_chain(node, "its weights have a quantum for every output")),
    };
    let init = match options.inside_support {
        false => Init::FanIn,
        true => Init::Support { thresholds: stair.function.thresholds().to_vec(), quantum, mean: options.law.mean() },
    };
    let map = SmoothStair::new(stair.function.clone(), options.law.clone(), quantum)?;
    Ok(layer.with_weight_map(Arc::new(map)).with_init(init))
}

/// The quantum that the policy finds for a draw of the initial weights.
fn drawn(
    node: &Node,
    stair: &StairWeight,
    channels: usize,
    fan_in: usize,
    index: usize,
    options: &ChainOptions,
) -> Result<f64, ChainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    rng.set_stream(index as u64);
    let radius = 1.0 / (fan_in.max(1) as f32).sqrt();
    let values: Vec<f32> = (0..channels * fan_in).map(|_| rng.random_range(-radius..=radius)).collect();
    let scales =
        options.weight_scale.scales_per_channel(&values, &[channels, fan_in], Granularity::Tensor, &stair.function);
    match scales.map_err(|error| not_a_chain(node, &error.to_string()))?.as_slice() {
        [scales] if scales.quantum() == scales.output() => Ok(scales.quantum()),
        _ => Err(not_a_chain(node, "the output scale of its weights differs from their quantum")),
    }
}
