//! `stairs eval`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use stairs::train::{Which, ZooModel, data::TrainData};

use super::{
    json::{self, JsonOption},
    options::{DataOption, DeviceOption, describe, printable},
    paths,
};

/// Evaluate a finished run on its test set
///
/// The network is evaluated with its hard quantisers. The last line of the output is `test accuracy NN.NN %`.
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Run directory
    run: PathBuf,
    /// Evaluate the model of the best epoch instead of the last
    #[arg(long)]
    best: bool,
    #[command(flatten)]
    pub(crate) json: JsonOption,
    #[command(flatten)]
    device: DeviceOption,
    #[command(flatten)]
    data: DataOption,
}

impl Eval {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let device = self.device.device.open()?;
        let run = paths::run(&self.run)?;
        let config = run.config()?;
        let name = &config.dataset;
        let data = TrainData::open(&config, &self.data.root()).with_context(|| format!("loading {name}"))?;
        println!("{}", describe(&data));
        if !run.is_sealed() {
            println!("note: the run has no SHA256SUMS: damage to its files is not noticed");
        }
        let note = run.compare(&data.identity)?;
        note.iter().for_each(|note| println!("note: {note}"));
        let which = if self.best { Which::Best } else { Which::Last };
        let model = ZooModel::load_for(&run, &data, which, &device)?;
        let evaluation = model.evaluate(data.test.clone(), &device)?;
        let skipped = data.test.skipped();
        if let Some(first) = skipped.first() {
            println!(
                "{} test files could not be decoded, the next one took the place of each, the first: {}",
                skipped.len(),
                printable(first)
            );
        }
        if self.json.json {
            return json::print(&json!({
                "run": self.run, "model": config.model, "dataset": name, "best": self.best,
                "samples": evaluation.samples, "loss": evaluation.loss, "test_accuracy": evaluation.accuracy,
                "top5": evaluation.top5, "skipped": skipped, "note": note,
            }));
        }
        println!("{name}, {} test samples, loss {:.4}", evaluation.samples, evaluation.loss);
        answer!("test accuracy {:.2} %", evaluation.accuracy);
        Ok(())
    }
}
