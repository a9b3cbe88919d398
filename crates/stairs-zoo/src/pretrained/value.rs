//! What a pickle's stack machine works on: values of 16 bytes, and the storages and tensors they name.

use super::{global::Global, tensor::Dtype};

/// A Python value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    /// `None`, a float, or a long integer: nothing that is needed here.
    Opaque,
    /// An object of a class that holds no weights; what it is given is passed over.
    Object,
    Bool(bool),
    Int(i64),
    /// From and to in the pickle's bytes.
    Text(u32, u32),
    /// Index of its items.
    Tuple(u32),
    List(u32),
    /// Keys and values in turns.
    Dict(u32),
    Global(Global),
    /// Index into the storages.
    Storage(u32),
    /// Index into the tensors.
    Tensor(u32),
}

/// A storage that the pickle names.
#[derive(Debug)]
pub(super) struct Storage {
    pub(super) dtype: Dtype,
    /// Key, as a text.
    pub(super) key: Value,
    pub(super) elements: u64,
}

/// A view of a storage.
#[derive(Debug)]
pub(super) struct View {
    pub(super) storage: u32,
    pub(super) first: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

impl Value {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Value::Opaque => "a value",
            Value::Object => "an object",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an int",
            Value::Text(..) => "a text",
            Value::Tuple(_) => "a tuple",
            Value::List(_) => "a list",
            Value::Dict(_) => "a dict",
            Value::Global(_) => "a function",
            Value::Storage(_) => "a storage",
            Value::Tensor(_) => "a tensor",
        }
    }
}
