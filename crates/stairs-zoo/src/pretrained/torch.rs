//! Files of `torch.save`: the zip container of torch 1.6 and later, and the one before it.
//!
//! | container | layout |
//! |---|---|
//! | zip | `ROOT/data.pkl` is the pickle, `ROOT/data/KEY` a storage, `ROOT/byteorder` says `little` where there is one |
//! | older | pickles of a magic number, the version 1001, facts about the machine, the object, and the keys of the storages; then for every key the number of elements as `u64`, and the elements |
//!
//! The object is a dictionary of tensors, or a checkpoint that holds one, see [`state`](super::state).

use std::collections::HashMap;

use super::{
    error::{Fault, fault},
    pickle::Pickle,
    source::{Source, number},
    state::state_dict,
    tensor::{Range, Tensor},
    value::{Storage, Value},
    zip::Archive,
};

/// What the older container starts with: the pickle of 0x1950a86a20f9469cfc6c.
pub(super) const MAGIC: &[u8] = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.";
/// Version of the older container.
const VERSION: i64 = 1001;
/// Longest pickle; that of ResNet-50 has 40 kB.
const MAX_PICKLE: u64 = 16 << 20;

/// The tensors of a zip container: of the state dict at `key`, or of the one that is meant.
pub(super) fn zip(source: &Source, key: Option<&str>) -> Result<Vec<Tensor>, Fault> {
    let archive = Archive::open(source)?;
    let mut roots = archive.names().filter_map(|name| name.strip_suffix("data.pkl"));
    let root = match (roots.next(), roots.next()) {
        (Some(root), None) if root.is_empty() || root.ends_with('/') => root.to_owned(),
        _ => return Err(fault!("a zip file of torch has exactly one data.pkl")),
    };
    if archive.read(&format!("{root}byteorder"), 16, source)?.is_some_and(|order| order != b"little") {
        return Err(fault!("its numbers are not little-endian"));
    }
    let bytes = archive.read(&format!("{root}data.pkl"), MAX_PICKLE, source)?.unwrap_or_default();
    let mut pickle = Pickle::new(&bytes);
    let object = pickle.load()?;
    tensors(&pickle, object, key, |key, storage| {
        let range = archive.range(&format!("{root}data/{key}"), source)?;
        let range = range.ok_or_else(|| fault!("storage `{key}` is missing"))?;
        if Some(range.len) != storage.elements.checked_mul(storage.dtype.size()) {
            return Err(fault!("storage `{key}` has {} bytes and not {} elements", range.len, storage.elements));
        }
        Ok(range)
    })
}

/// The same of an older container.
pub(super) fn older(source: &Source, key: Option<&str>) -> Result<Vec<Tensor>, Fault> {
    let start = MAGIC.len() as u64;
    let bytes = source.read(start, source.len().saturating_sub(start).min(MAX_PICKLE), "the pickles")?;
    let mut pickle = Pickle::new(&bytes);
    let version = pickle.load()?;
    if version != Value::Int(VERSION) {
        return Err(fault!("its version is not {VERSION}"));
    }
    let Value::Dict(machine) = pickle.load()? else { return Err(fault!("it does not describe its machine")) };
    let little = pickle
        .items(machine)
        .chunks(2)
        .any(|pair| matches!(pair, [key, Value::Bool(true)] if pickle.text(*key) == Some("little_endian")));
    if !little {
        return Err(fault!("its numbers are not little-endian"));
    }
    let object = pickle.load()?;
    let Value::List(keys) = pickle.load()? else { return Err(fault!("it has no list of storages")) };
    let ranges = older_storages(&pickle, keys, start, source)?;
    tensors(&pickle, object, key, |key, _| ranges.get(key).copied().ok_or_else(|| fault!("storage `{key}` is missing")))
}

/// Where the storages of an older container are, by key.
fn older_storages<'a>(
    pickle: &Pickle<'a>,
    keys: u32,
    start: u64,
    source: &Source,
) -> Result<HashMap<&'a str, Range>, Fault> {
    let described: HashMap<&str, &Storage> =
        pickle.storages.iter().filter_map(|storage| Some((pickle.text(storage.key)?, storage))).collect();
    let mut at = start + pickle.position() as u64;
    let mut ranges = HashMap::new();
    for key in pickle.items(keys) {
        let key = pickle.text(*key).ok_or_else(|| fault!("a storage's key is {}", key.kind()))?;
        let storage = described.get(key).ok_or_else(|| fault!("storage `{key}` is in no tensor"))?;
        let elements = number::<8>(&source.read(at, 8, "the length of a storage")?, 0)?;
        let len = elements.checked_mul(storage.dtype.size()).filter(|_| elements == storage.elements);
        let len = len.ok_or_else(|| fault!("storage `{key}` has {elements} elements and not {}", storage.elements))?;
        let range = Range { offset: at + 8, len, crc32: None };
        at = range
            .offset
            .checked_add(len)
            .filter(|end| *end <= source.len())
            .ok_or_else(|| fault!("storage `{key}` of {len} bytes reaches beyond the file"))?;
        if ranges.insert(key, range).is_some() {
            return Err(fault!("storage `{key}` comes twice"));
        }
    }
    Ok(ranges)
}

/// The tensors of the state dict in `object`, at `key` where one is given; `locate` finds a storage by its key.
fn tensors(
    pickle: &Pickle<'_>,
    object: Value,
    key: Option<&str>,
    locate: impl Fn(&str, &Storage) -> Result<Range, Fault>,
) -> Result<Vec<Tensor>, Fault> {
    let Value::Dict(root) = object else { return Err(fault!("it holds {} and no state dict", object.kind())) };
    let state = state_dict(pickle, root, key)?;
    let mut tensors = Vec::new();
    for pair in pickle.items(state).chunks(2) {
        let [key, value] = pair else { return Err(fault!("its state dict has a key without value")) };
        let name = pickle.text(*key).ok_or_else(|| fault!("a key of its state dict is {}", key.kind()))?;
        let Value::Tensor(view) = value else {
            return Err(fault!("entry `{name}` of its state dict is {} and no tensor", value.kind()));
        };
        let view = pickle.views.get(*view as usize).ok_or_else(|| fault!("tensor `{name}` is missing"))?;
        let storage = pickle.storages.get(view.storage as usize).ok_or_else(|| fault!("`{name}` has no storage"))?;
        let range = locate(pickle.text(storage.key).unwrap_or_default(), storage)?;
        let (shape, strides) = (view.shape.clone(), view.strides.clone());
        let (name, dtype, first) = (name.to_owned(), storage.dtype, view.first);
        let tensor = Tensor { name, dtype, shape, strides, first, storage: range };
        tensor.check()?;
        tensors.push(tensor);
    }
    Ok(tensors)
}
