//! Measures of the weights alone: synaptic flow, path norm, spectral norm.

use stairs_capacity::baseline::{path_norm, spectral_norm, synflow};
use stairs_capacity::{Activation, Chain, Head, Layer, LayerParameters, Norm, Pool, Shape};

use super::super::{close, drawn, inputs, none, undefined, weights};

const GAUSSIAN: Head = Head::Gaussian { variance: 1.0 };

fn relu(layer: Layer) -> Layer {
    layer.with_activation(Activation::Relu)
}

/// w₁ = 2 with bias −3, then w₂ = −5 with bias 7: the paths are 2·5, 3·5 and 7.
#[test]
fn two_weights_and_two_biases_by_hand() {
    let layers = vec![relu(Layer::dense(1).with_bias()), Layer::dense(1).with_bias()];
    let chain = Chain::new(Shape::vector(1), layers, GAUSSIAN).unwrap();
    let own = |weight, bias| LayerParameters { bias: vec![bias], ..weights(&[weight]) };
    let parameters = [own(2.0, -3.0), own(-5.0, 7.0)];
    close(synflow(&chain, &parameters, &none()).unwrap(), (2.0 * 10.0 + 2.0 * 15.0 + 7f64).ln(), 1e-14);
    close(path_norm(&chain, &parameters, &none()).unwrap(), (100.0 + 225.0 + 49f64).ln(), 1e-14);
    close(spectral_norm(&chain, &parameters, &none()).unwrap(), 10f64.ln(), 1e-14);
}

/// A normalisation is a factor γ/s and a shift: the same network without it has the same numbers.
#[test]
fn normalisations_are_folded() {
    let norm = Norm { mean: vec![0.5, -1.0], variance: vec![3.0, 0.24], epsilon: 1.0 };
    let with = Chain::new(Shape::vector(1), vec![Layer::dense(2).with_bias().with_norm(norm)], GAUSSIAN).unwrap();
    let own = LayerParameters {
        bias: vec![1.5, 0.0],
        scale: vec![-6.0, 1.0],
        shift: vec![0.25, 2.0],
        ..weights(&[4.0, -3.0])
    };
    // γ/s = −3 and 1/√1.24; γ/s·(b − m) + β.
    let gain = 1.24f64.sqrt().recip();
    let without = Chain::new(Shape::vector(1), vec![Layer::dense(2).with_bias()], GAUSSIAN).unwrap();
    let plain = LayerParameters { bias: vec![-3.0 + 0.25, gain + 2.0], ..weights(&[-12.0, -3.0 * gain]) };
    for measure in [synflow, path_norm, spectral_norm] {
        close(
            measure(&with, std::slice::from_ref(&own), &none()).unwrap(),
            measure(&without, std::slice::from_ref(&plain), &none()).unwrap(),
            1e-13,
        );
    }
}

/// The definition of synaptic flow: Σ|θ ∂R/∂θ| by differences of the network of absolute values, which is linear in each.
#[test]
fn synaptic_flow_is_its_definition() {
    let layers = vec![
        relu(Layer::conv(3, [2, 3]).with_padding([1, 0]).with_bias()).with_pool(Pool::max(2)),
        relu(Layer::conv(2, [1, 2])).with_pool(Pool::average(1)),
        Layer::dense(2).with_bias(),
    ];
    let chain = Chain::new(Shape::image(2, 5, 6), layers, Head::Categorical).unwrap();
    let mut parameters = drawn(&chain, 4);
    let flow = synflow(&chain, &parameters, &none()).unwrap();
    for own in &mut parameters {
        own.weight.iter_mut().chain(&mut own.bias).for_each(|w| *w = w.abs());
    }
    let total = |parameters: &[LayerParameters]| chain.forward(parameters, &[1.0; 60]).unwrap().iter().sum::<f64>();
    let before = total(&parameters);
    let mut sum = 0.0;
    for layer in 0..parameters.len() {
        for at in 0..parameters[layer].weight.len() + parameters[layer].bias.len() {
            let of = |own: &mut LayerParameters, factor: f64| {
                let count = own.weight.len();
                let value = if at < count { &mut own.weight[at] } else { &mut own.bias[at - count] };
                *value *= factor;
            };
            // R is linear in θ as long as no maximum moves to another place.
            of(&mut parameters[layer], 1.0 - 2f64.powi(-12));
            sum += (before - total(&parameters)) * 2f64.powi(12);
            of(&mut parameters[layer], 1.0 / (1.0 - 2f64.powi(-12)));
        }
    }
    close(flow, sum.ln(), 1e-10);
}

