//! Experiments and trials as data.

use stairs_train::{Method, RunConfig};

/// A named grid of training runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Name, as given to `stairs reproduce`; also its directory.
    pub name: &'static str,
    /// Title of its report.
    pub title: &'static str,
    /// What it shows, in one sentence.
    pub about: &'static str,
    /// One configuration per row of the grid; the seed is replaced by those of the trials.
    pub rows: Vec<RunConfig>,
    /// Number of seeds per row.
    pub seeds: usize,
}

/// One run of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Name, unique in the experiment; also its directory: `ana-seed1`.
    pub id: String,
    /// The run.
    pub config: RunConfig,
}

/// Changes to the size of an experiment; the default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Number of seeds per row instead of the experiment's.
    pub seeds: Option<usize>,
    /// Number of epochs of every trial instead of the experiment's.
    pub epochs: Option<usize>,
}

impl Experiment {
    /// The trials: for every seed (1, 2, …) every row, so that a part of them already compares the rows.
    ///
    /// ```
    /// use stairs::experiments::{Scale, find};
    /// let trials = find("digits").unwrap().trials(Scale::default());
    /// assert_eq!(trials.len(), 9);
    /// assert_eq!(trials[0].id, "float-seed1");
    /// ```
    pub fn trials(&self, scale: Scale) -> Vec<Trial> {
        let seeds = 1..=scale.seeds.unwrap_or(self.seeds) as u64;
        let trial = |seed: u64, row: &RunConfig| {
            let config = RunConfig { seed, epochs: scale.epochs.unwrap_or(row.epochs), ..row.clone() };
            Trial { id: format!("{}-seed{seed}", self.row_name(row)), config }
        };
        seeds.flat_map(|seed| self.rows.iter().map(move |row| trial(seed, row))).collect()
    }

    /// The method's name; with its number where several rows have the same method.
    fn row_name(&self, row: &RunConfig) -> String {
        let name = match row.method {
            Method::Float => "float",
            Method::Ste => "ste",
            Method::Ana => "ana",
        };
        let mut peers = self.rows.iter().filter(|peer| peer.method == row.method);
        match (peers.clone().count(), peers.position(|peer| peer == row)) {
            (2.., Some(position)) => format!("{name}{}", position + 1),
            _ => name.to_string(),
        }
    }
}
