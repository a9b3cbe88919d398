//! Sequences: handwritten digits read row by row by an LSTM with ternary weights.
//!
//! A sample of a sequence is its steps, one below the other: `[1, steps, features]`. Burn's LSTM is taken as it is; its eight
//! matrices become ternary from outside, by the one line. What flows between them inside of it stays float.
//!
//! ```text
//! cargo run --release -p stairs-examples --example sequences
//! ```

use std::{error::Error, path::PathBuf};

use burn::{
    module::Module,
    nn::{Linear, LinearConfig, Lstm, LstmConfig},
    tensor::{Device, Tensor},
};
use stairs::{
    noise::{StairWeights, WeightInit},
    prelude::*,
    train::{Classifier, Display, Fitted, Method, try_seeded},
};

/// An LSTM over the rows, and a readout of its last state.
#[derive(Module, Debug)]
pub(crate) struct Rows {
    lstm: Lstm,
    readout: Linear,
}

impl Rows {
    fn new(width: usize, seed: u64, ternary: bool) -> Result<Self, Box<dyn Error>> {
        let device = Device::flex();
        let rows = || Self {
            lstm: LstmConfig::new(8, width, true).init(&device),
            readout: LinearConfig::new(width, 10).init(&device),
        };
        let weights = StairWeights::ternary().with_init(WeightInit::InsideSupport { seed }).with_except_last();
        try_seeded(seed, &device, || if ternary { Ok(weights.quantise(rows())?) } else { Ok(rows()) })
    }
}

impl Classifier for Rows {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        let [batch, _, steps, features] = x.dims();
        let (_, last) = self.lstm.forward(x.reshape([batch, steps, features]), None);
        self.readout.forward(last.hidden)
    }
}

/// How long and where.
pub(crate) struct Settings {
    pub(crate) width: usize,
    pub(crate) config: RunConfig,
    pub(crate) dir: PathBuf,
    pub(crate) display: Display,
}

/// Trains, or goes on training, an LSTM on the rows of the digits.
pub(crate) fn run(settings: Settings, ternary: bool) -> Result<Fitted<Rows>, Box<dyn Error>> {
    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    let model = Rows::new(settings.width, settings.config.seed, ternary)?;
    let config = settings.config.with_method(if ternary { Method::Ana } else { Method::Float });
    let trainer = Trainer::new(config, &digits, settings.dir);
    Ok(trainer.with_display(settings.display).with_resume(true).fit(model)?)
}

/// Different values of the matrices of the deployed LSTM: the most that one has.
pub(crate) fn most_values(trained: &Rows) -> Result<usize, Box<dyn Error>> {
    let plain = trained.clone().valid().materialize();
    let Lstm { input_gate, forget_gate, output_gate, cell_gate, .. } = plain.lstm;
    let mut most = 0;
    for gate in [input_gate, output_gate, cell_gate].into_iter().chain(forget_gate) {
        for layer in [gate.input_transform, gate.hidden_transform] {
            let mut values = layer.weight.val().into_data().try_to_vec::<f32>()?;
            values.sort_by(f32::total_cmp);
            values.dedup();
            most = most.max(values.len());
        }
    }
    Ok(most)
}

fn main() -> Result<(), Box<dyn Error>> {
    stairs::allocator::keep_memory();
    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    let folder = PathBuf::from("runs/sequences");
    let linear = RunConfig::new("linear").with_method(Method::Float).with_epochs(60).with_batch(32).with_lr(1e-2);
    let linear = Trainer::new(linear, &digits, folder.join("linear")).with_display(Display::Quiet).with_resume(true);
    println!("softmax regression of the pixels  {:.2} %", linear.run()?.test_accuracy);
    for (name, ternary) in [("float", false), ("ternary", true)] {
        let config = RunConfig::new("rows").with_epochs(60).with_batch(32).with_lr(3e-3);
        let settings = Settings { width: 64, config, dir: folder.join(name), display: Display::Plain };
        let fitted = run(settings, ternary)?;
        println!("{name:<7} LSTM, test accuracy       {:.2} %", fitted.record.test_accuracy);
        if ternary {
            println!("its matrices have {} values", most_values(&fitted.model)?);
        }
    }
    Ok(())
}
