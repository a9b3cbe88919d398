//! The numbers of `benches/peers/golden_measures.py`, which writes convolutions out as matrices.

use serde::Deserialize;
use stairs_capacity::{Activation, BASELINES, Batch, Chain, Head, Layer, LayerParameters, Norm, Pool, Shape};

use super::super::close;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    shape: [usize; 3],
    layers: Vec<Given>,
    inputs: Vec<Vec<f64>>,
    labels: Vec<usize>,
    values: std::collections::BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Given {
    kind: String,
    channels: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [[usize; 2]; 2],
    relu: bool,
    pool: Option<String>,
    weight: Vec<f64>,
    bias: Vec<f64>,
    scale: Vec<f64>,
    shift: Vec<f64>,
    mean: Vec<f64>,
    variance: Vec<f64>,
    epsilon: f64,
}

impl Given {
    fn layer(&self) -> Layer {
        let mut layer = match self.kind.as_str() {
            "dense" => Layer::dense(self.channels),
            _ => Layer::conv(self.channels, self.kernel).with_stride(self.stride).with_padding_around(self.padding),
        };
        if !self.bias.is_empty() {
            layer = layer.with_bias();
        }
        if !self.scale.is_empty() {
            let (mean, variance) = (self.mean.clone(), self.variance.clone());
            layer = layer.with_norm(Norm { mean, variance, epsilon: self.epsilon });
        }
        if self.relu {
            layer = layer.with_activation(Activation::Relu);
        }
        match self.pool.as_deref() {
            None => layer,
            Some("max") => layer.with_pool(Pool::max(2)),
            Some(_) => layer.with_pool(Pool::average(2)),
        }
    }

    fn parameters(&self) -> LayerParameters {
        let [weight, bias, scale, shift] = [&self.weight, &self.bias, &self.scale, &self.shift].map(Vec::clone);
        LayerParameters { weight, bias, scale, shift }
    }
}

#[test]
fn the_numbers_are_those_of_an_independent_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/baselines.json");
    let golden: Golden = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(golden.cases.len(), 2);
    for case in golden.cases {
        let [channels, height, width] = case.shape;
        let layers = case.layers.iter().map(Given::layer).collect();
        let chain = Chain::new(Shape::image(channels, height, width), layers, Head::Categorical).unwrap();
        let parameters: Vec<LayerParameters> = case.layers.iter().map(Given::parameters).collect();
        let (inputs, mut found) = (case.inputs.concat(), 0);
        for baseline in BASELINES {
            if let Some(expected) = case.values.get(baseline.name) {
                let value = (baseline.of)(&chain, &parameters, &Batch::labelled(&inputs, &case.labels)).unwrap();
                println!("{} {}: {value} {expected}", case.name, baseline.name);
                close(value, *expected, 1e-11);
                found += 1;
            }
        }
        assert_eq!(found, case.values.len());
    }
}
