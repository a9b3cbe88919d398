//! `stairs import`

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use stairs::{
    device::DeviceName,
    import::ImportRecord,
    train::write_weights,
    zoo::{
        Architecture,
        pretrained::{self, KeyMap, PretrainedError, WeightFile},
        with_model,
    },
};

/// Import float weights of other programs
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    Torchvision(Torchvision),
}

/// Import the weights of a torchvision model: a .pth or .pt file of a state dict, or a .safetensors file
///
/// Every tensor of the model must be in the file and nothing else may be. The result starts a run: stairs train --init
/// FILE. A JSON file beside it says where it comes from.
#[derive(Debug, Args)]
struct Torchvision {
    /// The file of weights; no code in it is run
    file: PathBuf,
    /// Model: alexnet, vgg11-bn to vgg19-bn, resnet18, resnet34, resnet50 or mobilenet-v2[:WIDTH]
    #[arg(long, value_name = "NAME")]
    model: Architecture,
    /// File to write, .safetensors or .bpk, or a folder for NAME.safetensors
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Number of classes [default: the file's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    classes: Option<u32>,
    /// Keep the file's last layer, or start a new one with random weights
    #[arg(long, value_enum, default_value_t = Head::Kept)]
    head: Head,
    /// Seed of a new last layer
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Head {
    Kept,
    Fresh,
}

impl Import {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.from {
            From::Torchvision(command) => command.run(),
        }
    }
}

impl Torchvision {
    fn run(self) -> anyhow::Result<()> {
        let file = WeightFile::open(&self.file)?;
        let device = DeviceName::Flex.open()?;
        device.seed(self.seed);
        let head = match self.head {
            Head::Kept => pretrained::Head::Kept,
            Head::Fresh => pretrained::Head::Fresh { classes: self.classes(&file)? },
        };
        let (model, classes) = pretrained::torchvision(&self.model, &file, head, &device)?;
        if let Some(wanted) = self.classes.filter(|wanted| *wanted as usize != classes) {
            bail!(
                "{} has {classes} classes: for {wanted}, start a new last layer with --head fresh",
                self.file.display()
            );
        }
        let parameters = with_model!(&model, module => pretrained::parameters(module));
        let fresh_head = self.head == Head::Fresh;
        let record = ImportRecord::new(&self.file, self.model.clone(), classes, fresh_head, parameters)
            .with_context(|| format!("cannot read {}", self.file.display()))?;
        let path = self.path();
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        with_model!(&model, module => write_weights(module, &path)?);
        let beside = path.with_extension("json");
        record.write(&beside).with_context(|| format!("cannot write {}", beside.display()))?;
        println!("{}, {classes} classes, {parameters} parameters", self.model);
        println!("written to {} and {}", path.display(), beside.display());
        Ok(())
    }

    /// Classes of a new last layer: as given, or as many as the file has.
    fn classes(&self, file: &WeightFile) -> Result<usize, PretrainedError> {
        let keys = KeyMap::torchvision(&self.model)?;
        let of_file = || file.shape(&format!("{}.weight", keys.head()?.1))?.first().copied();
        Ok(self.classes.map(|classes| classes as usize).or_else(of_file).unwrap_or(0))
    }

    fn path(&self) -> PathBuf {
        match self.out.extension().and_then(|extension| extension.to_str()) {
            Some("safetensors" | "bpk") => self.out.clone(),
            _ => self.out.join(format!("{}.safetensors", self.model.family())),
        }
    }
}
