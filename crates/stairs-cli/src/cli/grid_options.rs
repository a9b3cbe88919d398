//! Changes to an annealing grid.

use clap::Args;
use stairs::{data::DatasetName, zoo::Architecture};
use stairs_study::experiments::Definition;

use super::{
    model_name,
    number::{SAMPLES, whole},
    options::dataset,
};

/// Changes to the annealing grid.
#[derive(Clone, Debug, Args)]
pub(crate) struct GridOptions {
    /// Data set of ana-grid
    #[arg(long, help = format!("Data set of ana-grid: {} [default: the experiment's]", DatasetName::names()), value_parser = dataset, value_name = "NAME")]
    dataset: Option<DatasetName>,
    /// Model of ana-grid, e.g. lenet:16-32-64 or vgg8:0.0625; `help` lists them [default: the experiment's]
    #[arg(long, value_name = "NAME", value_parser = model_name::architecture)]
    model: Option<Architecture>,
    /// Training samples of ana-grid, at least 1 [default: the experiment's]
    #[arg(long, value_name = "N", value_parser = whole(1..=SAMPLES))]
    subset: Option<usize>,
    /// Period P of ana-grid in epochs, in [0.01, 10000]; training takes P·(L + 3) of them, L the number of layers [default: the
    /// experiment's]
    #[arg(long, value_name = "P", value_parser = period)]
    period: Option<f64>,
    /// Share 1/N of ana-grid's setups that is run, balanced over the factors: 1 (the whole grid), 2, 3 or 4 [default: the
    /// experiment's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    fraction: Option<u8>,
}

impl GridOptions {
    /// The definition with what was asked for.
    pub(crate) fn ask(&self, definition: Definition) -> Definition {
        Definition {
            dataset: self.dataset.map(|name| name.to_string()),
            model: self.model.as_ref().map(ToString::to_string),
            subset: self.subset,
            period: self.period,
            fraction: self.fraction.map(usize::from),
            ..definition
        }
    }
}

fn period(text: &str) -> Result<f64, String> {
    let period = text.parse::<f64>().map_err(|error| error.to_string())?;
    if (0.01..=1e4).contains(&period) { Ok(period) } else { Err("a period must be in [0.01, 10000]".into()) }
}
