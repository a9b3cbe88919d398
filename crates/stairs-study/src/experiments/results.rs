//! What an experiment has found so far: read from the directories of its trials, kept as lines and figures.

use std::{io, path::Path};

use serde_json::json;
use stairs_train::{RunDir, TopFive};

use super::{Diverged, Experiment, ExperimentError, Task, Trial};
use crate::{deviation::bound_record, files::write_atomically, measure::measurement, plot::write_svg, report::Results};

/// Everything that is finished of `trials`, below `root`.
pub(super) fn collect(experiment: &Experiment, trials: &[Trial], root: &Path) -> Result<Results, ExperimentError> {
    let mut results = Results::new(experiment.title, trials.len());
    for (position, trial) in trials.iter().enumerate() {
        let dir = root.join(&trial.id);
        let id = || trial.id.clone();
        let before = results.found();
        match &trial.task {
            Task::Train(_) if !dir.join("record.json").exists() => {
                results.diverged.extend(Diverged::read(&dir).map(|diverged| (id(), diverged)));
            }
            Task::Train(_) => {
                let record = RunDir::new(&dir).record();
                let record =
                    record.map_err(|source| ExperimentError::Trial { trial: id(), source: Box::new(source) })?;
                results.runs.push((id(), record));
            }
            Task::Measure(_) => {
                let found = measurement(&dir)
                    .map_err(|source| ExperimentError::Measurement { trial: id(), source: Box::new(source) })?;
                results.measurements.extend(found.map(|found| (id(), found)));
            }
            Task::Bound(_) => {
                let found = bound_record(&dir)
                    .map_err(|source| ExperimentError::Measurement { trial: id(), source: Box::new(source) })?;
                results.bounds.extend(found.map(|found| (id(), found)));
            }
        }
        if results.found() == before {
            results.unfinished.push((position, id()));
        }
    }
    Ok(results)
}

/// Names of the trials that have a record, whatever is in it.
pub(super) fn recorded<'a>(trials: &'a [Trial], root: &Path) -> Vec<&'a str> {
    let has = |trial: &&Trial| {
        let files = match &trial.task {
            Task::Train(_) => &["record.json", "diverged.json"][..],
            Task::Measure(_) => &["capacity.json"],
            Task::Bound(_) => &["bound.json"],
        };
        files.iter().any(|file| root.join(&trial.id).join(file).exists())
    };
    trials.iter().filter(has).map(|trial| trial.id.as_str()).collect()
}

/// Writes `records.jsonl`, one line a trial, and the figures of the page as SVG into `dir`. A file that a training started
/// from is named `TRIAL/FILE`, wherever it was.
pub(super) fn keep(experiment: &Experiment, results: &Results, dir: &Path) -> Result<(), ExperimentError> {
    let mut lines = String::new();
    let mut line = |value: serde_json::Value| {
        lines += &value.to_string();
        lines.push('\n');
    };
    for (trial, measurement) in &results.measurements {
        line(json!({ "trial": trial, "measurement": measurement }));
    }
    for (trial, bound) in &results.bounds {
        line(json!({ "trial": trial, "bound": bound }));
    }
    for (trial, run) in &results.runs {
        let mut config = run.config.clone();
        if let Some(init) = &mut config.init {
            let parts: Vec<_> = init.path.components().rev().take(2).collect();
            init.path = parts.into_iter().rev().collect();
        }
        let digits = |x: f64| x.is_finite().then(|| rounded(x));
        let mut kept = json!({
            "trial": trial,
            "config": config,
            "device": run.device,
            "parameters": run.parameters,
            "samples": run.samples,
            "train_loss": run.epochs.iter().map(|epoch| digits(epoch.train_loss)).collect::<Vec<_>>(),
            "held_out_accuracy": run.epochs.iter().map(|epoch| digits(epoch.held_out_accuracy)).collect::<Vec<_>>(),
            "test_accuracy": digits(run.test_accuracy),
            "best_test_accuracy": digits(run.best_test_accuracy),
            "validation": run.validation,
            "seconds": digits(run.wall_seconds),
        });
        if let Some(seconds) = run.cpu_seconds {
            kept["cpu_seconds"] = json!(digits(seconds));
        }
        if let Some(top5) = run.top5 {
            kept["top5"] = json!(TopFive { last: rounded(top5.last), best: rounded(top5.best) });
        }
        line(kept);
    }
    for (trial, at) in &results.diverged {
        line(json!({ "trial": trial, "config": at.config, "diverged": { "epoch": at.epoch, "step": at.step } }));
    }
    write(&dir.join("records.jsonl"), &lines)?;
    keep_figures(experiment, results, dir)
}

/// Writes the figures of the page as SVG into `dir`.
///
/// # Errors
/// [`ExperimentError::Write`], and [`ExperimentError::Report`] for a figure that cannot be drawn.
pub fn keep_figures(experiment: &Experiment, results: &Results, dir: &Path) -> Result<(), ExperimentError> {
    for (name, figure) in experiment.page.figures(results) {
        let path = dir.join(format!("{name}.svg"));
        let svg = figure.svg().map_err(crate::report::ReportError::from)?;
        write_svg(&path, &svg).map_err(|source| cannot_write(&path, source))?;
    }
    Ok(())
}

/// Four digits behind the point: of a loss more than two runs have in common.
fn rounded(x: f64) -> f64 {
    format!("{x:.4}").parse().unwrap_or(x)
}

/// Writes a text file in one step.
pub(super) fn write(path: &Path, text: &str) -> Result<(), ExperimentError> {
    write_atomically(path, text.as_bytes()).map_err(|source| cannot_write(path, source))
}

fn cannot_write(path: &Path, source: io::Error) -> ExperimentError {
    ExperimentError::Write { path: path.to_path_buf(), source }
}
