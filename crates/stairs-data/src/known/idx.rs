//! What data sets in the four IDX files of MNIST share: names, sizes, reading.

use std::path::{Path, PathBuf};

use super::DatasetName;
use crate::{
    DataError, Dataset,
    format::idx,
    manifest::{Packing, RemoteFile},
    raw::Raw,
};

/// Images and labels of the training part, then of the test part.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
];

/// The four files of an IDX data set of MNIST's size.
pub(super) fn remote(folders: &[&str], sha256: [&str; 4]) -> Vec<RemoteFile> {
    let bytes = [16 + 60_000 * 784, 8 + 60_000, 16 + 10_000 * 784, 8 + 10_000];
    let file = |((name, bytes), sha256): ((&str, u64), &str)| RemoteFile {
        name: name.to_owned(),
        folders: folders.iter().map(|&f| f.to_owned()).collect(),
        packing: Packing::Gzip { bytes, sha256: sha256.to_owned() },
    };
    FILES.into_iter().zip(bytes).zip(sha256).map(file).collect()
}

/// The data set `name` from its four files.
pub(super) fn read(name: DatasetName, files: &[PathBuf]) -> Result<Dataset, DataError> {
    let part = |images: &Path, labels: &Path| {
        let read = idx::read_images(images)?;
        let error = |path: &Path, what: &str, expected: String, got: String| {
            Err(DataError::Format { path: path.to_owned(), what: what.to_owned(), expected, got })
        };
        if (read.height, read.width) != (28, 28) {
            let got = format!("{} × {} pixels", read.height, read.width);
            return error(images, "size of the images", "28 × 28 pixels".to_owned(), got);
        }
        let of_each = idx::read_labels(labels, name.classes())?;
        let count = read.pixels.len() / name.shape().values();
        if of_each.len() != count {
            let expected = format!("{count}, as many as images in {}", images.display());
            return error(labels, "number of labels", expected, of_each.len().to_string());
        }
        Ok((Raw::Bytes(read.pixels), of_each))
    };
    let [train_images, train_labels, test_images, test_labels] = [0, 1, 2, 3].map(|i| files[i].as_ref());
    let (train, test) = (part(train_images, train_labels)?, part(test_images, test_labels)?);
    Dataset::from_raw(name.as_str(), name.shape(), name.classes(), train, test)
}
