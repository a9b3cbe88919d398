//! The zip container of `torch.save`: entries that are stored, not compressed.
//!
//! Read is the central directory at the end of the file, with its zip64 form; an entry's bytes are found through its local
//! header. A compressed or encrypted entry, two entries of one name, or one that reaches beyond the file are refused: torch writes
//! none, and without compression nothing can be larger than the file.

use std::collections::BTreeMap;

use super::{
    error::{Fault, fault},
    source::{Source, number},
    tensor::Range,
};

/// Bytes of the end record without its comment, and the longest comment.
const END: u64 = 22;
const COMMENT: u64 = 65_535;
/// Bytes of the zip64 locator, which stands before the end record.
const LOCATOR: u64 = 20;
/// Bytes of a record of the directory, and of a local header, without names and extras.
const RECORD: usize = 46;
const LOCAL: u64 = 30;
/// Longest directory that is read: a hundred thousand entries.
const MAX_DIRECTORY: u64 = 16 << 20;
/// Marks a 32-bit field whose value is in the zip64 extra field.
const IN_EXTRA: u64 = 0xFFFF_FFFF;

/// The entries of an archive.
#[derive(Debug)]
pub(super) struct Archive {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    header: u64,
    len: u64,
    crc32: u32,
}

impl Archive {
    pub(super) fn open(source: &Source) -> Result<Self, Fault> {
        let (offset, len) = directory(source)?;
        if len > MAX_DIRECTORY {
            return Err(fault!("its zip directory has {len} bytes, more than {MAX_DIRECTORY}"));
        }
        let bytes = source.read(offset, len, "the zip directory")?;
        let mut entries = BTreeMap::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (name, entry, next) = record(rest)?;
            if entries.insert(name.to_owned(), entry).is_some() {
                return Err(fault!("zip entry `{name}` comes twice"));
            }
            rest = next;
        }
        Ok(Self { entries })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Where the bytes of an entry are; `None` where there is no such entry.
    pub(super) fn range(&self, name: &str, source: &Source) -> Result<Option<Range>, Fault> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        let header = source.read(entry.header, LOCAL, "a zip header")?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(fault!("zip entry `{name}` has no header"));
        }
        let skip = LOCAL + number::<2>(&header, 26)? + number::<2>(&header, 28)?;
        let offset = entry.header + skip;
        if offset.checked_add(entry.len).is_none_or(|end| end > source.len()) {
            return Err(fault!("zip entry `{name}` of {} bytes reaches beyond the file", entry.len));
        }
        // torch writes 0 where it was told to leave checksums out.
        Ok(Some(Range { offset, len: entry.len, crc32: (entry.crc32 != 0).then_some(entry.crc32) }))
    }

    /// The bytes of an entry of at most `limit` bytes.
    pub(super) fn read(&self, name: &str, limit: u64, source: &Source) -> Result<Option<Vec<u8>>, Fault> {
        let Some(range) = self.range(name, source)? else { return Ok(None) };
        if range.len > limit {
            return Err(fault!("zip entry `{name}` has {} bytes, more than {limit}", range.len));
        }
        let bytes = source.read(range.offset, range.len, "a zip entry")?;
        if range.crc32.is_some_and(|crc32| crc32fast::hash(&bytes) != crc32) {
            return Err(fault!("the checksum of zip entry `{name}` is wrong"));
        }
        Ok(Some(bytes))
    }
}

/// Offset and length of the directory.
fn directory(source: &Source) -> Result<(u64, u64), Fault> {
    let tail_len = source.len().min(END + COMMENT);
    let tail_at = source.len() - tail_len;
    let tail = source.read(tail_at, tail_len, "the end of the file")?;
    let is_end = |at: &usize| {
        tail[*at..].starts_with(b"PK\x05\x06")
            && number::<2>(&tail, at + 20).is_ok_and(|comment| (*at as u64) + END + comment == tail_len)
    };
    let last = tail.len().checked_sub(END as usize).ok_or_else(|| fault!("its zip directory is missing"))?;
    let at =
        (0..=last).rev().find(is_end).ok_or_else(|| fault!("its zip directory is missing: the file is cut short"))?;
    let end_at = tail_at + at as u64;
    if let Some(locator_at) = end_at.checked_sub(LOCATOR) {
        let locator = source.read(locator_at, LOCATOR, "the zip64 locator")?;
        if locator.starts_with(b"PK\x06\x07") {
            let record = source.read(number::<8>(&locator, 8)?, 56, "the zip64 end record")?;
            if !record.starts_with(b"PK\x06\x06") {
                return Err(fault!("its zip64 end record is missing"));
            }
            return Ok((number::<8>(&record, 48)?, number::<8>(&record, 40)?));
        }
    }
    Ok((number::<4>(&tail, at + 16)?, number::<4>(&tail, at + 12)?))
}

/// The first record of the directory: its name and entry, and what follows it.
fn record(bytes: &[u8]) -> Result<(&str, Entry, &[u8]), Fault> {
    if bytes.len() < RECORD || !bytes.starts_with(b"PK\x01\x02") {
        return Err(fault!("its zip directory is damaged"));
    }
    let [flags, method] = [number::<2>(bytes, 8)?, number::<2>(bytes, 10)?];
    let lengths = [number::<2>(bytes, 28)?, number::<2>(bytes, 30)?, number::<2>(bytes, 32)?].map(|len| len as usize);
    let [name_end, extra_end] = [RECORD + lengths[0], RECORD + lengths[0] + lengths[1]];
    let end = extra_end + lengths[2];
    if end > bytes.len() {
        return Err(fault!("its zip directory is cut short"));
    }
    let name = std::str::from_utf8(&bytes[RECORD..name_end]).map_err(|_| fault!("a zip entry's name is no UTF-8"))?;
    // In this order stand the 64-bit values of those fields that are marked.
    let mut fields = [number::<4>(bytes, 24)?, number::<4>(bytes, 20)?, number::<4>(bytes, 42)?];
    let mut wide = zip64(&bytes[name_end..extra_end])?;
    for field in fields.iter_mut().filter(|field| **field == IN_EXTRA) {
        *field = number::<8>(wide, 0)?;
        wide = &wide[8..];
    }
    let [len, compressed, header] = fields;
    if method != 0 || len != compressed || flags & 1 != 0 {
        return Err(fault!("zip entry `{name}` is compressed or encrypted, which torch never does"));
    }
    Ok((name, Entry { header, len, crc32: number::<4>(bytes, 16)? as u32 }, &bytes[end..]))
}

/// The zip64 part of an extra field; empty where there is none.
fn zip64(mut extra: &[u8]) -> Result<&[u8], Fault> {
    while !extra.is_empty() {
        let (id, len) = (number::<2>(extra, 0)?, number::<2>(extra, 2)? as usize);
        let body = extra.get(4..4 + len).ok_or_else(|| fault!("an extra field of the zip directory is cut short"))?;
        if id == 1 {
            return Ok(body);
        }
        extra = &extra[4 + len..];
    }
    Ok(&[])
}
