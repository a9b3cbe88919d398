//! Errors of reading and importing weights. Each names the file, what was wrong in it, and what to do.

use std::{fmt, io, path::PathBuf};

use thiserror::Error;

use crate::ModelError;

/// Names listed of each kind before the rest is counted.
const LISTED: usize = 8;

/// Weights that cannot be imported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PretrainedError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is neither a safetensors file nor one of `torch.save`, or is damaged.
    #[error("{path} is no file of weights, or is damaged: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        reason: String,
    },
    /// The file holds a Python object other than tensors in a dictionary; no code of the file is ever run.
    #[error("{path} holds a Python object `{object}`, but only tensors are read: save `model.state_dict()`")]
    Object {
        /// The file.
        path: PathBuf,
        /// Module and name of the class or function.
        object: String,
    },
    /// A checkpoint with several state dicts, such as a model and its moving average.
    #[error("{path} holds several state dicts: {}: choose one with --key", .keys.join(", "))]
    StateDicts {
        /// The file.
        path: PathBuf,
        /// The keys that lead to them, joined by `.`.
        keys: Vec<String>,
    },
    /// No state dict where it was looked for.
    #[error("{path} has no state dict at `{key}`: {}", found(.known))]
    NoStateDict {
        /// The file.
        path: PathBuf,
        /// The keys that were asked for, joined by `.`.
        key: String,
        /// Those that lead to one; empty for the root.
        known: Vec<String>,
    },
    /// A change of names that changes nothing, or gives two tensors one name.
    #[error("cannot rename `{from}` to `{to}` in {path}: {reason}")]
    Rename {
        /// The file.
        path: PathBuf,
        /// Beginning of the names.
        from: String,
        /// What should stand in its place.
        to: String,
        /// Why not.
        reason: String,
    },
    /// Two tensors that are the same one of the model once the names of wrappers are left out.
    #[error("`{first}` and `{second}` of {path} are both `{name}` of the model: give one another name with --rename")]
    Twice {
        /// The file.
        path: PathBuf,
        /// Name in the model.
        name: String,
        /// Names in the file.
        first: String,
        /// The other.
        second: String,
    },
    /// The tensors of the file are not those of the model.
    #[error("the weights in {path} are not those of the model:{}", listed(.missing, .unexpected, .misshapen))]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// Tensors of the model that the file lacks.
        missing: Vec<String>,
        /// Tensors of the file that the model has no place for.
        unexpected: Vec<String>,
        /// Tensors of another shape.
        misshapen: Vec<Misshapen>,
    },
    /// A tensor whose numbers are no weights.
    #[error("tensor `{tensor}` of {path} holds {value}: weights are finite floats of 16, 32 or 64 bits")]
    Value {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What was found: `NaN`, an infinity, or a type.
        value: String,
    },
    /// torchvision has no such model.
    #[error("torchvision has no weights for `{model}`; it has for: {known}")]
    NoCounterpart {
        /// The model.
        model: String,
        /// Models it has weights for.
        known: String,
    },
    /// The model cannot be built.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// A tensor whose shape is not the model's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misshapen {
    /// Name in the file.
    pub name: String,
    /// Shape in the file.
    pub found: Vec<usize>,
    /// Shape the model needs, as torch lays it out.
    pub expected: Vec<usize>,
}

impl fmt::Display for Misshapen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {:?} in the file and {:?} in the model", self.name, self.found, self.expected)
    }
}

fn found(known: &[String]) -> String {
    let names: Vec<String> =
        known.iter().map(|key| if key.is_empty() { "its root".into() } else { format!("`{key}`") }).collect();
    if names.is_empty() { "it holds none".into() } else { format!("it holds one at {}", names.join(", ")) }
}

fn listed(missing: &[String], unexpected: &[String], misshapen: &[Misshapen]) -> String {
    fn part<T: fmt::Display>(kind: &str, items: &[T]) -> String {
        if items.is_empty() {
            return String::new();
        }
        let shown: Vec<String> = items.iter().take(LISTED).map(ToString::to_string).collect();
        let more = match items.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        format!(" {} {kind} ({}{more});", items.len(), shown.join(", "))
    }
    let text = part("missing", missing) + &part("unexpected", unexpected) + &part("of another shape", misshapen);
    text.trim_end_matches(';').to_owned()
}

/// What a reader finds wrong before the path is added.
#[derive(Debug)]
pub(super) enum Fault {
    Read(io::Error),
    Format(String),
    Object(String),
    Keys(Vec<String>),
    NoKey(String, Vec<String>),
}

impl Fault {
    pub(super) fn at(self, path: impl Into<PathBuf>) -> PretrainedError {
        let path = path.into();
        match self {
            Fault::Read(source) => PretrainedError::Read { path, source },
            Fault::Format(reason) => PretrainedError::Format { path, reason },
            Fault::Object(object) => PretrainedError::Object { path, object },
            Fault::Keys(keys) => PretrainedError::StateDicts { path, keys },
            Fault::NoKey(key, known) => PretrainedError::NoStateDict { path, key, known },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Read(error)
    }
}

/// A [`Fault::Format`] of a formatted reason.
macro_rules! fault {
    ($($text:tt)*) => {
        $crate::pretrained::error::Fault::Format(format!($($text)*))
    };
}

pub(super) use fault;
