//! A file of weights, whatever its format: names, shapes, and numbers when they are asked for.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    PretrainedError,
    error::{Fault, fault},
    safetensors,
    source::Source,
    tensor::{Dtype, Tensor},
    torch,
    wrappers::unwrapped,
};

/// What data-parallel training and `torch.compile` put in front of every name.
const WRAPPERS: [&str; 2] = ["module.", "_orig_mod."];
/// What batch norms and averaged models count, and no weight depends on.
const COUNTERS: [&str; 2] = ["num_batches_tracked", "n_averaged"];

/// An open file of weights; numbers are read one tensor at a time.
///
/// The format is told from the content: safetensors, or either container of `torch.save`. Opening reads the names and checks
/// that every tensor lies inside the file, in memory of a small multiple of the description's length; nothing of the file is executed.
/// A checkpoint may hold the state dict under `state_dict`, `model`, or any other key, see [`open_at`](Self::open_at); a `module.`
/// or `_orig_mod.` in front of all names is dropped, and so are the counters `num_batches_tracked` and `n_averaged`.
#[derive(Debug)]
pub struct WeightFile {
    path: PathBuf,
    source: Source,
    /// By name.
    pub(super) tensors: Vec<Tensor>,
}

impl WeightFile {
    /// Opens a file.
    ///
    /// # Errors
    /// [`PretrainedError::Read`], [`PretrainedError::Format`], [`PretrainedError::Object`]; [`PretrainedError::StateDicts`] for a
    /// checkpoint with several of them.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PretrainedError> {
        Self::open_at(path, None)
    }

    /// Opens a file, in which the state dict is that at `key`: keys of a checkpoint joined by `.`, such as `model_ema` or
    /// `ema.state_dict`, or else what the names of the tensors meant begin with.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`PretrainedError::NoStateDict`].
    pub fn open_at(path: impl Into<PathBuf>, key: Option<&str>) -> Result<Self, PretrainedError> {
        let path = path.into();
        match Source::open(&path).and_then(|source| with_tensors(source, key)) {
            Ok((source, tensors)) => Ok(Self { path, source, tensors }),
            Err(fault) => Err(fault.at(path)),
        }
    }

    /// The file whose content is `bytes`; errors call it `name`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(name: impl Into<PathBuf>, bytes: Vec<u8>) -> Result<Self, PretrainedError> {
        let path = name.into();
        match with_tensors(Source::bytes(bytes), None) {
            Ok((source, tensors)) => Ok(Self { path, source, tensors }),
            Err(fault) => Err(fault.at(path)),
        }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names and shapes of its tensors, by name.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.tensors.iter().map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice()))
    }

    /// Shape of a tensor; `None` where there is none of this name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.find(name).map(|tensor| tensor.shape.as_slice())
    }

    /// Shape of the tensor that is called so once the names of wrappers are left out, `module.` or `model.` for example; `None`
    /// where there is none.
    pub fn shape_within(&self, name: &str) -> Option<&[usize]> {
        let is_meant = |tensor: &&Tensor| unwrapped(&tensor.name).any(|inner| inner == name);
        self.shape(name).or_else(|| self.tensors.iter().find(is_meant).map(|tensor| tensor.shape.as_slice()))
    }

    /// The name of every tensor in the model, with that in the file. A name that is not known to the model loses what wrappers
    /// add where that makes it one; others stay as they are.
    pub(super) fn assigned(&self, known: impl Fn(&str) -> bool) -> Result<BTreeMap<String, &str>, PretrainedError> {
        let mut assigned: BTreeMap<String, &str> = BTreeMap::new();
        for Tensor { name, .. } in &self.tensors {
            let meant = unwrapped(name).find(|inner| known(inner)).unwrap_or_else(|| name.clone());
            if let Some(first) = assigned.insert(meant.clone(), name) {
                let (path, first, second) = (self.path.clone(), first.to_owned(), name.clone());
                return Err(PretrainedError::Twice { path, name: meant, first, second });
            }
        }
        Ok(assigned)
    }

    /// The numbers of a tensor in row-major order; `None` where there is none of this name.
    ///
    /// # Errors
    /// [`PretrainedError::Value`] for integers, NaNs and infinities; [`PretrainedError::Read`]; [`PretrainedError::Format`]
    /// where a checksum is wrong.
    pub fn read(&self, name: &str) -> Result<Option<Vec<f32>>, PretrainedError> {
        let Some(tensor) = self.find(name) else { return Ok(None) };
        let refused =
            |value: String| PretrainedError::Value { path: self.path.clone(), tensor: name.to_owned(), value };
        if let Dtype::Other(dtype, _) = tensor.dtype {
            return Err(refused(dtype.to_owned()));
        }
        let values = tensor.read(&self.source).map_err(|fault| fault.at(&self.path))?.unwrap_or_default();
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(refused(value.to_string())),
            None => Ok(Some(values)),
        }
    }

    fn find(&self, name: &str) -> Option<&Tensor> {
        let at = self.tensors.binary_search_by(|tensor| tensor.name.as_str().cmp(name)).ok()?;
        self.tensors.get(at)
    }
}

/// The source with the tensors it holds: those of the state dict at `key`, or whose names begin with it.
fn with_tensors(source: Source, key: Option<&str>) -> Result<(Source, Vec<Tensor>), Fault> {
    let tensors = match read(&source, key) {
        Err(Fault::NoKey(key, known)) => {
            let inner = |mut tensor: Tensor| {
                tensor.name = tensor.name.strip_prefix(&key)?.strip_prefix('.')?.to_owned();
                Some(tensor)
            };
            let inner: Vec<Tensor> = read(&source, None).unwrap_or_default().into_iter().filter_map(inner).collect();
            if inner.is_empty() {
                return Err(Fault::NoKey(key, known));
            }
            inner
        }
        tensors => tensors?,
    };
    Ok((source, named(tensors)?))
}

/// The tensors of the state dict at `key`, or of the one that is meant.
fn read(source: &Source, key: Option<&str>) -> Result<Vec<Tensor>, Fault> {
    let head = source.read(0, source.len().min(torch::MAGIC.len() as u64), "the head")?;
    if head.starts_with(b"PK") {
        torch::zip(source, key)
    } else if head.starts_with(torch::MAGIC) {
        torch::older(source, key)
    } else if head.get(8) == Some(&b'{') {
        match key {
            // Its tensors have no dictionaries around them.
            Some(key) => Err(Fault::NoKey(key.to_owned(), vec![String::new()])),
            None => safetensors::tensors(source),
        }
    } else {
        Err(fault!("it starts like neither a safetensors file nor one of torch.save"))
    }
}

/// The tensors by name, under the names of the model itself.
fn named(mut tensors: Vec<Tensor>) -> Result<Vec<Tensor>, Fault> {
    tensors.retain(|tensor| tensor.name.rsplit('.').next().is_none_or(|last| !COUNTERS.contains(&last)));
    let shared = |tensors: &[Tensor]| {
        WRAPPERS.into_iter().find(|prefix| tensors.iter().all(|tensor| tensor.name.starts_with(prefix)))
    };
    while let Some(prefix) = shared(&tensors).filter(|_| !tensors.is_empty()) {
        tensors.iter_mut().for_each(|tensor| _ = tensor.name.drain(..prefix.len()));
    }
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    if tensors.is_empty() {
        return Err(fault!("it holds no tensors"));
    }
    match tensors.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(fault!("tensor `{}` comes twice", pair[0].name)),
        None => Ok(tensors),
    }
}
