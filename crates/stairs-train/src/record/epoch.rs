//! What one epoch leaves: its line of `metrics.jsonl`, and its entry in the record.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{not_negative, number, percent};
use crate::RunConfig;

/// The part of the data that an epoch is tested on, and that is not trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeldOut {
    /// The test part: what is chosen by it is no claim about other data.
    #[default]
    Test,
    /// Held-out training samples, see [`RunConfig::validation`].
    Validation,
}

impl HeldOut {
    /// That of a run.
    pub fn of(config: &RunConfig) -> Self {
        if config.validation.is_some() { Self::Validation } else { Self::Test }
    }

    /// Names in files of loss and accuracy.
    pub(super) fn names(self) -> [&'static str; 2] {
        match self {
            Self::Test => ["test_loss", "test_accuracy"],
            Self::Validation => ["validation_loss", "validation_accuracy"],
        }
    }
}

impl fmt::Display for HeldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Test => "test",
            Self::Validation => "validation",
        })
    }
}

/// One epoch of a run; also one line of `metrics.jsonl`.
///
/// In files `held_out_loss` and `held_out_accuracy` are `test_loss` and `test_accuracy`, or `validation_loss` and
/// `validation_accuracy`, by the part they were measured on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Line", into = "Line")]
pub struct EpochRecord {
    /// Epoch, counted from 1.
    pub epoch: usize,
    /// Optimiser steps done at the end of the epoch.
    pub step: u64,
    /// Mean training loss over the epoch (through the regularised network).
    pub train_loss: f64,
    /// Training accuracy in percent over the epoch (through the regularised network); where there is a
    /// [metric](Self::metric), that.
    pub train_accuracy: f64,
    /// Short name of the metric of another task than classes: what is called accuracy here, and score in files, is that.
    pub metric: Option<String>,
    /// What the hard network was tested on.
    pub held_out: HeldOut,
    /// Mean loss of the hard network there.
    pub held_out_loss: f64,
    /// Accuracy in percent of the hard network there, or the metric.
    pub held_out_accuracy: f64,
    /// Learning rate at the end of the epoch.
    pub learning_rate: f64,
    /// Wall time of the epoch in seconds, training and evaluation.
    pub seconds: f64,
    /// The laws in force at the end of the epoch, one per quantiser, in network order; empty for a float run.
    pub laws: Vec<LawPoint>,
}

/// The forward law of one quantiser at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LawPoint {
    /// Path of the quantiser, e.g. `conv1.weight.stair` or `act1`.
    pub path: String,
    /// Mean in units of the quantum.
    pub mean: f64,
    /// Scale in units of the quantum.
    pub scale: f64,
}

impl EpochRecord {
    /// Checks that the numbers can be those of an epoch.
    ///
    /// # Errors
    /// A sentence for people.
    pub fn check(&self) -> Result<(), String> {
        let check = || {
            let [loss, accuracy] = self.held_out.names();
            let allowed = if self.metric.is_none() { percent } else { number };
            allowed("train_accuracy", self.train_accuracy)?;
            allowed(accuracy, self.held_out_accuracy)?;
            for (field, value) in [
                ("train_loss", self.train_loss),
                (loss, self.held_out_loss),
                ("learning_rate", self.learning_rate),
                ("seconds", self.seconds),
            ] {
                not_negative(field, value)?;
            }
            Ok(())
        };
        check().map_err(|reason: String| format!("epoch {}: {reason}", self.epoch))
    }
}

/// An epoch as it stands in files.
#[derive(Serialize, Deserialize)]
struct Line {
    epoch: usize,
    step: u64,
    train_loss: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    train_accuracy: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metric: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    train_score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_loss: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_accuracy: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validation_loss: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validation_accuracy: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validation_score: Option<f64>,
    learning_rate: f64,
    seconds: f64,
    laws: Vec<LawPoint>,
}

impl TryFrom<Line> for EpochRecord {
    type Error = String;

