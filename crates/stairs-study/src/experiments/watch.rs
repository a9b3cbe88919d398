//! What is shown while an experiment runs.
//!
//! In a terminal ([`Terminal`]): a bar over all epochs of all trials, below it one for the current trial. Elsewhere
//! ([`Lines`]): a line when a trial starts and ends, and one a few times in between.

use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use stairs_train::{EpochRecord, HeldOut, Progress};

use super::{Finished, Status, Task, Trial};

/// Is told how an experiment goes.
pub trait Watch {
    /// `trials` of the experiment (this shard's) will be looked at, in this order.
    fn start(&mut self, experiment: &str, trials: &[Trial]);
    /// Training number `position` (from 0) begins; what is returned follows its epochs.
    fn begin(&mut self, position: usize, trial: &Trial) -> Box<dyn Progress>;
    /// Measurement or search number `position` has made `done` of `total` draws or repetitions; first told at its beginning, with those kept.
    fn measured(&mut self, position: usize, trial: &Trial, done: usize, total: usize);
    /// Trial number `position` is over, or is not run now.
    fn end(&mut self, position: usize, trial: &Trial, status: Status, finished: Option<&Finished>);
    /// All trials have been looked at.
    fn finish(&mut self);
}

/// Bars for a terminal.
pub struct Terminal {
    all: MultiProgress,
    overall: ProgressBar,
    trials: usize,
    draws: Option<(usize, ProgressBar)>,
}

impl Terminal {
    /// Draws on standard error.
    pub fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        Self { overall: all.add(ProgressBar::new(0)), all, trials: 0, draws: None }
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

impl Watch for Terminal {
    fn start(&mut self, experiment: &str, trials: &[Trial]) {
        self.trials = trials.len();
        self.overall.set_style(style("{prefix:.bold} {bar:32.blue/dim} {pos}/{len} · {elapsed} · {eta} left"));
        self.overall.set_prefix(experiment.to_string());
        self.overall.set_length(trials.iter().map(|trial| trial.task.units() as u64).sum());
        self.overall.enable_steady_tick(std::time::Duration::from_millis(500));
    }

    fn begin(&mut self, position: usize, trial: &Trial) -> Box<dyn Progress> {
        let bar = self.all.add(ProgressBar::new(0));
        bar.set_style(style("{prefix} {bar:24.cyan/dim} {msg}"));
        bar.set_prefix(format!("  {}/{} {}", position + 1, self.trials, trial.id));
        Box::new(Bars { overall: self.overall.clone(), bar, epochs: trial.task.units(), last: None })
    }

    fn measured(&mut self, position: usize, trial: &Trial, done: usize, total: usize) {
        if self.draws.as_ref().is_none_or(|(at, _)| *at != position) {
            let bar = self.all.add(ProgressBar::new(total as u64));
            bar.set_style(style(&format!("{{prefix}} {{bar:24.cyan/dim}} {} {{pos}}/{{len}}", part(trial))));
            bar.set_prefix(format!("  {}/{} {}", position + 1, self.trials, trial.id));
            self.draws = Some((position, bar));
        }
        if let Some((_, bar)) = &self.draws {
            self.overall.inc((done as u64).saturating_sub(bar.position()));
            bar.set_position(done as u64);
        }
    }

    fn end(&mut self, _position: usize, trial: &Trial, status: Status, finished: Option<&Finished>) {
        if let Some((_, bar)) = self.draws.take() {
            bar.finish_and_clear();
        }
        if status != Status::Done {
            self.overall.inc(trial.task.units() as u64);
            self.overall.reset_eta();
        }
        let _ = self.all.println(summary(trial, status, finished));
    }

    fn finish(&mut self) {
        self.overall.finish_and_clear();
    }
}

/// The bars of one trial.
struct Bars {
    overall: ProgressBar,
    bar: ProgressBar,
    epochs: usize,
    last: Option<(HeldOut, f64)>,
}

impl Progress for Bars {
    fn start(&mut self, _config: &stairs_train::RunConfig, _dir: &std::path::Path, epochs_done: usize) {
        self.overall.inc(epochs_done as u64);
    }

