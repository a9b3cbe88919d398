//! What a data set was: kept by whoever trains on it, compared by whoever comes back.
//!
//! Labels are numbers. What they mean is a list of names, and what was learnt depends on the samples: an identity has
//! the names of the classes, the samples of every class and part, the shape of a sample, and a SHA-256 of each part.
//!
//! | data | what the SHA-256 is taken of |
//! |---|---|
//! | arrays ([`Dataset`](crate::Dataset)) | shape, labels, values as they stand in the file, in order |
//! | image files ([`ImageFolder`](crate::images::ImageFolder)) | per file, in order: label, path below the class folder, size, content as [`identity`](crate::images::ImageFolder::identity) says |
//!
//! Names of classes are not part of the SHA-256, so that a class that was only renamed can be told from other samples.

mod arrays;
mod difference;
mod names;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use names::same_but_for_unicode_form;

pub use difference::{Change, DataDifference, PartKind};

use crate::SampleShape;

/// What a data set was. Serialises to a few lines, and to one per class.
///
/// ```
/// use stairs_data::{DataRoot, DatasetName, load};
/// let digits = load(DatasetName::Digits, &DataRoot::default())?.identity();
/// assert_eq!(digits.to_string(), "digits: 1,438 + 359 samples, 10 classes, 1x8x8");
/// assert_eq!(digits.difference(&digits), None);
/// let mut renamed = digits.clone();
/// renamed.classes[3] = "three".into();
/// let difference = digits.difference(&renamed).unwrap();
/// assert_eq!(difference.to_string(), "class 3 was `3` and is now `three`");
/// # Ok::<(), stairs_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataIdentity {
    /// Name of the data set; `images` for a folder of images.
    pub name: String,
    /// Names of the classes, in the order of their labels; `0`, `1`, … where they have none.
    pub classes: Vec<String>,
    /// Shape of every sample.
    pub shape: SampleShape,
    /// Training part.
    pub train: PartIdentity,
    /// Test part.
    pub test: PartIdentity,
}

/// What a part of a data set was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartIdentity {
    /// Samples of each class, in the order of the labels.
    pub counts: Vec<u64>,
    /// SHA-256 of the samples, 64 digits of lower-case hexadecimal.
    pub sha256: String,
}

impl PartIdentity {
    /// Number of samples (saturating, since a file may say anything).
    pub fn samples(&self) -> u64 {
        self.counts.iter().fold(0, |sum, &n| sum.saturating_add(n))
    }
}

impl DataIdentity {
    /// What is different in `now`; `None` where a run on this data may go on with `now`.
    ///
    /// The name of the data set is mentioned beside other differences, but is none of its own: the same samples under
    /// another name are the same data.
    pub fn difference(&self, now: &Self) -> Option<DataDifference> {
        DataDifference::between(self, now)
    }
}

impl fmt::Display for DataIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, classes, shape, train, test } = self;
        let (train, test, classes) = (grouped(train.samples()), grouped(test.samples()), grouped(classes.len() as u64));
        write!(f, "{name}: {train} + {test} samples, {classes} classes, {}", ShapeText(*shape))
    }
}

/// `1x8x8`, or `54 features`.
struct ShapeText(SampleShape);

impl fmt::Display for ShapeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SampleShape::Image { channels, height, width } => write!(f, "{channels}x{height}x{width}"),
            SampleShape::Vector { features: 1 } => f.write_str("1 feature"),
            SampleShape::Vector { features } => write!(f, "{features} features"),
        }
    }
}

/// `1,234,567`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let first = digits.len() % 3;
    let mut text = String::from(&digits[..first]);
    for (i, digit) in digits[first..].chars().enumerate() {
        if i % 3 == 0 && !text.is_empty() {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Lower-case hexadecimal of a finished SHA-256.
pub(crate) fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (581_012, "581,012"), (1_000_000, "1,000,000")];
        assert!(cases.iter().all(|&(n, text)| grouped(n) == text));
    }

    #[test]
    fn a_saturated_number_of_samples_is_no_panic() {
        let part = PartIdentity { counts: vec![u64::MAX, 7], sha256: String::new() };
        assert_eq!(part.samples(), u64::MAX);
    }
}
