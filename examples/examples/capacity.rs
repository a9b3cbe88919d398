//! The capacity of a network of your own before training: as a chain of layers, recorded from its forward pass, and as any Burn
//! module.
//!
//! ```text
//! cargo run --release -p stairs-examples --example capacity
//! ```

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData, activation::relu},
};
use stairs::{
    capacity::{
        Draw, Draws, Head, MarkovOptions, Normalisation, Prior, Sampler,
        bridge::{ChainOptions, chain, module_spectrum},
    },
    data::Split,
    noise::{RecordError, record_new},
    prelude::*,
    train::seeded,
};

const CLASSES: usize = 10;

/// A perceptron of given widths. Nothing describes it but its forward pass.
#[derive(Module, Debug)]
pub(crate) struct Perceptron {
    hidden: Vec<Linear>,
    last: Linear,
}

impl Perceptron {
    fn new(widths: &[usize], device: &Device) -> Self {
        let inputs = [&[64], widths].concat();
        let linear = |from, to| LinearConfig::new(from, to).init(device);
        let hidden = inputs.iter().zip(widths).map(|(from, to)| linear(*from, *to)).collect();
        Self { hidden, last: linear(inputs[widths.len()], CLASSES) }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.last.forward(self.hidden.iter().fold(x, |x, layer| relu(layer.forward(x))))
    }
}

/// (parameters, lower bound, 2sED) at ε = 10⁻³, ζ = 2/3, from the blocks of the chain.
pub(crate) fn of_chain(
    widths: &[usize],
    data: &Split,
    draws: u64,
) -> Result<(usize, f64, f64), Box<dyn std::error::Error>> {
    let inputs = (0..50).flat_map(|i| data.sample(i).0).map(f64::from).collect();
    // Recorded without a parameter being drawn.
    let make = |device: &Device| Ok::<_, RecordError>(Perceptron::new(widths, device));
    let network = record_new(make, &[64], |model: &Perceptron, x: Tensor<2>| model.forward(x))?;
    let sampler = Sampler::new(
        chain(&network, &ChainOptions::default())?,
        Prior::Initialiser,
        inputs,
        MarkovOptions::default(),
        1,
    )?;
    let draws = (0..draws).map(|m| sampler.draw(m, 1)).collect::<Result<Vec<_>, _>>()?;
    let draws = Draws::new(draws, Normalisation::MeanTrace)?;
    let (eps, zeta) = (1e-3, 2.0 / 3.0);
    Ok((draws.dimension(), draws.jensen(eps, zeta)?.value, draws.two_scale(eps, zeta)?.value))
}

/// A network that is no chain: a branch around its middle.
#[derive(Module, Debug)]
pub(crate) struct Residual {
    first: Linear,
    middle: Linear,
    last: Linear,
}

impl Residual {
    fn new(width: usize, device: &Device) -> Self {
        let linear = |from, to| LinearConfig::new(from, to).init(device);
        Self { first: linear(64, width), middle: linear(width, width), last: linear(width, CLASSES) }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = relu(self.first.forward(x));
        self.last.forward(x.clone() + relu(self.middle.forward(x)))
    }
}

/// (parameters, 2sED) of the residual network without hidden noise, by backward passes.
pub(crate) fn of_module(width: usize, data: &Split, draws: u64) -> Result<(usize, f64), Box<dyn std::error::Error>> {
    let device = Device::flex();
    let samples: Vec<f32> = (0..10).flat_map(|i| data.sample(i).0).collect();
    let inputs = Tensor::<2>::from_data(TensorData::new(samples, [10, 64]), &device);
    let mut all = Vec::new();
    for seed in 0..draws {
        let model = seeded(seed, &device, || Residual::new(width, &device));
        let spectrum = module_spectrum(&model, |m, x| m.forward(x), inputs.clone(), Head::Categorical)?;
        all.push(Draw { hidden: vec![], last: vec![spectrum] });
    }
    let draws = Draws::new(all, Normalisation::MeanTrace)?;
    Ok((draws.dimension(), draws.two_scale(1e-3, 2.0 / 3.0)?.value))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    for widths in [vec![16], vec![64], vec![32, 32]] {
        let (parameters, lower, two_scale) = of_chain(&widths, &digits.train, 50)?;
        println!("{widths:?}: {parameters} parameters, 2sED {two_scale:.1}, at least {lower:.1}");
    }
    let (parameters, two_scale) = of_module(16, &digits.train, 10)?;
    println!("residual: {parameters} parameters, 2sED {two_scale:.1}");
    Ok(())
}
