//! Fine-tuning: a run that starts from the weights of another model.
//!
//! The file is a model of another run (`best.bpk`, `last.bpk`, or their `.safetensors`). Its float weights, latent ones if
//! the run was quantised, are put into the model before the weights get their quantisers, so that the scales fit the
//! weights. A float model and its quantised twin have the same parameter paths but for the quantisers.
//!
//! Where the file is of a run with the same quantisers, [`Quanta::Loaded`] carries over its quanta and clips too: the
//! run then starts with the hard network of the other one.
//!
//! max|w| is a poor quantum for pretrained weights, whose largest is many standard deviations out: a ternary network then
//! has hardly anything but zeros. `mse` (the least squared error), `twn` and `sawb` look at all weights.

use std::{collections::BTreeSet, io, path::PathBuf};

use burn::{
    module::{Module, Param},
    store::{ApplyError, ApplyResult, BurnpackStore, ModuleSnapshot, PathFilter, SafetensorsStore},
    tensor::{Bytes, Tensor},
};
use serde::{Deserialize, Serialize};
use stairs_data::{DataDifference, DataIdentity};
use stairs_noise::walk::{Look, Place, look};

use crate::{
    Method, RunConfig, RunDir, TrainError, Which, checkpoint::sha256, data::data_difference, files, layout,
    weights::check_values,
};

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
    /// What happens to the scales of the quantisers.
    #[serde(default, skip_serializing_if = "Quanta::is_fresh")]
    pub quanta: Quanta,
}

/// Where the quanta and clips of the quantisers come from in a model that starts from a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quanta {
    /// From the weights that were loaded, by the configured policy; those of features from what they receive.
    #[default]
    Fresh,
    /// From the file, which must be of a run with the same quantisers.
    Loaded,
}

impl Quanta {
    fn is_fresh(&self) -> bool {
        *self == Self::Fresh
    }
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
    /// [`TrainError::Read`], [`TrainError::NoRun`] for a directory without one, [`TrainError::Damaged`] for a file that is
    /// not the one its run wrote.
    pub fn open(path: impl Into<PathBuf>, head: Head) -> Result<Self, TrainError> {
        let path = path.into();
        if path.to_str().is_none() {
            let reason = "its name is not UTF-8, and the configuration of a run is text";
            return Err(TrainError::read(path, io::Error::new(io::ErrorKind::InvalidInput, reason)));
        }
        let (path, bytes) = if path.is_dir() {
            let run = RunDir::new(path);
            (run.model_path(Which::Last), run.model_bytes(Which::Last)?)
        } else {
            let bytes = RunDir::bytes_of(&path)?;
            (path, bytes)
        };
        Ok(Self { path, sha256: sha256(&bytes), head, quanta: Quanta::Fresh })
    }

    /// The configuration of the run whose directory the file lies in, if it lies in one.
    pub fn run_config(&self) -> Option<RunConfig> {
        RunDir::new(self.path.parent()?).config().ok()
    }

    /// The same with [`Quanta::Loaded`] where the file is of a run with the model and the quantisers of `config`.
    #[must_use]
    pub fn for_run(mut self, config: &RunConfig) -> Self {
        let same = |there: &RunConfig| {
            there.method != Method::Float
                && config.method != Method::Float
                && there.method.learned() == config.method.learned()
                && there.model == config.model
                && there.quantiser == config.quantiser
                && there.bits == config.bits
                && there.features == config.features
                && there.edges == config.edges
                && there.weight_scale == config.weight_scale
        };
        self.quanta = if self.run_config().is_some_and(|there| same(&there)) { Quanta::Loaded } else { Quanta::Fresh };
        self
    }

    /// `model` with the weights of the file. Under [`Quanta::Fresh`] its weights are not quantised yet, and quantisers, of
    /// the model and in the file, are left alone; under [`Quanta::Loaded`] they are loaded too, all but their laws.
    ///
    /// # Errors
    /// [`TrainError::Read`], [`TrainError::Damaged`]; [`TrainError::InitChanged`] for another file than at
    /// [`open`](Self::open); [`TrainError::InitMismatch`] with every parameter that is missing, unknown, or of another
    /// shape.
    pub fn load<M: Module>(&self, model: M) -> Result<M, TrainError> {
        let bytes = files::read(&self.path)?;
        let found = sha256(&bytes);
        if found != self.sha256 {
            let (path, expected) = (self.path.clone(), self.sha256.clone());
            return Err(TrainError::InitChanged { path, found, expected });
        }
        if bytes.starts_with(b"PK") || bytes.starts_with(b"\x80\x02") {
            let reason = "it is a file of PyTorch, which `stairs import` makes a file of weights of";
            return Err(TrainError::damaged(&self.path, reason));
        }
        let safetensors = self.path.extension().is_some_and(|extension| extension == "safetensors");
        let names: Vec<(String, usize)> =
            model.collect(None, None, false).into_iter().map(|t| (t.name.to_string(), t.shape.len())).collect();
        let mine = look(&model, Mine::default());
        let weights = names.iter().rev().filter(|(name, _)| !mine.is_of_quantiser(name));
        let head = weights.into_iter().find(|(_, rank)| *rank >= 2).map(|(name, _)| parent(name));
        let in_head = |path: &str| match head.as_deref() {
            Some("") => parent(path).is_empty(),
            Some(head) => path.strip_prefix(head).is_some_and(|rest| rest.starts_with('.')),
            None => false,
        };
        let left_alone = |path: &str| {
            (self.head == Head::Fresh && in_head(path))
                || match self.quanta {
                    Quanta::Fresh => mine.is_of_quantiser(path),
                    Quanta::Loaded => mine.is_law(path),
                }
        };
        let loaded: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).filter(|name| !left_alone(name)).collect();
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
        let hint = (self.head == Head::Loaded).then_some(in_head);
        match result.and_then(|result| faults(&result, &loaded, left_alone, hint)) {
            None => check_values(&model, &self.path).map(|()| model),
            Some(reason) => Err(TrainError::InitMismatch { path: self.path.clone(), reason }),
        }
    }
}

