//! One readable line an epoch, for logs and pipes; more of them where epochs are long.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::Progress;
use crate::{EpochRecord, HeldOut, RunConfig, RunRecord};

/// Prints to standard output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Progress for Plain {
    fn start(&mut self, config: &RunConfig, dir: &Path, epochs_done: usize) {
        let resumed = if epochs_done > 0 { format!(", resumed after epoch {epochs_done}") } else { String::new() };
        println!(
            "{} on {}, {} epochs, seed {}{resumed}: {}",
            config.model,
            config.dataset,
            config.epochs,
            config.seed,
            dir.display()
        );
    }

    fn epoch(&mut self, record: &EpochRecord, total: usize) {
        println!("{}", epoch_line(record, total));
    }

    fn note(&mut self, message: &str) {
        println!("note: {message}");
    }

    fn end(&mut self, record: &RunRecord) {
        let (part, best) = match &record.validation {
            Some(validation) => (HeldOut::Validation, validation.accuracy),
            None => (HeldOut::Test, record.best_test_accuracy),
        };
        let best = match &record.config.task {
            None => format!("accuracy {best:.2} %"),
            Some(task) => format!("{} {best:.4}", task.metric),
        };
        println!("trained in {:.1} s, best {part} {best}", record.wall_seconds);
    }
}

/// Time without a line after which one is due.
const PATIENCE: Duration = Duration::from_secs(30);

/// [`Plain`], with a line now and then within a long epoch.
pub(super) struct Patient {
    plain: Plain,
    epochs: usize,
    patience: Duration,
    said: Instant,
}

impl Patient {
    pub(super) fn new(plain: Plain) -> Self {
        Self { plain, epochs: 0, patience: PATIENCE, said: Instant::now() }
    }

    /// The line that is due, if one is.
    fn within(&mut self, epoch: usize, part: &str, done: usize, total: usize) -> Option<String> {
        if done == 0 || self.said.elapsed() < self.patience {
            return None;
        }
        self.said = Instant::now();
        Some(format!("epoch {epoch}/{}  {part} {done} of {total} samples", self.epochs))
    }
}

impl Progress for Patient {
    fn start(&mut self, config: &RunConfig, dir: &Path, epochs_done: usize) {
        (self.epochs, self.said) = (config.epochs, Instant::now());
        self.plain.start(config, dir, epochs_done);
    }

    fn samples(&mut self, epoch: usize, part: &str, done: usize, total: usize) {
        if let Some(line) = self.within(epoch, part, done, total) {
            println!("{line}");
        }
    }

    fn epoch(&mut self, record: &EpochRecord, total: usize) {
        self.said = Instant::now();
        self.plain.epoch(record, total);
    }

    fn note(&mut self, message: &str) {
        self.plain.note(message);
    }

    fn end(&mut self, record: &RunRecord) {
        self.plain.end(record);
    }
}

/// The line of an epoch: losses, accuracies in percent, or the metric of another task.
pub fn epoch_line(record: &EpochRecord, total: usize) -> String {
    let width = total.to_string().len();
    let scale = record.laws.iter().map(|law| law.scale).fold(0.0, f64::max);
    let noise = if record.laws.is_empty() { String::new() } else { format!("  noise {scale:.3}") };
    let metric = |value: f64| match &record.metric {
        None => format!("acc {value:6.2} %"),
        Some(name) => format!("{name} {value:.4}"),
    };
    format!(
        "epoch {:width$}/{total}  train loss {:.4}  {}  {} loss {:.4}  {}  lr {:.1e}{noise}  {:.1} s",
        record.epoch,
        record.train_loss,
        metric(record.train_accuracy),
        record.held_out,
        record.held_out_loss,
        metric(record.held_out_accuracy),
        record.learning_rate,
        record.seconds,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LawPoint;

    #[test]
    fn long_epochs_are_not_silent() {
        let mut patient = Patient { epochs: 20, ..Patient::new(Plain) };
        assert_eq!(patient.within(3, "train", 128, 512), None);
        patient.patience = Duration::ZERO;
        assert_eq!(patient.within(3, "train", 0, 512), None);
        assert_eq!(patient.within(3, "train", 256, 512).unwrap(), "epoch 3/20  train 256 of 512 samples");
    }

    #[test]
    fn the_line_says_it_all() {
        let law = |scale| LawPoint { path: "a".into(), mean: 0.0, scale };
        let record = EpochRecord {
            epoch: 3,
            step: 69,
            train_loss: 0.51234,
            train_accuracy: 87.5,
            metric: None,
            held_out: HeldOut::Test,
            held_out_loss: 0.25,
            held_out_accuracy: 100.0,
            learning_rate: 1e-3,
            seconds: 1.26,
            laws: vec![law(0.25), law(0.125)],
        };
        assert_eq!(
            epoch_line(&record, 20),
            "epoch  3/20  train loss 0.5123  acc  87.50 %  test loss 0.2500  acc 100.00 %  lr 1.0e-3  noise 0.250  1.3 s"
        );
        let record = EpochRecord { metric: Some("rmse".into()), held_out_accuracy: 0.5, ..record };
        assert!(epoch_line(&record, 20).contains("test loss 0.2500  rmse 0.5000  lr"));
    }
}
