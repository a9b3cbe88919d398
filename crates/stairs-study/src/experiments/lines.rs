//! The finished trials of an experiment from the lines that were kept of them: `records.jsonl` alone makes its page.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::json;
use stairs_data::files::read_regular;
use stairs_train::{HeldOut, RECORD_FORMAT, RunConfig, RunRecord, TopFive, Validation};

use super::{Definition, Diverged, Experiment, Scale, Trial};
use crate::{
    deviation::BoundRecord,
    measure::Measurement,
    report::{ReportError, Results},
};

/// Name of the file in the folder of results.
const FILE: &str = "records.jsonl";
/// Larger files are not read.
const LARGEST: u64 = 1 << 30;

/// One line, as `keep` writes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Measurement { trial: String, measurement: Box<Measurement> },
    Bound { trial: String, bound: Box<BoundRecord> },
    Diverged { trial: String, config: Box<RunConfig>, diverged: Where },
    Run(Box<Run>),
}

#[derive(Deserialize)]
struct Where {
    epoch: usize,
    step: u64,
}

#[derive(Deserialize)]
struct Run {
    trial: String,
    config: RunConfig,
    device: String,
    parameters: usize,
    samples: (usize, usize),
    train_loss: Vec<Option<f64>>,
    #[serde(default)]
    held_out_accuracy: Vec<Option<f64>>,
    test_accuracy: Option<f64>,
    best_test_accuracy: Option<f64>,
    #[serde(default)]
    validation: Option<Validation>,
    seconds: Option<f64>,
    #[serde(default)]
    cpu_seconds: Option<f64>,
    #[serde(default)]
    top5: Option<TopFive>,
}

/// What `path`, a `records.jsonl` or its folder, holds of an experiment. Of two lines of the same trial the later one counts,
/// so that lines of several files may be put together. What lines do not hold (rates epoch by epoch, the laws, the weights; in older
/// ones also the accuracies of epochs) is absent or not a number. Which trials there should be, `experiment.toml` beside it says; without
/// one they are those of the experiment.
///
/// # Errors
/// [`ReportError::Read`] and [`ReportError::Invalid`], with the line.
pub fn read_lines(experiment: &Experiment, path: &Path) -> Result<Results, ReportError> {
    let path: PathBuf = if path.is_dir() { path.join(FILE) } else { path.to_path_buf() };
    let text = read_regular(&path, LARGEST).map_err(|source| ReportError::Read { path: path.clone(), source })?;
    let invalid = |message: String| ReportError::Invalid { path: path.clone(), message };
    let text = String::from_utf8(text).map_err(|error| invalid(error.to_string()))?;
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line)
            .map_err(|error| invalid(format!("line {} is no record of a trial ({error})", index + 1)))?;
        let trial = match &line {
            Line::Measurement { trial, .. } | Line::Bound { trial, .. } | Line::Diverged { trial, .. } => trial,
            Line::Run(run) => &run.trial,
        };
        lines.insert(trial.clone(), line);
    }
    // In the order of the experiment; trials it does not have (another number of seeds) follow.
    let trials = planned(experiment, path.parent().unwrap_or(Path::new(""))).map_err(&invalid)?;
    let mut results = Results::new(experiment.title, trials.len().max(lines.len()));
    for (position, trial) in trials.into_iter().enumerate() {
        match lines.remove(&trial.id) {
            Some(line) => add(&mut results, line).map_err(&invalid)?,
            None => results.unfinished.push((position, trial.id)),
        }
    }
    lines.into_values().try_for_each(|line| add(&mut results, line)).map_err(invalid)?;
    Ok(results)
}

/// The trials that the lines in `folder` are of.
fn planned(experiment: &Experiment, folder: &Path) -> Result<Vec<Trial>, String> {
    let defined = Definition::read(folder).and_then(|found| found.map(Definition::complete).transpose());
    match defined.map_err(|error| error.to_string())? {
        Some(defined) if defined.experiment.name == experiment.name => Ok(defined.experiment.trials(defined.scale)),
        Some(other) => Err(format!("experiment.toml beside it is of {}", other.experiment.name)),
        None => Ok(experiment.trials(Scale::default())),
    }
}

fn add(results: &mut Results, line: Line) -> Result<(), String> {
    match line {
        Line::Measurement { trial, measurement } => results.measurements.push((trial, *measurement)),
        Line::Bound { trial, bound } => results.bounds.push((trial, *bound)),
        Line::Diverged { trial, config, diverged: Where { epoch, step } } => {
            results.diverged.push((trial, Diverged { config: *config, epoch, step }));
        }
        Line::Run(run) => results.runs.push(record(*run).map_err(|error| error.to_string())?),
    }
    Ok(())
}

fn record(run: Run) -> Result<(String, RunRecord), serde_json::Error> {
    let epoch = |index: usize| {
        json!({
            "epoch": index + 1, "step": 0, "train_loss": 0.0, "train_accuracy": 0.0, "test_loss": 0.0,
            "test_accuracy": 0.0, "learning_rate": 0.0, "seconds": 0.0, "laws": [],
        })
    };
    let mut record: RunRecord = serde_json::from_value(json!({
        "format": RECORD_FORMAT,
        "config": run.config,
        "versions": { "stairs": "", "burn": "" },
        "device": run.device,
        "parameters": run.parameters,
        "samples": run.samples,
        "epochs": (0..run.train_loss.len()).map(epoch).collect::<Vec<_>>(),
        "test_accuracy": 0.0,
        "best_test_accuracy": 0.0,
        "wall_seconds": 0.0,
        "weights": [],
    }))?;
    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    for (epoch, loss) in record.epochs.iter_mut().zip(&run.train_loss) {
        epoch.train_loss = number(*loss);
        epoch.held_out = HeldOut::of(&record.config);
        (epoch.train_accuracy, epoch.held_out_loss, epoch.held_out_accuracy) = (f64::NAN, f64::NAN, f64::NAN);
        (epoch.learning_rate, epoch.seconds) = (f64::NAN, f64::NAN);
    }
    for (epoch, accuracy) in record.epochs.iter_mut().zip(&run.held_out_accuracy) {
        epoch.held_out_accuracy = number(*accuracy);
    }
    record.test_accuracy = number(run.test_accuracy);
    record.best_test_accuracy = number(run.best_test_accuracy);
    record.validation = run.validation;
    record.wall_seconds = number(run.seconds);
    (record.cpu_seconds, record.top5) = (run.cpu_seconds, run.top5);
    Ok((run.trial, record))
}
