//! The container: safetensors, tensors of plain numbers under a header of JSON.
//!
//! ```text
//! 8 bytes       length of the header, little endian
//! header        {"__metadata__": {…}, "name": {"dtype": "U8", "shape": [7], "data_offsets": [0, 7]}, …}, spaces up to 8 bytes
//! data          tensor after tensor without gaps, the widest numbers first, so that all are aligned; little endian
//! ```
//!
//! Source: <https://github.com/huggingface/safetensors>. Their crate is not used: without `std` its signatures have other types, so
//! that another crate's features would decide whether this one compiles; its order of metadata is random; and most of its errors do
//! not name the tensor.

use alloc::borrow::{Cow, ToOwned};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};

use super::FileError;

/// Types of numbers that files of programs use, by width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    /// Packed weights and marks.
    U8,
    /// Integers of 8 bits.
    I8,
    /// Integers of 16 bits.
    I16,
    /// Integers of 32 bits.
    I32,
    /// Single precision.
    F32,
    /// Integers of 64 bits.
    I64,
    /// Double precision.
    F64,
}

impl Type {
    const ALL: [Self; 7] = [Self::U8, Self::I8, Self::I16, Self::I32, Self::F32, Self::I64, Self::F64];

    /// Its name in the header.
    fn name(self) -> &'static str {
        match self {
            Self::U8 => "U8",
            Self::I8 => "I8",
            Self::I16 => "I16",
            Self::I32 => "I32",
            Self::F32 => "F32",
            Self::I64 => "I64",
            Self::F64 => "F64",
        }
    }

    /// Bytes of a number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }
}

/// A tensor: its own bytes when written, those of the file when read.
#[derive(Clone, Debug)]
pub(super) struct Tensor<'a> {
    pub(super) name: String,
    pub(super) numbers: Type,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Cow<'a, [u8]>,
}

/// The file of these tensors, the same bytes whenever they are the same.
pub(super) fn write(metadata: &BTreeMap<&str, String>, mut tensors: Vec<Tensor<'_>>) -> Vec<u8> {
    tensors.sort_by_key(|tensor| core::cmp::Reverse(tensor.numbers.size()));
    let header = Header { metadata, tensors: &tensors };
    // Text and numbers: nothing of it can fail.
    let mut header = serde_json::to_vec(&header).unwrap_or_default();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.reserve_exact(header.len() + tensors.iter().map(|tensor| tensor.bytes.len()).sum::<usize>());
    file.extend(header);
    tensors.iter().for_each(|tensor| file.extend_from_slice(&tensor.bytes));
    file
}

struct Header<'a> {
    metadata: &'a BTreeMap<&'a str, String>,
    tensors: &'a [Tensor<'a>],
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("__metadata__", self.metadata)?;
        let mut from = 0;
        for tensor in self.tensors {
            let to = from + tensor.bytes.len();
            let (dtype, shape) = (tensor.numbers.name().into(), tensor.shape.clone());
            map.serialize_entry(&tensor.name, &Info { dtype, shape, data_offsets: (from, to) })?;
            from = to;
        }
        map.end()
    }
}

/// What the header says of a tensor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Info {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// A file as it was found: metadata, and tensors not yet taken.
#[derive(Debug)]
pub(super) struct Container<'a> {
    pub(super) metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, Info>,
    data: &'a [u8],
}

impl<'a> Container<'a> {
    /// The parts of a file, whose tensors cover its data without gaps and overlaps.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FileError> {
        let short = |expected| FileError::Size { expected, got: bytes.len() };
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| short(8))?;
        let length = u64::from_le_bytes(*length);
        let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let (header, data) = split.ok_or_else(|| short(length.saturating_add(8)))?;
        let Parsed { metadata, tensors } = serde_json::from_slice(header)
            .map_err(|error| FileError::Json { what: "header", reason: error.to_string() })?;
        let mut order: Vec<(&String, (usize, usize))> =
            tensors.iter().map(|(name, i)| (name, i.data_offsets)).collect();
        order.sort_by_key(|(_, offsets)| *offsets);
        let mut end = 0;
        for (name, (from, to)) in order {
            if from != end || to < from {
                return Err(FileError::Offsets { tensor: name.clone(), expected: end, from, to });
            }
            end = to;
        }
        if end != data.len() {
            return Err(short((end as u64).saturating_add(length).saturating_add(8)));
        }
        Ok(Self { metadata, tensors, data })
    }

    /// Takes a tensor of one of these types, whose bytes are as many as its shape says.
    pub(super) fn take(&mut self, name: &str, types: &[Type], expected: &'static str) -> Result<Tensor<'a>, FileError> {
        let (name, info) = self.tensors.remove_entry(name).ok_or_else(|| FileError::Missing(name.to_owned()))?;
        let numbers = Type::ALL.into_iter().find(|t| t.name() == info.dtype && types.contains(t));
        let Some(numbers) = numbers else { return Err(FileError::Type { tensor: name, expected, got: info.dtype }) };
        let (from, to) = info.data_offsets;
        let bytes = info.shape.iter().try_fold(numbers.size(), |product, size| product.checked_mul(*size));
        if bytes != Some(to - from) {
            let expected = format!("of a shape that takes its {} bytes", to - from);
            return Err(FileError::Shape {
                tensor: name,
                expected,
                got: format!("{} of {:?}", info.dtype, info.shape),
            });
        }
        Ok(Tensor { name, numbers, shape: info.shape, bytes: Cow::Borrowed(&self.data[from..to]) })
    }

    /// That all tensors have been taken.
    pub(super) fn finish(self) -> Result<(), FileError> {
        self.tensors.into_keys().next().map_or(Ok(()), |name| Err(FileError::Unused(name)))
    }
}

struct Parsed {
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, Info>,
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Parsed;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parsed, A::Error> {
                let mut parsed = Parsed { metadata: BTreeMap::new(), tensors: BTreeMap::new() };
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        parsed.metadata = map.next_value()?;
                        continue;
                    }
                    let info =
                        map.next_value().map_err(|error| A::Error::custom(format!("tensor `{name}`: {error}")))?;
                    if parsed.tensors.contains_key(&name) {
                        return Err(A::Error::custom(format!("tensor `{name}` is there twice")));
                    }
                    parsed.tensors.insert(name, info);
                }
                Ok(parsed)
            }
        }

        deserializer.deserialize_map(Entries)
    }
}
