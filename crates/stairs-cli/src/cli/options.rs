//! Options that several subcommands share.

use std::{fmt, io::IsTerminal, path::PathBuf};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stairs::{
    data::{DataRoot, DatasetName, is_table},
    device::DeviceName,
    train::{
        self,
        data::{IMAGES, TrainData},
        output,
    },
};

/// Methods of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// No quantisation: the baseline
    Float,
    /// Straight-through estimator: hard forward, static surrogate gradient
    Ste,
    /// Additive noise annealing
    Ana,
    /// LSQ: as ste, with quanta of weights and features learned (Esser et al. 2020)
    Lsq,
    /// PACT: as ste, with unsigned features whose clip is learned (Choi et al. 2018)
    Pact,
    /// DSQ: hard forward, the derivative of a soft stair backward, alpha 0.2 (Gong et al. 2019)
    Dsq,
    /// EWGS: hard forward, gradients scaled element by element, delta 0.001 (Lee et al. 2021)
    Ewgs,
    /// PARQ: weights mapped by an affine piece whose slope is annealed (Jin et al. 2025)
    Parq,
    /// BinaryRelax: weights between float and quantised (Yin et al. 2018)
    BinaryRelax,
    /// As ste, with weights drawn to the middles of their steps (Nagel et al. 2022)
    Dampening,
    /// As ste, with weights frozen that oscillate (Nagel et al. 2022)
    Freezing,
}

impl From<Method> for train::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Float => train::Method::Float,
            Method::Ste => train::Method::Ste,
            Method::Ana => train::Method::Ana,
            Method::Lsq => train::Method::Lsq,
            Method::Pact => train::Method::Pact,
            Method::Dsq => train::Method::Dsq,
            Method::Ewgs => train::Method::Ewgs,
            Method::Parq => train::Method::Parq,
            Method::BinaryRelax => train::Method::BinaryRelax,
            Method::Dampening => train::Method::Dampening,
            Method::Freezing => train::Method::Freezing,
        }
    }
}

/// `--device`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DeviceOption {
    /// Device: flex (processor), ndarray, wgpu, vulkan or cuda (GPU); all but flex must be compiled in
    #[arg(long, default_value_t = DeviceName::Flex, value_name = "NAME")]
    pub(crate) device: DeviceName,
}

/// `--data`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataOption {
    /// Folder with the data sets; without it $STAIRS_DATA, then the user's cache folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataOption {
    pub(crate) fn root(&self) -> DataRoot {
        DataRoot::resolve(self.data.clone())
    }
}

/// A data set that can be trained on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataName {
    /// A known one.
    Known(DatasetName),
    /// The folder of images at `--data`.
    Images,
    /// A table, by its absolute path.
    Table(String),
}

impl fmt::Display for DataName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataName::Known(name) => name.fmt(f),
            DataName::Images => f.pad(IMAGES),
            DataName::Table(path) => f.pad(path),
        }
    }
}

/// Reads the name of a data set, `images`, or the path of a table.
pub(crate) fn data_name(name: &str) -> Result<DataName, String> {
    match name {
        IMAGES => Ok(DataName::Images),
        _ if is_table(name) => match std::path::absolute(name).map(|path| path.into_os_string().into_string()) {
            Ok(Ok(path)) => Ok(DataName::Table(path)),
            _ => Err("the path of a table must be UTF-8, which the configuration of a run is".into()),
        },
        _ => dataset(name)
            .map(DataName::Known)
            .map_err(|error| format!("{error}, or {IMAGES} (a folder at --data), or a table: FILE.csv")),
    }
}

/// Reads the name of a data set.
pub(crate) fn dataset(name: &str) -> Result<DatasetName, String> {
    name.parse().map_err(|error: stairs::data::DataError| error.to_string())
}

/// Checks the name of a model, and keeps it as it is written.
pub(crate) fn model(name: &str) -> Result<String, String> {
    super::model_name::architecture(name).map(|_| name.to_owned())
}

/// What data a run is on: name, samples, classes, folder; and what is in the folder and no sample.
pub(crate) fn describe(data: &TrainData) -> String {
    let TrainData { identity, folder, left_out, .. } = data;
    let numbered = identity.classes.iter().enumerate().all(|(i, name)| *name == i.to_string());
    let (first, more) = identity.classes.split_at(identity.classes.len().min(10));
    let names = if numbered { String::new() } else { format!(": {}", printable(&first.join(", "))) };
    let more = if numbered || more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
    let folder =
        folder.as_ref().map_or(String::new(), |folder| format!(", from {}", printable(&folder.to_string_lossy())));
    let left_out = if left_out.is_empty() { String::new() } else { format!("\n{left_out}") };
    format!("{identity}{names}{more}{folder}{left_out}")
}

/// `text` with its control characters escaped: names and records may hold codes that a terminal obeys.
pub(crate) fn printable(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// Prints warnings, one line for all that are the same.
pub(crate) fn warn(warnings: &[String]) {
    counted(warnings).iter().for_each(|line| eprintln!("warning: {line}"));
}

/// Each text once, in the order of its first appearance, with its count where that is not one.
fn counted(texts: &[String]) -> Vec<String> {
    let mut found: Vec<(&str, usize)> = Vec::new();
    for text in texts {
        match found.iter_mut().find(|(known, _)| known == text) {
            Some((_, count)) => *count += 1,
            None => found.push((text, 1)),
        }
    }
    let line =
        |(text, count): (&str, usize)| if count > 1 { format!("{text} ({count} times)") } else { text.to_owned() };
    found.into_iter().map(line).collect()
}

/// A progress bar over `count` units of something, on a terminal; hidden elsewhere.
pub(crate) fn bar(units: &str, count: usize) -> ProgressBar {
    let shown = std::io::stderr().is_terminal() && output::Talk::now() != output::Talk::Results;
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(count as u64), target).with_prefix(units.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len}  {elapsed}, {eta} left  {msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_warning_is_one_line() {
        let texts = ["a", "b", "a", "a"].map(str::to_owned);
        assert_eq!(counted(&texts), ["a (3 times)", "b"]);
        assert!(counted(&[]).is_empty());
    }
}
