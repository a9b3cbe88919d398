//! The layers of a certificate from a recorded network.

use stairs_network::{Array, Op, Source, Weight};

use super::{CertificateError, Convolution, Layer, Network, Weights};

impl Network {
    /// The layers of a recorded network: dense layers and convolutions, each with a normalisation, a stair, and a max pool behind that
    /// if it has them; the last one gives the result. Normalisations are folded with their running statistics, weights are latent.
    ///
    /// Kernels compute in f32 and a certificate in f64, so that pre-activations within rounding of a threshold may fall on either side.
    ///
    /// # Errors
    /// [`CertificateError::NotAChain`] naming the first node that is no part of such a layer, and what [`Network::new`] says.
    pub fn recorded(network: &stairs_network::Network) -> Result<Self, CertificateError> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut before = Source::Input;
        for (index, node) in network.nodes().iter().enumerate() {
            let no = |reason: &str| CertificateError::NotAChain {
                path: node.path.clone(),
                operation: node.op.to_string(),
                reason: reason.to_owned(),
            };
            let &[read] = &node.inputs[..] else { return Err(no("it reads more than one thing")) };
            if read != before {
                return Err(no("it reads something else than what stands in front of it"));
            }
            let shape = network.shape(read);
            before = Source::Node(index);
            let values = |array: &Array| {
                let values = array.values().ok_or_else(|| no("its numbers are not known"))?;
                Ok::<_, CertificateError>(values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>())
            };
            let weights = |weight: &Weight| {
                Ok::<_, CertificateError>(match weight {
                    Weight::Float(array) => Weights::Float(values(array)?),
                    Weight::Stair(stair) => Weights::Stair {
                        latent: values(&stair.latent)?,
                        stair: stair.function.clone(),
                        scales: stair.scales.clone(),
                        path: stair.path.clone(),
                    },
                })
            };
            match &node.op {
                Op::Dense { weight, bias } => {
                    let inputs = shape.iter().product();
                    let mut layer = Layer::dense(&node.path, inputs, weight.outputs(), weights(weight)?)?;
                    if let Some(bias) = bias {
                        layer = layer.with_bias(values(bias)?)?;
                    }
                    layers.push(layer);
                }
                Op::Conv { window, groups, weight, bias } => {
                    let &[channels, height, width] = shape else { return Err(no("it reads no image")) };
                    let input = [channels, height, width];
                    let conv = Convolution { input, channels: weight.outputs(), window: *window, groups: *groups };
                    let mut layer = Layer::convolution(&node.path, &conv, weights(weight)?)?;
                    if let Some(bias) = bias {
                        layer = layer.with_bias(values(bias)?)?;
                    }
                    layers.push(layer);
                }
                Op::Norm { gamma, beta, mean, variance, epsilon } => {
                    let layer = layers.pop().filter(Layer::is_affine);
                    let layer = layer
                        .ok_or_else(|| no("a normalisation stands directly behind a dense layer or a convolution"))?;
                    let (gamma, beta, mean, variance) =
                        (values(gamma)?, values(beta)?, values(mean)?, values(variance)?);
                    let scale: Vec<f64> = gamma.iter().zip(variance).map(|(g, v)| g / (v + epsilon).sqrt()).collect();
                    let shift = beta.iter().zip(mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
                    layers.push(layer.with_affine(scale, shift)?);
                }
                Op::Stair(stair) => {
                    if stair.scales.quantum() != stair.scales.output() {
                        return Err(no("its output scale differs from its quantum"));
                    }
                    let layer = layers.pop().filter(|layer| layer.feature_path().is_none());
                    let layer = layer.ok_or_else(|| no("a stair stands behind a layer"))?;
                    layers.push(layer.with_stair(&stair.path, stair.function.clone(), stair.scales.quantum())?);
                }
                Op::MaxPool(window) => {
                    let layer = layers.pop().filter(|layer| layer.feature_path().is_some() && layer.pool.is_none());
                    let layer = layer.ok_or_else(|| no("a max pool stands behind a stair"))?;
                    layers.push(layer.with_pool(window)?);
                }
                Op::Flatten => {}
                _ => return Err(no("an operation that no layer of a certificate has")),
            }
        }
        Self::new(layers)
    }
}
