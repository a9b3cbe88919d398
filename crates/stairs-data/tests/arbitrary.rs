//! No bytes make a reader panic, and what it accepts is consistent.

mod common;

use std::{fs, path::PathBuf};

use proptest::{collection::vec, prelude::*};
use stairs_data::format::{cifar, idx, table};
use tempfile::{TempDir, tempdir};

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

/// Raw or packed, as it is or cut off.
fn packings(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), 0..=bytes.len() + 64).prop_map(move |(packed, cut)| {
        let mut bytes = if packed { common::gzip(&bytes) } else { bytes.clone() };
        bytes.truncate(cut);
        bytes
    })
}

fn idx_like() -> impl Strategy<Value = Vec<u8>> {
    let dimension = prop_oneof![4 => 0u32..6, 1 => any::<u32>()];
    (prop_oneof![Just(0x803u32), Just(0x801), any::<u32>()], vec(dimension, 0..4), vec(any::<u8>(), 0..130))
        .prop_flat_map(|(magic, dimensions, values)| packings(common::idx(magic, &dimensions, &values)))
}

fn text_like() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "([0-9.,eE\n-]{0,12}|NaN,|inf\n|1,2,1\n|3,4.5,2\n){0,8}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..200),
    ]
    .prop_flat_map(packings)
}

proptest! {
    #[test]
    fn idx_files(bytes in prop_oneof![idx_like(), vec(any::<u8>(), 0..100)]) {
        let (_dir, path) = file(&bytes);
        if let Ok(read) = idx::read_images(&path) {
            prop_assert!(!read.pixels.is_empty() && read.pixels.len() % (read.height * read.width) == 0);
        }
        if let Ok(labels) = idx::read_labels(&path, 10) {
            prop_assert!(!labels.is_empty() && labels.iter().all(|&l| l < 10));
        }
    }

    #[test]
    fn cifar_files(
        records in 0u8..3, rest in vec(any::<u8>(), 0..40), label in any::<u8>(), packed in any::<bool>(),
    ) {
        let mut bytes = common::records(0, records);
        if let Some(first) = bytes.first_mut() {
            *first = label;
        }
        bytes.extend(rest);
        let (_dir, path) = file(&if packed { common::gzip(&bytes) } else { bytes.clone() });
        let (mut pixels, mut labels) = (vec![], vec![]);
        let read = cifar::read_batch(&path, &mut pixels, &mut labels);
        prop_assert_eq!(pixels.len(), labels.len() * 3072);
        prop_assert!(labels.iter().all(|&l| l < 10));
        // A packed file that starts like gzip itself (label 31) is a different file; no such label is accepted.
        prop_assert_eq!(read.is_ok(), records > 0 && label < 10 && bytes.len().is_multiple_of(cifar::RECORD));
    }

    #[test]
    fn tables(bytes in text_like(), features in 0usize..4, first_label in any::<u8>(), classes in any::<u8>()) {
        let (_dir, path) = file(&bytes);
        for columns in [
            table::Columns { features, first_label, classes },
            table::Columns { features: 2, first_label: 1, classes: 2 },
        ] {
            if let Ok((values, labels)) = table::read(&path, columns) {
                prop_assert_eq!(values.len(), labels.len() * columns.features);
                prop_assert!(values.iter().all(|x| x.is_finite()));
                prop_assert!(labels.iter().all(|&l| l < columns.classes));
            }
        }
    }
}
