//! MNIST: handwritten digits of 28 × 28 pixels.

use std::path::PathBuf;

use super::{DatasetName, Known, idx};
use crate::{Augment, DataError, Dataset, SampleShape, manifest::RemoteFile};

/// The classes of digits.
pub(super) const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// MNIST: handwritten digits of 28 × 28 pixels.
pub(super) struct Mnist;

impl Known for Mnist {
    fn name(&self) -> &'static str {
        "mnist"
    }

    fn title(&self) -> &'static str {
        "MNIST"
    }

    fn classes(&self) -> &'static [&'static str] {
        &DIGITS
    }

    fn shape(&self) -> SampleShape {
        SampleShape::Image { channels: 1, height: 28, width: 28 }
    }

    /// Digits are moved but never mirrored.
    fn augment(&self) -> Augment {
        Augment { flip: false, pad: 2 }
    }

    fn page(&self) -> &'static str {
        "http://yann.lecun.com/exdb/mnist/"
    }

    fn remote(&self) -> Vec<RemoteFile> {
        idx::remote(
            &[
                "https://yann.lecun.com/exdb/mnist/",
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ],
            [
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ],
        )
    }

    fn read(&self, files: &[PathBuf]) -> Result<Dataset, DataError> {
        idx::read(DatasetName::Mnist, files)
    }
}
