//! What a run leaves behind: `record.json`, the only input of every report.
//!
//! A record is complete in itself: configuration, one entry per epoch, weight histograms, versions. Accuracies are in
//! percent, losses are means per sample (cross entropy, nats), times are seconds.

use serde::{Deserialize, Serialize};

use stairs_data::DataIdentity;

use crate::{Extension, Samples};

/// Version of the record's format; readers refuse a newer one.
pub const RECORD_FORMAT: u32 = 1;

/// One finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this format, see [`RECORD_FORMAT`].
    pub format: u32,
    /// The configuration that made the run, as written to `config.toml`.
    pub config: crate::RunConfig,
    /// Versions of what produced it.
    pub versions: Versions,
    /// Device the run used, for people: `flex (2 threads)`.
    pub device: String,
    /// Number of trainable parameters (latent weights, biases, normalisation).
    pub parameters: usize,
    /// Training samples per epoch and test samples.
    pub samples: (usize, usize),
    /// The processor's instructions that its sums depend on, for people: `x86_64 avx512f`. Empty in older records.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instruction_set: String,
    /// What the data was; absent in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataIdentity>,
    /// What should be known about the configuration or the run, as it was shown when the run started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Epochs that were added to the run, first to last; see [`Trainer::extend`](crate::Trainer::extend).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<Extension>,
    /// Files that could not be decoded, and that others stood in for.
    #[serde(default, skip_serializing_if = "Skipped::is_empty")]
    pub skipped: Skipped,
    /// One entry per epoch, first to last.
    pub epochs: Vec<EpochRecord>,
    /// Accuracy in percent of the hard network on the test set after the last epoch.
    pub test_accuracy: f64,
    /// Best accuracy in percent over the epochs (model selection on the test set: for information, not a claim).
    pub best_test_accuracy: f64,
    /// Wall time of training in seconds, summed over interruptions.
    pub wall_seconds: f64,
    /// Histograms of latent and quantised weights at the end, one per quantised parameter; empty for a float run.
    pub weights: Vec<WeightHistogram>,
}

impl RunRecord {
    /// Checks that the record can be one: what is wrong with it, naming the field.
    ///
    /// # Errors
    /// A sentence for people.
    pub fn check(&self) -> Result<(), String> {
        let texts = [
            ("config.model", &self.config.model),
            ("config.dataset", &self.config.dataset),
            ("device", &self.device),
            ("versions.stairs", &self.versions.stairs),
            ("versions.burn", &self.versions.burn),
        ];
        if let Some((field, _)) = texts.iter().find(|(_, text)| text.chars().any(char::is_control)) {
            return Err(format!("{field} holds control characters"));
        }
        if self.epochs.len() != self.config.epochs {
            return Err(format!("it has {} epochs of {}", self.epochs.len(), self.config.epochs));
        }
        if let Some((i, epoch)) = self.epochs.iter().enumerate().find(|(i, epoch)| epoch.epoch != i + 1) {
            return Err(format!("epoch {} stands in the place of epoch {}", epoch.epoch, i + 1));
        }
        self.epochs.iter().try_for_each(EpochRecord::check)?;
        percent("test_accuracy", self.test_accuracy)?;
        percent("best_test_accuracy", self.best_test_accuracy)?;
        let best = self.epochs.iter().map(|epoch| epoch.test_accuracy).fold(f64::NEG_INFINITY, f64::max);
        let last = self.epochs.last().map_or(f64::NAN, |epoch| epoch.test_accuracy);
        for (field, value, of_epochs) in
            [("test_accuracy", self.test_accuracy, last), ("best_test_accuracy", self.best_test_accuracy, best)]
        {
            if value != of_epochs {
                return Err(format!("{field} is {value}, and the epochs say {of_epochs}"));
            }
        }
        not_negative("wall_seconds", self.wall_seconds)
    }
}

impl EpochRecord {
    /// Checks that the numbers can be those of an epoch.
    ///
    /// # Errors
    /// A sentence for people.
    pub fn check(&self) -> Result<(), String> {
        let check = || {
            percent("train_accuracy", self.train_accuracy)?;
            percent("test_accuracy", self.test_accuracy)?;
            for (field, value) in [
                ("train_loss", self.train_loss),
                ("test_loss", self.test_loss),
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

fn percent(field: &str, value: f64) -> Result<(), String> {
    // A sum of hits over their number may round to a little more than all of them.
    if (0.0..=100.0 + 1e-9).contains(&value) { Ok(()) } else { Err(format!("{field} is {value} percent")) }
}

fn not_negative(field: &str, value: f64) -> Result<(), String> {
    // Means of cross entropies of nearly 0 round to a little less than 0.
    if value.is_finite() && value >= -1e-3 { Ok(()) } else { Err(format!("{field} is {value}")) }
}

/// The field `format` of a JSON file, which is looked at first: a newer file may have fields that nobody knows yet.
pub(crate) fn format_of(json: &[u8]) -> Result<u32, String> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    serde_json::from_slice::<Format>(json).map(|found| found.format).map_err(|e| e.to_string())
}

/// Files of both parts that were skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Of the training part.
    pub train: SkippedFiles,
    /// Of the test part.
    pub test: SkippedFiles,
}

/// How many files were skipped, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFiles {
    /// Number of files.
    pub count: usize,
    /// The first ten in the order of the part, each with its reason.
    pub first: Vec<String>,
}

impl Skipped {
    /// What the samples have skipped so far.
    pub fn of(train: &dyn Samples, test: &dyn Samples) -> Self {
        Self::after(&Default::default(), train, test)
    }

    /// What the samples have skipped so far, in this process and, of each part, in those before it.
    pub(crate) fn after(before: &[Vec<String>; 2], train: &dyn Samples, test: &dyn Samples) -> Self {
        let files = |before: &[String], part: &dyn Samples| {
            let mut first = union(before, part.skipped());
            let count = first.len();
            first.truncate(10);
            SkippedFiles { count, first }
        };
        Self { train: files(&before[0], train), test: files(&before[1], test) }
    }

    /// True where nothing was skipped.
    pub fn is_empty(&self) -> bool {
        self.train.count == 0 && self.test.count == 0
    }
}

/// The files skipped now with those skipped before, sorted where some are only among the latter.
pub(crate) fn union(before: &[String], mut now: Vec<String>) -> Vec<String> {
    let missing: Vec<String> = before.iter().filter(|file| !now.contains(file)).cloned().collect();
    if !missing.is_empty() {
        now.extend(missing);
        now.sort_unstable();
    }
    now
}

/// One epoch of a run; also one line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch, counted from 1.
    pub epoch: usize,
    /// Optimiser steps done at the end of the epoch.
    pub step: u64,
    /// Mean training loss over the epoch (through the regularised network).
    pub train_loss: f64,
    /// Training accuracy in percent over the epoch (through the regularised network).
    pub train_accuracy: f64,
    /// Test loss of the hard network.
    pub test_loss: f64,
    /// Test accuracy in percent of the hard network.
    pub test_accuracy: f64,
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

/// Histogram of one quantised parameter, in units of its quantum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightHistogram {
    /// Path of the parameter, e.g. `conv1.weight`.
    pub path: String,
    /// Lower end of the first bin.
    pub low: f64,
    /// Upper end of the last bin.
    pub high: f64,
    /// Counts of latent values in equal bins; values outside go to the first or last bin.
    pub latent: Vec<u64>,
    /// Levels in use and how many weights sit on each, ascending.
    pub quantised: Vec<(f64, u64)>,
}

/// Versions of the programs that made a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    /// This workspace.
    pub stairs: String,
    /// Burn.
    pub burn: String,
}
