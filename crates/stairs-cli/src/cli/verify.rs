//! `stairs verify`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use stairs::{
    infer::Program,
    train::{Which, ZooModel, data::TrainData},
};
use stairs_study::deploy::{Verification, Verify as Verifying, deployment, elsewhere, notes};

use super::{
    json::{self, JsonOption},
    number::{SAMPLES, whole},
    options::{DataOption, describe},
    paths,
};

/// Hold a deployed network against the run it comes from, on the whole test set
///
/// Every test sample goes through the network of the run, in single precision with hard quantisers, and through the program of
/// integers. Labels that differ are listed, with the label in double precision and the threshold that the sample comes closest to.
/// The engine's integers are compared with the definitions one by one. Exit code 1 where a label differs or an integer is wrong.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Run directory
    run: PathBuf,
    /// File that `stairs export` wrote: packed, or ONNX or QONNX, which Python then runs [default: the program is made of the run]
    file: Option<PathBuf>,
    /// Interpreter with onnx and onnxruntime, and for QONNX qonnx
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: String,
    /// Verify the model of the best epoch instead of the last
    #[arg(long)]
    best: bool,
    /// Test samples, at least 1 and at most as many as there are [default: all]
    #[arg(long, value_name = "N", value_parser = whole(1..=SAMPLES))]
    samples: Option<usize>,
    /// Test samples, at most as many as there are, of which every integer is compared with the definitions
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = whole(0..=SAMPLES))]
    exact: usize,
    #[command(flatten)]
    pub(crate) json: JsonOption,
    #[command(flatten)]
    data: DataOption,
}

impl Verify {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let run = paths::run(&self.run)?;
        let config = run.config()?;
        let device = stairs::device::DeviceName::Flex.open()?;
        let name = &config.dataset;
        let data = TrainData::open(&config, &self.data.root()).with_context(|| format!("loading {name}"))?;
        let which = if self.best { Which::Best } else { Which::Last };
        let model = ZooModel::load_for(&run, &data, which, &device)?;
        let made = deployment(&config, &model, data.train.as_ref(), false)?;
        let program = match &self.file {
            None => made.deployed.program.clone(),
            Some(file) if is_onnx(file) => made.deployed.program.clone(),
            Some(file) => Program::read(file).with_context(|| format!("reading {}", file.display()))?,
        };
        println!("{}", describe(&data));
        notes(&made.deployed).iter().for_each(|note| println!("{note}"));
        let verify = Verifying { samples: self.samples.unwrap_or(usize::MAX), exact: self.exact };
        let verification = verify.run(&model, &made.network, &program, data.test.as_ref(), &device, |_| {})?;
        let count = self.samples.unwrap_or(usize::MAX);
        let elsewhere = match self.file.as_deref().filter(|file| is_onnx(file)) {
            Some(file) => elsewhere(&self.python, file, &program, data.test.as_ref(), count)?,
            None => Vec::new(),
        };
        if self.json.json {
            let value = serde_json::json!({ "program": verification, "elsewhere": elsewhere });
            json::print(&value)?;
        } else {
            print(&verification);
            for one in &elsewhere {
                answer!(
                    "{:<28} {} of {} labels differ from the program's; {} results (largest difference {:.1e})",
                    one.by,
                    one.labels,
                    one.samples,
                    one.results,
                    one.difference
                );
            }
        }
        if !verification.holds() || elsewhere.iter().any(|one| one.labels > 0) {
            bail!("the program does not give what the network gives");
        }
        Ok(())
    }
}

fn is_onnx(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "onnx")
}

fn print(verification: &Verification) {
    let share = |right: usize| 100.0 * right as f64 / verification.samples.max(1) as f64;
    answer!("\n{} test samples", verification.samples);
    answer!("network in single precision  {:.2} %", share(verification.network_right));
    answer!("program                      {:.2} %", share(verification.program_right));
    answer!("labels that differ           {}", verification.changes.len());
    answer!(
        "results that differ          {} (largest difference {:.1e})",
        verification.samples_that_differ,
        verification.difference
    );
    for change in &verification.changes {
        answer!(
            "  sample {}, class {}: network {}, program {}, network in double precision {}{}",
            change.sample,
            change.class,
            change.network,
            change.program,
            change.double,
            change.closest.as_ref().map_or_else(String::new, |closest| format!(
                "; {:.1e} quanta from a threshold of `{}`",
                closest.distance, closest.path
            ))
        );
    }
    let exactness = verification.exactness;
    answer!(
        "engine against definitions   {} of {} numbers of {} samples differ",
        exactness.wrong,
        exactness.numbers,
        exactness.samples
    );
}
