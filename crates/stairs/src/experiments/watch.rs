//! What is shown while an experiment runs.
//!
//! In a terminal ([`Terminal`]): a bar over all epochs of all trials, below it one for the current trial. Elsewhere
//! ([`Lines`]): a line when a trial starts and ends, and one a few times in between.

use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use stairs_train::{EpochRecord, Progress, RunRecord};

use super::{Status, Trial};

/// Is told how an experiment goes.
pub trait Watch {
    /// `trials` of the experiment (this shard's) will be looked at, in this order.
    fn start(&mut self, experiment: &str, trials: &[Trial]);
    /// Trial number `position` (from 0) begins; what is returned follows its epochs.
    fn begin(&mut self, position: usize, trial: &Trial) -> Box<dyn Progress>;
    /// Trial number `position` is over, or is not run now.
    fn end(&mut self, position: usize, trial: &Trial, status: Status, record: Option<&RunRecord>);
    /// All trials have been looked at.
    fn finish(&mut self);
}

/// Bars for a terminal.
pub struct Terminal {
    all: MultiProgress,
    overall: ProgressBar,
    trials: usize,
}

impl Terminal {
    /// Draws on standard error.
    pub fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        Self { overall: all.add(ProgressBar::new(0)), all, trials: 0 }
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
        self.overall.set_style(style("{prefix:.bold} {bar:32.blue/dim} {pos}/{len} epochs · {elapsed} · {eta} left"));
        self.overall.set_prefix(experiment.to_string());
        self.overall.set_length(trials.iter().map(|trial| trial.config.epochs as u64).sum());
        self.overall.enable_steady_tick(std::time::Duration::from_millis(500));
    }

    fn begin(&mut self, position: usize, trial: &Trial) -> Box<dyn Progress> {
        let bar = self.all.add(ProgressBar::new(0));
        bar.set_style(style("{prefix} {bar:24.cyan/dim} {msg}"));
        bar.set_prefix(format!("  {}/{} {}", position + 1, self.trials, trial.id));
        Box::new(Bars { overall: self.overall.clone(), bar, epochs: trial.config.epochs, last: None })
    }

    fn end(&mut self, _position: usize, trial: &Trial, status: Status, record: Option<&RunRecord>) {
        if status != Status::Done {
            self.overall.inc(trial.config.epochs as u64);
            self.overall.reset_eta();
        }
        let _ = self.all.println(summary(trial, status, record));
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
    last: Option<f64>,
}

impl Progress for Bars {
    fn start(&mut self, _config: &stairs_train::RunConfig, _dir: &std::path::Path, epochs_done: usize) {
        self.overall.inc(epochs_done as u64);
    }

    fn samples(&mut self, epoch: usize, part: &str, done: usize, total: usize) {
        let last = self.last.map_or(String::new(), |accuracy| format!(" · test {accuracy:.2} %"));
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("epoch {epoch}/{} {part}{last}", self.epochs));
    }

    fn epoch(&mut self, record: &EpochRecord, _total: usize) {
        self.last = Some(record.test_accuracy);
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
        println!("{head}: {} epochs", trial.config.epochs);
        Box::new(EpochLines { head, every: trial.config.epochs.div_ceil(5).max(1) })
    }

    fn end(&mut self, position: usize, trial: &Trial, status: Status, record: Option<&RunRecord>) {
        println!("[{}/{}] {}", position + 1, self.trials, summary(trial, status, record));
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
            let (epoch, loss, accuracy) = (record.epoch, record.train_loss, record.test_accuracy);
            println!("{} epoch {epoch}/{total}: train loss {loss:.4}, test accuracy {accuracy:.2} %", self.head);
        }
    }

    fn note(&mut self, message: &str) {
        println!("{} note: {message}", self.head);
    }
}

fn summary(trial: &Trial, status: Status, record: Option<&RunRecord>) -> String {
    let accuracy = record.map_or(String::new(), |r| format!(", test accuracy {:.2} %", r.test_accuracy));
    match status {
        Status::Done => {
            let time = record.map_or(String::new(), |r| format!(" in {:.1} s", r.wall_seconds));
            format!("{} trained{time}{accuracy}", trial.id)
        }
        Status::Kept => format!("{} was finished before{accuracy}", trial.id),
        Status::Busy => format!("{} is being trained by another process", trial.id),
    }
}