/// Multiplying what comes into a ReLU by c and dividing what goes out changes neither the function nor the path norm, nor the
/// synaptic flow (Neyshabur et al., section 2); it changes norms of the weights.
#[test]
fn paths_do_not_change_when_relus_are_rescaled() {
    let layers = vec![
        relu(Layer::conv(2, [2, 2]).with_bias()).with_pool(Pool::max(2)),
        relu(Layer::conv(3, [1, 2]).with_bias()).with_pool(Pool::average(2)),
        Layer::dense(2).with_bias(),
    ];
    let chain = Chain::new(Shape::image(1, 5, 7), layers, Head::Categorical).unwrap();
    let before = drawn(&chain, 7);
    let mut after = before.clone();
    // Channel 1 of the first layer by 8, channel 2 of the second by 1/5.
    after[0].weight[4..8].iter_mut().for_each(|w| *w *= 8.0);
    after[0].bias[1] *= 8.0;
    after[1].weight.chunks_mut(4).for_each(|row| row[2..].iter_mut().for_each(|w| *w /= 8.0));
    after[1].weight[8..].iter_mut().for_each(|w| *w /= 5.0);
    after[1].bias[2] /= 5.0;
    after[2].weight.chunks_mut(3).for_each(|row| row[2] *= 5.0);
    let x = inputs(2 * 35);
    let outputs = [&before, &after].map(|own| chain.forward(own, &x).unwrap());
    outputs[0].iter().zip(&outputs[1]).for_each(|(a, b)| close(*a, *b, 1e-12));
    let both =
        |measure: stairs_capacity::Baseline| [&before, &after].map(|own| (measure.of)(&chain, own, &none()).unwrap());
    for baseline in stairs_capacity::BASELINES {
        match baseline.name {
            "path_norm" | "synflow" => {
                let [a, b] = both(baseline);
                close(a, b, 1e-12);
            }
            "spectral_norm" => {
                let [a, b] = both(baseline);
                assert!((a - b).abs() > 0.1, "{a} {b}");
            }
            _ => {}
        }
    }
}

/// A mean over 2 × 2 is a convolution with weights of ¼.
#[test]
fn a_mean_pool_is_a_convolution() {
    let conv = || Layer::conv(1, [2, 2]).with_bias();
    let pooled = Chain::new(Shape::image(1, 5, 5), vec![conv().with_pool(Pool::average(2)), Layer::dense(2)], GAUSSIAN);
    let mean = Layer::conv(1, [2, 2]).with_stride([2, 2]);
    let written = Chain::new(Shape::image(1, 5, 5), vec![conv(), mean, Layer::dense(2)], GAUSSIAN).unwrap();
    let pooled = pooled.unwrap();
    let own = drawn(&pooled, 3);
    let three = [own[0].clone(), weights(&[0.25; 4]), own[1].clone()];
    close(path_norm(&pooled, &own, &none()).unwrap(), path_norm(&written, &three, &none()).unwrap(), 1e-13);
}

