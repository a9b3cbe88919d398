//! `stairs choose`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use indicatif::ProgressBar;
use stairs::{
    data::{DatasetName, load},
    quant::Quantiser,
    train::{Edges, EpochRecord, Features, Progress},
};
use stairs_study::choose::{
    Budget, Candidate, Choice, ChooseConfig, ChooseError, Measuring, Space, TrainingOptions, advice, choice_table,
    choose, measures, train, write_page,
};

use super::{
    json::{self, JsonOption},
    number::{EPOCHS, REPEATS, SAMPLES, WORKERS, real, whole},
    options::{self, DataOption, bar, dataset},
    paths,
    stop::{Stopped, on_signals},
};

/// Choose a network before training: candidates under a budget, their exact costs, what measures say of them
///
/// The directory holds the choice (choice.json), its page (index.html) and figure (choice.svg), and everything that was ever measured
/// there (measured.json): another budget or more candidates measure only what is new. With --train K the K networks that rank first and
/// K random ones are trained alike, and the page says whether the choice was worth it. Ctrl-C ends it; the same command goes on.
#[derive(Debug, Args)]
pub(crate) struct Choose {
    /// Data set
    #[arg(long, help = format!("Data set: {}", DatasetName::names()), default_value = "digits", value_parser = dataset, value_name = "NAME")]
    dataset: DatasetName,
    /// Families, one or more: mlp, plain-mlp, cnn, plain-cnn by depths and widths, others such as vgg8 by factors
    #[arg(long, default_value = "cnn", value_delimiter = ',', value_name = "NAMES")]
    family: Vec<String>,
    /// Numbers of hidden layers, 1 to 32, of mlp and cnn [default: 1,2,3,4]
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS", value_parser = whole(1..=32))]
    depths: Option<Vec<usize>>,
    /// Widths of a hidden layer, 1 to 1000000, of mlp and cnn; every layer may have each [default: 8,12,16,24,32,48,64]
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS", value_parser = whole(1..=1_000_000))]
    widths: Option<Vec<usize>>,
    /// Factors on all widths, positive, of families that have one [default: 0.125,0.1875,0.25,0.375,0.5,0.75,1]
    #[arg(long, value_delimiter = ',', value_name = "FACTORS", value_parser = real)]
    factors: Option<Vec<f64>>,
    /// Sizes of kernels, of cnn: 1, 3, 5 or 7 [default: 3]
    #[arg(long, value_delimiter = ',', value_name = "SIZES", value_parser = whole(1..=7))]
    kernels: Option<Vec<usize>>,
    /// Bits: float, or quantisers of weights and features such as binary, ternary, int4 [default: float,ternary,int4]
    #[arg(long, value_delimiter = ',', value_name = "NAMES", value_parser = precision)]
    bits: Option<Vec<Precision>>,
    /// What stands in place of activations of quantised networks: matching, float, or a quantiser [default: matching]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    features: Option<Vec<Features>>,
    /// Layers of quantised networks with float weights: last-float, both-float, quantised [default: last-float]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    edges: Option<Vec<Edges>>,
    /// What a network may cost, repeatable: params=20k, macs=1M, bitops=1G, flash=100kB, ram=64KiB, seconds=2ms (measured here) [default: none]
    #[arg(long, value_name = "COST=LIMIT")]
    budget: Vec<Budget>,
    /// Networks within the budget that are measured, 1 to 1000000
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = whole(1..=REPEATS))]
    candidates: usize,
    /// Measure that ranks them
    #[arg(long, help = format!("Measure that ranks them: {}", measures().join(", ")), default_value_t = ChooseConfig::BY.to_owned(), value_name = "NAME")]
    by: String,
    /// Draws of the parameters for every measure, 1 to 1000000
    #[arg(long, default_value_t = Measuring::default().draws, value_name = "M", value_parser = whole(1..=REPEATS))]
    draws: usize,
    /// Input samples for every measure, at least 1, at most as many as the training part has
    #[arg(long, default_value_t = Measuring::default().samples, value_name = "N", value_parser = whole(1..=SAMPLES))]
    samples: usize,
    /// Radius ε of 2sED, in (0, 1)
    #[arg(long, default_value_t = Measuring::default().eps, value_name = "EPSILON", value_parser = real)]
    eps: f64,
    /// Measure the seconds of a sample too, one network after another
    #[arg(long)]
    time: bool,
    /// Train the K networks that rank first and K random ones, at most 256; 0 trains none
    #[arg(long, default_value_t = 0, value_name = "K", value_parser = whole(0..=WORKERS))]
    train: usize,
    /// Epochs of each training, 1 to 1000000 [default: those of the recipe of the data set]
    #[arg(long, requires = "train", value_name = "N", value_parser = whole(1..=EPOCHS))]
    epochs: Option<usize>,
    /// Training samples of each, at least 1 [default: all]
    #[arg(long, requires = "train", value_name = "N", value_parser = whole(1..=SAMPLES))]
    subset: Option<usize>,
    /// Seed of candidates, samples, parameters and trainings
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    #[command(flatten)]
    data: DataOption,
    /// Directory of the result
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

