//! A bar within the epoch and one line after it, for terminals.
//!
//! Two lines of any width:
//!
//! ```text
//! epoch 12/200 train [==========>                    ] 512/1438
//! 12s, 3m left  lr 9.9e-4  noise 0.250  test 97.21 %  runs/a
//! ```
//!
//! The time left is that of the run. It counts samples, those of the training and the test part alike, and the time per
//! sample that this process has needed so far.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Progress, epoch_line};
use crate::{EpochRecord, RunConfig, RunRecord};

/// Draws on standard output, which must be a terminal.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    began: Instant,
    pace: Pace,
    /// What the last epoch said, and the directory.
    status: String,
    dir: String,
}

/// How far the run is.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// Epochs of the run.
    epochs: usize,
    /// Samples of training and test part; none while a part has not been seen.
    totals: [usize; 2],
    /// Share of the run that was done when this process began.
    first: Option<f64>,
}

impl Pace {
    /// Share of the run that is done after `done` of `total` samples of a part of an epoch (from 1).
    fn share(&mut self, epoch: usize, part: &str, done: usize, total: usize) -> f64 {
        let before = match part {
            "train" => {
                self.totals[0] = total;
                0
            }
            _ => {
                self.totals[1] = total;
                self.totals[0]
            }
        };
        let within = (before + done) as f64 / self.totals.iter().sum::<usize>().max(1) as f64;
        (epoch.saturating_sub(1) as f64 + within) / self.epochs.max(1) as f64
    }

    /// Time until all is done, at the speed of the `elapsed` time; `None` while nothing is done.
    fn left(&mut self, share: f64, elapsed: Duration) -> Option<Duration> {
        let done = share - *self.first.get_or_insert(share);
        let left = elapsed.as_secs_f64() * (1.0 - share).max(0.0) / done;
        (done > 0.0).then(|| Duration::try_from_secs_f64(left).ok()).flatten()
    }
}

impl Bar {
    /// A bar that appears with the first samples.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stdout());
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{wide_bar}] {pos}/{len}\n{wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, began: Instant::now(), pace: Pace::default(), status: String::new(), dir: String::new() }
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Bar {
    fn start(&mut self, config: &RunConfig, dir: &Path, epochs_done: usize) {
        self.pace.epochs = config.epochs;
        (self.began, self.dir) = (Instant::now(), dir.display().to_string());
        let resumed = if epochs_done > 0 { format!(", resumed after epoch {epochs_done}") } else { String::new() };
        self.bar.println(format!("{} on {}{resumed}: {}", config.model, config.dataset, self.dir));
    }

    fn samples(&mut self, epoch: usize, part: &str, done: usize, total: usize) {
        let elapsed = self.began.elapsed();
        let share = self.pace.share(epoch, part, done, total);
        let left = self.pace.left(share, elapsed).map_or(String::new(), |left| format!(", {} left", time(left)));
        self.bar.set_prefix(format!("epoch {epoch}/{} {part}", self.pace.epochs));
        self.bar.set_message(format!("{}{left}{}  {}", time(elapsed), self.status, self.dir));
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    fn epoch(&mut self, record: &EpochRecord, total: usize) {
        self.status = status(record);
        self.bar.println(epoch_line(record, total));
    }

    fn note(&mut self, message: &str) {
        self.bar.println(format!("note: {message}"));
    }

    fn end(&mut self, _record: &RunRecord) {
        self.bar.finish_and_clear();
    }
}

/// What the end of an epoch says of the next one: the rate, the widest noise, and how good the network is.
fn status(record: &EpochRecord) -> String {
    let scale = record.laws.iter().map(|law| law.scale).fold(0.0, f64::max);
    let noise = if record.laws.is_empty() { String::new() } else { format!("  noise {scale:.3}") };
    let (rate, part, value) = (record.learning_rate, record.held_out, record.held_out_accuracy);
    let metric = record.metric.as_ref().map_or_else(|| format!("{value:.2} %"), |name| format!("{name} {value:.4}"));
    format!("  lr {rate:.1e}{noise}  {part} {metric}")
}

/// A time in the two largest units: `1h 2m`, `3m 4s`, `5s`.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m {seconds}s"),
        _ => format!("{hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_that_of_the_run() {
        let mut pace = Pace { epochs: 4, ..Pace::default() };
        let second = Duration::from_secs(1);
        assert_eq!(pace.share(1, "train", 0, 80), 0.0);
        assert_eq!(pace.left(0.0, second), None);
        pace.share(1, "test", 20, 20);
        let half = pace.share(3, "train", 0, 80);
        assert_eq!(half, 0.5);
        assert_eq!(pace.left(half, 10 * second), Some(10 * second));
        let near = pace.share(4, "test", 15, 20);
        assert!((near - (3.0 + 0.95) / 4.0).abs() < 1e-12);
        assert_eq!(pace.left(1.0, second), Some(Duration::ZERO));
    }

    /// What was done before does not count as fast.
    #[test]
    fn a_resumed_run_has_the_pace_of_this_process() {
        let mut pace = Pace { epochs: 10, totals: [80, 20], first: None };
        let (first, later) = (pace.share(6, "train", 0, 80), pace.share(8, "train", 50, 80));
        assert_eq!(pace.left(first, Duration::ZERO), None);
        // A quarter of the run in 5 s; a quarter is left.
        assert_eq!(pace.left(later, Duration::from_secs(5)), Some(Duration::from_secs(5)));
    }

    #[test]
    fn times_are_short() {
        assert_eq!([5, 64, 3725].map(|s| time(Duration::from_secs(s))), ["5s", "1m 4s", "1h 2m"]);
    }
}
