//! `stairs import`

use std::{fs::File, io::Read, path::PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use stairs::{
    device::DeviceName,
    train::write_weights,
    zoo::{
        Architecture,
        pretrained::{self, KeyMap, PretrainedError, WeightFile},
    },
};
use stairs_study::import::ImportRecord;

use super::{model_name::architecture, paths};

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
/// Every tensor of the model must be in the file and nothing else may be; what wrappers add to names (module., _orig_mod., model.)
/// is left out. The same import writes the same bytes. The result starts a run: stairs train --init FILE. A JSON file beside it
/// says where it comes from.
#[derive(Debug, Args)]
struct Torchvision {
    /// The file of weights; no code in it is run
    file: PathBuf,
    /// Model: alexnet, vgg11-bn to vgg19-bn, resnet18, resnet34, resnet50 or mobilenet-v2[:WIDTH]; `help` lists all models
    #[arg(long, value_name = "NAME", value_parser = architecture)]
    model: Architecture,
    /// File to write, .safetensors or .bpk, or a folder for NAME.safetensors
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// The state dict of a checkpoint that has several: its key, or keys joined by `.`, such as model_ema; or what the names of
    /// its tensors begin with [default: the only one]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Tensors that are called FROM or begin with `FROM.` begin with TO instead, or lose FROM where TO is empty; may be repeated
    #[arg(long, value_name = "FROM=TO", value_parser = renaming)]
    rename: Vec<Renaming>,
    /// Number of classes, 1 to 1000000 [default: the file's]
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
        let path = self.path()?;
        self.check_file()?;
        let file = WeightFile::open_at(&self.file, self.key.as_deref())?;
        let file = self.rename.iter().try_fold(file, |file, Renaming { from, to }| file.renamed(from, to))?;
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
        let parameters = pretrained::parameters(&model);
        let fresh_head = self.head == Head::Fresh;
        let record = ImportRecord::new(&self.file, self.model.clone(), classes, fresh_head, parameters)
            .with_context(|| format!("cannot read {}", self.file.display()))?;
        let renamed = self.rename.iter().map(|Renaming { from, to }| format!("{from}={to}")).collect();
        let record = ImportRecord { key: self.key.clone(), renamed, ..record };
        let beside = path.with_extension("json");
        ensure!(
            !beside.exists() || ImportRecord::read(&beside).is_ok(),
            "{} exists and is no record of an import: choose another --out",
            beside.display()
        );
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        write_weights(&model, &path).map_err(paths::written)?;
        record.write(&beside).with_context(|| format!("cannot write {}", beside.display()))?;
        println!("{}, {classes} classes, {parameters} parameters", self.model);
        println!("written to {} and {}", path.display(), beside.display());
        Ok(())
    }

    /// Classes of a new last layer: as given, or as many as the file has.
    fn classes(&self, file: &WeightFile) -> Result<usize, PretrainedError> {
        let keys = KeyMap::torchvision(&self.model)?;
        let of_file = || file.shape_within(&format!("{}.weight", keys.head()?.1))?.first().copied();
        Ok(self.classes.map(|classes| classes as usize).or_else(of_file).unwrap_or(0))
    }

    /// The file to write.
    fn path(&self) -> anyhow::Result<PathBuf> {
        let shown = self.out.display();
        match self.out.extension().and_then(|extension| extension.to_str()) {
            Some("safetensors" | "bpk") => {
                ensure!(!self.out.is_dir(), "--out {shown} is a folder, and its name is that of a file");
                return Ok(self.out.clone());
            }
            Some(_) if !self.out.is_dir() && !shown.to_string().ends_with('/') => bail!(
                "--out {shown}: weights are written as .safetensors or .bpk, such as {}; a new folder with a dot in its name ends with /",
                self.out.with_extension("safetensors").display()
            ),
            _ => {}
        }
        ensure!(!self.out.is_file(), "--out {shown} is a file: give a folder, or a new name that ends in .safetensors");
        Ok(self.out.join(format!("{}.safetensors", self.model.family())))
    }

    /// Refuses what needs no import.
    fn check_file(&self) -> anyhow::Result<()> {
        let shown = self.file.display();
        if self.file.is_dir() {
            ensure!(
                !self.file.join("config.toml").exists(),
                "{shown} is a run: `stairs train --init {shown}` starts from it"
            );
            bail!("{shown} is a folder, and weights are in a file: .pth, .pt or .safetensors");
        }
        let mut start = [0; 4];
        let is_burn = self.file.is_file()
            && File::open(&self.file).and_then(|mut file| file.read_exact(&mut start)).is_ok()
            && start == *b"NRUB";
        ensure!(!is_burn, "{shown} is in Burn's format already: `stairs train --init {shown}` starts from it");
        Ok(())
    }
}

/// A change of names.
#[derive(Clone, Debug)]
struct Renaming {
    from: String,
    to: String,
}

fn renaming(text: &str) -> Result<Renaming, String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() => Ok(Renaming { from: from.into(), to: to.into() }),
        _ => Err("expected FROM=TO, such as encoder.features=features, or FROM= to leave FROM out".into()),
    }
}
