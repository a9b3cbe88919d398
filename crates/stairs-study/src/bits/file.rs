//! A plan of bits in a file: TOML that people read and change.
//!
//! ```toml
//! format = 1
//! model = "lenet"            # this and what follows, up to the weights: where the plan comes from, may be left out
//! dataset = "digits"
//! rule = "hessian"
//! budget = "mean=3"
//! cost = 1171584             # of the whole network, in bit operations or bytes as the budget counts
//! quantiser = "int4"         # what the run needs with it: the quantiser whose features it has, where that is not given otherwise
//!
//! [weights]
//! conv1 = "int4"
//! conv2 = "int3"
//! fc1 = "int2"
//! ```

use std::{io, path::Path};

use serde::{Deserialize, Serialize};
use stairs_data::files::read_regular;
use stairs_network::Allocation;
use stairs_quant::{LayerQuantisers, Quantiser};
use stairs_train::{Edges, Features, RunConfig};

use super::{BitsConfig, BitsError};
use crate::files::{write_atomically, write_new};

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;
/// Larger files are not read.
const LARGEST: u64 = 1 << 20;
/// What the head of the file says to people.
const HEAD: &str = "# Bits for every layer, made by `stairs bits`; `stairs train --bits-file` trains with them.\n";

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitsFile {
    /// Version of the format.
    #[serde(default = "format")]
    pub format: u32,
    /// The model it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The data set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    /// What the network costs, in the unit of the budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<u64>,
    /// The quantiser of the run, which its features go with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiser: Option<Quantiser>,
    /// What stands in place of the activations of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
    /// Which layers of the run are quantised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Edges>,
    /// The plan.
    pub weights: LayerQuantisers,
}

fn format() -> u32 {
    FORMAT
}

impl BitsFile {
    /// The file of a plan.
    pub fn new(config: &BitsConfig, run: &RunConfig, allocation: &Allocation, weights: LayerQuantisers) -> Self {
        Self {
            format: FORMAT,
            model: Some(run.model.clone()),
            dataset: Some(run.dataset.clone()),
            rule: Some(config.rule.to_string()),
            budget: Some(config.budget.to_string()),
            cost: Some(allocation.cost),
            quantiser: Some(run.quantiser),
            features: Some(run.features).filter(|features| *features != Features::default()),
            edges: Some(run.edges).filter(|edges| *edges != Edges::default()),
            weights,
        }
    }

    /// What the file at `path` holds.
    ///
    /// # Errors
    /// [`BitsError::File`] with the line, for a file that is none.
    pub fn read(path: &Path) -> Result<Self, BitsError> {
        let no = |reason: String| BitsError::File { path: path.to_owned(), reason };
        let bytes = read_regular(path, LARGEST).map_err(|error| no(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| no("it is not UTF-8".into()))?;
        // The format is looked at first: a newer file may have fields that this version does not know.
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| no(error.to_string()))?;
        if let Some(found) = table.get("format").filter(|found| found.as_integer() != Some(i64::from(FORMAT))) {
            return Err(no(format!("format is {found}, and this program reads format {FORMAT}")));
        }
        toml::from_str(&text).map_err(|error| no(error.to_string()))
    }

    /// Writes it in one step; a file that is another one is replaced only with `force`.
    ///
    /// # Errors
    /// [`BitsError::Exists`], [`BitsError::Write`].
    pub fn write(&self, path: &Path, force: bool) -> Result<(), BitsError> {
        let failed = |source| BitsError::Write { path: path.to_owned(), source };
        let text = toml::to_string(self).map_err(|error| failed(io::Error::other(error)))?;
        let bytes = format!("{HEAD}{text}").into_bytes();
        if read_regular(path, LARGEST).is_ok_and(|found| found == bytes) {
            return Ok(());
        }
        let written = if force { write_atomically(path, &bytes) } else { write_new(path, &bytes) };
        written.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists if !force => BitsError::Exists(path.to_owned()),
            _ => failed(source),
        })
    }
}
