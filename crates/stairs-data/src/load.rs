//! Loading a known data set.
//!
//! Training and test part are the official ones where they exist (MNIST, Fashion-MNIST, CIFAR-10); otherwise (digits,
//! Covertype) a stratified fifth is held back as the test part, drawn with the fixed seed [`SPLIT_SEED`]. Covertype's
//! documentation does suggest parts, but with a training part of 11,340 samples that are balanced over the classes while
//! the test part is not; too few for the experiments on it, which use up to 100,000.

use std::path::Path;

use crate::{
    DataError, DataRoot, Dataset, DatasetName,
    format::{
        cifar, idx,
        table::{self, Columns},
    },
    raw::Raw,
    root::Location,
    source::Source,
};

/// Seed of the stratified split of digits and Covertype.
pub const SPLIT_SEED: u64 = 0;
/// Share of the samples that this split holds back for testing.
pub const TEST_SHARE: f64 = 0.2;

const DIGITS: &[u8] = include_bytes!("../assets/digits.csv.gz");
const COVERTYPE_ROWS: usize = 581_012;

/// Finds and reads the data set `name`. `digits` needs no file.
///
/// ```
/// use stairs_data::{DataRoot, DatasetName, load};
/// let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
/// assert_eq!((digits.train.len(), digits.test.len()), (1438, 359));
/// ```
///
/// # Errors
/// What [`DataRoot::locate`] says when files are not there, [`DataError::Io`] and [`DataError::Format`] when they are no
/// good.
pub fn load(name: DatasetName, root: &DataRoot) -> Result<Dataset, DataError> {
    if name == DatasetName::Digits {
        return digits();
    }
    let Location { folder, files } = root.locate(name)?;
    let data = match name {
        DatasetName::Cifar10 => cifar10(&files),
        DatasetName::Covertype => covertype(&files),
        _ => idx_images(name, &files),
    };
    data?.read_from(folder).with_class_names(name.class_names())
}

fn digits() -> Result<Dataset, DataError> {
    let name = DatasetName::Digits;
    let columns = Columns { features: name.shape().values(), first_label: 0, classes: 10 };
    let (grey, labels) = table::table(Source::from_bytes("digits.csv.gz (embedded)", DIGITS)?, columns)?;
    let pixels = Raw::Bytes(grey.into_iter().map(|x| x as u8).collect());
    Dataset::from_one(name.as_str(), name.shape(), name.classes(), (pixels, labels), TEST_SHARE, SPLIT_SEED)?
        .with_class_names(name.class_names())
}

fn idx_images(name: DatasetName, files: &[impl AsRef<Path>]) -> Result<Dataset, DataError> {
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

fn cifar10(files: &[impl AsRef<Path>]) -> Result<Dataset, DataError> {
    let name = DatasetName::Cifar10;
    let part = |files: &[&Path]| {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        files.iter().try_for_each(|file| cifar::read_batch(file, &mut pixels, &mut labels))?;
        Ok::<_, DataError>((Raw::Bytes(pixels), labels))
    };
    let files: Vec<_> = files.iter().map(AsRef::as_ref).collect();
    let (train, test) = (part(&files[..5])?, part(&files[5..])?);
    Dataset::from_raw(name.as_str(), name.shape(), name.classes(), train, test)
}

fn covertype(files: &[impl AsRef<Path>]) -> Result<Dataset, DataError> {
    let (name, path) = (DatasetName::Covertype, files[0].as_ref());
    let columns = Columns { features: name.shape().values(), first_label: 1, classes: 7 };
    let (features, labels) = table::read(path, columns)?;
    if labels.len() != COVERTYPE_ROWS {
        return Err(DataError::Format {
            path: path.to_owned(),
            what: "length".to_owned(),
            expected: format!("{COVERTYPE_ROWS} lines"),
            got: labels.len().to_string(),
        });
    }
    let all = (Raw::Floats(features), labels);
    Dataset::from_one(name.as_str(), name.shape(), name.classes(), all, TEST_SHARE, SPLIT_SEED)
}
