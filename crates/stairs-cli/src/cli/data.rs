//! `stairs data`: what data sets there are, fetching them, image folders.

#[cfg(feature = "fetch")]
mod fetch;
mod list;

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand, ValueEnum};
use stairs::{
    data::{
        DataRoot, DatasetName,
        images::{Export as Exporter, ExportFormat, ImageError, ImageFolder},
        load,
    },
    train::{
        RunConfig,
        data::{IMAGES, Pass, TrainData, epoch_order},
    },
};

use super::{
    image_options::ImageOptions,
    number::{REPEATS, SAMPLES, whole},
    options::{DataOption, dataset},
    stop::{Stopped, on_signals},
};

/// List data sets, fetch one, write one as a folder of images, or time the reading of a folder
#[derive(Debug, Args)]
pub(crate) struct Data {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    #[cfg(feature = "fetch")]
    Fetch(fetch::Fetch),
    Export(Export),
    Bench(Bench),
}

impl Data {
    /// Whether one JSON document is asked for.
    pub(super) fn json(&self) -> bool {
        matches!(&self.command, Command::List(command) if command.json.json)
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::List(command) => command.run(),
            #[cfg(feature = "fetch")]
            Command::Fetch(command) => command.run(),
            Command::Export(command) => command.run(),
            Command::Bench(command) => command.run(),
        }
    }
}

/// Write a data set as DIR/train/CLASS/*.png and DIR/val/CLASS/*.png
///
/// The folder can be trained on with `--dataset images --data DIR`, here and by other programs. It must not hold anything else, and
/// appears when everything is written; what a killed export left beside it is removed.
#[derive(Debug, Args)]
struct Export {
    /// Data set of images
    #[arg(long, help = format!("Data set of images, of {}", DatasetName::names()), value_parser = dataset, value_name = "NAME")]
    dataset: DatasetName,
    /// Kind of the files
    #[arg(long, value_enum, default_value_t = Kind::Png)]
    format: Kind,
    /// Quality of JPEG files, 1 to 100
    #[arg(long, default_value_t = 95, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
    /// At most this many images of every class, in each part [default: all]
    #[arg(long, value_name = "N", value_parser = whole(0..=SAMPLES))]
    limit: Option<usize>,
    /// Resample to this many pixels square, 1 to 4096 [default: as they are]
    #[arg(long, value_name = "PIXELS", value_parser = size)]
    size: Option<usize>,
    /// The new folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    data: DataOption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Png,
    Jpeg,
}

impl Export {
    fn run(self) -> anyhow::Result<()> {
        let data = load(self.dataset, &self.data.root()).with_context(|| format!("loading {}", self.dataset))?;
        let format = match self.format {
            Kind::Png => ExportFormat::Png,
            Kind::Jpeg => ExportFormat::Jpeg(self.quality),
        };
        let names: Vec<String> = self.dataset.class_folders().iter().map(|&name| name.to_owned()).collect();
        eprintln!("{}", data.summary());
        let exporter = Exporter { format, limit: self.limit, size: self.size };
        let stop = on_signals()?;
        let written =
            exporter.write_unless(&data, &names, &self.out, &|| stop.is_requested()).map_err(|error| match error {
                ImageError::Stopped(_) => Stopped::new("before anything was written", None).into(),
                other => anyhow::Error::from(other),
            })?;
        println!("{}: {} training and {} test images", self.out.display(), written.train, written.test);
        Ok(())
    }
}

/// Read a folder of images into batches and print images per second
///
/// Each pass visits the first images of a seeded permutation of the part, decodes, crops and normalises them as training
/// or evaluation does, and throws them away. What the folder is, and what in it is not read, goes to the error output.
#[derive(Debug, Args)]
struct Bench {
    /// Folder with train/CLASS and val/CLASS
    folder: PathBuf,
    /// Random crops and flips of the training part, or the evaluation transform of the test part
    #[arg(long, value_enum, default_value_t = Part::Train)]
    part: Part,
    /// Threads [default: all processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Images a batch
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = whole(0..=65_536))]
    batch: usize,
    /// Images a pass, at most as many as there are [default: all]
    #[arg(long, value_name = "N", value_parser = whole(0..=SAMPLES))]
    images: Option<usize>,
    /// Passes, one line each: at most 1000000
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = whole(0..=REPEATS))]
    passes: usize,
    #[command(flatten)]
    options: ImageOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Train,
    Val,
}

impl Bench {
    fn run(self) -> anyhow::Result<()> {
        ensure!(self.batch > 0, "--batch must be at least 1");
        let images = self.options.config(Default::default());
        eprintln!("{}", ImageFolder::open(&self.folder, &images)?.survey()?);
        let config = RunConfig::default().with_dataset(IMAGES).with_images(images);
        let data = TrainData::open(&config, &DataRoot::new(Some(self.folder.clone()), None, None))?;
        let samples = if self.part == Part::Train { data.train } else { data.test };
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.map_or_else(all, usize::from);
        for pass in 1..=self.passes {
            let mut order = epoch_order(1, pass, samples.len());
            order.truncate(self.images.unwrap_or(order.len()));
            let augment = (self.part == Part::Train).then_some((1, pass));
            let start = Instant::now();
            let (samples, batch) = (samples.clone(), self.batch);
            let mut count = 0;
            for batch in (Pass { samples, order, batch, augment, threads }).start() {
                count += batch?.labels.len();
            }
            let rate = count as f64 / start.elapsed().as_secs_f64();
            println!("{count} images, {threads} threads: {rate:.1} images/s");
        }
        Ok(())
    }
}

fn size(text: &str) -> Result<usize, String> {
    let size = text.parse::<usize>().map_err(|error| error.to_string())?;
    if (1..=4096).contains(&size) { Ok(size) } else { Err("a size must be in 1..=4096".into()) }
}
