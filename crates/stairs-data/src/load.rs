//! Loading a known data set.
//!
//! Training and test part are the official ones where they exist (MNIST, Fashion-MNIST, CIFAR-10); otherwise (digits,
//! Covertype) a stratified fifth is held back as the test part, drawn with the fixed seed [`SPLIT_SEED`].

use crate::{DataError, DataRoot, Dataset, DatasetName, root::Location};

/// Seed of the stratified split of digits and Covertype.
pub const SPLIT_SEED: u64 = 0;
/// Share of the samples that this split holds back for testing.
pub const TEST_SHARE: f64 = 0.2;

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
    let data = if name.files().is_empty() {
        name.known().read(&[])?
    } else {
        let Location { folder, files } = root.locate(name)?;
        name.known().read(&files)?.read_from(folder)
    };
    data.with_class_names(name.class_names())
}
