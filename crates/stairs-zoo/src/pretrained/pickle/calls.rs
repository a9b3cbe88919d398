//! What a pickle calls, makes and describes: tensors from storages, dictionaries, and objects that are passed over. Nothing is run.

use super::{
    super::{
        error::{Fault, fault},
        global::Global,
        tensor::MAX_RANK,
        value::{Storage, Value, View},
    },
    Pickle,
};

impl Pickle<'_> {
    /// `BUILD`: attributes of the object below. A state dict carries `_metadata`, which no weight depends on.
    pub(super) fn build(&mut self) -> Result<(), Fault> {
        let _attributes = self.pop()?;
        let object = self.pop()?;
        self.stack.push(object);
        if matches!(object, Value::Dict(_) | Value::Object) {
            Ok(())
        } else {
            Err(fault!("its pickle sets attributes of {}", object.kind()))
        }
    }

    /// `('storage', type, key, device, elements[, None])`.
    pub(super) fn persistent(&mut self) -> Result<(), Fault> {
        let id = self.pop()?;
        let storage = match *self.tuple(id, "a storage's description")? {
            [tag, Value::Global(Global::Storage(dtype)), key, _device, Value::Int(elements)]
            | [tag, Value::Global(Global::Storage(dtype)), key, _device, Value::Int(elements), Value::Opaque]
                if self.text(tag) == Some("storage") && self.text(key).is_some() && elements >= 0 =>
            {
                Storage { dtype, key, elements: elements as u64 }
            }
            _ => return Err(fault!("its pickle describes a storage in an unknown way")),
        };
        self.storages.push(storage);
        self.push(Value::Storage(self.storages.len() as u32 - 1))
    }

    /// `NEWOBJ`: an object of a class, which keeps none of its arguments.
    pub(super) fn new_object(&mut self) -> Result<(), Fault> {
        let arguments = self.pop()?;
        let class = self.pop()?;
        self.tuple(arguments, "the arguments of a class")?;
        match class {
            Value::Global(Global::Harmless) => self.push(Value::Object),
            Value::Global(Global::OrderedDict) => self.container(Vec::new(), Value::Dict),
            other => Err(fault!("its pickle makes an object of {}", other.kind())),
        }
    }

    /// A call of one of the known functions.
    pub(super) fn reduce(&mut self) -> Result<(), Fault> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        let fields = self.tuple(arguments, "the arguments of a call")?;
        match (function, fields) {
            (Value::Global(Global::OrderedDict), []) => self.container(Vec::new(), Value::Dict),
            (Value::Global(Global::Harmless), _) => self.push(Value::Object),
            (Value::Global(Global::Parameter), [tensor @ Value::Tensor(_), ..]) => {
                let tensor = *tensor;
                self.push(tensor)
            }
            (Value::Global(Global::Tensor), [Value::Storage(storage), Value::Int(first), shape, strides, ..]) => {
                let first = usize::try_from(*first).map_err(|_| fault!("a tensor starts at {first}"))?;
                let (shape, strides) = (self.sizes(*shape)?, self.sizes(*strides)?);
                let view = View { storage: *storage, first, shape, strides };
                self.views.push(view);
                self.push(Value::Tensor(self.views.len() as u32 - 1))
            }
            _ => Err(fault!("its pickle calls {} with other arguments than torch does", function.kind())),
        }
    }

    fn sizes(&self, value: Value) -> Result<Vec<usize>, Fault> {
        let size = |item: &Value| match item {
            Value::Int(size) => usize::try_from(*size).map_err(|_| fault!("a tensor has the size or stride {size}")),
            other => Err(fault!("a tensor's size or stride is {}", other.kind())),
        };
        let items = self.tuple(value, "a tensor's shape")?;
        if items.len() > MAX_RANK {
            return Err(fault!("a tensor has {} dimensions", items.len()));
        }
        items.iter().map(size).collect()
    }
}
