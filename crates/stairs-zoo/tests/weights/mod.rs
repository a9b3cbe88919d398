//! Files of weights made by hand, and the formula of `benches/peers/golden_logits.py`.
#![allow(dead_code)]

use std::path::PathBuf;

/// The bytes of a file torch has written.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixture_path(name)).unwrap()
}

/// Its path.
pub(crate) fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Element `index` of the tensor of this name, in (−1, 1).
pub(crate) fn uniform(hash: u64, index: u64) -> f64 {
    let z = hash.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let z = z ^ (z >> 31);
    (2.0 * (z >> 40) as f64 + 1.0) / 16_777_216.0 - 1.0
}

/// FNV-1a of 64 bits.
pub(crate) fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// The tensor that the formula gives for this name and shape.
pub(crate) fn values(key: &str, shape: &[usize], gain: f64) -> Vec<f32> {
    const RUN: usize = 28;
    let (hash, count) = (fnv(key), shape.iter().product::<usize>());
    let kind = key.rsplit('.').next().unwrap();
    if key.starts_with("input.") {
        return (0..count).map(|i| (uniform(hash, (i / RUN) as u64) * 3f64.sqrt()) as f32).collect();
    }
    let (offset, factor) = match kind {
        _ if shape.len() >= 2 => (0.0, (gain / shape[1..].iter().product::<usize>() as f64).sqrt()),
        "running_var" => (1.0, 0.5),
        "weight" => (1.0, 0.25),
        _ => (0.0, 0.125),
    };
    (0..count as u64).map(|i| (offset + uniform(hash, i) * factor) as f32).collect()
}

/// A safetensors file with this header, and data.
pub(crate) fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// The header of a safetensors file of `f32` tensors, in this order.
pub(crate) fn header<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> String {
    let mut at = 0;
    let entry = |(name, shape): (&str, &[usize])| {
        let (start, end) = (at, at + 4 * shape.iter().product::<usize>());
        at = end;
        format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#)
    };
    format!("{{{}}}", tensors.into_iter().map(entry).collect::<Vec<_>>().join(","))
}

/// A zip file of stored entries.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let offset = bytes.len() as u32;
        let mut fields = vec![0u8; 6]; // Flags, method, time; then the date.
        fields.extend([0; 4]);
        fields.extend(crc32fast::hash(data).to_le_bytes());
        fields.extend((data.len() as u32).to_le_bytes());
        fields.extend((data.len() as u32).to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0; 2]);
        bytes.extend(b"PK\x03\x04\x14\x00");
        bytes.extend(&fields[2..]);
        bytes.extend(name.as_bytes());
        bytes.extend(*data);
        directory.extend(b"PK\x01\x02\x14\x00\x14\x00");
        directory.extend(&fields[2..]);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (bytes.len() as u32, entries.len() as u16);
    let len = directory.len() as u32;
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend([len.to_le_bytes(), start.to_le_bytes()].concat());
    bytes.extend([0; 2]);
    bytes
}

/// A file of torch with this pickle and one storage of 16 bytes, `0`.
pub(crate) fn torch(pickle: &[u8]) -> Vec<u8> {
    zip(&[("a/data.pkl", pickle), ("a/byteorder", b"little"), ("a/data/0", &[0; 16])])
}

/// The pickle of `{'w': tensor}`: storage `0` of `elements` floats, first element, sizes and strides as pickled tuples.
pub(crate) fn one_tensor(elements: &[u8], first: &[u8], sizes: &[u8], strides: &[u8]) -> Vec<u8> {
    let head: &[u8] =
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n\
                        X\x01\0\0\x000X\x03\0\0\0cpu";
    [head, elements, b"tQ", first, sizes, strides, b"\x89ccollections\nOrderedDict\n)RtRs."].concat()
}
