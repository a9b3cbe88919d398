//! Handwritten digits of 8 × 8 pixels, embedded.
//!
//! The test part of *Optical Recognition of Handwritten Digits* (E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository,
//! <https://doi.org/10.24432/C50P49>, CC BY 4.0), as shipped with scikit-learn; a stratified fifth of it is held back for testing.

use std::path::PathBuf;

use super::{DatasetName, Known, mnist::DIGITS};
use crate::{
    Augment, DataError, Dataset, SPLIT_SEED, SampleShape, TEST_SHARE,
    format::table::{self, Columns},
    raw::Raw,
    source::Source,
};

const FILE: &[u8] = include_bytes!("../../assets/digits.csv.gz");

/// The digits.
pub(super) struct Digits;

impl Known for Digits {
    fn name(&self) -> &'static str {
        "digits"
    }

    fn title(&self) -> &'static str {
        "digits"
    }

    fn classes(&self) -> &'static [&'static str] {
        &DIGITS
    }

    fn shape(&self) -> SampleShape {
        SampleShape::Image { channels: 1, height: 8, width: 8 }
    }

    /// Digits are moved but never mirrored.
    fn augment(&self) -> Augment {
        Augment { flip: false, pad: 1 }
    }

    fn page(&self) -> &'static str {
        "https://doi.org/10.24432/C50P49"
    }

    fn read(&self, _files: &[PathBuf]) -> Result<Dataset, DataError> {
        let name = DatasetName::Digits;
        let columns = Columns { features: name.shape().values(), first_label: 0, classes: 10 };
        let (grey, labels) = table::table(Source::from_bytes("digits.csv.gz (embedded)", FILE)?, columns)?;
        let pixels = Raw::Bytes(grey.into_iter().map(|x| x as u8).collect());
        Dataset::from_one(name.as_str(), name.shape(), name.classes(), (pixels, labels), TEST_SHARE, SPLIT_SEED)
    }
}
