//! The names a state dict's pickle may use: torch's storage types and the functions that put a tensor together.

use super::tensor::Dtype;

/// A name that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor` and `_rebuild_tensor_v2`: storage, first element, shape, strides, and what matters not.
    Tensor,
    /// `torch._utils._rebuild_parameter`: a tensor, and what matters not.
    Parameter,
    /// `torch.FloatStorage` and its kin.
    Storage(Dtype),
}

impl Global {
    /// What a name means; `None` for every name that is not on the list.
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Global::OrderedDict,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Global::Tensor,
            ("torch._utils", "_rebuild_parameter") => Global::Parameter,
            ("torch", storage) => Global::Storage(match storage.strip_suffix("Storage")? {
                "Half" => Dtype::F16,
                "BFloat16" => Dtype::BF16,
                "Float" => Dtype::F32,
                "Double" => Dtype::F64,
                "Bool" => Dtype::Other("bool", 1),
                "Byte" => Dtype::Other("uint8", 1),
                "Char" => Dtype::Other("int8", 1),
                "Short" => Dtype::Other("int16", 2),
                "Int" => Dtype::Other("int32", 4),
                "Long" => Dtype::Other("int64", 8),
                _ => return None,
            }),
            _ => return None,
        })
    }
}
