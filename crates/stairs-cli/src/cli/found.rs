//! What an experiment has found, for people and for programs.

use std::path::Path;

use serde_json::{Value, json};
use stairs_study::{
    experiments::{Experiment, Scale, catalogue},
    report::Results,
};

use super::json::{self, JsonOption};

/// Prints every experiment.
pub(crate) fn list(json: JsonOption) -> anyhow::Result<()> {
    let all = catalogue();
    let trials = |experiment: &Experiment| experiment.trials(Scale::default()).len();
    if json.json {
        let about = |e: &Experiment| json!({ "name": e.name, "title": e.title, "about": e.about, "trials": trials(e) });
        return json::print(&all.iter().map(about).collect::<Vec<_>>());
    }
    let width = all.iter().map(|experiment| experiment.name.len()).max().unwrap_or(0);
    for experiment in &all {
        answer!("{:<width$} {:>4} trials  {}", experiment.name, trials(experiment), experiment.about);
    }
    Ok(())
}

/// What is finished of an experiment.
pub(crate) struct Found<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) results: &'a Results,
    /// Trials that other processes are at.
    pub(crate) busy: usize,
    pub(crate) page: &'a Path,
}

impl Found<'_> {
    /// Prints the tables, which of a part only where they are `wanted`, what is missing, and where the page is.
    pub(crate) fn print(&self, wanted: bool, json: JsonOption) -> anyhow::Result<()> {
        let unfinished = self.results.unfinished();
        if json.json {
            json::print(&self.document())?;
        } else if wanted || unfinished.is_none() {
            answer!("\n{}", self.experiment.page.text(self.results));
        }
        if let Some(unfinished) = unfinished.filter(|_| !json.json) {
            answer!("\n{unfinished}");
        }
        if self.busy > 0 {
            let busy = self.busy;
            println!("{busy} trials are left to other processes that are at them: run this again when they are done");
        }
        println!("report {}", self.page.display());
        Ok(())
    }

    /// A line of the table for every finished trial, and the names of the others.
    fn document(&self) -> Value {
        let results = self.results;
        let runs = results.runs.iter().map(|(trial, record)| {
            let (epoch, accuracy) = record.chosen();
            json!({
                "trial": trial, "method": record.config.method.name(), "model": record.config.model,
                "dataset": record.config.dataset, "seed": record.config.seed, "epoch": epoch, "test_accuracy": accuracy,
                "wall_seconds": record.wall_seconds,
            })
        });
        let measurements = results.measurements.iter();
        let measurements = measurements.map(|(trial, found)| json!({ "trial": trial, "measurement": found }));
        let bounds = results.bounds.iter().map(|(trial, found)| json!({ "trial": trial, "bound": found }));
        json!({
            "experiment": self.experiment.name, "planned": results.planned, "runs": runs.collect::<Vec<_>>(),
            "measurements": measurements.collect::<Vec<_>>(), "bounds": bounds.collect::<Vec<_>>(),
            "diverged": results.diverged.iter().map(|(trial, _)| trial).collect::<Vec<_>>(),
            "unfinished": results.unfinished.iter().map(|(_, trial)| trial).collect::<Vec<_>>(), "report": self.page,
        })
    }
}
