//! Damaged files: every one is refused, by name, with what was expected and what was there.

mod common;

use std::{fs, path::Path};

use common::{covertype_line, gzip, idx, images, labels, records, write_cifar, write_mnist};
use stairs_data::{
    DataError, DataRoot, DatasetName,
    format::{cifar, idx as idx_format, table},
    load,
};
use tempfile::tempdir;

/// Replaces `file` of a good data set and returns what loading says then.
fn with(name: DatasetName, file: &str, bytes: &[u8]) -> String {
    let dir = tempdir().unwrap();
    match name {
        DatasetName::Cifar10 => write_cifar(dir.path(), 2),
        DatasetName::Covertype => {}
        _ => write_mnist(dir.path(), true),
    }
    fs::write(dir.path().join(file), bytes).unwrap();
    let error = load(name, &DataRoot::new(Some(dir.path().to_owned()), None, None)).unwrap_err();
    assert!(matches!(error, DataError::Format { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains(file), "names the file: {message}");
    assert!(message.contains("fetch it"), "says what to do: {message}");
    message
}

/// The message must contain `wanted`.
#[track_caller]
fn says(message: &str, wanted: &str) {
    assert!(message.contains(wanted), "`{wanted}` in: {message}");
}

const IMAGES: &str = "train-images-idx3-ubyte.gz";
const LABELS: &str = "t10k-labels-idx1-ubyte.gz";

#[test]
fn idx_headers() {
    let mnist = |file, bytes: &[u8]| with(DatasetName::Mnist, file, bytes);
    says(&mnist(IMAGES, b""), "header: expected 16 bytes, got 0 bytes");
    says(&mnist(IMAGES, &images(20)[..15]), "header: expected 16 bytes, got 15 bytes");
    says(&mnist(IMAGES, &labels(20)), "magic number: expected 0x00000803, got 0x00000801");
    says(&mnist(LABELS, &gzip(&images(10))), "magic number: expected 0x00000801, got 0x00000803");
    says(&mnist(LABELS, b"<!DOCTYPE html>"), "magic number: expected 0x00000801, got 0x3c21444f");
    says(&mnist(IMAGES, &idx(0x803, &[0, 28, 28], &[])), "got 0 × 28 × 28");
    says(&mnist(IMAGES, &idx(0x803, &[u32::MAX; 3], &[])), "got 4294967295 × 4294967295 × 4294967295");
    says(&mnist(IMAGES, &idx(0x803, &[20, 14, 56], &[1; 20 * 784])), "expected 28 × 28 pixels, got 14 × 56 pixels");
    says(&mnist(LABELS, &idx(0x801, &[0], &[])), "1 to 1073741824 labels, got 0");
}

#[test]
fn idx_lengths() {
    let mnist = |file, bytes: &[u8]| with(DatasetName::Mnist, file, bytes);
    let good = images(20);
    says(&mnist(IMAGES, &good[..good.len() - 1]), "expected 15680 bytes after the header, got 15679 bytes");
    says(&mnist(IMAGES, &gzip(&good[..good.len() - 1])), "expected 15680 bytes after the header, got 15679 bytes");
    says(&mnist(IMAGES, &gzip(&[&good[..], &[0]].concat())), "expected 15680 bytes after the header, got more bytes");
    says(&mnist(IMAGES, &good[..99]), "expected 15680 bytes after the header, got a file of 99 bytes");
    // Enough for a bomb of 1 GiB only in its header.
    says(&mnist(IMAGES, &gzip(&idx(0x803, &[1 << 20, 28, 28], &[0; 100]))), "which cannot hold them");
    says(&mnist(LABELS, &gzip(&labels(9))), "expected 10, as many as images in");
    says(&mnist(LABELS, &idx(0x801, &[10], &[0, 1, 2, 3, 4, 10, 6, 7, 8, 9])), "label 5: expected 0 to 9, got 10");
}

#[test]
fn gzip_streams() {
    let mnist = |bytes: &[u8]| with(DatasetName::Mnist, IMAGES, bytes);
    let good = gzip(&images(20));
    says(&mnist(&good[..good.len() / 2]), "gzip stream: expected an intact, complete stream");
    says(&mnist(&good[..good.len() - 4]), "gzip stream");
    let mut sum = good.clone();
    *sum.iter_mut().rev().nth(5).unwrap() ^= 1;
    says(&mnist(&sum), "gzip stream");
    says(&mnist(&[&good[..], b"rest"].concat()), "gzip stream");
    says(&mnist(&good[..2]), "gzip stream");
}

#[test]
fn every_flipped_byte_of_a_packed_file_is_noticed_or_harmless() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("images.gz");
    let content = idx(0x803, &[2, 3, 4], &(0..24).collect::<Vec<u8>>());
    let (good, bytes) = (idx_format_images(&path, &gzip(&content)).unwrap(), gzip(&content));
    for i in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[i] ^= 0x40;
        match idx_format_images(&path, &damaged) {
            // The time in the header, and bits that pad the stream, mean nothing.
            Ok(read) => assert_eq!(read, good, "byte {i}"),
            Err(error) => assert!(matches!(error, DataError::Format { .. }), "byte {i}: {error}"),
        }
    }
}

