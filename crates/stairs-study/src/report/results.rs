//! What an experiment has found, and the pages that show it.

use stairs_train::RunRecord;

use super::{Report, ReportError, Study, Unfinished, text_table};
use crate::{deviation::BoundRecord, experiments::Diverged, measure::Measurement, plot::Figure};

/// The finished trials of an experiment.
#[derive(Clone, Debug)]
pub struct Results {
    /// Title of the experiment.
    pub title: String,
    /// Number of trials it has.
    pub planned: usize,
    /// Finished trainings with their names.
    pub runs: Vec<(String, RunRecord)>,
    /// Trainings whose loss became NaN or infinite, with their names.
    pub diverged: Vec<(String, Diverged)>,
    /// Finished measurements with their names.
    pub measurements: Vec<(String, Measurement)>,
    /// Finished bounds with their names.
    pub bounds: Vec<(String, BoundRecord)>,
    /// Positions and names of the trials that are not finished, as far as they are known.
    pub unfinished: Vec<(usize, String)>,
    /// Number of shards that the trials are run in.
    pub shards: usize,
    /// Commands that make them again.
    pub commands: Vec<String>,
}

impl Results {
    /// Nothing yet.
    pub fn new(title: impl Into<String>, planned: usize) -> Self {
        Self {
            title: title.into(),
            planned,
            runs: Vec::new(),
            diverged: Vec::new(),
            measurements: Vec::new(),
            bounds: Vec::new(),
            unfinished: Vec::new(),
            shards: 1,
            commands: Vec::new(),
        }
    }

    /// Sets the commands that make them again.
    #[must_use]
    pub fn with_commands(mut self, commands: &[String]) -> Self {
        self.commands = commands.to_vec();
        self
    }

    /// Number of finished trials.
    pub(crate) fn found(&self) -> usize {
        self.runs.len() + self.diverged.len() + self.measurements.len() + self.bounds.len()
    }

    /// Trials that are not finished; `None` where all are.
    pub fn unfinished(&self) -> Option<Unfinished> {
        let count = self.planned.saturating_sub(self.found());
        let (planned, trials, shards) = (self.planned, self.unfinished.clone(), self.shards);
        (count > 0).then_some(Unfinished { count, planned, trials, shards })
    }

    /// The conclusion of all trials, or that of none, which says so; nothing is concluded from a part.
    pub(super) fn concluded(&self, conclusion: impl FnOnce(&Self) -> String) -> Option<String> {
        match self.unfinished() {
            Some(unfinished) if unfinished.count < unfinished.planned => None,
            _ => Some(conclusion(self)),
        }
    }

    /// The records of the trainings.
    pub fn records(&self) -> Vec<RunRecord> {
        self.runs.iter().map(|(_, record)| record.clone()).collect()
    }
}

/// How the results of an experiment are shown.
pub trait Page: Sync {
    /// One self-contained HTML page.
    ///
    /// # Errors
    /// [`ReportError::Plot`] if a figure cannot be drawn.
    fn html(&self, results: &Results) -> Result<String, ReportError>;

    /// The result as text for a terminal.
    fn text(&self, results: &Results) -> String;

    /// Figures worth keeping, by name; none without results.
    fn figures(&self, results: &Results) -> Vec<(String, Figure)>;

    /// The tables in Markdown, for a chapter of the book; empty where a page has none.
    fn markdown(&self, _results: &Results) -> String {
        String::new()
    }
}

/// The page of trainings that are compared with each other: accuracies, learning curves, laws, weights.
#[derive(Clone, Copy, Debug)]
pub struct RunsPage;

impl Page for RunsPage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let records = results.records();
        let report = Report::new(&results.title, &records).with_unfinished(results.unfinished().unwrap_or_default());
        report.with_commands(&results.commands).html()
    }

    fn text(&self, results: &Results) -> String {
        text_table(&results.records())
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        let records = results.records();
        let studies = super::studies(&records);
        let name = |study: &Study<'_>| match studies.len() {
            1 => "curves".to_string(),
            _ => format!("curves-{}", study.model.replace(':', "-")),
        };
        // Beside others a single curve, such as a baseline's, compares nothing.
        let shown = studies.iter().filter(|study| studies.len() == 1 || study.groups.len() > 1);
        shown.map(|study| (name(study), super::curves::figure(study))).collect()
    }
}
