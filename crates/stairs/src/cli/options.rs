//! Options that several subcommands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stairs::{
    data::{DataRoot, DatasetName},
    device::DeviceName,
    train,
    zoo::Architecture,
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
}

impl From<Method> for train::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Float => train::Method::Float,
            Method::Ste => train::Method::Ste,
            Method::Ana => train::Method::Ana,
        }
    }
}

/// `--device`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DeviceOption {
    /// Device: flex (processor), ndarray, wgpu or vulkan (GPU); all but flex must be compiled in
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

/// Reads the name of a data set.
pub(crate) fn dataset(name: &str) -> Result<DatasetName, String> {
    name.parse().map_err(|error: stairs::data::DataError| error.to_string())
}

/// Checks the name of a model, and keeps it as it is written.
pub(crate) fn model(name: &str) -> Result<String, String> {
    name.parse::<Architecture>().map(|_| name.to_owned()).map_err(|error| error.to_string())
}
