//! Small files of every format, made here.

#![allow(dead_code)]

use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};

/// Packed with gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An IDX file with this magic number and these dimensions in its header.
pub(crate) fn idx(magic: u32, dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let header = [magic].into_iter().chain(dimensions.iter().copied()).flat_map(u32::to_be_bytes);
    header.chain(values.iter().copied()).collect()
}

/// `count` images of 28 × 28; pixel j of image i is (i + j) mod 256.
pub(crate) fn images(count: u32) -> Vec<u8> {
    let values: Vec<u8> = (0..count).flat_map(|i| (0..784).map(move |j| (i + j) as u8)).collect();
    idx(0x803, &[count, 28, 28], &values)
}

/// `count` labels, i mod 10.
pub(crate) fn labels(count: u32) -> Vec<u8> {
    idx(0x801, &[count], &(0..count).map(|i| (i % 10) as u8).collect::<Vec<_>>())
}

/// The four files of an IDX data set, 20 training and 10 test samples, packed or not.
pub(crate) fn write_mnist(folder: &Path, packed: bool) {
    fs::create_dir_all(folder).unwrap();
    let files = [
        ("train-images-idx3-ubyte", images(20)),
        ("train-labels-idx1-ubyte", labels(20)),
        ("t10k-images-idx3-ubyte", images(10)),
        ("t10k-labels-idx1-ubyte", labels(10)),
    ];
    for (name, bytes) in files {
        let (name, bytes) = if packed { (format!("{name}.gz"), gzip(&bytes)) } else { (name.to_owned(), bytes) };
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// CIFAR records: record i has label (first + i) mod 10, red plane 1, green 2, blue i.
pub(crate) fn records(first: u8, count: u8) -> Vec<u8> {
    let record =
        |i: u8| [(first + i) % 10].into_iter().chain([1, 2, i].into_iter().flat_map(|x| std::iter::repeat_n(x, 1024)));
    (0..count).flat_map(record).collect()
}

/// The six files of CIFAR-10 with `count` records each.
pub(crate) fn write_cifar(folder: &Path, count: u8) {
    fs::create_dir_all(folder).unwrap();
    for batch in 1..=5 {
        fs::write(folder.join(format!("data_batch_{batch}.bin")), records(batch, count)).unwrap();
    }
    fs::write(folder.join("test_batch.bin"), records(0, count)).unwrap();
}

/// A Covertype line: ten numbers starting at `first`, 44 binary columns with a one at `first` mod 44, the label.
pub(crate) fn covertype_line(first: usize, label: usize) -> String {
    let numbers = (0..10).map(|i| first + i);
    let binary = (0..44).map(|i| usize::from(i == first % 44));
    numbers.chain(binary).chain([label]).map(|x| x.to_string()).collect::<Vec<_>>().join(",") + "\n"
}