fn idx_format_images(path: &Path, bytes: &[u8]) -> Result<idx_format::IdxImages, DataError> {
    fs::write(path, bytes).unwrap();
    idx_format::read_images(path)
}

#[test]
fn cifar_batches() {
    let cifar = |bytes: &[u8]| with(DatasetName::Cifar10, "data_batch_3.bin", bytes);
    let good = records(0, 3);
    says(&cifar(b""), "at least one record of 3073 bytes, got an empty file");
    says(&cifar(&good[..good.len() - 1]), "whole records of 3073 bytes, got 2 records and 3072 bytes");
    says(&cifar(&[&good[..], &[1]].concat()), "whole records of 3073 bytes, got 3 records and 1 bytes");
    let mut label = good;
    label[2 * cifar::RECORD] = 10;
    says(&cifar(&label), "label of record 2: expected 0 to 9, got 10");
}

#[test]
fn covertype_tables() {
    let covertype = |text: &str| with(DatasetName::Covertype, "covtype.data.gz", text.as_bytes());
    let good = covertype_line(5, 7);
    says(&covertype(""), "at least one line, got an empty file");
    says(&covertype(&good.repeat(1000)), "expected 581012 lines, got 1000");
    says(&covertype(&format!("{good}{}", &good[..good.len() - 3])), "line 2: expected 55 numbers, got 54");
    says(&covertype(&format!("{good}\n{good}")), "line 2: expected 55 numbers, got a blank line");
    // Blank lines at the end are none.
    says(&covertype(&format!("{}\n \r\n\n", good.repeat(3))), "expected 581012 lines, got 3");
    says(&covertype(&covertype_line(5, 0)), "line 1, column 55: expected a label from 1 to 7, got \"0\"");
    says(&covertype(&covertype_line(5, 8)), "a label from 1 to 7, got \"8\"");
    says(&covertype(&good.replacen("6,", "six,", 1)), "line 1, column 2: expected a finite number, got \"six\"");
    says(&covertype(&good.replacen("6,", "inf,", 1)), "expected a finite number, got \"inf\"");
    says(&covertype(&"1,".repeat(5000)), "line 1: expected at most 4096 bytes, got more");
    let dir = tempdir().unwrap();
    let path = dir.path().join("covtype.data.gz");
    let packed = gzip(good.repeat(3).as_bytes());
    fs::write(&path, &packed[..packed.len() - 9]).unwrap();
    let columns = table::Columns { features: 54, first_label: 1, classes: 7 };
    says(&table::read(&path, columns).unwrap_err().to_string(), "gzip stream");
}

#[test]
fn unreadable_files_are_io_errors() {
    let dir = tempdir().unwrap();
    let missing = dir.path().join("missing");
    for error in [
        idx_format::read_images(&missing).unwrap_err(),
        idx_format::read_labels(dir.path(), 10).unwrap_err(),
        cifar::read_batch(&missing, &mut vec![], &mut vec![]).unwrap_err(),
    ] {
        assert!(matches!(error, DataError::Io { .. }), "{error:?}");
        assert!(error.to_string().starts_with("cannot read"), "{error}");
    }
}