/// Refuses to go on with the last layer of a run whose classes are not those of the data.
pub(crate) fn refuse_other_classes(config: &RunConfig, now: Option<&DataIdentity>) -> Result<(), TrainError> {
    let init = config.init.as_ref().filter(|init| init.head == Head::Loaded);
    let (Some(parent), Some(now)) = (init.and_then(|init| init.path.parent()), now) else { return Ok(()) };
    // A file that lies in no directory of a run, and a run of an earlier version, know no classes.
    let Ok(Some(mut then)) = RunDir::new(parent).data() else { return Ok(()) };
    // Another number of samples, or another size of images, is what fine-tuning is for.
    then.shape = now.shape;
    match data_difference(&then, now).filter(DataDifference::concerns_labels_or_shape) {
        Some(difference) => {
            let hint = "its last layer does not tell these classes apart: start it afresh (--init-head fresh)";
            Err(TrainError::OtherData { dir: parent.into(), difference: format!("{difference}; {hint}") })
        }
        None => Ok(()),
    }
}

/// Paths of the parameters of a model, and what they are. Of what only the file has there is nothing but the name.
#[derive(Default)]
struct Mine {
    all: BTreeSet<String>,
    of_quantisers: BTreeSet<String>,
    laws: BTreeSet<String>,
}

impl Look for Mine {
    fn float<const D: usize>(&mut self, place: &Place, _param: &Param<Tensor<D>>) {
        let path = || place.path().to_owned();
        self.all.insert(path());
        let is_law = place.quantiser().or_else(|| place.activation()).is_some();
        self.laws.extend(is_law.then(path));
        self.of_quantisers.extend((is_law || place.is_in_quantiser()).then(path));
    }
}

impl Mine {
    /// True for a parameter of a quantiser: its laws, or its scales.
    fn is_of_quantiser(&self, path: &str) -> bool {
        if self.all.contains(path) { self.of_quantisers.contains(path) } else { of_quantiser(path) }
    }

    fn is_law(&self, path: &str) -> bool {
        if self.all.contains(path) { self.laws.contains(path) } else { is_law(path) }
    }
}

/// True for a parameter of a quantiser, by its path alone.
fn of_quantiser(path: &str) -> bool {
    let kinds = ["Fixed", "Channel", "Step", "Clip"];
    let parts: Vec<&str> = path.split('.').collect();
    is_law(path) || parts.windows(2).any(|two| two[0] == "scales" && kinds.contains(&two[1]))
}

fn is_law(path: &str) -> bool {
    path.ends_with(".setting") || path == "setting"
}

/// What does not fit, by name. `left_alone` says what is not loaded; `head` tells the last layer where it could be.
fn faults(
    result: &ApplyResult,
    loaded: &[&str],
    left_alone: impl Fn(&str) -> bool,
    head: Option<impl Fn(&str) -> bool>,
) -> Option<String> {
    let missing = result.missing.iter().map(|(path, _)| path.as_str()).filter(|path| loaded.contains(path));
    let missing: BTreeSet<&str> = missing.collect();
    let unknown: BTreeSet<&str> = result.unused.iter().map(String::as_str).filter(|path| !left_alone(path)).collect();
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
    let only_head = |head: &dyn Fn(&str) -> bool| {
        result.errors.iter().all(|e| matches!(e, ApplyError::ShapeMismatch { path, .. } if head(path)))
    };
    if !misshapen.is_empty() && head.is_some_and(|head| only_head(&head)) {
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

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use stairs_noise::{StairActivation, StairActivationConfig};
    use stairs_quant::Quantiser;

    use super::*;

    #[derive(Module, Debug)]
    struct Net {
        setting: Param<Tensor<1>>,
        act: StairActivation,
    }

    #[test]
    fn a_parameter_of_a_user_may_be_called_a_setting() {
        let device = Device::flex();
        let act = StairActivationConfig::new(Quantiser::Ternary).init(&device).unwrap();
        let mine = look(&Net { setting: Param::from_tensor(Tensor::zeros([2], &device)), act }, Mine::default());
        assert!(!mine.is_law("setting") && !mine.is_of_quantiser("setting"));
        assert!(mine.is_law("act.setting") && mine.is_of_quantiser("act.setting"));
        assert!(!mine.is_law("act.scales.Fixed") && mine.is_of_quantiser("act.scales.Fixed"));
        // Of what only the file has, the name tells.
        assert!(mine.is_law("other.setting") && mine.is_of_quantiser("other.scales.Fixed"));
    }
}
