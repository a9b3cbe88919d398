//! A network of your own, recorded from its forward pass: what it costs, how much it can express, whether annealing converges.
//!
//! The module is plain Burn. Nothing describes it but `forward`, and nothing of it changes.
//!
//! ```text
//! cargo run --release -p stairs-examples --example network
//! ```

use std::error::Error;

use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, Tensor},
};
use stairs::{
    capacity::{
        Draws, MarkovOptions, Normalisation, Prior, Sampler,
        bridge::{ChainOptions, chain},
    },
    certificate::{self, Certificate},
    data::Split,
    network::{Network, Op},
    noise::{RecordError, StairActivation, StairActivationConfig, StairWeights, TimeUnit, layers, record, record_new},
    prelude::*,
};
use stairs_study::summary::{layer_table, totals_table};

/// Images 1 × 8 × 8: a dilated convolution, norm, quantiser, pool, dense.
#[derive(Module, Debug)]
pub(crate) struct Own {
    conv: Conv2d,
    norm: BatchNorm,
    act: StairActivation,
    pool: MaxPool2d,
    readout: Linear,
}

impl Own {
    pub(crate) fn new(device: &Device) -> Self {
        let conv = Conv2dConfig::new([1, 8], [3, 3]).with_dilation([2, 2]);
        let conv = conv.with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2)).with_bias(false);
        Self {
            conv: conv.init(device),
            norm: BatchNormConfig::new(8).init(device),
            act: StairActivationConfig::new(Quantiser::Ternary).init(device).expect("a quantum of 1"),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            readout: LinearConfig::new(8 * 4 * 4, 10).init(device),
        }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.act.forward(self.norm.forward(self.conv.forward(x)));
        self.readout.forward(self.pool.forward(x).flatten::<2>(1, 3))
    }
}

/// The network without a number drawn, and the one of a module with ternary weights.
pub(crate) fn recorded() -> Result<(Network, Own, Network), Box<dyn Error>> {
    let sample = [1, 8, 8];
    let planned = record_new(|device| Ok::<_, RecordError>(Own::new(device)), &sample, Own::forward)?;
    let module = StairWeights::ternary().with_except_last().quantise(Own::new(&Device::flex()))?;
    let network = record(&module, &sample, Own::forward)?;
    Ok((planned, module, network))
}

/// Its lower two-scale effective dimension at ε = 10⁻³.
pub(crate) fn capacity(network: &Network, data: &Split, draws: u64) -> Result<f64, Box<dyn Error>> {
    let inputs = (0..40).flat_map(|i| data.sample(i).0).map(f64::from).collect();
    let options = ChainOptions { law: Law::new(Noise::Uniform, 0.0, 0.5)?, ..ChainOptions::default() };
    let sampler = Sampler::new(chain(network, &options)?, Prior::Initialiser, inputs, MarkovOptions::default(), 1)?;
    let draws = (0..draws).map(|draw| sampler.draw(draw, 1)).collect::<Result<Vec<_>, _>>()?;
    Ok(Draws::new(draws, Normalisation::MeanTrace)?.jensen(1e-3, 2.0 / 3.0)?.value)
}

/// Whether a plan of 20 epochs ends in the quantised network, layer after layer.
pub(crate) fn verdict(module: &Own, network: &Network, data: &Split) -> Result<String, Box<dyn Error>> {
    let policy: Policy = "partition".parse()?;
    let plan = policy.plan(Noise::Uniform, Strategy::Expectation, &layers(module), 20.0, TimeUnit::Epochs)?;
    let samples = (0..4).map(|i| data.sample(i).0.into_iter().map(f64::from).collect()).collect();
    let certificate = Certificate::new(certificate::Network::recorded(network)?, samples)?;
    Ok(certificate.run(&plan, &[0.0, 10.0, 20.0])?.verdict.to_string())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (planned, module, network) = recorded()?;
    println!("{}\n", layer_table(&network, true));
    println!("{}\n", totals_table([("float weights", planned.totals()), ("ternary weights", network.totals())]));
    let stair =
        network.nodes().iter().find_map(|node| if let Op::Stair(stair) = &node.op { Some(stair) } else { None });
    println!("features {:?}", stair.map(|stair| (&stair.path, stair.function.to_string(), stair.scales)));
    std::fs::write(std::env::temp_dir().join("network.svg"), network.svg("a network of one's own"))?;

    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    println!(
        "2sED at least {:.1} of {} parameters",
        capacity(&network, &digits.train, 20)?,
        network.totals().parameters
    );
    println!("{}", verdict(&module, &network, &digits.test)?);
    Ok(())
}
