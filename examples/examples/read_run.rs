//! Reading a finished run: its record, its model, and where the model errs.
//!
//! ```text
//! cargo run --release -p stairs-examples --example read_run -- RUN
//! ```
//!
//! RUN is a directory that `stairs train` or `Trainer` has left, of a zoo model on the digits. Without it a short run is
//! made in `runs/read_run`.

use std::{env, error::Error, path::Path};

use burn::tensor::{Device, Int, Tensor, TensorData};
use stairs::{
    data::{Dataset, Split},
    prelude::*,
    train::{Display, RunDir, Which, ZooModel, data::parts},
};

/// Row: what it is. Column: what the model says.
pub(crate) type Confusion = Vec<Vec<usize>>;

/// A small finished run in `dir`; one that is there already is left as it is.
pub(crate) fn make(dir: &Path, epochs: usize, digits: &Dataset) -> Result<(), Box<dyn Error>> {
    let config = RunConfig::new("mlp").with_law(Noise::Logistic).with_epochs(epochs).with_batch(32);
    Trainer::new(config, digits, dir).with_display(Display::Plain).with_resume(true).run()?;
    Ok(())
}

/// Counts of answers on `split`.
fn confusion(model: &ZooModel, split: &Split, classes: usize, device: &Device) -> Result<Confusion, Box<dyn Error>> {
    let pixels: Vec<f32> = (0..split.len()).flat_map(|i| split.sample(i).0).collect();
    let images = Tensor::<4>::from_data(TensorData::new(pixels, [split.len(), 1, 8, 8]), device);
    let answers: Tensor<1, Int> = model.logits(images).argmax(1).reshape([split.len()]);
    let mut counts = vec![vec![0; classes]; classes];
    for (truth, answer) in split.labels().iter().zip(answers.into_data().iter::<i64>()) {
        counts[usize::from(*truth)][usize::try_from(answer)?] += 1;
    }
    Ok(counts)
}

/// Prints what the run in `dir` has left and returns its record and its confusion matrix.
pub(crate) fn run(dir: &Path, digits: &Dataset) -> Result<(RunRecord, Confusion), Box<dyn Error>> {
    let run = RunDir::new(dir);
    let record = run.record()?;
    println!("{} on {}, {:?}, {}", record.config.model, record.config.dataset, record.config.method, record.device);
    println!("{} parameters, {:.1} s", record.parameters, record.wall_seconds);
    println!("\nepoch  train loss  test accuracy  largest noise scale");
    let every = record.epochs.len().div_ceil(8);
    for epoch in record.epochs.iter().filter(|epoch| epoch.epoch % every == 0) {
        let scale = epoch.laws.iter().map(|law| law.scale).fold(0.0, f64::max);
        println!("{:>5}  {:>10.4}  {:>11.2} %  {scale:>19.4}", epoch.epoch, epoch.train_loss, epoch.held_out_accuracy);
    }
    for weights in &record.weights {
        let levels: Vec<String> = weights.quantised.iter().map(|(level, count)| format!("{count} × {level}")).collect();
        println!("{:<20} {}", weights.path, levels.join(", "));
    }

    let device = Device::flex();
    let model = ZooModel::load(&run, digits, Which::Last, &device)?; // hard: ready for evaluation
    let (_, test) = parts(digits);
    println!("\nloaded again: test accuracy {:.2} %", model.evaluate(test, &device)?.accuracy);
    let counts = confusion(&model, &digits.test, digits.classes, &device)?;
    println!("\n      {}", (0..digits.classes).map(|class| format!("{class:>4}")).collect::<String>());
    for (class, row) in counts.iter().enumerate() {
        println!("{class:>5} {}", row.iter().map(|count| format!("{count:>4}")).collect::<String>());
    }
    Ok((record, counts))
}

fn main() -> Result<(), Box<dyn Error>> {
    stairs::allocator::keep_memory();
    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    match env::args().nth(1) {
        Some(dir) => run(Path::new(&dir), &digits)?,
        None => {
            let dir = Path::new("runs/read_run");
            make(dir, 15, &digits)?;
            run(dir, &digits)?
        }
    };
    Ok(())
}
