//! Experiments and trials as data.

use stairs_train::RunConfig;

use crate::{bits::BitsConfig, deviation::BoundConfig, measure::MeasureConfig, report::Page};

/// A named grid of trainings and measurements.
#[derive(Clone)]
pub struct Experiment {
    /// Name, as given to `stairs reproduce`; also its directory.
    pub name: &'static str,
    /// Title of its report.
    pub title: &'static str,
    /// What it shows, in one sentence.
    pub about: &'static str,
    /// The grid, without seeds.
    pub rows: Vec<Row>,
    /// Number of seeds per training; a measurement or a bound has its own seed and is made once.
    pub seeds: usize,
    /// How its results are shown.
    pub page: &'static dyn Page,
}

/// One row of an experiment's grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name, unique in the experiment.
    pub name: String,
    /// What is done; the seed of a training is replaced by those of the trials.
    pub task: Task,
    /// Number of seeds, the first ones, where it is fewer than the experiment's.
    pub seeds: Option<usize>,
    /// The row whose network, after its last epoch and of the same seed, a training starts from.
    pub from: Option<String>,
    /// How the bits of the layers of a training are chosen once the network it starts from is there.
    pub bits: Option<BitsConfig>,
}

/// What a trial does.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum Task {
    /// Trains a network.
    Train(RunConfig),
    /// Measures the capacity of a network.
    Measure(MeasureConfig),
    /// Holds a deviation bound against the deviations that are found.
    Bound(BoundConfig),
}

/// One training, measurement or bound of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Name, unique in the experiment; also its directory: `ana-seed1`.
    pub id: String,
    /// What is done.
    pub task: Task,
    /// The trial whose network, after its last epoch, a training starts from.
    pub from: Option<String>,
    /// How the bits of the layers of a training are chosen once the network it starts from is there.
    pub bits: Option<BitsConfig>,
}

/// Changes to the size of an experiment; the default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Number of seeds per training instead of the experiment's.
    pub seeds: Option<usize>,
    /// Number of epochs of every training instead of the experiment's.
    pub epochs: Option<usize>,
    /// Number of draws of every measurement instead of the experiment's, and of repetitions of a search for deviations.
    pub draws: Option<usize>,
}

impl Task {
    /// Name of the data set.
    pub fn dataset(&self) -> &str {
        match self {
            Task::Train(config) => &config.dataset,
            Task::Measure(config) => &config.dataset,
            Task::Bound(config) => &config.dataset,
        }
    }

    /// Epochs of a training, draws of a measurement, repetitions of a search for deviations.
    pub fn units(&self) -> usize {
        match self {
            Task::Train(config) => config.epochs,
            Task::Measure(config) => config.draws,
            Task::Bound(config) => config.units(),
        }
    }
}

impl Row {
    /// A training with a name.
    pub fn train(name: impl Into<String>, config: RunConfig) -> Self {
        Self { name: name.into(), task: Task::Train(config), seeds: None, from: None, bits: None }
    }

    /// A training named after its method.
    pub fn method(config: RunConfig) -> Self {
        Self::train(config.method.name(), config)
    }

    /// A measurement with a name.
    pub fn measure(name: impl Into<String>, config: MeasureConfig) -> Self {
        Self { name: name.into(), task: Task::Measure(config), seeds: Some(1), from: None, bits: None }
    }

    /// A bound with a name.
    pub fn bound(name: impl Into<String>, config: BoundConfig) -> Self {
        Self { name: name.into(), task: Task::Bound(config), seeds: Some(1), from: None, bits: None }
    }

    /// The same for the first seed only.
    #[must_use]
    pub fn with_one_seed(self) -> Self {
        self.with_seeds(1)
    }

    /// The same for the first `count` seeds only.
    #[must_use]
    pub fn with_seeds(self, count: usize) -> Self {
        Self { seeds: Some(count), ..self }
    }

    /// The same, starting from the network that the row `from` has trained with the same seed.
    #[must_use]
    pub fn with_start(self, from: impl Into<String>) -> Self {
        Self { from: Some(from.into()), ..self }
    }

    /// The same with bits for every layer by a rule; the network of the row it starts from is the one that the rule looks at.
    #[must_use]
    pub fn with_bits(self, bits: BitsConfig) -> Self {
        Self { bits: Some(bits), ..self }
    }

    /// The trial of this row for a seed; none where fewer seeds are enough.
    fn trial(&self, seed: u64, scale: Scale) -> Option<Trial> {
        if self.seeds.is_some_and(|seeds| seed > seeds as u64) {
            return None;
        }
        let named = |row: &str| format!("{row}-seed{seed}");
        let from = self.from.as_deref().map(named);
        Some(match &self.task {
            Task::Train(config) => {
                let epochs = scale.epochs.unwrap_or(config.epochs);
                let config = config.clone().with_seed(seed).with_epochs(epochs);
                Trial { id: named(&self.name), task: Task::Train(config), from, bits: self.bits.clone() }
            }
            Task::Measure(config) => {
                let draws = scale.draws.unwrap_or(config.draws);
                let task = Task::Measure(MeasureConfig { draws, ..config.clone() });
                Trial { id: self.name.clone(), task, from: None, bits: None }
            }
            Task::Bound(config) => {
                let repetitions = scale.draws.unwrap_or(config.repetitions);
                let task = Task::Bound(BoundConfig { repetitions, ..config.clone() });
                Trial { id: self.name.clone(), task, from: None, bits: None }
            }
        })
    }
}

impl Experiment {
    /// The trials: for every seed (1, 2, …) every row, so that a part of them already compares the rows.
    ///
    /// ```
    /// use stairs_study::experiments::{Scale, find};
    /// let trials = find("digits").unwrap().trials(Scale::default());
    /// assert_eq!(trials.len(), 9);
    /// assert_eq!(trials[0].id, "float-seed1");
    /// ```
    pub fn trials(&self, scale: Scale) -> Vec<Trial> {
        let seeds = 1..=scale.seeds.unwrap_or(self.seeds) as u64;
        seeds.flat_map(|seed| self.rows.iter().filter_map(move |row| row.trial(seed, scale))).collect()
    }
}
