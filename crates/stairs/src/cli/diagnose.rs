//! `stairs diagnose`

use std::{io::IsTerminal, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stairs::{
    data::{DatasetName, load},
    experiments::recipe,
    noise::{Noise, Policy, Strategy},
    plot::{diagnosis_figure, write_svg},
    quant::{Quantiser, ScalePolicy},
    train::{
        BackwardLaw, Method as TrainMethod, RunConfig,
        data::steps_per_epoch,
        diagnose::{Diagnose as Run, Diagnosis},
    },
};

use super::options::{DataOption, DeviceOption, Method, dataset, model};

/// Records that a diagnosis has if nothing else is asked for.
const RECORDS: usize = 50;

/// Train a network and watch its quantised weights: how many the noise no longer reaches, how many flip, and how true
/// the gradient is
///
/// The run is that of `stairs train` with the same options. The directory holds the result (diagnosis.json) and its
/// figure (diagnosis.svg); both are replaced. The cosine compares the gradient that trains the network with the slope
/// of the smoothed network, by finite differences: it takes two forward passes for every layer and direction, and two
/// more for all layers together.
#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// Data set: digits (embedded), mnist, fashion-mnist, cifar10 or covertype
    #[arg(long, default_value = "digits", value_parser = dataset, value_name = "NAME")]
    dataset: DatasetName,
    /// Model with its sizes: lenet[:32-64-128], mlp[:256-256], cnn[:16-32-64]
    #[arg(long, default_value = "lenet", value_parser = model, value_name = "NAME")]
    model: String,
    /// Method of training: ste or ana
    #[arg(long, value_enum, default_value_t = Method::Ana)]
    method: Method,
    /// Quantiser of weights and features
    #[arg(long, default_value_t = Quantiser::Ternary, value_name = "NAME")]
    quantiser: Quantiser,
    /// Quantum of each weight tensor, as in `stairs train` [default: what trains well on the data set]
    #[arg(long, value_name = "POLICY")]
    weight_scale: Option<ScalePolicy>,
    /// Annealing policy of ana: [MEAN-SCALE-]INTERVAL[-DECAY] [default: what trains well on the data set]
    #[arg(long, value_name = "POLICY")]
    plan: Option<Policy>,
    /// Noise law of ana, surrogate of ste: uniform, triangular, normal or logistic [default: what trains well on the
    /// data set; uniform for ste]
    #[arg(long, value_name = "NAME")]
    law: Option<Noise>,
    /// Forward strategy of ana: expectation, mode or random
    #[arg(long, default_value_t = Strategy::Expectation, value_name = "NAME")]
    strategy: Strategy,
    /// Backward law of ana: annealed like the forward one, or static [default: what trains well on the data set]
    #[arg(long, value_parser = ["annealed", "static"], value_name = "LAW")]
    backward: Option<String>,
    /// Passes over the training set
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Samples per optimiser step
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Initial learning rate of Adam
    #[arg(long, value_name = "RATE")]
    lr: Option<f64>,
    /// Use only this many training samples
    #[arg(long, value_name = "N")]
    subset: Option<usize>,
    /// Optimiser steps between two records [default: about 50 records a run]
    #[arg(long, value_name = "STEPS")]
    every: Option<u64>,
    /// Random directions of the cosine, a layer
    #[arg(long, default_value_t = 8, value_name = "K")]
    directions: usize,
    /// Seed of initial weights, data order, noise and directions
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    #[command(flatten)]
    device: DeviceOption,
    #[command(flatten)]
    data: DataOption,
    /// Directory of the result
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Diagnose {
    fn config(&self) -> RunConfig {
        let recipe = recipe(self.dataset, &self.model, self.method.into());
        let backward = match self.backward.as_deref() {
            Some("annealed") => BackwardLaw::Annealed,
            Some("static") => BackwardLaw::Static,
            _ => recipe.backward,
        };
        RunConfig {
            backward,
            quantiser: self.quantiser,
            weight_scale: self.weight_scale.unwrap_or(recipe.weight_scale),
            law: self.law.clone().unwrap_or(recipe.law),
            strategy: self.strategy,
            policy: self.plan.unwrap_or(recipe.policy),
            epochs: self.epochs.unwrap_or(recipe.epochs),
            batch: self.batch.unwrap_or(recipe.batch),
            lr: self.lr.unwrap_or(recipe.lr),
            seed: self.seed,
            subset: self.subset,
            ..recipe
        }
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        let device = self.device.device.open()?;
        let config = self.config();
        ensure!(config.method != TrainMethod::Float, "--method float quantises nothing: use ste or ana");
        let data = load(self.dataset, &self.data.root()).with_context(|| format!("loading {}", self.dataset))?;
        let title = title(&config);
        let samples = config.subset.unwrap_or(data.train.len());
        let steps = config.epochs * steps_per_epoch(samples, config.batch.max(1));
        let every = self.every.unwrap_or(steps.div_ceil(RECORDS).max(1) as u64);
        let bar = bar(steps);
        let run = Run::new(config, &data).device(device).every(every).directions(self.directions);
        let diagnosis = run.run(|done, _| bar.set_position(done));
        bar.finish_and_clear();
        let diagnosis = diagnosis?;

        let (json, svg) = (self.out.join("diagnosis.json"), self.out.join("diagnosis.svg"));
        diagnosis.write(&json)?;
        let figure = diagnosis_figure(title, &diagnosis).svg()?;
        write_svg(&svg, &figure).with_context(|| format!("cannot write {}", svg.display()))?;
        print(&diagnosis);
        println!("{}\n{}", json.display(), svg.display());
        println!("test accuracy {:.2} %", diagnosis.evaluation.accuracy);
        Ok(())
    }
}

/// What distinguishes the run.
fn title(config: &RunConfig) -> String {
    match config.method {
        TrainMethod::Ana => format!("{}, {} noise, {}", config.policy, config.law, config.strategy),
        _ => format!("straight-through estimator, {} surrogate", config.law),
    }
}

fn bar(steps: usize) -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
    if let Ok(style) = ProgressStyle::with_template("steps [{bar:30}] {pos}/{len}  {elapsed}, {eta} left") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// The layers at the first, the middle and the last record.
fn print(diagnosis: &Diagnosis) {
    let width = diagnosis.layers.iter().map(|(path, _)| path.len()).max().unwrap_or(0).max(5);
    let cosine = |cosine: Option<f64>| cosine.map_or_else(|| "–".into(), |cosine| format!("{cosine:.3}"));
    println!("{:width$}  {:>7}  {:>7}  {:>7}  {:>9}  {:>6}", "layer", "step", "window", "outside", "flips", "cosine");
    for (i, (path, _)) in diagnosis.layers.iter().enumerate() {
        for record in diagnosis.landmarks().into_iter().map(|record| &diagnosis.records[record]) {
            let layer = record.layers[i];
            let window = layer.window.map_or_else(|| "–".into(), |window| format!("{window:.4}"));
            let flips = layer.flips.map_or_else(|| "–".into(), |flips| format!("{flips:.6}"));
            let outside = format!("{:.1} %", 100.0 * layer.outside);
            println!(
                "{path:width$}  {:>7}  {window:>7}  {outside:>7}  {flips:>9}  {:>6}",
                record.step,
                cosine(layer.cosine)
            );
        }
    }
    for record in diagnosis.landmarks().into_iter().map(|record| &diagnosis.records[record]) {
        println!(
            "{:width$}  {:>7}  {:>36}  training loss {:.4}",
            "all",
            record.step,
            cosine(record.cosine),
            record.train_loss
        );
    }
}
