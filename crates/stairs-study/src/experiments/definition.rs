//! `experiment.toml`: everything that makes the trials in the folder of an experiment.
//!
//! ```toml
//! format = 1
//! experiment = "ana-grid"     # its name in the catalogue
//! device = "flex"
//! seeds = 1
//! epochs = 2                  # absent: those of the experiment; so are draws, of measurements
//! dataset = "digits"          # this and what follows: the annealing grids alone
//! model = "lenet:16-32-64"
//! period = 4.0
//! fraction = 4                # subset, absent here: all samples
//! ```
//!
//! The file is written once, by the first process that runs trials there. A later one reads it: what it is not asked for is as the
//! file says, and what it is asked for must be.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use stairs::device::DeviceName;
use stairs_data::{DatasetName, files::read_regular};
use stairs_zoo::Architecture;

use super::{Experiment, ExperimentError, Grid, Scale, find};
use crate::files::{write_atomically, write_new};

/// Name of the file.
const FILE: &str = "experiment.toml";
/// Larger files are not read.
const LARGEST: u64 = 1 << 16;
/// Version of the file's format.
const FORMAT: u32 = 1;
/// What the head of the file says to people.
const HEAD: &str =
    "# What makes the trials of this folder, written once; `stairs reproduce` with this folder goes on with them.\n";

/// An experiment and the changes to it; what is `None` is as the experiment has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Version of the file's format.
    pub format: u32,
    /// Name of the experiment; empty where only changes are known.
    pub experiment: String,
    /// Name of the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Seeds per training, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<usize>,
    /// Epochs of every training, 1 to 10⁶.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Draws of every measurement, 1 to 65535.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draws: Option<usize>,
    /// Data set of an annealing grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Model of an annealing grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Training samples of an annealing grid, 1 to 10⁹.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<usize>,
    /// Period of an annealing grid in epochs, in [0.01, 10⁴].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<f64>,
    /// Share 1/N of an annealing grid's setups, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<usize>,
}

/// An experiment with the changes made, and the definition with nothing left open.
#[derive(Clone)]
pub struct Defined {
    /// The experiment.
    pub experiment: Experiment,
    /// Its size.
    pub scale: Scale,
    /// The device.
    pub device: DeviceName,
    /// What makes both.
    pub definition: Definition,
}

impl Definition {
    /// The experiment of this name; whether there is one is seen by [`complete`](Self::complete).
    pub fn new(experiment: impl Into<String>) -> Self {
        Self { format: FORMAT, experiment: experiment.into(), ..Self::default() }
    }

