//! A file of weights, whatever its format: names, shapes, and numbers when they are asked for.

use std::path::{Path, PathBuf};

use super::{
    PretrainedError,
    error::{Fault, fault},
    safetensors,
    source::Source,
    tensor::{Dtype, Tensor},
    torch,
};

/// What data-parallel training puts in front of every name.
const PARALLEL: &str = "module.";
/// What batch norms count, and no weight depends on.
const COUNTER: &str = "num_batches_tracked";

/// An open file of weights; numbers are read one tensor at a time.
///
/// The format is told from the content: safetensors, or either container of `torch.save`. Opening reads the names and checks
/// that every tensor lies inside the file, in memory of a small multiple of the description's length; nothing of the file is executed.
/// A checkpoint may hold the state dict under `state_dict`, `model_state_dict` or `model`; a `module.` in front of all names
/// is dropped, and so are the counters `num_batches_tracked`.
#[derive(Debug)]
pub struct WeightFile {
    path: PathBuf,
    source: Source,
    tensors: Vec<Tensor>,
}

impl WeightFile {
    /// Opens a file.
    ///
    /// # Errors
    /// [`PretrainedError::Read`], [`PretrainedError::Format`], [`PretrainedError::Object`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PretrainedError> {
        let path = path.into();
        match Source::open(&path).and_then(with_tensors) {
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
        match with_tensors(Source::bytes(bytes)) {
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

/// The source with the tensors it holds.
fn with_tensors(source: Source) -> Result<(Source, Vec<Tensor>), Fault> {
    let head = source.read(0, source.len().min(torch::MAGIC.len() as u64), "the head")?;
    let tensors = if head.starts_with(b"PK") {
        torch::zip(&source)?
    } else if head.starts_with(torch::MAGIC) {
        torch::older(&source)?
    } else if head.get(8) == Some(&b'{') {
        safetensors::tensors(&source)?
    } else {
        return Err(fault!("it starts like neither a safetensors file nor one of torch.save"));
    };
    Ok((source, named(tensors)?))
}

/// The tensors by name, under the names of the model itself.
fn named(mut tensors: Vec<Tensor>) -> Result<Vec<Tensor>, Fault> {
    if tensors.iter().all(|tensor| tensor.name.starts_with(PARALLEL)) {
        tensors.iter_mut().for_each(|tensor| _ = tensor.name.drain(..PARALLEL.len()));
    }
    tensors.retain(|tensor| tensor.name.rsplit('.').next() != Some(COUNTER));
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    if tensors.is_empty() {
        return Err(fault!("it holds no tensors"));
    }
    match tensors.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(fault!("tensor `{}` comes twice", pair[0].name)),
        None => Ok(tensors),
    }
}
