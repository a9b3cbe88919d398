//! The quantised weights of a run themselves, for other programs: levels times a scale, as safetensors.
//!
//! A run keeps its latent weights, from which training can go on. Here every quantised weight is what the hard network multiplies
//! with,
//!
//! ```text
//! w = α · l          l a level of the quantiser, α one number a tensor
//! ```
//!
//! and every other parameter (norms with their statistics, biases, layers left in float) is as it is. Quantisers are no tensors:
//! the metadata describes them, those of weights and of features, as JSON under the key `stairs` ([`Description`]).

mod error;
mod file;
mod names;
mod parameters;
mod table;

use std::{collections::BTreeMap, io, path::Path};

use serde::{Deserialize, Serialize};
use stairs_network::{Op, Precision, Weight};
use stairs_quant::{Scales, StairFunction};
use stairs_train::{RunConfig, ZooModel};
use stairs_zoo::ModelError;

pub use error::MaterialiseError;
use names::Names;
use parameters::parameters;
pub use table::weight_table;

use crate::files::{write_atomically, write_new};

/// Format of the description.
const FORMAT: u32 = 1;

/// Names and layout of the tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// As in the run's own files: paths of the model, dense weights `[in, out]`.
    #[default]
    Burn,
    /// Dense weights `[out, in]`, norms with `weight` and `bias`; torchvision's names of layers where it has the model.
    Torch,
}

/// What the file says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Version of this description.
    pub format: u32,
    /// The model.
    pub model: String,
    /// The data set it was trained on.
    pub dataset: String,
    /// SHA-256 of the run's model file in lower-case hexadecimal.
    pub sha256: String,
    /// Names and layout.
    pub layout: Layout,
    /// Quantised weights by the names of their tensors.
    pub weights: BTreeMap<String, Quantised>,
    /// Quantisers of features by their paths in the model.
    pub features: BTreeMap<String, Quantised>,
}

/// A quantiser: a value is `scale` times one of the levels, the one that the value before it, over `quantum`, falls on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantised {
    /// Its name.
    pub quantiser: String,
    /// Thresholds, ascending: a value falls on as many levels above the lowest as thresholds are below it.
    pub thresholds: Vec<f64>,
    /// Levels, ascending.
    pub levels: Vec<f64>,
    /// ε, the unit of the thresholds.
    pub quantum: f64,
    /// α, the unit of the levels.
    pub scale: f64,
}

/// A tensor of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Name.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Values, the last index fastest.
    pub values: Vec<f32>,
    /// How often each level occurs, where it is a quantised weight.
    pub counts: Option<Vec<usize>>,
}

/// The quantised network of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Materialised {
    /// What the file says about itself.
    pub description: Description,
    /// The tensors, in the order of the network.
    pub tensors: Vec<Tensor>,
}

impl Materialised {
    /// The weights of `model`, which the run of `config` trained on samples of shape `input` (channels, height, width), and whose
    /// file has the hash `sha256`.
    ///
    /// # Errors
    /// [`MaterialiseError::Float`] for a network without quantised weights, [`MaterialiseError::Scale`] and
    /// [`MaterialiseError::Level`] for weights that are no levels times one scale.
    pub fn new(
        config: &RunConfig,
        model: &ZooModel,
        input: [usize; 3],
        sha256: String,
        layout: Layout,
    ) -> Result<Self, MaterialiseError> {
        let network = model.0.network(input).map_err(ModelError::from)?;
        let quantised = |path: &str, stair: &StairFunction, scales: &[Scales]| -> Result<Quantised, MaterialiseError> {
            let [scales] = scales else {
                return Err(MaterialiseError::Scale { path: path.to_owned() });
            };
            let (quantum, scale) = (scales.quantum(), scales.output());
            let (thresholds, levels) = (stair.thresholds().to_vec(), stair.levels().to_vec());
            Ok(Quantised { quantiser: Precision::of(stair).to_string(), thresholds, levels, quantum, scale })
        };
        let (mut of_weights, mut features) = (BTreeMap::new(), BTreeMap::new());
        for node in network.nodes() {
            if let Op::Stair(stair) = &node.op {
                features.insert(stair.path.clone(), quantised(&stair.path, &stair.function, &[stair.scales])?);
            }
            if let Some(stair) = node.op.weight().and_then(Weight::quantiser) {
                let parameter = stair.path.strip_suffix(".stair").unwrap_or(&stair.path);
                of_weights.insert(parameter.to_owned(), quantised(&stair.path, &stair.function, &stair.scales)?);
            }
        }
        if of_weights.is_empty() {
            return Err(MaterialiseError::Float);
        }
        let names = Names::new(layout, &config.model);
        let mut weights = BTreeMap::new();
        let mut all = Vec::new();
        for parameter in parameters(&model.0) {
            let (name, quantised) = (names.name(&parameter), of_weights.remove(&parameter.path));
            all.push(names.tensor(parameter, quantised.as_ref())?);
            if let Some(quantised) = quantised {
                weights.insert(name, quantised);
            }
        }
        let (model, dataset) = (config.model.clone(), config.dataset.clone());
        let description = Description { format: FORMAT, model, dataset, sha256, layout, weights, features };
        Ok(Self { description, tensors: all })
    }

    /// Writes it as safetensors, atomically; another file at `path` is replaced only if `force` says so. One with the same bytes is
    /// left as it is.
    ///
    /// # Errors
    /// [`MaterialiseError::Exists`], [`MaterialiseError::Write`].
    pub fn write(&self, path: &Path, force: bool) -> Result<(), MaterialiseError> {
        let failed = |source| MaterialiseError::Write { path: path.to_owned(), source };
        let bytes = file::bytes(self).map_err(|reason| failed(io::Error::other(reason)))?;
        let is_there = |bytes: &[u8]| {
            path.metadata().is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64)
                && std::fs::read(path).is_ok_and(|found| found == bytes)
        };
        if is_there(&bytes) {
            return Ok(());
        }
        let written = if force { write_atomically(path, &bytes) } else { write_new(path, &bytes) };
        written.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists if !force => MaterialiseError::Exists { path: path.to_owned() },
            _ => failed(source),
        })
    }
}

impl Tensor {
    /// Share of its values that are zero.
    pub fn zeros(&self) -> f64 {
        self.values.iter().filter(|value| **value == 0.0).count() as f64 / self.values.len().max(1) as f64
    }

    /// Number of levels that occur, where it is a quantised weight.
    pub fn levels_used(&self) -> Option<usize> {
        Some(self.counts.as_ref()?.iter().filter(|count| **count > 0).count())
    }
}
