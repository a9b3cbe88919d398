//! `stairs infer`

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use stairs::{
    infer::{Engine, Level, Options, Program, Value, label},
    train::{RunConfig, data::TrainData},
};

use super::{
    json::{self, JsonOption},
    number::{SAMPLES, whole},
    options::{DataOption, describe},
};

/// Samples that are read before the clock starts.
const BLOCK: usize = 1024;

/// Run a packed file on the test part of a data set: accuracy, and samples a second
///
/// No tensor library is involved: integers from the first layer to the last, on the processor's best kernels. The time is that of
/// the engine alone, without reading and decoding samples.
#[derive(Debug, Args)]
pub(crate) struct Infer {
    /// File that `stairs export --to packed` wrote
    file: PathBuf,
    /// Data set, as in training: digits, mnist, fashion-mnist, cifar10, covertype, or a table
    #[arg(long, value_name = "NAME")]
    dataset: String,
    /// Test samples, at least 1 and at most as many as there are [default: all]
    #[arg(long, value_name = "N", value_parser = whole(1..=SAMPLES))]
    samples: Option<usize>,
    /// Samples at once, 1 to 1000000
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = whole(1..=SAMPLES))]
    batch: usize,
    /// Threads, 1 to 1024
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = whole(1..=1024))]
    threads: usize,
    /// Kernels no better than this: scalar, portable, avx2 or avx512 [default: the best of this processor]
    #[arg(long, value_parser = level, value_name = "LEVEL")]
    level: Option<Level>,
    #[command(flatten)]
    pub(crate) json: JsonOption,
    #[command(flatten)]
    data: DataOption,
}

fn level(name: &str) -> Result<Level, String> {
    let known = || Level::ALL.map(Level::name).join(", ");
    Level::ALL.into_iter().find(|level| level.name() == name).ok_or_else(|| format!("expected one of {}", known()))
}

impl Infer {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let program = Program::read(&self.file).with_context(|| format!("reading {}", self.file.display()))?;
        let config = RunConfig::default().with_dataset(self.dataset.clone());
        let data = TrainData::open(&config, &self.data.root()).with_context(|| format!("loading {}", self.dataset))?;
        let (test, shape) = (data.test.as_ref(), data.test.shape());
        let size: usize = shape.iter().product();
        ensure!(
            program.input().iter().product::<usize>() == size,
            "{} takes samples of shape {:?}, those of {} have {shape:?}",
            self.file.display(),
            program.input(),
            self.dataset
        );
        let options = Options::default().with_threads(self.threads).with_batch(self.batch.min(16));
        let options = match self.level {
            None => options,
            Some(level) => options.with_level(level),
        };
        let engine = Engine::new(&program, options)?;
        let (mut workspace, mut results) = (engine.workspace()?, Value::Floats(Vec::new()));
        let count = self.samples.unwrap_or(usize::MAX).min(test.len());
        let (mut right, mut seconds) = (0, 0.0);
        for start in (0..count).step_by(BLOCK) {
            let block = BLOCK.min(count - start);
            let (mut values, mut classes) = (vec![0.0f32; block * size], Vec::with_capacity(block));
            for (i, sample) in values.chunks_mut(size).enumerate() {
                match test.copy(start + i, sample) {
                    Ok(class) => classes.push(class),
                    Err(error) => bail!("cannot make sample {}: {error}", start + i),
                }
            }
            for (batch, classes) in values.chunks(self.batch * size).zip(classes.chunks(self.batch)) {
                let clock = Instant::now();
                engine.run_into(&mut workspace, batch, classes.len(), &mut results)?;
                seconds += clock.elapsed().as_secs_f64();
                let floats = results.to_floats();
                let logits = floats.chunks(floats.len() / classes.len());
                right += logits.zip(classes).filter(|(logits, class)| label(logits) == **class).count();
            }
        }
        let (accuracy, rate) = (100.0 * right as f64 / count.max(1) as f64, count as f64 / seconds);
        if self.json.json {
            let value = serde_json::json!({
                "samples": count, "accuracy": accuracy, "samples_per_second": rate, "threads": self.threads,
                "batch": self.batch, "kernels": engine.level().name(), "bytes_of_results": engine.bytes(),
            });
            return json::print(&value);
        }
        println!("{}", describe(&data));
        println!(
            "{count} samples, {rate:.0} a second with {} kernels, batch {}, threads {}",
            engine.level().name(),
            self.batch,
            self.threads
        );
        answer!("test accuracy {accuracy:.2} %");
        Ok(())
    }
}