/// A quantiser of the weights, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Precision(Option<Quantiser>);

fn precision(name: &str) -> Result<Precision, String> {
    match name {
        "float" => Ok(Precision(None)),
        name => name.parse().map(|quantiser| Precision(Some(quantiser))).map_err(|error| format!("{error}, or float")),
    }
}

impl Choose {
    fn config(&self) -> ChooseConfig {
        let usual = Space::of("cnn");
        let bits = self.bits.clone().unwrap_or_else(|| {
            [None, Some(Quantiser::Ternary), "int4".parse().ok()].into_iter().map(Precision).collect()
        });
        let space = Space {
            families: self.family.clone(),
            depths: self.depths.clone().unwrap_or(usual.depths),
            widths: self.widths.clone().unwrap_or(usual.widths),
            factors: self.factors.clone().unwrap_or(usual.factors),
            kernels: self.kernels.clone().unwrap_or(usual.kernels),
            quantisers: bits.iter().map(|bits| bits.0).collect(),
            features: self.features.clone().unwrap_or(usual.features),
            edges: self.edges.clone().unwrap_or(usual.edges),
        };
        let measuring = Measuring {
            draws: self.draws,
            samples: self.samples,
            eps: self.eps,
            seed: self.seed,
            ..Measuring::default()
        };
        let timed = self.time || self.budget.iter().any(Budget::is_time);
        ChooseConfig {
            budgets: self.budget.clone(),
            candidates: self.candidates,
            by: self.by.clone(),
            measuring,
            timed,
            seed: self.seed,
            ..ChooseConfig::new(self.dataset, space)
        }
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        paths::folder(&self.out)?;
        let stop = on_signals()?;
        let data = load(self.dataset, &self.data.root()).with_context(|| format!("loading {}", self.dataset))?;
        let config = self.config();
        let measured = bar("networks", config.candidates);
        let choice = choose(&config, &data, &self.out, &stop, |done, _| measured.set_position(done as u64));
        measured.finish_and_clear();
        let mut choice = choice.map_err(stopped)?;
        if self.train > 0 {
            let options =
                TrainingOptions { count: self.train, epochs: self.epochs, subset: self.subset, seed: self.seed };
            let networks = bar("trainings", 2 * self.train);
            let display = |number: usize, count: usize, candidate: &Candidate| {
                networks.set_length(count as u64);
                networks.set_position(number as u64);
                Box::new(Epochs { bar: networks.clone(), name: candidate.to_string() }) as Box<dyn Progress>
            };
            let trained = train(&mut choice, options, &data, &self.out, &stop, display);
            networks.finish_and_clear();
            trained.map_err(stopped)?;
        }
        self.show(&choice)
    }

    fn show(&self, choice: &Choice) -> anyhow::Result<()> {
        let command = std::env::args().skip(1).collect::<Vec<_>>();
        let command = format!("stairs {}", options::printable(&command.join(" ")));
        let [page, svg] = write_page(choice, &self.out, &[command])?;
        if self.json.json {
            json::print(choice)?;
        } else {
            answer!("{}\n\n{}", choice_table(choice), advice(choice));
        }
        println!("{}\n{}", page.display(), svg.display());
        Ok(())
    }
}

/// A request to stop is no failure.
fn stopped(error: ChooseError) -> anyhow::Error {
    match error {
        ChooseError::Stopped { at } => Stopped::new(at, None).into(),
        other => other.into(),
    }
}

/// The epochs of one training beside the bar of all.
struct Epochs {
    bar: ProgressBar,
    name: String,
}

impl Progress for Epochs {
    fn epoch(&mut self, record: &EpochRecord, total: usize) {
        let EpochRecord { epoch, held_out_accuracy, .. } = record;
        self.bar.set_message(format!("{}: epoch {epoch} of {total}, {held_out_accuracy:.2} %", self.name));
    }
}
