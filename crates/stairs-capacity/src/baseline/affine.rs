//! The affine maps of a network as it computes: quantised weights in place of latent ones, normalisations folded in.
//!
//! ```text
//! γ(Wx + b − m)/s + β = (γ/s)W x + (γ/s)(b − m) + β          s = √(variance + epsilon)
//! ```
//!
//! Norms of a network by its weights are to depend on the function it computes, not on how it is written down: those of
//! `path_norm`, `spectral_norm` and `synflow` are of the folded network.

use crate::chain::Chain;
use crate::{ChainError, LayerParameters};

/// The same function as a chain of plain layers, without weight maps and normalisations.
pub(super) fn folded(
    chain: &Chain,
    parameters: &[LayerParameters],
) -> Result<(Chain, Vec<LayerParameters>), ChainError> {
    chain.check(parameters)?;
    let mut plain = chain.clone();
    let layers = plain.layers.iter_mut().zip(parameters).zip(&chain.geometry);
    let fold = |((layer, own), geometry): ((&mut crate::Layer, &LayerParameters), &crate::chain::Geometry)| {
        let mut weight = own.weight.clone();
        if let Some(map) = layer.weight_map.take() {
            weight.iter_mut().for_each(|w| *w = map.value(*w));
        }
        let mut bias = own.bias.clone();
        if let Some(norm) = layer.norm.take() {
            bias.resize(layer.channels(), 0.0);
            for (o, row) in weight.chunks_mut(geometry.fan_in).enumerate() {
                let of = |list: &[f64], default: f64| list.get(o).copied().unwrap_or(default);
                let gain = own.scale[o] / (of(&norm.variance, 1.0) + norm.epsilon).sqrt();
                row.iter_mut().for_each(|w| *w *= gain);
                bias[o] = gain * (bias[o] - of(&norm.mean, 0.0)) + own.shift[o];
            }
            layer.bias = true;
        }
        LayerParameters { weight, bias, ..LayerParameters::default() }
    };
    let parameters: Vec<LayerParameters> = layers.map(fold).collect();
    plain.check(&parameters)?;
    Ok((plain, parameters))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rand::SeedableRng;

    use super::*;
    use crate::{Activation, Head, Layer, Norm, Pointwise, Pool, Prior, Shape};

    #[derive(Debug)]
    struct Cube;

    impl Pointwise for Cube {
        fn value(&self, x: f64) -> f64 {
            x * x * x
        }

        fn slope(&self, x: f64) -> f64 {
            3.0 * x * x
        }
    }

    #[test]
    fn the_folded_network_computes_the_same() {
        let norm = Norm { mean: vec![0.3, -0.2], variance: vec![0.5, 2.0], epsilon: 1e-3 };
        let layers = vec![
            Layer::conv(2, [3, 3])
                .with_bias()
                .with_norm(norm)
                .with_activation(Activation::Relu)
                .with_pool(Pool::max(2)),
            Layer::dense(3).with_norm(Norm::untrained(1e-5)).with_weight_map(Arc::new(Cube)),
        ];
        let chain = Chain::new(Shape::image(1, 6, 6), layers, Head::Categorical).unwrap();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let parameters = Prior::Cube { radius: 0.8 }.draw_all(&chain, &mut rng).unwrap();
        let inputs: Vec<f64> = (0..72).map(|i| f64::from(i * 37 % 101) / 30.0 - 1.7).collect();
        let (plain, folded) = folded(&chain, &parameters).unwrap();
        let (before, after) = (chain.forward(&parameters, &inputs).unwrap(), plain.forward(&folded, &inputs).unwrap());
        for (a, b) in before.iter().zip(&after) {
            assert!((a - b).abs() < 1e-13, "{a} {b}");
        }
    }
}
