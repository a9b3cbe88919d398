//! The example of the README, word for word.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use stairs::{
    noise::{StairActivation, StairActivationConfig, StairWeights},
    prelude::*,
    train::{Classifier, seeded},
};

#[derive(Module, Debug)]
struct Mine {
    first: Linear,
    act: StairActivation, // where a ReLU stood
    last: Linear,
}

impl Classifier for Mine {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        self.last.forward(self.act.forward(self.first.forward(x.flatten(1, 3))))
    }
}

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let act = StairActivationConfig::new(Quantiser::Ternary).init(&device)?;
    let mine = seeded(1, &device, || Mine {
        first: LinearConfig::new(64, 128).init(&device),
        act,
        last: LinearConfig::new(128, 10).init(&device),
    });
    let ternary = StairWeights::ternary().with_except_last().quantise(mine)?; // the one line

    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    let config = RunConfig::new("mine").with_epochs(5).with_lr(1e-2);
    let fitted = Trainer::new(config, &digits, "runs/mine").with_resume(true).fit(ternary)?; // a second time: reads the finished run
    println!("test accuracy {:.2} %", fitted.record.test_accuracy); // of the hard network
    println!("{}", fitted.model.materialize()); // Burn's layers with three weight values, and the stair between them
    Ok(())
}
