//! `stairs materialise`

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use stairs::{
    data::{DatasetName, SampleShape},
    train::{RunConfig, RunDir, Which, ZooModel, data::TrainData},
};
use stairs_study::{
    import::sha256,
    materialise::{self, Materialised, weight_table},
};

use super::{options::DataOption, paths};

/// Write the quantised weights of a run: levels times a scale, as safetensors
///
/// The run keeps its latent weights; this file holds those that the hard network multiplies with, and all other parameters as they
/// are. Its metadata (key `stairs`, JSON) describes the quantisers of weights and features. Nothing is trained, and no data are
/// needed but for runs on folders of images.
#[derive(Debug, Args)]
pub(crate) struct Materialise {
    /// Run directory
    run: PathBuf,
    /// File to write: NAME.safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The model of the best epoch instead of the last
    #[arg(long)]
    best: bool,
    /// Names and layout: burn (as in the run's files) or torch (dense weights [out, in], norms with weight and bias,
    /// torchvision's names where it has the model)
    #[arg(long, value_enum, default_value_t = Layout::Burn)]
    layout: Layout,
    /// Replace a file that exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    data: DataOption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Layout {
    Burn,
    Torch,
}

impl Materialise {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let run = paths::run(&self.run)?;
        self.check_out(&run)?;
        let config = run.config()?;
        let device = stairs::device::DeviceName::Flex.open()?;
        let which = if self.best { Which::Best } else { Which::Last };
        let (input, classes) = samples(&config, &self.data)?;
        let ZooModel(model) = ZooModel::new(&config, input, classes, &device)?;
        let model = ZooModel(run.load(model, which)?);
        let file = run.model_path(which);
        let sha256 = sha256(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let layout = match self.layout {
            Layout::Burn => materialise::Layout::Burn,
            Layout::Torch => materialise::Layout::Torch,
        };
        let materialised = Materialised::new(&config, &model, input, sha256, layout)?;
        materialised.write(&self.out, self.force)?;
        println!("{}\n", weight_table(&materialised));
        println!("written to {}", self.out.display());
        Ok(())
    }

    /// Refuses another kind of file, and the files of the run itself.
    fn check_out(&self, run: &RunDir) -> anyhow::Result<()> {
        let shown = self.out.display();
        ensure!(
            self.out.extension().is_some_and(|extension| extension == "safetensors"),
            "--out {shown}: the file is one of safetensors, so its name must end in .safetensors"
        );
        let parent = self.out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let in_run = parent.canonicalize().is_ok_and(|parent| run.path().canonicalize().is_ok_and(|run| run == parent));
        let own = ["best.safetensors", "last.safetensors"]
            .iter()
            .any(|name| self.out.file_name().is_some_and(|n| n == *name));
        ensure!(!(in_run && own), "--out {shown} is a file of the run itself: choose another name");
        Ok(())
    }
}

/// Shape of the run's samples and number of its classes.
fn samples(config: &RunConfig, data: &DataOption) -> anyhow::Result<([usize; 3], usize)> {
    if let Ok(name) = config.dataset.parse::<DatasetName>() {
        let shape = match name.shape() {
            SampleShape::Image { channels, height, width } => [channels, height, width],
            SampleShape::Vector { features } => [features, 1, 1],
        };
        return Ok((shape, name.classes()));
    }
    let data = TrainData::open(config, &data.root()).with_context(|| format!("loading {}", config.dataset))?;
    Ok((data.test.shape(), data.classes))
}
