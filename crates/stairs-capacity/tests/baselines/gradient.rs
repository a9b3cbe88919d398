//! The gradient norm: by hand, and against differences of the loss.

use std::sync::Arc;

use stairs_capacity::baseline::gradient_norm;
use stairs_capacity::{
    Activation, Batch, Chain, FisherError, Head, Layer, LayerParameters, Norm, Pointwise, Pool, Shape,
};

use super::super::{close, drawn, inputs, weights};

/// A smooth weight map.
#[derive(Debug)]
struct Sine;

impl Pointwise for Sine {
    fn value(&self, x: f64) -> f64 {
        (2.0 * x).sin()
    }

    fn slope(&self, x: f64) -> f64 {
        2.0 * (2.0 * x).cos()
    }
}

#[test]
fn two_weights_by_hand() {
    // z = (w₀x, w₁x) with w = (1, −1) and x = 2, class 1: p₀ = σ(4), dℓ/dw = (p₀, −p₀)·2.
    let chain = Chain::new(Shape::vector(1), vec![Layer::dense(2)], Head::Categorical).unwrap();
    let p = 1.0 / (1.0 + (-4f64).exp());
    let norm = gradient_norm(&chain, &[weights(&[1.0, -1.0])], &Batch::labelled(&[2.0], &[1])).unwrap();
    close(norm, 2.0 * p * 2f64.sqrt(), 1e-14);
    // Two samples: the mean. At x = −2, class 0, the same gradient; at x = −2, class 1: p₀ = σ(−4), and (p₀, −p₀)·(−2).
    let both = gradient_norm(&chain, &[weights(&[1.0, -1.0])], &Batch::labelled(&[2.0, -2.0], &[1, 0])).unwrap();
    close(both, norm, 1e-14);
    let less = gradient_norm(&chain, &[weights(&[1.0, -1.0])], &Batch::labelled(&[2.0, -2.0], &[1, 1])).unwrap();
    close(less, (p - (1.0 - p)) * 2f64.sqrt(), 1e-14);
    // w₂ relu(w₁x) with target y and variance v: residual r = (6 − 1)/½, by w₂: 2·3·r/…, written out.
    let layers = vec![Layer::dense(1).with_activation(Activation::Relu), Layer::dense(1)];
    let chain = Chain::new(Shape::vector(1), layers, Head::Gaussian { variance: 0.5 }).unwrap();
    let norm = gradient_norm(&chain, &[weights(&[3.0]), weights(&[1.0])], &Batch::valued(&[2.0], &[1.0])).unwrap();
    // f = 6: dℓ/df = (6 − 1)/0.5 = 10, df/dw₁ = w₂x = 2, df/dw₂ = w₁x = 6.
    close(norm, 10.0 * f64::hypot(2.0, 6.0), 1e-14);
}

fn network() -> Chain {
    let norm = Norm { mean: vec![0.2, -0.1], variance: vec![0.7, 1.6], epsilon: 1e-3 };
    let layers = vec![
        Layer::conv(2, [3, 2])
            .with_stride([1, 2])
            .with_padding_around([[1, 0], [0, 1]])
            .with_bias()
            .with_norm(norm)
            .with_activation(Activation::Tanh)
            .with_pool(Pool::average(2)),
        Layer::conv(3, [2, 1])
            .with_dilation([1, 1])
            .with_weight_map(Arc::new(Sine))
            .with_activation(Activation::Tanh)
            .with_pool(Pool::max(1)),
        Layer::dense(4).with_norm(Norm::untrained(1e-5)).with_activation(Activation::Relu),
        Layer::dense(3).with_bias(),
    ];
    Chain::new(Shape::image(2, 7, 8), layers, Head::Categorical).unwrap()
}

fn loss(chain: &Chain, parameters: &[LayerParameters], inputs: &[f64], labels: &[usize]) -> f64 {
    let outputs = chain.forward(parameters, inputs).unwrap();
    let one = |(z, label): (&[f64], &usize)| z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[*label];
    outputs.chunks(3).zip(labels).map(one).sum::<f64>() / labels.len() as f64
}

#[test]
fn differences_of_the_loss_agree_in_every_kind_of_layer() {
    let chain = network();
    let (inputs, labels) = (inputs(4 * 112), [0, 2, 1, 2]);
    for seed in [1, 2, 3] {
        let mut parameters = drawn(&chain, seed);
        let mut square = 0.0;
        for layer in 0..parameters.len() {
            for list in 0..4 {
                let pick = |parameters: &mut [LayerParameters], at: usize, by: f64| -> bool {
                    let own = &mut parameters[layer];
                    let list = [&mut own.weight, &mut own.bias, &mut own.scale, &mut own.shift][list].get_mut(at);
                    list.map(|value| *value += by).is_some()
                };
                let step = 1e-5;
                let mut at = 0;
                while pick(&mut parameters, at, step) {
                    let up = loss(&chain, &parameters, &inputs, &labels);
                    pick(&mut parameters, at, -2.0 * step);
                    let down = loss(&chain, &parameters, &inputs, &labels);
                    pick(&mut parameters, at, step);
                    square += ((up - down) / (2.0 * step)).powi(2);
                    at += 1;
                }
            }
        }
        let norm = gradient_norm(&chain, &parameters, &Batch::labelled(&inputs, &labels)).unwrap();
        close(norm, square.sqrt(), 1e-7);
    }
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let chain = Chain::new(Shape::vector(2), vec![Layer::dense(2)], Head::Categorical).unwrap();
    let own = [weights(&[1.0; 4])];
    for (batch, text) in [
        (Batch::labelled(&[1.0, 2.0], &[0, 1]), "1 samples need 1 class labels, got 2"),
        (Batch::labelled(&[1.0, 2.0], &[2]), "the label of sample 0 is 2, and must be below 2, the number of classes"),
        (Batch::labelled(&[1.0], &[0]), "inputs must be at least one sample of 2 numbers, got 1 numbers"),
        (Batch::labelled(&[], &[]), "inputs must be at least one sample"),
        (Batch::labelled(&[1.0, f64::NAN], &[0]), "must be finite"),
        (Batch::valued(&[1.0, 2.0], &[0.0, 1.0]), "a categorical head needs class labels, got target values"),
    ] {
        let error = gradient_norm(&chain, &own, &batch).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
    let huge = gradient_norm(&chain, &[weights(&[1e200; 4])], &Batch::labelled(&[1e200, 1e200], &[0]));
    assert_eq!(huge, Err(FisherError::Overflow { layer: 0 }));
    let regression = Chain::new(Shape::vector(2), vec![Layer::dense(1)], Head::Gaussian { variance: 1.0 }).unwrap();
    let own = [weights(&[1.0; 2])];
    let error = gradient_norm(&regression, &own, &Batch::labelled(&[1.0, 2.0], &[0])).unwrap_err();
    assert_eq!(error.to_string(), "a Gaussian head needs target values, got class labels");
    let error = gradient_norm(&regression, &own, &Batch::valued(&[1.0, 2.0], &[])).unwrap_err();
    assert_eq!(error.to_string(), "1 samples need 1 target values, got 0");
}
