//! Fine-tuning: a run that starts from the weights of a float model.
//!
//! The file is a model of another run (`best.bpk`, `last.bpk`, or their `.safetensors`). Its float weights are put into the
//! model before the weights get their quantisers, so that the scales fit the pretrained weights. A float model and its
//! quantised twin have the same parameter paths but for the quantisers.
//!
//! max|w| is a poor quantum for pretrained weights, whose largest is many standard deviations out: a ternary network then
//! has hardly anything but zeros. `mse` (the least squared error), `twn` and `sawb` look at all weights.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use burn::{
    module::Module,
    store::{ApplyError, ApplyResult, BurnpackStore, ModuleSnapshot, PathFilter, SafetensorsStore},
    tensor::Bytes,
};
use serde::{Deserialize, Serialize};

use crate::{RunDir, TrainError, Which, checkpoint::sha256, layout};

/// Where the weights of a run start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Init {
    /// The file, `.bpk` or `.safetensors`.
    pub path: PathBuf,
    /// Its SHA-256 in lower-case hexadecimal: a run is not resumed with another file.
    pub sha256: String,
    /// What happens to the last layer.
    #[serde(default)]
    pub head: Head,
}

/// What happens to the last layer of a model that starts from a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// It is loaded like every other.
    #[default]
    Loaded,
    /// It starts with random weights: the number of classes may differ.
    Fresh,
}

impl Init {
    /// The file at `path`; of a run directory the model after the last epoch, which was not chosen on the test set.
    ///
    /// # Errors
    /// [`TrainError::Read`].
    pub fn open(path: impl Into<PathBuf>, head: Head) -> Result<Self, TrainError> {
        let path = path.into();
        let path = if path.is_dir() { RunDir::new(path).model_path(Which::Last) } else { path };
        let sha256 = sha256(&read(&path)?);
        Ok(Self { path, sha256, head })
    }

    /// `model`, whose weights are not quantised yet, with the weights of the file. Settings of feature quantisers stay.
    ///
    /// # Errors
    /// [`TrainError::Read`], [`TrainError::Damaged`]; [`TrainError::InitChanged`] for another file than at
    /// [`open`](Self::open); [`TrainError::InitMismatch`] with every parameter that is missing, unknown, or of another
    /// shape.
    pub fn load<M: Module>(&self, model: M) -> Result<M, TrainError> {
        let bytes = read(&self.path)?;
        let found = sha256(&bytes);
        if found != self.sha256 {
            let (path, expected) = (self.path.clone(), self.sha256.clone());
            return Err(TrainError::InitChanged { path, found, expected });
        }
        let safetensors = self.path.extension().is_some_and(|extension| extension == "safetensors");
        let names: Vec<(String, usize)> =
            model.collect(None, None, false).into_iter().map(|t| (t.name.to_string(), t.shape.len())).collect();
        let head = match self.head {
            Head::Loaded => None,
            Head::Fresh => names.iter().rev().find(|(_, rank)| *rank >= 2).map(|(name, _)| parent(name)),
        };
        let in_head = |path: &str| head.as_deref().is_some_and(|head| parent(path) == head);
        let loaded: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).filter(|name| !in_head(name)).collect();
        let filter = loaded.iter().fold(PathFilter::new(), |filter, name| filter.with_full_path(*name));
        let damaged = |e: &dyn ToString| TrainError::damaged(&self.path, e.to_string());
        let mut result = None;
        let model = layout::load(model, |mut model| {
            result = Some(if safetensors {
                let store = SafetensorsStore::from_bytes(Some(bytes)).allow_partial(true).validate(false);
                model.load_from(&mut store.filter(filter)).map_err(|e| damaged(&e))?
            } else {
                let store = BurnpackStore::from_bytes(Some(Bytes::from_bytes_vec(bytes))).allow_partial(true);
                model.load_from(&mut store.validate(false).filter(filter)).map_err(|e| damaged(&e))?
            });
            Ok::<_, TrainError>(model)
        })?;
        match result.and_then(|result| faults(&result, &loaded, in_head)) {
            None => Ok(model),
            Some(reason) => Err(TrainError::InitMismatch { path: self.path.clone(), reason }),
        }
    }
}

/// What does not fit, by name.
fn faults(result: &ApplyResult, loaded: &[&str], in_head: impl Fn(&str) -> bool) -> Option<String> {
    let missing = result
        .missing
        .iter()
        .filter(|(path, containers)| loaded.contains(&path.as_str()) && !containers.contains("Struct:Stair"));
    let missing: BTreeSet<&str> = missing.map(|(path, _)| path.as_str()).collect();
    let unknown: BTreeSet<&str> = result.unused.iter().map(String::as_str).filter(|path| !in_head(path)).collect();
    let misshapen: BTreeSet<String> = result.errors.iter().map(describe).collect();
    let list = |what: &str, names: Vec<&str>| (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")));
    let mut parts: Vec<String> = [
        list("not in the file", missing.into_iter().collect()),
        list("not in the model", unknown.into_iter().collect()),
        list("of another shape", misshapen.iter().map(String::as_str).collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !misshapen.is_empty() {
        parts.push("a last layer for other classes starts afresh with `Head::Fresh` (--init-head fresh)".into());
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn describe(error: &ApplyError) -> String {
    match error {
        ApplyError::ShapeMismatch { path, expected, found } => {
            format!("{path} ({:?} in the model, {:?} in the file)", expected.to_vec(), found.to_vec())
        }
        other => other.to_string(),
    }
}

/// The path of the module that holds a parameter.
fn parent(path: &str) -> String {
    path.rsplit_once('.').map_or("", |(parent, _)| parent).to_string()
}

fn read(path: &Path) -> Result<Vec<u8>, TrainError> {
    fs::read(path).map_err(|e| TrainError::read(path, e))
}
