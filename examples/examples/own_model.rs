//! A model of your own, made ternary in one line, trained, resumed and materialised.
//!
//! The model is a small residual network that no crate of this workspace knows. Its weights are quantised from outside
//! (`StairWeights`), its features by `StairActivation` where a ReLU would stand. Interrupt the program as you like and
//! start it again: it goes on where it was.
//!
//! ```text
//! cargo run --release -p stairs-examples --example own_model
//! ```

use std::{error::Error, path::PathBuf};

use burn::{
    module::{Module, Param},
    nn::{
        BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, Tensor},
};
use stairs::{
    noise::{StairActivation, StairActivationConfig, StairWeights, WeightInit},
    prelude::*,
    train::{Classifier, Display, Fitted, data::parts, try_seeded},
};

/// Images 1 × 8 × 8: stem – residual block – pool – linear. Fields are in the order of the forward pass, which is the
/// order of the layers in an annealing plan.
#[derive(Module, Debug)]
pub(crate) struct TinyResNet {
    stem: Conv2d,
    stem_norm: BatchNorm,
    stem_act: StairActivation,
    branch: Conv2d,
    branch_norm: BatchNorm,
    join_act: StairActivation,
    pool: MaxPool2d,
    readout: Linear,
}

impl TinyResNet {
    fn new(channels: usize, device: &Device) -> Result<Self, Box<dyn Error>> {
        let conv = |from, to| {
            Conv2dConfig::new([from, to], [3, 3]).with_padding(PaddingConfig2d::Same).with_bias(false).init(device)
        };
        let ternary = StairActivationConfig::new(Quantiser::Ternary);
        Ok(Self {
            stem: conv(1, channels),
            stem_norm: BatchNormConfig::new(channels).init(device),
            stem_act: ternary.init(device)?,
            branch: conv(channels, channels),
            branch_norm: BatchNormConfig::new(channels).init(device),
            join_act: ternary.init(device)?,
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            readout: LinearConfig::new(channels * 4 * 4, 10).init(device),
        })
    }

    /// Ternary weights everywhere but in the last layer: this is the one line.
    pub(crate) fn ternary(channels: usize, seed: u64, device: &Device) -> Result<Self, Box<dyn Error>> {
        let weights = StairWeights::ternary().with_init(WeightInit::InsideSupport { seed }).with_except_last();
        try_seeded(seed, device, || Ok(weights.quantise(Self::new(channels, device)?)?))
    }
}

/// All that `Trainer` asks of a model.
impl Classifier for TinyResNet {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.stem_act.forward(self.stem_norm.forward(self.stem.forward(x)));
        let x = x.clone() + self.branch_norm.forward(self.branch.forward(x));
        let x = self.pool.forward(self.join_act.forward(x));
        self.readout.forward(x.flatten::<2>(1, 3))
    }
}

/// How long and where.
pub(crate) struct Settings {
    pub(crate) channels: usize,
    pub(crate) config: RunConfig,
    pub(crate) dir: PathBuf,
    pub(crate) display: Display,
}

impl Default for Settings {
    fn default() -> Self {
        // The names are for the record alone: the data and the model are handed over below.
        let config = RunConfig::new("tiny-resnet").with_law(Noise::Logistic).with_batch(32);
        Self { channels: 32, config, dir: "runs/own_model".into(), display: Display::Auto }
    }
}

/// Trains, or goes on training, and returns the model after the last epoch with its record.
pub(crate) fn run(settings: Settings) -> Result<Fitted<TinyResNet>, Box<dyn Error>> {
    let device = Device::flex();
    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    let (train, test) = parts(&digits);
    let model = TinyResNet::ternary(settings.channels, settings.config.seed, &device)?;
    let trainer = Trainer::on_samples(settings.config, train, test, digits.classes, settings.dir);
    Ok(trainer.with_device(device).with_display(settings.display).with_resume(true).fit(model)?)
}

/// How many different values a weight has.
pub(crate) fn distinct<const D: usize>(weight: &Param<Tensor<D>>) -> Result<usize, Box<dyn Error>> {
    let mut values = weight.val().into_data().try_to_vec::<f32>()?;
    values.sort_by(f32::total_cmp);
    values.dedup();
    Ok(values.len())
}

/// The weights of the deployed network: name and number of different values.
pub(crate) fn counts(trained: &TinyResNet) -> Result<[(&'static str, usize); 3], Box<dyn Error>> {
    // Plain Burn layers again, with the quantised values in them.
    let plain = trained.clone().valid().materialize();
    Ok([
        ("stem", distinct(&plain.stem.weight)?),
        ("branch", distinct(&plain.branch.weight)?),
        ("readout", distinct(&plain.readout.weight)?),
    ])
}

fn main() -> Result<(), Box<dyn Error>> {
    stairs::allocator::keep_memory();
    let fitted = run(Settings::default())?;
    for (name, values) in counts(&fitted.model)? {
        println!("{name:<8} {values} different weight values");
        assert!(name == "readout" || values <= 3, "{name} is not ternary");
    }
    println!("test accuracy {:.2} %", fitted.record.test_accuracy);
    Ok(())
}