    fn samples(&mut self, epoch: usize, part: &str, done: usize, total: usize) {
        let last = self.last.map_or(String::new(), |(part, accuracy)| format!(" · {part} {accuracy:.2} %"));
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("epoch {epoch}/{} {part}{last}", self.epochs));
    }

    fn epoch(&mut self, record: &EpochRecord, _total: usize) {
        self.last = Some((record.held_out, record.held_out_accuracy));
        self.overall.inc(1);
    }

    fn note(&mut self, message: &str) {
        self.bar.suspend(|| eprintln!("note: {message}"));
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Readable lines for logs and pipes.
#[derive(Debug, Default)]
pub struct Lines {
    trials: usize,
    started: Option<Instant>,
}

impl Lines {
    /// Prints to standard output.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Watch for Lines {
    fn start(&mut self, experiment: &str, trials: &[Trial]) {
        (self.trials, self.started) = (trials.len(), Some(Instant::now()));
        println!("{experiment}: {} trials", trials.len());
    }

    fn begin(&mut self, position: usize, trial: &Trial) -> Box<dyn Progress> {
        let head = format!("[{}/{}] {}", position + 1, self.trials, trial.id);
        println!("{head}: {} epochs", trial.task.units());
        Box::new(EpochLines { head, every: trial.task.units().div_ceil(5).max(1) })
    }

    fn measured(&mut self, position: usize, trial: &Trial, done: usize, total: usize) {
        let head = format!("[{}/{}] {}", position + 1, self.trials, trial.id);
        match done {
            0 => println!("{head}: {total} {}s", part(trial)),
            done if done.is_multiple_of(total.div_ceil(5)) && done != total => {
                println!("{head} {} {done}/{total}", part(trial));
            }
            _ => {}
        }
    }

    fn end(&mut self, position: usize, trial: &Trial, status: Status, finished: Option<&Finished>) {
        println!("[{}/{}] {}", position + 1, self.trials, summary(trial, status, finished));
    }

    fn finish(&mut self) {
        if let Some(started) = self.started {
            println!("finished in {:.0} s", started.elapsed().as_secs_f64());
        }
    }
}

/// About five lines a trial.
struct EpochLines {
    head: String,
    every: usize,
}

impl Progress for EpochLines {
    fn epoch(&mut self, record: &EpochRecord, total: usize) {
        if record.epoch.is_multiple_of(self.every) && record.epoch != total {
            let (epoch, loss, accuracy) = (record.epoch, record.train_loss, record.held_out_accuracy);
            let part = record.held_out;
            println!("{} epoch {epoch}/{total}: train loss {loss:.4}, {part} accuracy {accuracy:.2} %", self.head);
        }
    }

    fn note(&mut self, message: &str) {
        println!("{} note: {message}", self.head);
    }
}

/// What a trial that is no training is made of.
fn part(trial: &Trial) -> &'static str {
    match trial.task {
        Task::Bound(_) => "repetition",
        _ => "draw",
    }
}

fn summary(trial: &Trial, status: Status, finished: Option<&Finished>) -> String {
    let (verb, time, result) = match finished {
        Some(Finished::Run(run)) => {
            ("trained", format!(" in {:.1} s", run.wall_seconds), format!(", test accuracy {:.2} %", run.chosen().1))
        }
        Some(Finished::Measurement(found)) => {
            ("measured", String::new(), format!(", {} parameters, {} draws", found.dimension, found.config.draws))
        }
        Some(Finished::Bound(found)) => {
            let result = format!(", {} parameters, {} repetitions", found.parameters, found.config.units());
            ("searched", String::new(), result)
        }
        Some(Finished::Diverged(at)) => ("diverged", format!(" in epoch {}", at.epoch), String::new()),
        None => ("done", String::new(), String::new()),
    };
    match status {
        Status::Done => format!("{} {verb}{time}{result}", trial.id),
        Status::Kept => format!("{} was finished before{result}", trial.id),
        Status::Busy => format!("{} is left to another process that is at it", trial.id),
    }
}
