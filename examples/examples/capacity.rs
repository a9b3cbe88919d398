//! The capacity of a network of your own before training: as a chain of layers, and as any Burn module.
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
        Activation, Chain, ChainError, Draw, Draws, Head, Layer, MarkovOptions, Normalisation, Prior, Sampler, Shape,
        bridge::{MarkovModel, module_spectrum},
    },
    data::Split,
    prelude::*,
    train::seeded,
};

const CLASSES: usize = 10;

/// A perceptron of given widths, described as a Markov chain.
#[derive(Debug)]
pub(crate) struct Perceptron {
    pub(crate) widths: Vec<usize>,
}

impl MarkovModel for Perceptron {
    fn chain(&self) -> Result<Chain, ChainError> {
        let hidden = self.widths.iter().map(|w| Layer::dense(*w).with_bias().with_activation(Activation::Relu));
        let layers = hidden.chain([Layer::dense(CLASSES).with_bias()]).collect();
        Chain::new(Shape::vector(64), layers, Head::Categorical)
    }
}

/// (parameters, lower bound, 2sED) at ε = 10⁻³, ζ = 2/3, from the blocks of the chain.
pub(crate) fn of_chain(
    model: &impl MarkovModel,
    data: &Split,
    draws: u64,
) -> Result<(usize, f64, f64), Box<dyn std::error::Error>> {
    let inputs = (0..50).flat_map(|i| data.sample(i).0).map(f64::from).collect();
    let sampler = Sampler::new(model.chain()?, Prior::Initialiser, inputs, MarkovOptions::default(), 1)?;
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
        let model = Perceptron { widths };
        let (parameters, lower, two_scale) = of_chain(&model, &digits.train, 50)?;
        println!("{:?}: {parameters} parameters, 2sED {two_scale:.1}, at least {lower:.1}", model.widths);
    }
    let (parameters, two_scale) = of_module(16, &digits.train, 10)?;
    println!("residual: {parameters} parameters, 2sED {two_scale:.1}");
    Ok(())
}