    /// The file of the experiment in `folder`.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// What the file in `folder` says, with nothing left open; `None` where there is none.
    ///
    /// # Errors
    /// [`ExperimentError::Definition`] for a file that cannot be read or is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, ExperimentError> {
        let path = Self::path(folder);
        if std::fs::symlink_metadata(&path).is_err() {
            return Ok(None);
        }
        let invalid = |reason: String| ExperimentError::Definition { path: path.clone(), reason };
        let text = read_regular(&path, LARGEST).map_err(|error| invalid(error.to_string()))?;
        let text = String::from_utf8(text).map_err(|_| invalid("it is not UTF-8".into()))?;
        // The format is looked at first: a newer file may have fields that this version does not know.
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| invalid(error.to_string()))?;
        match table.get("format").and_then(toml::Value::as_integer) {
            Some(format) if format == i64::from(FORMAT) => {}
            Some(format) => {
                return Err(invalid(format!("format is {format}, and this program reads format {FORMAT}")));
            }
            None => return Err(invalid(format!("it has no whole number `format`, such as {FORMAT}"))),
        }
        let found: Self = toml::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        Ok(Some(found.complete().map_err(|error| invalid(error.to_string()))?.definition))
    }

    /// What the file at `path` says, where nothing that is `asked` for is otherwise.
    ///
    /// # Errors
    /// [`ExperimentError::Contradiction`] with the field and both values.
    pub fn agreeing(self, asked: &Self, path: &Path) -> Result<Self, ExperimentError> {
        let asked = Self { experiment: named(&asked.experiment, &self.experiment), ..asked.clone() };
        differ(path, &self, &asked, true)?;
        Ok(self)
    }

    /// Every field with its value for people.
    fn fields(&self) -> [(&'static str, Option<String>); 10] {
        let number = |value: Option<usize>| value.map(|value| value.to_string());
        [
            ("experiment", Some(self.experiment.clone())),
            ("device", self.device.clone()),
            ("seeds", number(self.seeds)),
            ("epochs", number(self.epochs)),
            ("draws", number(self.draws)),
            ("dataset", self.dataset.clone()),
            ("model", self.model.clone()),
            ("subset", number(self.subset)),
            ("period", self.period.map(|value| value.to_string())),
            ("fraction", number(self.fraction)),
        ]
    }

    /// The experiment, and this definition with the experiment's own values where it said nothing.
    ///
    /// # Errors
    /// [`ExperimentError::Unknown`]; [`ExperimentError::Field`] for a value that cannot be, and for a change of a grid to an experiment
    /// that is none.
    pub fn complete(mut self) -> Result<Defined, ExperimentError> {
        check(&self)?;
        let device = self.device.as_deref().map_or(Ok(DeviceName::default()), str::parse);
        let device = device.map_err(|error| field("device", self.device.as_deref().unwrap_or_default(), error))?;
        let experiment = match Grid::presets().into_iter().find(|grid| grid.name == self.experiment) {
            Some(preset) => {
                let grid = self.grid(preset)?;
                (self.dataset, self.model) = (Some(grid.dataset.to_string()), Some(grid.model.to_string()));
                (self.subset, self.period, self.fraction) = (grid.subset, Some(grid.period), Some(grid.fraction));
                grid.experiment()
            }
            None => {
                let experiment = find(&self.experiment)?;
                let fields = self.fields();
                let of_grids = fields[5..].iter().find_map(|(name, value)| value.as_ref().map(|value| (*name, value)));
                if let Some((name, value)) = of_grids {
                    return Err(field(name, value, "only the annealing grids have it, ana-grid and its like"));
                }
                experiment
            }
        };
        self.format = FORMAT;
        self.seeds = Some(self.seeds.unwrap_or(experiment.seeds));
        self.device = Some(device.to_string());
        let scale = Scale { seeds: self.seeds, epochs: self.epochs, draws: self.draws };
        Ok(Defined { experiment, scale, device, definition: self })
    }

    fn grid(&self, preset: Grid) -> Result<Grid, ExperimentError> {
        let dataset = match &self.dataset {
            Some(name) => name.parse::<DatasetName>().map_err(|error| field("dataset", name, error))?,
            None => preset.dataset,
        };
        let model = match &self.model {
            Some(name) => name.parse::<Architecture>().map_err(|error| field("model", name, error))?,
            None => preset.model.clone(),
        };
        Ok(Grid {
            dataset,
            model,
            subset: self.subset.or(preset.subset),
            period: self.period.unwrap_or(preset.period),
            fraction: self.fraction.unwrap_or(preset.fraction),
            ..preset
        })
    }
}

/// The name that is asked for, or else the one that there is.
fn named(asked: &str, there: &str) -> String {
    if asked.is_empty() { there.to_owned() } else { asked.to_owned() }
}

/// Refuses the first field that is otherwise in `here` than in `there`, the file at `path`; with `open`, what is `None` in `here` may be
/// anything.
fn differ(path: &Path, there: &Definition, here: &Definition, open: bool) -> Result<(), ExperimentError> {
    let mut pairs = there.fields().into_iter().zip(here.fields());
    match pairs.find(|((_, there), (_, here))| there != here && !(open && here.is_none())) {
        None => Ok(()),
        Some(((field, there), (_, here))) => {
            let value = |value: Option<String>| value.unwrap_or_else(|| "that of the experiment".into());
            let (there, here) = (value(there), value(here));
            Err(ExperimentError::Contradiction { path: path.to_path_buf(), field, there, here })
        }
    }
}

fn check(definition: &Definition) -> Result<(), ExperimentError> {
    let numbers = [
        ("seeds", definition.seeds, 1000),
        ("epochs", definition.epochs, 1_000_000),
        ("draws", definition.draws, 65_535),
        ("subset", definition.subset, 1_000_000_000),
        ("fraction", definition.fraction, 4),
    ];
    for (name, value, most) in numbers {
        if let Some(value) = value.filter(|value| !(1..=most).contains(value)) {
            return Err(field(name, value, format!("expected a whole number from 1 to {most}")));
        }
    }
    match definition.period {
        Some(period) if !(0.01..=1e4).contains(&period) => {
            Err(field("period", period, "expected a number from 0.01 to 10000"))
        }
        _ => Ok(()),
    }
}

fn field(field: &'static str, found: impl ToString, problem: impl ToString) -> ExperimentError {
    ExperimentError::Field { field, found: found.to_string(), problem: problem.to_string() }
}

