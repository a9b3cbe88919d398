//! The networks that a measure ranks first and as many random ones, trained alike: was the choice worth it?
//!
//! All are networks within the budgets, random ones among those that were not chosen. Accuracies that are compared are those of a
//! validation part; the test part is read for the network that is best there.

use std::path::Path;

use rand::{SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use stairs_data::Dataset;
use stairs_noise::derive_seed;
use stairs_train::{Display, Progress, StopSignal, TrainError, Trainer};

use super::{Candidate, Choice, ChooseError};
use crate::stats::{Interval, welch};

/// Share of the training part that is held out.
const HELD_OUT: f64 = 0.2;

/// How networks are trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingOptions {
    /// Networks that the measure ranks first, and as many random ones; ≥ 1.
    pub count: usize,
    /// Epochs of each; those of the recipe of the data set if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Training samples; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<usize>,
    /// Seed of the trainings and of which networks are random.
    pub seed: u64,
}

/// A network that was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedNetwork {
    /// The network.
    pub candidate: Candidate,
    /// Whether the measure chose it; else it is a random one.
    pub is_chosen: bool,
    /// Best accuracy on the validation part in percent; absent where the loss became NaN or infinite.
    pub validation: Option<f64>,
    /// Accuracy in percent of that epoch's network on the test part.
    pub test: Option<f64>,
}

/// The networks that were trained, and what the choice was worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// How.
    pub options: TrainingOptions,
    /// Those that the measure ranks first, then the random ones.
    pub networks: Vec<TrainedNetwork>,
    /// Mean validation accuracy of the chosen minus that of the random ones, in points, with a 95 % interval of Welch's t where there are
    /// two or more of both.
    pub gain: f64,
    /// That interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
}

impl Trained {
    /// The network of the best validation accuracy.
    pub fn best(&self) -> Option<&TrainedNetwork> {
        let finite = self.networks.iter().filter(|network| network.validation.is_some());
        finite.max_by(|a, b| a.validation.unwrap_or(0.0).total_cmp(&b.validation.unwrap_or(0.0)))
    }
}

/// Trains the networks that `choice` ranks first and as many random ones in folders of `dir`, and adds what was found to the choice;
/// `display` gives the progress of each, told (number, networks, which).
///
/// # Errors
/// [`ChooseError::Training`]; after [`ChooseError::Stopped`] the same call goes on.
pub fn train(
    choice: &mut Choice,
    options: TrainingOptions,
    data: &Dataset,
    dir: &Path,
    stop: &StopSignal,
    mut display: impl FnMut(usize, usize, &Candidate) -> Box<dyn Progress>,
) -> Result<(), ChooseError> {
    let chosen: Vec<usize> = choice.ranked.iter().copied().take(options.count).collect();
    let others: Vec<usize> = choice.ranked.iter().copied().skip(options.count).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(derive_seed(options.seed, "random networks", 0));
    let random: Vec<usize> = others.sample(&mut rng, options.count).copied().collect();
    let all: Vec<(usize, bool)> = chosen.iter().map(|i| (*i, true)).chain(random.iter().map(|i| (*i, false))).collect();
    let mut networks = Vec::with_capacity(all.len());
    for (number, (index, is_chosen)) in all.iter().enumerate() {
        let candidate = choice.measured[*index].candidate.clone();
        let mut config = candidate.training(choice.config.dataset);
        config = config.with_seed(options.seed).with_validation(Some(HELD_OUT));
        config = match options.epochs {
            Some(epochs) => config.with_epochs(epochs),
            None => config,
        };
        config = match options.subset {
            Some(subset) => config.with_subset(Some(subset)),
            None => config,
        };
        let folder = dir.join("runs").join(folder(&candidate, &options));
        let resumes = folder.join("config.toml").exists();
        let trainer = Trainer::new(config, data, &folder)
            .with_display(Display::Custom(display(number, all.len(), &candidate)))
            .with_resume(resumes)
            .with_stop(stop.clone());
        let record = match trainer.run() {
            Ok(record) => Some(record),
            Err(TrainError::Diverged { .. }) => None,
            Err(TrainError::Stopped { .. }) => {
                return Err(ChooseError::Stopped { at: format!("in training {} of {}", number + 1, all.len()) });
            }
            Err(source) => {
                return Err(ChooseError::Training { candidate: candidate.to_string(), source: Box::new(source) });
            }
        };
        networks.push(TrainedNetwork {
            candidate,
            is_chosen: *is_chosen,
            validation: record.as_ref().and_then(|record| Some(record.validation.as_ref()?.accuracy)),
            test: record.as_ref().map(|record| record.chosen().1),
        });
    }
    let of = |is_chosen: bool| -> Vec<f64> {
        networks.iter().filter(|one| one.is_chosen == is_chosen).filter_map(|one| one.validation).collect()
    };
    let (first, second) = (of(true), of(false));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (gain, interval) = (mean(&first) - mean(&second), welch(&first, &second));
    choice.trained = Some(Trained { options, networks, gain, interval });
    choice.write(dir)
}

/// Folder of a training: the same network trained otherwise has another.
fn folder(candidate: &Candidate, options: &TrainingOptions) -> String {
    let plain = |text: String| text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-");
    let more = [("epochs", options.epochs), ("subset", options.subset)];
    let more = more.into_iter().filter_map(|(name, value)| Some(format!("-{name}{}", value?)));
    format!("{}{}-seed{}", plain(candidate.to_string()), more.collect::<String>(), options.seed)
}
