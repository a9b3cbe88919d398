//! `stairs diagnose`

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use stairs::train::{
    Method as TrainMethod, RunConfig,
    data::steps_per_epoch,
    diagnose::{Diagnose as Run, Diagnosis},
};
use stairs_study::plot::{diagnosis_figure, write_svg};

use super::{
    number::{REPEATS, whole},
    options::{DataOption, DeviceOption, bar, describe},
    run_options::{Prepared, RunOptions},
};

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
    #[command(flatten)]
    options: RunOptions,
    /// Optimiser steps between two records, at least 1 [default: about 50 records a run]
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(0..=REPEATS))]
    every: Option<u64>,
    /// Random directions of the cosine, a layer: 1 to 10000
    #[arg(long, default_value_t = 8, value_name = "K", value_parser = whole(0..=10_000))]
    directions: usize,
    #[command(flatten)]
    device: DeviceOption,
    #[command(flatten)]
    data: DataOption,
    /// Directory of the result
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Diagnose {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let device = self.device.device.open()?;
        let Prepared { config, data, notes } = self.options.prepare(&self.data)?;
        ensure!(config.method != TrainMethod::Float, "--method float quantises nothing: use ste, ana or a baseline");
        println!("{}", describe(&data));
        notes.iter().for_each(|note| println!("note: {note}"));
        let title = title(&config);
        let samples = config.subset.unwrap_or(data.train.len());
        let steps = config.epochs * steps_per_epoch(samples, config.batch.max(1));
        let every = self.every.unwrap_or(steps.div_ceil(RECORDS).max(1) as u64);
        let bar = bar("steps", steps);
        let run = Run::on_data(config, &data).with_device(device).with_every(every).with_directions(self.directions);
        let diagnosis = run.run(|done, _| bar.set_position(done));
        bar.finish_and_clear();
        let diagnosis = diagnosis?;

        let (json, svg) = (self.out.join("diagnosis.json"), self.out.join("diagnosis.svg"));
        diagnosis.write(&json).map_err(super::paths::written)?;
        let figure = diagnosis_figure(title, &diagnosis).svg()?;
        write_svg(&svg, &figure).with_context(|| format!("cannot write {}", svg.display()))?;
        print(&diagnosis);
        println!("{}\n{}", json.display(), svg.display());
        answer!("test accuracy {:.2} %", diagnosis.evaluation.accuracy);
        Ok(())
    }
}

/// What distinguishes the run.
fn title(config: &RunConfig) -> String {
    match config.method {
        TrainMethod::Ana => format!("{}, {} noise, {}", config.policy, config.law, config.strategy),
        TrainMethod::Ste => format!("straight-through estimator, {} surrogate", config.law),
        method => method.label().to_owned(),
    }
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