impl Defined {
    /// Writes the file in `folder`, once: where another process was first, its file must say the same.
    ///
    /// # Errors
    /// [`ExperimentError::Write`], [`ExperimentError::Definition`] and [`ExperimentError::Contradiction`].
    pub fn keep(&self, folder: &Path) -> Result<(), ExperimentError> {
        match self.write(folder, write_new) {
            Err(ExperimentError::Write { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                self.check(folder)
            }
            written => written,
        }
    }

    /// Writes the file in `folder`, whatever is there: beside records that are replaced as well.
    ///
    /// # Errors
    /// [`ExperimentError::Write`].
    pub fn replace(&self, folder: &Path) -> Result<(), ExperimentError> {
        self.write(folder, write_atomically)
    }

    fn write(&self, folder: &Path, write: fn(&Path, &[u8]) -> io::Result<()>) -> Result<(), ExperimentError> {
        let path = Definition::path(folder);
        let text = toml::to_string(&self.definition).map_err(io::Error::other);
        let written = text.and_then(|text| write(&path, format!("{HEAD}{text}").as_bytes()));
        written.map_err(|source| ExperimentError::Write { path, source })
    }

    /// Checks that `folder`, where it has a file, has one that says the same.
    ///
    /// # Errors
    /// [`ExperimentError::Definition`] and [`ExperimentError::Contradiction`].
    pub fn check(&self, folder: &Path) -> Result<(), ExperimentError> {
        match Definition::read(folder)? {
            Some(there) => differ(&Definition::path(folder), &there, &self.definition, false),
            None => Ok(()),
        }
    }

    /// The words behind `stairs reproduce` that run it: its name, and every change to it.
    pub fn command(&self) -> String {
        let own = Definition::new(&self.definition.experiment).complete().map(|own| own.definition.fields());
        let own = own.unwrap_or_default();
        let first = super::catalogue().first().is_some_and(|first| first.name == self.experiment.name);
        let name = if first { String::new() } else { format!(" {}", self.experiment.name) };
        let changes = self.definition.fields().into_iter().zip(own).skip(1);
        let changes = changes.filter(|(here, own)| here.1 != own.1);
        let changes =
            changes.filter_map(|((name, value), _)| Some(format!(" --{name} {}", shlex::try_quote(&value?).ok()?)));
        name + &changes.collect::<String>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Definition {
        Definition { seeds: Some(1), fraction: Some(4), ..Definition::new("ana-grid") }
    }

    #[test]
    fn a_folder_says_what_was_asked_for_once() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Definition::read(folder.path()).unwrap(), None);
        let defined = grid().complete().unwrap();
        assert_eq!(defined.experiment.trials(defined.scale).len(), 66);
        assert_eq!(defined.command(), " ana-grid --seeds 1 --fraction 4");
        defined.keep(folder.path()).unwrap();
        defined.keep(folder.path()).unwrap();
        let there = Definition::read(folder.path()).unwrap().unwrap();
        assert_eq!(there, defined.definition);

        // Nothing, and what is so, may be asked for; another value is named beside the one there.
        let path = Definition::path(folder.path());
        let same = Definition { period: Some(4.0), ..Definition::new("") };
        assert_eq!(there.clone().agreeing(&same, &path).unwrap(), there);
        for (asked, words) in [
            (Definition { seeds: Some(3), ..Definition::new("") }, "seeds is 1 there and 3 here"),
            (
                Definition { epochs: Some(2), ..Definition::new("") },
                "epochs is that of the experiment there and 2 here",
            ),
            (Definition::new("mnist"), "experiment is ana-grid there and mnist here"),
            (Definition { device: Some("wgpu".into()), ..Definition::new("") }, "device is flex there and wgpu here"),
        ] {
            let error = there.clone().agreeing(&asked, &path).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("experiment.toml"), "{error}");
        }
        let other = Definition { subset: Some(10), ..grid() }.complete().unwrap();
        let error = other.keep(folder.path()).unwrap_err().to_string();
        assert!(error.contains("subset is that of the experiment there and 10 here"), "{error}");
    }

    #[test]
    fn files_that_cannot_be_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let head = "format = 1\nexperiment = \"ana-grid\"\n";
        for (text, words) in [
            ("", "it has no whole number `format`"),
            ("format = 2\nnew = 1\n", "format is 2"),
            ("format = 1\n", "missing field `experiment`"),
            ("format = 1\nexperiment = \"everything\"\n", "unknown experiment `everything`"),
            ("format = 1\nexperiment = \"digits\"\nperiod = 2.0\n", "period is 2"),
            (&format!("{head}seeds = 0\n"), "seeds is 0: expected a whole number from 1 to 1000"),
            (&format!("{head}seeds = 9223372036854775807\n"), "seeds is 9223372036854775807"),
            (&format!("{head}subset = -1\n"), "subset"),
            (&format!("{head}period = nan\n"), "period is NaN"),
            (&format!("{head}model = \"lenet:x\"\n"), "model is lenet:x"),
            (&format!("{head}device = \"abacus\"\n"), "unknown device `abacus`"),
            (&format!("{head}seed = 1\n"), "unknown field `seed`"),
        ] {
            std::fs::write(Definition::path(folder.path()), text).unwrap();
            let error = Definition::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("experiment.toml"), "{text}: {error}");
        }
    }
}
