//! The safetensors format: a little-endian `u64`, a JSON header of that many bytes, the data.
//!
//! Accepted is what the format describes: a header of at most 100 MB that names every tensor once, with ranges that lie one
//! behind the other from the start of the data to the end of the file, each as long as its type and shape say. The
//! header is read straight into what is kept, so that memory stays within a small multiple of its length.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor},
};

use super::{
    error::{Fault, fault},
    source::{Source, number},
    tensor::{Dtype, Range, Tensor, contiguous, elements},
};

/// Longest header that the format allows.
const MAX_HEADER: u64 = 100_000_000;
/// Bytes of the header's length.
const PREFIX: u64 = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Info {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// Name to entry, without `__metadata__`; a name that comes twice is an error.
struct Header(BTreeMap<String, Info>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                    } else if let Some(_twice) = entries.insert(name, map.next_value::<Info>()?) {
                        return Err(A::Error::custom("a tensor is named twice"));
                    }
                }
                Ok(Header(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// The tensors of a safetensors file.
pub(super) fn tensors(source: &Source) -> Result<Vec<Tensor>, Fault> {
    let length = number::<8>(&source.read(0, PREFIX, "the length of the header")?, 0)?;
    if length > MAX_HEADER {
        return Err(fault!("its header would have {length} bytes, and a safetensors header has at most {MAX_HEADER}"));
    }
    let header = source.read(PREFIX, length, "the header")?;
    let Header(entries) =
        serde_json::from_slice(&header).map_err(|error| fault!("its safetensors header is damaged: {error}"))?;
    drop(header);
    let data = PREFIX + length;
    let mut tensors = Vec::with_capacity(entries.len());
    for (name, Info { dtype, shape, data_offsets: [start, end] }) in entries {
        let dtype = dtype_of(&dtype).ok_or_else(|| fault!("tensor `{name}` is of unknown type `{dtype}`"))?;
        let bytes = elements(&shape).and_then(|count| (count as u64).checked_mul(dtype.size()));
        if end.checked_sub(start) != bytes || end > source.len() - data {
            return Err(fault!("tensor `{name}` of shape {shape:?} cannot be the bytes {start}..{end} of the data"));
        }
        let storage = Range { offset: data + start, len: end - start, crc32: None };
        let strides = contiguous(&shape);
        let tensor = Tensor { name, dtype, shape, strides, first: 0, storage };
        tensor.check()?;
        tensors.push(tensor);
    }
    gapless(&tensors, data, source.len())?;
    Ok(tensors)
}

/// Refuses ranges that overlap or leave bytes unused.
fn gapless(tensors: &[Tensor], data: u64, end: u64) -> Result<(), Fault> {
    let mut ranges: Vec<Range> = tensors.iter().map(|tensor| tensor.storage).collect();
    ranges.sort_by_key(|range| (range.offset, range.len));
    let mut at = data;
    for range in ranges {
        if range.offset != at {
            return Err(fault!("its tensors overlap or leave bytes unused, from byte {at} on"));
        }
        at += range.len;
    }
    if at == end { Ok(()) } else { Err(fault!("the last {} bytes belong to no tensor", end - at)) }
}

fn dtype_of(name: &str) -> Option<Dtype> {
    Some(match name {
        "F16" => Dtype::F16,
        "BF16" => Dtype::BF16,
        "F32" => Dtype::F32,
        "F64" => Dtype::F64,
        "BOOL" => Dtype::Other("bool", 1),
        "U8" => Dtype::Other("uint8", 1),
        "I8" => Dtype::Other("int8", 1),
        "I16" => Dtype::Other("int16", 2),
        "U16" => Dtype::Other("uint16", 2),
        "I32" => Dtype::Other("int32", 4),
        "U32" => Dtype::Other("uint32", 4),
        "I64" => Dtype::Other("int64", 8),
        "U64" => Dtype::Other("uint64", 8),
        _ => return None,
    })
}
