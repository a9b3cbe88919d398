//! `stairs certify`

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use stairs::{
    noise::{Strategy, TimeUnit},
    train::{
        RunConfig, RunDir, Which, ZooModel,
        data::{TrainData, training_samples},
    },
};
use stairs_study::certify::{RunCertificate, certify, convergence_table};

use super::{
    number::{SAMPLES, whole},
    options::{DataOption, DeviceOption},
    paths,
};

/// Certify how far the network that a plan trains is from the quantised one, step by step
///
/// Takes the layers of a finished run (or of the initial model of a configuration), freezes their weights, and follows the
/// run's plan over its time on some test samples: per layer the measured distance between the regularised and the
/// quantised network, a proved bound until the next step, and the bound of the convergence theorem. Then the verdict: whether
/// the plan is synchronised, and if not, which layer breaks it and why. Writes certificate.json and certificate.svg.
#[derive(Debug, Args)]
pub(crate) struct Certify {
    /// Run directory, or a config.toml for a model that is not trained
    #[arg(value_name = "RUN|CONFIG")]
    run: PathBuf,
    /// Test samples, at most as many as there are
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = whole(0..=SAMPLES))]
    samples: usize,
    /// Steps that the training is divided into, 1 to 10000
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = whole(0..=10_000))]
    steps: usize,
    /// The model of the best epoch instead of the last
    #[arg(long)]
    best: bool,
    /// Directory of the result [default: that of the run or the configuration]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceOption,
    #[command(flatten)]
    data: DataOption,
}

impl Certify {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let device = self.device.device.open()?;
        let untrained = self.run.is_file();
        let config: RunConfig = if untrained {
            ensure!(!self.best, "--best is for runs: a configuration has no trained model");
            let bytes = stairs::data::files::read_regular(&self.run, 1 << 20)
                .with_context(|| format!("cannot read {}", self.run.display()))?;
            let text = String::from_utf8_lossy(&bytes);
            toml::from_str(&text).with_context(|| {
                format!("{} is no configuration of a run: {}", self.run.display(), paths::for_file(&self.run))
            })?
        } else {
            paths::run(&self.run)?.config()?
        };
        let name = &config.dataset;
        let data = TrainData::open(&config, &self.data.root()).with_context(|| format!("loading {name}"))?;
        let (train, test) = (data.train.clone(), data.test.clone());
        config.validate(train.as_ref(), test.as_ref())?;
        let model = if untrained {
            ZooModel::new(&config, test.shape(), data.classes, &device)?
        } else {
            let run = RunDir::new(&self.run);
            if let Some(note) = run.compare(&data.identity)? {
                println!("note: {note}");
            }
            if run.record().is_ok_and(|record| !record.extended.is_empty()) {
                println!(
                    "note: epochs were added to the run: its noise decayed earlier than the plan that is certified here"
                );
            }
            let which = if self.best { Which::Best } else { Which::Last };
            ZooModel::load_for(&run, &data, which, &device)?
        };
        let samples = training_samples(&config, train.as_ref())?;
        let certificate = certify(&config, &model, test.as_ref(), samples, self.samples, self.steps)?;
        let certificate = RunCertificate { trained: !untrained, ..certificate };
        let beside = if untrained { self.run.parent().unwrap_or(Path::new("")).to_owned() } else { self.run.clone() };
        let written = certificate.write(&self.out.unwrap_or(beside))?;
        print(&certificate);
        written.iter().for_each(|path| println!("{}", path.display()));
        Ok(())
    }
}

fn print(certificate: &RunCertificate) {
    let convergence = &certificate.convergence;
    answer!("{}, {} test samples\n", certificate.title(), convergence.samples);
    answer!("{}\n", convergence_table(convergence, certificate.unit));
    if certificate.strategy != Strategy::Expectation {
        answer!("note: the run's strategy is {}; the certificate is about the expectation", certificate.strategy);
    }
    answer!("verdict: {}", convergence.verdict);
    let unit = match certificate.unit {
        TimeUnit::Epochs => "epoch",
        TimeUnit::Steps => "step",
    };
    let from = |time: Option<f64>| match time {
        Some(time) => format!("from {unit} {} on", (100.0 * time).round() / 100.0),
        None => "never".to_owned(),
    };
    answer!("exactly equal: {}", from(convergence.equal_from));
    answer!("proved for every later time: {}", from(convergence.exact_from));
    answer!("proved from the gaps alone: {}", from(convergence.exact_from_gaps));
}