    fn try_from(line: Line) -> Result<Self, String> {
        // A metric has a name, and accuracies have none.
        let [train, test, validation] = match &line.metric {
            None => [line.train_accuracy, line.test_accuracy, line.validation_accuracy],
            Some(_) => [line.train_score, line.test_score, line.validation_score],
        };
        let train_accuracy = train.ok_or("an epoch needs train_accuracy, or metric and train_score")?;
        let test = line.test_loss.zip(test);
        let validation = line.validation_loss.zip(validation);
        let (held_out, (held_out_loss, held_out_accuracy)) = match (test, validation) {
            (Some(test), None) => (HeldOut::Test, test),
            (None, Some(validation)) => (HeldOut::Validation, validation),
            _ => {
                return Err(
                    "an epoch needs test_loss and test_accuracy, or validation_loss and validation_accuracy (score where it \
                     has a metric)"
                        .into()
                );
            }
        };
        let Line { epoch, step, train_loss, metric, learning_rate, seconds, laws, .. } = line;
        Ok(Self {
            epoch,
            step,
            train_loss,
            train_accuracy,
            metric,
            held_out,
            held_out_loss,
            held_out_accuracy,
            learning_rate,
            seconds,
            laws,
        })
    }
}

impl From<EpochRecord> for Line {
    fn from(record: EpochRecord) -> Self {
        let held_out = (Some(record.held_out_loss), Some(record.held_out_accuracy));
        let (test, validation) = match record.held_out {
            HeldOut::Test => (held_out, (None, None)),
            HeldOut::Validation => ((None, None), held_out),
        };
        let classes = record.metric.is_none();
        let accuracy = |value: Option<f64>| value.filter(|_| classes);
        let score = |value: Option<f64>| value.filter(|_| !classes);
        Self {
            epoch: record.epoch,
            step: record.step,
            train_loss: record.train_loss,
            train_accuracy: accuracy(Some(record.train_accuracy)),
            train_score: score(Some(record.train_accuracy)),
            test_loss: test.0,
            test_accuracy: accuracy(test.1),
            validation_loss: validation.0,
            validation_accuracy: accuracy(validation.1),
            test_score: score(test.1),
            validation_score: score(validation.1),
            metric: record.metric,
            learning_rate: record.learning_rate,
            seconds: record.seconds,
            laws: record.laws,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_the_part_and_old_ones_are_read() {
        let old = r#"{"epoch":1,"step":9,"train_loss":1.0,"train_accuracy":50.0,"test_loss":0.5,"test_accuracy":60.0,"learning_rate":0.1,"seconds":2.0,"laws":[]}"#;
        let record: EpochRecord = serde_json::from_str(old).unwrap();
        assert_eq!((record.held_out, record.held_out_accuracy), (HeldOut::Test, 60.0));
        assert_eq!(serde_json::to_string(&record).unwrap(), old);
        let validated = EpochRecord { held_out: HeldOut::Validation, ..record };
        let text = serde_json::to_string(&validated).unwrap();
        assert!(text.contains("\"validation_accuracy\":60.0") && !text.contains("test_"), "{text}");
        assert_eq!(serde_json::from_str::<EpochRecord>(&text).unwrap(), validated);
        let both = old.replace("\"seconds\"", "\"validation_loss\":1.0,\"validation_accuracy\":1.0,\"seconds\"");
        assert!(serde_json::from_str::<EpochRecord>(&both).is_err());
        // Of another task.
        let measured = EpochRecord { metric: Some("rmse".into()), held_out_accuracy: 250.0, ..validated };
        let text = serde_json::to_string(&measured).unwrap();
        assert!(text.contains("\"metric\":\"rmse\"") && text.contains("\"validation_score\":250.0"), "{text}");
        assert!(!text.contains("accuracy") && measured.check().is_ok(), "{text}");
        assert_eq!(serde_json::from_str::<EpochRecord>(&text).unwrap(), measured);
    }
}