#[test]
fn two_hundred_layers_neither_overflow_nor_vanish() {
    let (width, depth) = (20usize, 200usize);
    let layers = (0..depth).map(|_| relu(Layer::dense(width))).collect();
    let chain = Chain::new(Shape::vector(width), layers, GAUSSIAN).unwrap();
    for weight in [1e3, 1e-3] {
        let own = vec![weights(&vec![-weight; width * width]); depth];
        let (n, l) = (width as f64, depth as f64);
        // n inputs, then n choices a layer: n^(depth + 1) paths of depth weights each.
        close(synflow(&chain, &own, &none()).unwrap(), (l + 1.0) * n.ln() + l * weight.ln() + l.ln(), 1e-12);
        close(path_norm(&chain, &own, &none()).unwrap(), (l + 1.0) * n.ln() + 2.0 * l * weight.ln(), 1e-12);
        close(spectral_norm(&chain, &own, &none()).unwrap(), l * (n * weight).ln(), 1e-12);
    }
    // A bias of 1 at the end of a network that vanishes, and at the start of one that grows.
    let layers = vec![Layer::dense(1).with_bias(); 400];
    let chain = Chain::new(Shape::vector(1), layers, GAUSSIAN).unwrap();
    let own = |weight, bias| LayerParameters { bias: vec![bias], ..weights(&[weight]) };
    let mut parameters = vec![own(1e-5, 0.0); 400];
    parameters[399].bias[0] = -1.0;
    close(path_norm(&chain, &parameters, &none()).unwrap(), 0.0, 1e-12);
    let mut parameters = vec![own(1e5, 0.0); 400];
    parameters[0].bias[0] = 1e5;
    close(path_norm(&chain, &parameters, &none()).unwrap(), 400.0 * 1e10f64.ln() + 2f64.ln(), 1e-12);
}

#[test]
fn networks_that_are_zero_are_refused_by_name() {
    let chain = Chain::new(Shape::vector(2), vec![relu(Layer::dense(2)), Layer::dense(2)], GAUSSIAN).unwrap();
    let parameters = [weights(&[1.0; 4]), weights(&[0.0; 4])];
    undefined(synflow(&chain, &parameters, &none()), "every path");
    undefined(path_norm(&chain, &parameters, &none()), "every path");
    undefined(spectral_norm(&chain, &parameters, &none()), "layer 1 has only weights of 0");
    for measure in [synflow, path_norm, spectral_norm] {
        assert!(measure(&chain, &parameters[..1], &none()).is_err());
        assert!(measure(&chain, &[weights(&[f64::NAN; 4]), weights(&[1.0; 4])], &none()).is_err());
    }
}

/// Windows that do not overlap make the map block diagonal: its norm is that of the kernel as a row. Windows that do share pixels,
/// and the norm is larger.
#[test]
fn the_norm_of_a_convolution_is_that_of_its_map() {
    let kernel = [3.0, 0.0, 0.0, 4.0];
    let apart = Layer::conv(1, [2, 2]).with_stride([2, 2]);
    let chain = Chain::new(Shape::image(1, 6, 6), vec![apart], GAUSSIAN).unwrap();
    close(spectral_norm(&chain, &[weights(&kernel)], &none()).unwrap(), 5f64.ln(), 1e-12);
    // Along every diagonal of the image the map is 3x_i + 4x_{i+1} on the six pixels of the longest one: WWᵀ is tridiagonal with 25
    // and 12, of size 5: 25 + 24·cos(π/6).
    let chain = Chain::new(Shape::image(1, 6, 6), vec![Layer::conv(1, [2, 2])], GAUSSIAN).unwrap();
    let square = 25.0 + 24.0 * (std::f64::consts::PI / 6.0).cos();
    close(spectral_norm(&chain, &[weights(&kernel)], &none()).unwrap(), 0.5 * square.ln(), 1e-10);
    // Weights whose squares are no numbers.
    let small: Vec<f64> = kernel.iter().map(|w| w * 1e-200).collect();
    close(spectral_norm(&chain, &[weights(&small)], &none()).unwrap(), 0.5 * square.ln() + 1e-200f64.ln(), 1e-10);
}
