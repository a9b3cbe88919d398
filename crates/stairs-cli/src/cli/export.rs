//! `stairs export`

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use stairs::train::{Which, ZooModel, data::TrainData};
use stairs_study::deploy::{self, deployment, notes, totals};

use super::{
    number::{SAMPLES, whole},
    options::DataOption,
    paths,
};

/// Write the network of a run as integers: ONNX, QONNX, a packed file, C or Rust
///
/// Scales leave the weights; what stands between a layer and the next quantiser becomes thresholds of integer sums, in exact
/// arithmetic. Layers with float weights, such as the last one by default, stay float and are named. `stairs verify` holds the
/// result against the run.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Run directory
    run: PathBuf,
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Format,
    /// File to write: *.onnx, *.stairs, *.c (and the header beside it) or *.rs
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The model of the best epoch instead of the last
    #[arg(long)]
    best: bool,
    /// Also write the first N test samples, at least 1 and at most as many as there are, with the labels and results that the program
    /// gives: NAME.images, NAME.labels, NAME.results
    /// [default: none]
    #[arg(long, value_name = "N", value_parser = whole(1..=SAMPLES))]
    images: Option<usize>,
    /// Refuse layers that stay float
    #[arg(long)]
    integer_only: bool,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    data: DataOption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For onnxruntime and whatever reads ONNX, opset 21
    Onnx,
    /// For FINN, hls4ml and the executor of qonnx
    Qonnx,
    /// Packed weights, for `stairs infer` and the crate stairs-infer
    Packed,
    /// C99 for microcontrollers: a source and its header
    C,
    /// Constants in Rust, for the crate stairs-infer without std
    Rust,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Onnx | Self::Qonnx => "onnx",
            Self::Packed => "stairs",
            Self::C => "c",
            Self::Rust => "rs",
        }
    }

    fn format(self) -> deploy::Format {
        match self {
            Self::Onnx => deploy::Format::Onnx,
            Self::Qonnx => deploy::Format::Qonnx,
            Self::Packed => deploy::Format::Packed,
            Self::C => deploy::Format::C,
            Self::Rust => deploy::Format::Rust,
        }
    }
}

impl Export {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let (shown, extension) = (self.out.display(), self.to.extension());
        ensure!(
            self.out.extension().is_some_and(|found| found == extension),
            "--out {shown}: the name of such a file ends in .{extension}"
        );
        let run = paths::run(&self.run)?;
        let config = run.config()?;
        let device = stairs::device::DeviceName::Flex.open()?;
        let name = &config.dataset;
        let data = TrainData::open(&config, &self.data.root()).with_context(|| format!("loading {name}"))?;
        let which = if self.best { Which::Best } else { Which::Last };
        let model = ZooModel::load_for(&run, &data, which, &device)?;
        let deployment = deployment(&config, &model, data.train.as_ref(), self.integer_only)?;
        let program = &deployment.deployed.program;
        let (mut written, remarks) = deploy::export(program, self.to.format(), &self.out, self.force)?;
        if let Some(count) = self.images {
            written.extend(deploy::export_samples(program, data.test.as_ref(), count, &self.out)?);
        }
        notes(&deployment.deployed).iter().chain(&remarks).for_each(|note| println!("{note}"));
        println!("{}", totals(program));
        written.iter().for_each(|file| println!("{} B written to {}", file.bytes, file.path.display()));
        Ok(())
    }
}
