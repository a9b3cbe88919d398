//! A bar within the epoch and one line after it, for terminals without the dashboard.

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Progress, epoch_line};
use crate::{EpochRecord, RunConfig, RunRecord};

/// Draws on standard output, which must be a terminal.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    epochs: usize,
}

impl Bar {
    /// A bar that appears with the first samples.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stdout());
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}  {elapsed}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, epochs: 0 }
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Bar {
    fn start(&mut self, config: &RunConfig, dir: &Path, epochs_done: usize) {
        self.epochs = config.epochs;
        let resumed = if epochs_done > 0 { format!(", resumed after epoch {epochs_done}") } else { String::new() };
        self.bar.println(format!("{} on {}{resumed}: {}", config.model, config.dataset, dir.display()));
    }

    fn samples(&mut self, epoch: usize, part: &str, done: usize, total: usize) {
        self.bar.set_message(format!("epoch {epoch}/{} {part}", self.epochs));
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    fn epoch(&mut self, record: &EpochRecord, total: usize) {
        self.bar.println(epoch_line(record, total));
    }

    fn note(&mut self, message: &str) {
        self.bar.println(format!("note: {message}"));
    }

    fn end(&mut self, _record: &RunRecord) {
        self.bar.finish_and_clear();
    }
}
