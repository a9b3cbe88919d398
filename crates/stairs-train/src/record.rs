//! What a run leaves behind: `record.json`, the only input of every report.
//!
//! A record is complete in itself: configuration, one entry per epoch, weight histograms, versions. Accuracies are in
//! percent, losses are means per sample of the configured loss (cross entropy in nats), times are seconds. Of a run for
//! another task than classes, see [`Task`](crate::Task), what is called accuracy is its metric.

mod epoch;

use serde::{Deserialize, Serialize};

use stairs_data::DataIdentity;

pub use epoch::{EpochRecord, HeldOut, LawPoint};

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
    /// Epochs that were added to the run, first to last; see [`Trainer::with_extend`](crate::Trainer::with_extend).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<Extension>,
    /// Files that could not be decoded, and that others stood in for.
    #[serde(default, skip_serializing_if = "Skipped::is_empty")]
    pub skipped: Skipped,
    /// One entry per epoch, first to last.
    pub epochs: Vec<EpochRecord>,
    /// Accuracy in percent of the hard network on the test set after the last epoch.
    pub test_accuracy: f64,
    /// The same of the best epoch, that of `best.bpk`. With a [validation](Self::validation) part the epoch was chosen there;
    /// without one it was chosen on the test set itself: for information, not a claim.
    pub best_test_accuracy: f64,
    /// Accuracies that count the five largest logits, in data of more than ten classes; absent in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top5: Option<TopFive>,
    /// What the best epoch was chosen on, if not on the test set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// Wall time of training in seconds, summed over interruptions.
    pub wall_seconds: f64,
    /// Time of processors in training in seconds, all threads of the process, summed over interruptions; absent in older
    /// records and where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
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
        let metric = self.config.task.as_ref().map(|task| task.metric.as_str());
        if let Some(epoch) = self.epochs.iter().find(|epoch| epoch.metric.as_deref() != metric) {
            let of = |metric: Option<&str>| metric.unwrap_or("accuracy").to_owned();
            let (found, expected) = (of(epoch.metric.as_deref()), of(metric));
            return Err(format!("epoch {} tells of {found}, and the configuration of {expected}", epoch.epoch));
        }
        let allowed = if self.config.task.is_none() { percent } else { number };
        allowed("test_accuracy", self.test_accuracy)?;
        allowed("best_test_accuracy", self.best_test_accuracy)?;
        if let Some(TopFive { last, best }) = self.top5 {
            percent("top5.last", last)?;
            percent("top5.best", best)?;
        }
        not_negative("cpu_seconds", self.cpu_seconds.unwrap_or(0.0))?;
        self.check_parts()?;
        let better =
            |best: f64, value: f64| if best.is_nan() || self.config.is_better(value, best) { value } else { best };
        let best = self.epochs.iter().map(|epoch| epoch.held_out_accuracy).fold(f64::NAN, better);
        let last = self.epochs.last().map_or(f64::NAN, |epoch| epoch.held_out_accuracy);
        if let Some(validation) = &self.validation {
            if validation.accuracy != best {
                return Err(format!("validation.accuracy is {}, and the epochs say {best}", validation.accuracy));
            }
            return not_negative("wall_seconds", self.wall_seconds);
        }
        if self.config.reestimate_norms.is_some() {
            return not_negative("wall_seconds", self.wall_seconds);
        }
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

impl RunRecord {
    /// Checks that every epoch tells of the part that the configuration holds out.
    fn check_parts(&self) -> Result<(), String> {
        let part = HeldOut::of(&self.config);
        match self.epochs.iter().find(|epoch| epoch.held_out != part) {
            Some(epoch) => Err(format!("epoch {} was not tested on the {part} part", epoch.epoch)),
            None if (part == HeldOut::Validation) != self.validation.is_some() => {
                Err("validation is not what the configuration says".into())
            }
            None => Ok(()),
        }
    }

    /// Training samples that the run took in a second of processor time, its tests between epochs included; `None` where that time
    /// is not known.
    pub fn throughput(&self) -> Option<f64> {
        let seconds = self.cpu_seconds.filter(|seconds| *seconds > 0.0)?;
        Some(self.samples.0 as f64 * self.epochs.len() as f64 / seconds)
    }

    /// Epoch and test accuracy of the network the run recommends: that of the best validation accuracy, or the last one where
    /// the run had no validation part.
    pub fn chosen(&self) -> (usize, f64) {
        match &self.validation {
            Some(validation) => (validation.epoch, self.best_test_accuracy),
            None => (self.epochs.len(), self.test_accuracy),
        }
    }
}

fn percent(field: &str, value: f64) -> Result<(), String> {
    // A sum of hits over their number may round to a little more than all of them.
    if (0.0..=100.0 + 1e-9).contains(&value) { Ok(()) } else { Err(format!("{field} is {value} percent")) }
}

fn number(field: &str, value: f64) -> Result<(), String> {
    if value.is_finite() { Ok(()) } else { Err(format!("{field} is {value}")) }
}

fn not_negative(field: &str, value: f64) -> Result<(), String> {
    // Means of cross entropies of nearly 0 round to a little less than 0.
    if value.is_finite() && value >= -1e-3 { Ok(()) } else { Err(format!("{field} is {value}")) }
}

/// The field `format` of a JSON file, which is looked at first: a newer file may have fields that nobody knows yet.
pub(crate) fn format_of(json: &[u8]) -> Result<u32, serde_json::Error> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    serde_json::from_slice::<Format>(json).map(|found| found.format)
}

/// What was chosen on the validation part, see [`RunConfig::validation`](crate::RunConfig::validation).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Number of validation samples.
    pub samples: usize,
    /// The epoch of the best validation accuracy, the first of equals.
    pub epoch: usize,
    /// That accuracy in percent.
    pub accuracy: f64,
}

/// Accuracies in percent on the test set where an answer is right if the class is among the five largest logits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopFive {
    /// After the last epoch.
    pub last: f64,
    /// Of the best epoch, chosen as that of [`RunRecord::best_test_accuracy`].
    pub best: f64,
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
