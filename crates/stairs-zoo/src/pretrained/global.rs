//! The names a checkpoint's pickle may use: torch's storage types, the functions that put a tensor together, and classes whose
//! objects lie beside the weights and hold none.
//!
//! The list is that of torch's restricted loader (`torch.load` with `weights_only=True`), without subclasses of tensors, with
//! what training programs put beside a state dict: `argparse.Namespace`, numbers of numpy, paths. Nothing on it is called: a
//! tensor is read from its description, and every other object is passed over.

use super::tensor::Dtype;

/// A name that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor` and `_rebuild_tensor_v2`: storage, first element, shape, strides, and what matters not.
    Tensor,
    /// `torch._utils._rebuild_parameter` and `_rebuild_parameter_with_state`: a tensor, and what matters not.
    Parameter,
    /// `torch.FloatStorage` and its kin.
    Storage(Dtype),
    /// A class whose objects hold no weights.
    Harmless,
}

/// Module and names of classes whose objects hold no weights.
const HARMLESS: [(&str, &[&str]); 14] = [
    ("collections", &["Counter", "defaultdict", "deque"]),
    ("argparse", &["Namespace"]),
    ("types", &["SimpleNamespace"]),
    ("datetime", &["datetime", "date", "timedelta"]),
    ("builtins", PLAIN),
    // Python 2's name, which protocol 2 keeps.
    ("__builtin__", PLAIN),
    // How protocol 2 writes bytes.
    ("_codecs", &["encode"]),
    ("numpy.core.multiarray", &["scalar"]),
    ("numpy._core.multiarray", &["scalar"]),
    ("numpy", &["dtype"]),
    ("pathlib", &["Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"]),
    ("torch.serialization", &["_get_layout"]),
    ("torch.torch_version", &["TorchVersion"]),
    ("torch", TORCH),
];

/// Types of Python's own.
const PLAIN: &[&str] =
    &["bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple", "unicode"];

/// torch's descriptions of tensors, and its element types.
const TORCH: &[&str] = &[
    "Size",
    "device",
    "dtype",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "half",
    "float",
    "double",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "short",
    "int",
    "long",
    "bool",
    "complex64",
    "complex128",
];

impl Global {
    /// What a name means; `None` for every name that is not on the list.
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Global::OrderedDict,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Global::Tensor,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Global::Parameter,
            _ if HARMLESS.iter().any(|(of, names)| *of == module && names.contains(&name)) => Global::Harmless,
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
